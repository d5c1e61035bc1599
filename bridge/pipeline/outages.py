"""Managers are told, once, of an account that has stood still for long."""

from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.announcing import Trouble, tell_managers
from bridge.pipeline.lanes import Way, lane, split
from bridge.pipeline.parts import Parts
from bridge.store import lanes
from bridge.store.deciding import deciding
from bridge.store.engine import reading

LONG = timedelta(hours=1)
_log = structlog.get_logger()


def tell_of_outages(parts: Parts) -> None:
    """A vendor that answers with errors or not at all is asked again for as long as it takes; who
    looks after the house has to hear of it. Several clocks at once tell once."""
    with reading(parts.engine) as db:
        if not lanes.silent(db, LONG.total_seconds()):
            return
    filled: set[str] = set()
    with deciding(parts.engine) as db:
        for name in lanes.silent(db, LONG.total_seconds()):
            filled |= _tell(parts, db, name)
    for name in sorted(filled):
        parts.bell.ring(name)


def _tell(parts: Parts, db: Connection, name: str) -> frozenset[str]:
    _, account = split(name)
    others = [lane(way, account) for way in Way if lane(way, account) != name]
    known = lanes.any_outage_told(db, others)
    if not lanes.note_outage_told(db, name) or known:
        return frozenset()
    _log.error("account stands still", lane=name)
    reason = Reason(ReasonCode.ACCOUNT_OUTAGE, lanes.held_cause(db, name))
    trouble = Trouble(account=account, kind="AccountOutage", reason=reason)
    return tell_managers(db, parts.active(), parts.public_url, trouble, parts.now())
