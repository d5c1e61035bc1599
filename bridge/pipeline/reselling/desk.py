"""Resellers' clients as somebody sees and changes them: through a page, the API or a command."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from sqlalchemy import Connection

from bridge.domain.access import Access
from bridge.domain.client_access import facts_of_client
from bridge.domain.client_actions import who_of
from bridge.domain.names import ClientId, ResellerName
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, tenant_of_reseller
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.reseller_clients import Changed, ClientAction, ResellerClient, actions
from bridge.domain.reselling_events import ClientAdded, ClientDone
from bridge.domain.reselling_policy import HintRules, Reseller
from bridge.domain.subject_access import ClientFacts, access_to
from bridge.pipeline.house import decide_here
from bridge.pipeline.parts import Parts
from bridge.store.engine import reading
from bridge.store.listing_clients import ClientNumbers, ClientPlace, ClientsWanted, numbers
from bridge.store.listing_clients import clients as listed
from bridge.store.reseller_clients import by_ids

_BATCH = 100
_MISSING = Reason(ReasonCode.REQUEST_NOT_FOUND, "no such client")
_STATUS = {
    ReasonCode.REQUEST_NOT_FOUND: 404,
    ReasonCode.REQUEST_FORBIDDEN: 403,
    ReasonCode.PLAN_DETAILS_INVALID: 422,
    ReasonCode.PLAN_UNITS_INVALID: 422,
    ReasonCode.PLAN_UNITS_NOT_EDITED: 422,
    ReasonCode.PLAN_UNKNOWN: 422,
}
"""Of every other reason: it does not go together with how the client stands now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onlooker:
    """Who looks at clients, and by which configuration."""

    person: Person
    policy: Policy

    def access(self, client: ResellerClient) -> Access:
        return access_to(self.person, facts_of_client(client), self.policy)

    @property
    def resellers(self) -> frozenset[ResellerName] | None:
        """Whose clients he may read; None: everybody's, also of resellers that are gone."""
        nobodys = ClientFacts(id=ClientId(""), tenant="")
        if access_to(self.person, nobodys, self.policy).can_read:
            return None
        return frozenset(name for name in self.policy.reselling.resellers if self._reads(name))

    @property
    def shown_resellers(self) -> dict[ResellerName, Reseller]:
        """Those of the configuration whose clients he may read."""
        mine, known = self.resellers, self.policy.reselling.resellers
        return {name: one for name, one in known.items() if mine is None or name in mine}

    def actions(self, client: ResellerClient, parts: Parts) -> tuple[ClientAction, ...]:
        """What he may do to him as he stands (RSL-08)."""
        return actions(client, parts.now()) if self.access(client).can_write else ()

    def _reads(self, name: ResellerName) -> bool:
        of_his = ClientFacts(id=ClientId(""), tenant=tenant_of_reseller(name))
        return access_to(self.person, of_his, self.policy).can_read


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRefusal:
    """Nothing was done. `status` is the HTTP status that fits; `meanwhile` is what others did since
    he looked, the latest first."""

    reason: Reason
    status: int
    meanwhile: tuple[Changed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOutcome:
    """The client as he is now. `is_changed` of False: he was so already."""

    client: ResellerClient
    is_changed: bool


def list_clients(
    db: Connection,
    onlooker: Onlooker,
    wanted: ClientsWanted,
    after: ClientPlace | None,
    limit: int,
) -> tuple[ResellerClient, ...]:
    """As it is sorted; the access function has the last word on each."""
    return tuple(islice(_from(db, onlooker, wanted, after), limit))


def every_client(
    db: Connection, onlooker: Onlooker, wanted: ClientsWanted, most: int
) -> tuple[ResellerClient, ...] | None:
    """All of a list; None where there are more than so many."""
    found = list_clients(db, onlooker, wanted, None, most + 1)
    return found if len(found) <= most else None


def place_after(found: Sequence[ResellerClient], limit: int) -> ClientPlace | None:
    """Where a list goes on of which one more than these was asked for; None at its end."""
    if len(found) <= limit:
        return None
    last = found[limit - 1]
    return ClientPlace(created_at=last.created_at, id=last.id)


def _from(
    db: Connection, onlooker: Onlooker, wanted: ClientsWanted, after: ClientPlace | None
) -> Iterator[ResellerClient]:
    narrowed = _narrowed(onlooker, wanted)
    while True:
        page = listed(db, narrowed, after, _BATCH)
        yield from (client for client in page if onlooker.access(client).can_read)
        if len(page) < _BATCH:
            return
        after = ClientPlace(created_at=page[-1].created_at, id=page[-1].id)


def _narrowed(onlooker: Onlooker, wanted: ClientsWanted) -> ClientsWanted:
    mine, asked = onlooker.resellers, wanted.resellers
    if mine is not None:
        asked = mine if asked is None else mine & asked
    rules = {key: one.hints for key, one in onlooker.policy.reselling.resellers.items()}
    return replace(wanted, resellers=asked, rules=rules)


def count_each(db: Connection, onlooker: Onlooker, wanted: ClientsWanted) -> ClientNumbers:
    """Of those whose clients he may read: whose client it is decides that alone."""
    return numbers(db, _narrowed(onlooker, wanted))


def find_client(db: Connection, onlooker: Onlooker, name: str) -> ResellerClient | None:
    """None for one that is not there for him."""
    found = by_ids(db, [ClientId(name)]).get(ClientId(name))
    return found if found is not None and onlooker.access(found).can_read else None


def carry_out(parts: Parts, event: ClientAdded | ClientDone) -> ClientOutcome | ClientRefusal:
    """Decides it at once. What is so already, or was decided before, is as good as done."""
    [outcome] = decide_here(parts, [event])
    refused = outcome.refused
    onlooker = Onlooker(person=event.by, policy=parts.active().policy)
    with reading(parts.engine) as db:
        client = find_client(db, onlooker, event.client)
    if refused is not None and refused.code is not ReasonCode.PLAN_UNCHANGED:
        return ClientRefusal(
            reason=refused,
            status=_STATUS.get(refused.code, 409),
            meanwhile=_meanwhile(event, client, refused),
        )
    if client is None:
        return ClientRefusal(reason=_MISSING, status=404)
    return ClientOutcome(client=client, is_changed=refused is None)


def hints_of(policy: Policy, client: ResellerClient) -> HintRules:
    return policy.reselling.hints_of(client.reseller)


def told_changes(changes: Collection[Changed], viewer: Person) -> tuple[Changed, ...]:
    """With the names that this viewer may know."""
    return tuple(replace(one, by=who_of(one.by, viewer)) for one in changes)


def _meanwhile(
    event: ClientAdded | ClientDone, client: ResellerClient | None, refused: Reason
) -> tuple[Changed, ...]:
    seen = getattr(event, "seen", None)
    if refused.code is not ReasonCode.REQUEST_CONFLICT or client is None or seen is None:
        return ()
    return told_changes([one for one in client.changes if one.version > seen], event.by)
