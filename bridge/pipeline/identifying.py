"""Chats whose client the CRM could not name before: asked again, and decided."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from bridge.domain.decisions import Wait
from bridge.domain.events import ClientIdentified
from bridge.domain.facts import Lookup
from bridge.domain.names import AccountName, ConversationId, CrmId, EventKey, RecordId
from bridge.domain.records import ClientState, Conversation
from bridge.domain.routing import route
from bridge.pipeline.commit import Decided, commit
from bridge.pipeline.gather import ask, query_for
from bridge.pipeline.lease import Lease
from bridge.pipeline.ledger import stored_event, stored_facts
from bridge.pipeline.parts import Parts
from bridge.pipeline.unit_of_work import UnitOfWork
from bridge.store import chats, mirror
from bridge.store.deciding import deciding
from bridge.store.engine import reading

_OPEN = (ClientState.UNIDENTIFIED, ClientState.AMBIGUOUS)


def identify(
    parts: Parts, lease: Lease, crm: AccountName, wanted: Sequence[ConversationId]
) -> frozenset[str]:
    """Decides what waited for these clients; gives the lanes that this filled.

    Raises the errors of `ports.Reader` while the CRM still can't be asked.
    """
    with reading(parts.engine) as db:
        found = chats.conversations_by_id(db, wanted)
        known = _candidates(db, found.values())
    unknown = {x.id: x for x in found.values() if x.client in _OPEN}
    if not unknown:
        return frozenset()
    queries = {where: query_for(conversation) for where, conversation in unknown.items()}
    lookups = lease.while_waiting(parts.engine, lambda: ask(parts.vendors.reader(crm), queries))
    run = [
        _event(parts, unknown[where], lookup)
        for where, lookup in lookups.items()
        if not _is_as_it_was(unknown[where], lookup, known)
    ]
    return _decide(parts, lease, run, lookups_of=dict(lookups))


def _candidates(
    db: Connection, conversations: Iterable[Conversation]
) -> Mapping[RecordId, CrmId | None]:
    wanted = {x for conversation in conversations for x in conversation.candidates}
    return {x.id: x.crm_id for x in chats.contacts_by_id(db, wanted).values()}


def _is_as_it_was(
    conversation: Conversation, lookup: Lookup, known: Mapping[RecordId, CrmId | None]
) -> bool:
    """The CRM still names all among whom a manager has to choose, and nobody else."""
    if conversation.client is not ClientState.AMBIGUOUS:
        return False
    asked = {known.get(candidate) for candidate in conversation.candidates}
    return {found.crm_id for found in lookup.found} == asked


def _event(parts: Parts, conversation: Conversation, lookup: Lookup) -> ClientIdentified:
    since = conversation.last_message_at or parts.now()
    if conversation.client is ClientState.AMBIGUOUS:
        since = parts.now()  # asked more than once about the same message
    key = f"identified:{conversation.id}:{int(since.timestamp() * 1_000_000)}"
    return ClientIdentified(
        event_key=EventKey(key),
        occurred_at=parts.now(),
        account=conversation.account,
        conversation=conversation.id,
        found=lookup.found,
        deals=lookup.deals,
        leads=lookup.leads,
    )


def _decide(
    parts: Parts,
    lease: Lease,
    run: Sequence[ClientIdentified],
    lookups_of: dict[ConversationId, Lookup],
) -> frozenset[str]:
    active = parts.active()
    with deciding(parts.engine) as db:
        lease.keep(db)
        directory, directory_hash = mirror.directory_and_hash(db, active.policy.crm)
        unit = UnitOfWork(db, active, directory, parts.now(), parts.public_url)
        unit.load(run, lookups_of)
        decided = []
        for event in run:
            facts = unit.facts(event)
            decision = route(event, facts, active.policy)
            if isinstance(decision, Wait):
                continue
            unit.apply(decision)
            decided.append(
                Decided(decision=decision, event=stored_event(event), facts=stored_facts(facts))
            )
        return commit(db, active, directory_hash, unit.held, decided, parts.now())
