"""/conversations: list, one, who can see it, and "no answer needed"."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, ConversationId, CrmId, EmployeeId, RecordId
from bridge.domain.notifications import Mark
from bridge.domain.people import Employee
from bridge.domain.reasons import Reason
from bridge.domain.records import Contact, ContactState, Deal, Lead
from bridge.pipeline.dismiss import dismiss
from bridge.pipeline.pinning import pin
from bridge.pipeline.send import Refusal
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.store.listing import LONGEST_WORDS, Wanted, last_messages
from bridge.web.api.acting import Actor, acting_employee, refused
from bridge.web.api.given import zoned
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Nothing, Page, Paging, get, write
from bridge.web.api.shapes import ConversationItem, Done, conversation_item
from bridge.web.chatlist import ChatLine, Part, Place, list_chats
from bridge.web.chatview import open_chat, open_to_answer
from bridge.web.files import files_of
from bridge.web.people import Seer, who_can_see
from bridge.web.problems import Problem
from bridge.web.replying import ReplyChannels, reply_channels


class ConversationsQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`q` looks into names, numbers and the newer messages' texts. `mine`: own clients only;
    `mark`: unanswered with this colour for the viewer; `owner` is an employee; `failed`: with a
    message that did not arrive; `since`: with something said since then."""

    unanswered: bool = False
    mine: bool = False
    mark: Literal["", "red", "grey"] = ""
    channel: str = ""
    messenger: Messenger | None = None
    owner: str = ""
    failed: bool = False
    since: datetime | None = None
    q: Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactShape:
    """`crm_id` is null while the contact is being created in the CRM."""

    id: RecordId
    crm_id: CrmId | None
    name: str
    phones: tuple[str, ...]
    state: ContactState
    owner: CrmId | None
    owner_as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordShape:
    """A deal or a lead of the contact; pipeline and stage are empty for a lead. Of several open
    deals the pinned one counts, else that with the newest `active_at` in the CRM."""

    id: RecordId
    crm_id: CrmId | None
    name: str
    is_open: bool
    owner: CrmId | None
    pipeline: str = ""
    stage: str = ""
    active_at: datetime | None = None
    is_pinned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationShape:
    """`reason` says why the viewer may read, and why he may or may not write. `reply` is where his
    answer would leave from; null where he may not write. `dismissed_by` is who last said that no
    answer is needed; the client's next message counts anew. `blocked`: the client wants to hear
    nothing more on this channel; `no_marketing`: no advertising."""

    conversation: ConversationItem
    phone: str | None
    username: str | None
    can_write: bool
    reason: Reason
    contact: ContactShape | None
    deals: tuple[RecordShape, ...]
    leads: tuple[RecordShape, ...]
    reply: ReplyChannels | None
    dismissed_by: EmployeeId | None
    dismissed_at: datetime | None
    blocked: bool
    no_marketing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seers:
    people: tuple[Seer, ...]


def list_all(call: Call, query: ConversationsQuery) -> Page[ConversationItem]:
    wanted = _wanted(query)
    of = f"conversations {wanted}"
    begin = start(call, query, Place, of) or Place(part=Part.ALL)
    with reading(call.site.parts.engine) as db:
        eyes = call.viewer(db)
        found = list_chats(db, eyes, wanted, begin, query.limit)
        files = files_of(db, [line.last for line in found.lines])
        items = tuple(conversation_item(eyes, line, files) for line in found.lines)
    return Page(items=items, next=go_on(call, found.next, of))


def _wanted(query: ConversationsQuery) -> Wanted:
    return Wanted(
        unanswered=query.unanswered,
        mine=query.mine,
        mark=Mark(query.mark) if query.mark else None,
        channel=ChannelName(query.channel) if query.channel else None,
        messenger=query.messenger,
        owner=EmployeeId(query.owner) if query.owner else None,
        failed=query.failed,
        since=zoned("since", query.since),
        words=query.q,
    )


def one(call: Call, _: Nothing) -> ConversationShape:
    with reading(call.site.parts.engine) as db:
        eyes = call.viewer(db)
        chat, granted = open_chat(db, eyes, call.path["id"])
        last = last_messages(db, [chat.conversation.id]).get(chat.conversation.id)
        tone, _why = eyes.mark(chat)
        line = ChatLine(chat=chat, is_own=eyes.owns(chat), mark=tone, last=last)
        reply = reply_channels(db, eyes, chat, eyes.employee) if granted.can_write else None
        return ConversationShape(
            conversation=conversation_item(eyes, line, files_of(db, [last])),
            phone=chat.conversation.phone,
            username=chat.conversation.username,
            can_write=granted.can_write,
            reason=granted.reason,
            contact=contact_shape(chat),
            deals=tuple(_deal(deal, chat.conversation.pinned_deal) for deal in chat.deals),
            leads=tuple(_lead(lead) for lead in chat.leads),
            reply=reply,
            dismissed_by=chat.conversation.dismissed_by,
            dismissed_at=chat.conversation.dismissed_at,
            blocked=chat.conversation.wishes.blocked,
            no_marketing=chat.conversation.wishes.no_marketing,
        )


def see_who_can_see(call: Call, _: Nothing) -> Seers:
    with reading(call.site.parts.engine) as db:
        eyes = call.viewer(db)
        chat, _granted = open_chat(db, eyes, call.path["id"])
        return Seers(people=who_can_see(eyes, chat))


class ChannelsQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`employee` is whom a service asks for."""

    employee: str | None = None


def see_channels(call: Call, query: ChannelsQuery) -> ReplyChannels:
    employee = acting_employee(call, query.employee)
    check_readable(call, employee, call.path["id"])
    with reading(call.site.parts.engine) as db:
        eyes = call.viewer_as(db, employee)
        chat, granted = open_chat(db, eyes, call.path["id"])
        if not granted.can_write:
            raise Problem(403, granted.reason)
        return reply_channels(db, eyes, chat, employee)


def say_no_answer_needed(call: Call, body: Actor) -> Done:
    employee = acting_employee(call, body.employee)
    check_readable(call, employee, call.path["id"])
    answer = dismiss(call.site.parts, employee.id, ConversationId(call.path["id"]))
    if isinstance(answer, Refusal):
        raise refused(answer)
    return Done()


class Pinned(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`deal` is our id of an open deal; null: the one in which something happened last."""

    deal: str | None


def pin_deal(call: Call, body: Pinned) -> Done:
    employee = acting_employee(call, body.employee)
    check_readable(call, employee, call.path["id"])
    deal = None if body.deal is None else RecordId(body.deal)
    answer = pin(call.site.parts, employee.id, ConversationId(call.path["id"]), deal)
    if isinstance(answer, Refusal):
        raise refused(answer)
    return Done()


def check_readable(call: Call, employee: Employee, name: str) -> None:
    """Problem 404 where the employee who acts may not even read (ROL-06), or 409 where he comes
    second to a new client."""
    with reading(call.site.parts.engine) as db:
        open_to_answer(db, call.viewer_as(db, employee), name)


def contact_shape(chat: ChatFacts) -> ContactShape | None:
    return None if chat.contact is None else shape_of_contact(chat.contact)


def shape_of_contact(contact: Contact) -> ContactShape:
    return ContactShape(
        id=contact.id,
        crm_id=contact.crm_id,
        name=contact.name,
        phones=contact.phones,
        state=contact.state,
        owner=contact.owner.crm_id,
        owner_as_of=contact.owner.as_of,
    )


def _deal(deal: Deal, pinned: RecordId | None) -> RecordShape:
    return RecordShape(
        id=deal.id,
        crm_id=deal.crm_id,
        name=deal.name,
        is_open=deal.is_open,
        owner=deal.owner.crm_id,
        pipeline=deal.pipeline,
        stage=deal.stage,
        active_at=deal.active_at,
        is_pinned=deal.id == pinned,
    )


def _lead(lead: Lead) -> RecordShape:
    return RecordShape(
        id=lead.id,
        crm_id=lead.crm_id,
        name=lead.name,
        is_open=lead.is_open,
        owner=lead.owner.crm_id,
    )


ROUTES = (
    get(
        "/conversations",
        list_all,
        ConversationsQuery,
        Page[ConversationItem],
        "The conversations that the key's principal may read, the newest first",
    ),
    get(
        "/conversations/{id}",
        one,
        Nothing,
        ConversationShape,
        "One conversation with its contact, deals and leads",
    ),
    get(
        "/conversations/{id}/who-can-see",
        see_who_can_see,
        Nothing,
        Seers,
        "Everybody, with what he may do in this conversation and why",
    ),
    get(
        "/conversations/{id}/channels",
        see_channels,
        ChannelsQuery,
        ReplyChannels,
        "Where a reply would leave from and why, and what speaks against each other channel",
    ),
    write(
        "POST",
        "/conversations/{id}/dismiss",
        say_no_answer_needed,
        Actor,
        Done,
        "No answer is needed: takes the unanswered mark away",
        Scope.SEND,
    ),
    write(
        "POST",
        "/conversations/{id}/deal",
        pin_deal,
        Pinned,
        Done,
        "Says which of several open deals counts here: its owner gets the client's messages",
        Scope.ADMIN,
    ),
)
