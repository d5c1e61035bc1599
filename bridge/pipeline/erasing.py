"""Forgets one client because somebody asked for it: everywhere here, and our entries in the CRM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.changes import EraseChat, EraseContact
from bridge.domain.decisions import Decision, Planned, Verdict
from bridge.domain.effects import UpdateTimelineEntry, WriteTimelineEntry
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import ChatKind
from bridge.domain.names import AccountName, ConversationId, EmployeeId, EventKey
from bridge.domain.people import Role
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Conversation
from bridge.pipeline.house import note_here
from bridge.pipeline.parts import Active, Parts
from bridge.pipeline.refusals import Refusal, not_found, refusal
from bridge.pipeline.unit_of_work import UnitOfWork
from bridge.store import chats, erasures, mirror, records
from bridge.store.deciding import deciding
from bridge.store.erasures import Report
from bridge.store.traces import Entry, Traces, entries, traces

ADMIN = "admin"
"""Who sits at the machine itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """`tried` only: nothing was done. `left` is what is not ours to erase, with what to do."""

    report: Report
    left: tuple[str, ...]
    tried: bool


def erase(
    parts: Parts, by: EmployeeId | None, conversation: ConversationId, *, only_try: bool = False
) -> Erased | Refusal:
    """Erases the client of this conversation with all his conversations; `by` of None is whoever
    sits at the machine. Texts, files, numbers and names go at once, our entries in the CRM as soon
    as it answers. His next message makes him a new client."""
    active = parts.active()
    with deciding(parts.engine) as db:
        chat = chats.chat_facts(db, [conversation]).get(conversation)
        refused = _refused(active, by, chat)
        if refused is not None or chat is None:
            return refused or not_found()
        mine = _conversations(db, chat)
        found = traces(db, [one.id for one in mine])
        crm = active.policy.crm
        shown = entries(db, crm, [one.id for one in mine]) if crm else ()
        erased = _erased(active, chat, mine, found, shown, only_try=only_try)
        if only_try:
            return erased
        if found.on_their_way:
            detail = "something of this client is on its way to a vendor: try again in a moment"
            return refusal(ReasonCode.REQUEST_CONFLICT, detail, 409)
        filled = _carry_out(db, parts, active, by, chat, mine, shown)
        subject = chat.contact.id if chat.contact else conversation
        erasures.add(db, subject, by or ADMIN, parts.now(), erased.report)
    for name in sorted(filled):
        parts.bell.ring(name)
    return erased


def _refused(active: Active, by: EmployeeId | None, chat: ChatFacts | None) -> Refusal | None:
    role = Role.MANAGER if by is None else active.policy.employee(by).role
    if chat is None or role in (Role.NONE, Role.SALESPERSON):
        return not_found()
    if role is not Role.MANAGER:
        return refusal(ReasonCode.REQUEST_FORBIDDEN, "only managers may erase a client", 403)
    if chat.conversation.kind is ChatKind.GROUP:
        detail = "a group is not a client; erase its members' own conversations"
        return refusal(ReasonCode.CLIENT_GROUP, detail, 409)
    return None


def _conversations(db: Connection, chat: ChatFacts) -> tuple[Conversation, ...]:
    if chat.contact is None:
        return (chat.conversation,)
    found = records.conversations_of(db, [chat.contact.id])
    return tuple(found.get(chat.contact.id, ()))


def _carry_out(
    db: Connection,
    parts: Parts,
    active: Active,
    by: EmployeeId | None,
    chat: ChatFacts,
    mine: Sequence[Conversation],
    shown: Sequence[Entry],
) -> frozenset[str]:
    now = parts.now()
    directory = mirror.directory(db, active.policy.crm)
    unit = UnitOfWork(db, active, directory, now, parts.public_url)
    for one in mine:
        unit.held.conversations[one.id] = one
    if chat.contact is not None:
        unit.held.hold_contact(chat.contact)
    for deal in chat.deals:
        unit.held.hold_record(deal)
    for lead in chat.leads:
        unit.held.hold_record(lead)
    decision = _decision(active, by, chat, {one.id: one for one in mine}, shown, now)
    return note_here(db, parts, active, unit, decision)


def _decision(
    active: Active,
    by: EmployeeId | None,
    chat: ChatFacts,
    mine: Mapping[ConversationId, Conversation],
    shown: Sequence[Entry],
    now: datetime,
) -> Decision:
    contact, conversation = chat.contact, chat.conversation
    said = f"{by or 'the admin'} asked to forget this client; {len(shown)} entries in the CRM too"
    crm = active.policy.crm
    return Decision(
        event_key=EventKey(f"erase:{conversation.id}:{int(now.timestamp() * 1_000_000)}"),
        account=conversation.account,
        kind="Erasure",
        verdict=Verdict.APPLIED,
        reasons=(Reason(ReasonCode.CONTACT_ERASED, said),),
        decided_at=now,
        occurred_at=now,
        target=by,
        conversation=conversation.id,
        contact=None if contact is None else contact.id,
        changes=(
            EraseChat(conversation=conversation.id)
            if contact is None
            else EraseContact(contact=contact.id),
        ),
        effects=() if crm is None else tuple(_emptied(active, crm, mine, one) for one in shown),
    )


def _emptied(
    active: Active, crm: AccountName, mine: Mapping[ConversationId, Conversation], shown: Entry
) -> Planned:
    """The entry stays where it is, with its date, and says only that it was erased."""
    conversation = mine[shown.conversation]
    account = active.policy.accounts.get(conversation.account)
    entry = WriteTimelineEntry(
        message=shown.message,
        records=(),
        occurred_at=shown.occurred_at,
        direction=shown.direction,
        messenger=conversation.messenger,
        source=account.connector if account else conversation.account,
        channel=active.policy.channel_label(conversation.channel),
        head="Erased on request",
        text="",
    )
    effect = UpdateTimelineEntry(message=shown.message, entry=entry, note="erased")
    return Planned(account=crm, effect=effect, ordering_key=conversation.id)


def _erased(
    active: Active,
    chat: ChatFacts,
    mine: Sequence[Conversation],
    found: Traces,
    shown: Sequence[Entry],
    *,
    only_try: bool,
) -> Erased:
    report = Report(
        conversations=len(mine),
        messages=found.messages,
        files=found.files,
        requests=found.requests,
        decisions=found.decisions,
        effects=found.effects,
        notifications=found.notifications,
        crm_entries=len(shown),
        notes=found.notes,
    )
    return Erased(report=report, left=tuple(_left(active, chat, mine)), tried=only_try)


def _left(active: Active, chat: ChatFacts, mine: Sequence[Conversation]) -> list[str]:
    crm = active.policy.crm
    left = [
        f"{account} keeps its own copy of the chat: erase it there"
        for account in sorted({one.account for one in mine})
    ]
    if crm is not None and chat.contact is not None and chat.contact.crm_id is not None:
        left.append(
            f"contact {chat.contact.crm_id} in {crm}, its deals and what people wrote there are "
            "the CRM's: erase the contact there"
        )
    left.append("backups and logs of vendors are not in our hands")
    return left
