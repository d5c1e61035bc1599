"""What a client of a reseller sees: his own plan, units, ledger and messages, and nothing else."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.client_access import facts_of_client
from bridge.domain.names import ConversationId
from bridge.domain.people import Employee
from bridge.domain.policy import Policy
from bridge.domain.principals import Person
from bridge.domain.records import ContactState, Conversation, CrmKind, Message
from bridge.domain.reseller_clients import ClientStatus, ResellerClient
from bridge.domain.showing import as_shown
from bridge.domain.subject_access import access_to
from bridge.store.listing import messages_of
from bridge.store.records import contacts_by_crm_id, conversations_of
from bridge.store.reseller_clients import by_ids
from bridge.store.unit_movements import LedgerLine, ledger
from bridge.web.problems import not_found


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPlan:
    client: ResellerClient
    status: ClientStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPlace:
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPage:
    lines: tuple[LedgerLine, ...]
    next: PlanPlace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMessages:
    messages: tuple[Message, ...]  # the latest first
    next: PlanPlace | None


def own_plan(db: Connection, person: Person, policy: Policy, now: datetime) -> OwnPlan:
    """Problem 404 for who is no client, or may not see his plan now."""
    found = by_ids(db, [person.client]) if person.client else {}
    for client in found.values():
        if access_to(person, facts_of_client(client), policy).can_read:
            return OwnPlan(client=client, status=client.status(now))
    raise not_found("plan")


def own_ledger(db: Connection, own: OwnPlan, start: PlanPlace | None, limit: int) -> LedgerPage:
    """The newest movement first."""
    lines = ledger(db, own.client.id, start.before if start else None, limit + 1)
    more = PlanPlace(before=lines[limit - 1].id) if len(lines) > limit else None
    return LedgerPage(lines=lines[:limit], next=more)


def own_chats(db: Connection, own: OwnPlan, policy: Policy) -> tuple[Conversation, ...]:
    """Those of the contact that he is in the CRM, the latest first; of none without one."""
    link = own.client.link
    if link is None or link.kind is not CrmKind.CONTACT or policy.crm is None:
        return ()
    contact = contacts_by_crm_id(db, policy.crm, [link.crm_id]).get(link.crm_id)
    if contact is None or contact.state is not ContactState.ACTIVE:
        return ()
    return conversations_of(db, [contact.id]).get(contact.id, ())


def own_messages(
    db: Connection,
    chats: tuple[Conversation, ...],
    name: str,
    eyes: Employee,
    policy: Policy,
    start: PlanPlace | None,
    limit: int,
) -> OwnMessages:
    """Of one of his chats; Problem 404 for any other. What was taken back is not said again, and
    files are named, not given."""
    if name not in {chat.id for chat in chats}:
        raise not_found("conversation")
    before = start.before if start else None
    found = messages_of(db, ConversationId(name), before, limit + 1)
    more = PlanPlace(before=found[limit - 1][0]) if len(found) > limit else None
    shown = tuple(_shown(as_shown(message, eyes, policy)) for _, message in found[:limit])
    return OwnMessages(messages=shown, next=more)


def _shown(message: Message) -> Message:
    return message if message.deleted_at is None else replace(message, text="", media=())
