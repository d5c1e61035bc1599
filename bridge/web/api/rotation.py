"""/rotation/{pool}: whose turn it is, and how even the shares are."""

from typing import Annotated

import msgspec

from bridge.domain.names import ChannelName
from bridge.pipeline.rotation import PoolLedger, pool_ledger
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.api.routing import Call, get
from bridge.web.problems import not_found


class RotationQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`channel`: count only those who have it."""

    channel: Annotated[str, msgspec.Meta(max_length=64)] = ""


def show(call: Call, query: RotationQuery) -> PoolLedger:
    policy = call.site.policy
    if query.channel and query.channel not in policy.channels:
        raise not_found("channel")
    with reading(call.site.parts.engine) as db:
        channel = ChannelName(query.channel) if query.channel else None
        found = pool_ledger(db, policy, call.path["pool"], call.now, channel)
    if found is None:
        raise not_found("pool")
    return found


ROUTES = (
    get(
        "/rotation/{pool}",
        show,
        RotationQuery,
        PoolLedger,
        "Who is next in a pool, the last turns, and the shares; `new_clients` is everybody's",
        Scope.ADMIN,
    ),
)
