"""What would be decided about an event: the real walk up to the decision, and nothing after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from bridge import codec
from bridge.domain.decisions import Wait
from bridge.domain.events import Event
from bridge.domain.facts import Facts, Lookup
from bridge.domain.names import AccountName, ConversationId
from bridge.domain.reasons import Reason
from bridge.domain.routing import route
from bridge.pipeline import items
from bridge.pipeline.explain import explain
from bridge.pipeline.gather import ask, query_for_chat, strangers_among
from bridge.pipeline.ledger import Record, event_of, record_of
from bridge.pipeline.parts import Active, Parts
from bridge.pipeline.unit_of_work import UnitOfWork
from bridge.ports import RawRequest
from bridge.store import mirror
from bridge.store.engine import reading
from bridge.store.schema import DECISIONS
from bridge.store.work import InboxRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """Of one item: what would be decided, or what it would wait for."""

    record: Record | None
    waits: Reason | None = None


def rehearse_body(
    parts: Parts, active: Active, account: AccountName, body: bytes, *, online: bool
) -> tuple[Rehearsed, ...]:
    """Every item of a raw webhook body, each seeing what the ones before it would change.

    Not `online`, a client whom the mirror does not know counts as not known to the CRM either.
    Raises ConfigError for an account that is not there, and the errors of `ports.Reader`.
    """
    now = parts.now()
    request = RawRequest(
        method="POST",
        url=f"{parts.public_url}/hooks/{account}",
        headers={},
        body=body,
        received_at=now,
    )
    row = InboxRow(id=0, account=account, attempts=0, request=request)
    read = items.read(row, parts.vendors.inbound(account), now)
    noted = tuple(Rehearsed(record=record_of(note, active.hash, "")) for note in read.noted)
    lookups = _lookups(parts, active, read.events, online=online)
    return noted + _decide(parts, active, read.events, lookups)


def rehearse_stored(parts: Parts, active: Active, event: str) -> Rehearsed:
    """A stored event on the facts of its moment, under this configuration.

    Raises LookupError when there is no such event, or its input is not stored any more.
    """
    with reading(parts.engine) as db:
        found = explain(db, event)
        if found is None:
            raise LookupError(f"there is no event {event}")
        columns = (DECISIONS.c.kind, DECISIONS.c.event, DECISIONS.c.facts)
        this = select(*columns).where(DECISIONS.c.id == found.decision_id)
        kind, stored, facts = db.execute(this).one()
        if stored is None or facts is None:
            raise LookupError("the input of this decision is not stored (any more)")
        directory_hash = found.record.directory_hash
        directory = mirror.directory_by_hash(db, directory_hash)
    given = replace(codec.decode(Facts, bytes(facts)), directory=directory)
    return _decided(event_of(kind, bytes(stored)), given, active, directory_hash)


def _lookups(
    parts: Parts, active: Active, run: Sequence[Event], *, online: bool
) -> Mapping[ConversationId, Lookup]:
    strangers = strangers_among(parts, run)
    crm = active.policy.crm
    if not strangers:
        return {}
    if crm is None or not online:
        return {where: Lookup(available=crm is not None) for where in strangers}
    queries = {where: query_for_chat(chat) for where, chat in strangers.items()}
    return ask(parts.vendors.reader(crm), queries)


def _decide(
    parts: Parts, active: Active, run: Sequence[Event], lookups: Mapping[ConversationId, Lookup]
) -> tuple[Rehearsed, ...]:
    with reading(parts.engine) as db:
        directory, directory_hash = mirror.directory_and_hash(db, active.policy.crm)
        unit = UnitOfWork(db, active, directory, parts.now(), parts.public_url)
        unit.load(run, lookups)
        found = []
        for event in run:
            event = unit.at_home(event)
            facts = unit.facts(event)
            decided = route(event, facts, active.policy)
            if isinstance(decided, Wait):
                found.append(Rehearsed(record=None, waits=decided.reason))
                continue
            unit.apply(decided)
            found.append(Rehearsed(record=record_of(decided, active.hash, directory_hash)))
    return tuple(found)


def _decided(event: Event, facts: Facts, active: Active, directory_hash: str) -> Rehearsed:
    decided = route(event, facts, active.policy)
    if isinstance(decided, Wait):
        return Rehearsed(record=None, waits=decided.reason)
    return Rehearsed(record=record_of(decided, active.hash, directory_hash))
