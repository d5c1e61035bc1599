"""Chats whose client the CRM could not name before: asked again, and decided."""

from collections.abc import Sequence

from bridge.domain.decisions import Wait
from bridge.domain.events import ClientIdentified
from bridge.domain.facts import Lookup
from bridge.domain.names import AccountName, ConversationId, EventKey
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


def identify(
    parts: Parts, lease: Lease, crm: AccountName, wanted: Sequence[ConversationId]
) -> frozenset[str]:
    """Decides what waited for these clients; gives the lanes that this filled.

    Raises the errors of `ports.Reader` while the CRM still can't be asked.
    """
    with reading(parts.engine) as db:
        found = chats.conversations_by_id(db, wanted)
    unknown = {x.id: x for x in found.values() if x.client is ClientState.UNIDENTIFIED}
    if not unknown:
        return frozenset()
    queries = {where: query_for(conversation) for where, conversation in unknown.items()}
    lookups = lease.while_waiting(parts.engine, lambda: ask(parts.vendors.reader(crm), queries))
    run = [_event(parts, unknown[where], lookup) for where, lookup in lookups.items()]
    return _decide(parts, lease, run, lookups_of=dict(lookups))


def _event(parts: Parts, conversation: Conversation, lookup: Lookup) -> ClientIdentified:
    since = conversation.last_message_at or parts.now()
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
