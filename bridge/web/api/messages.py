"""Messages of a conversation: read, answer, and write first."""

from dataclasses import dataclass

import msgspec

from bridge.domain.messaging import Media, MediaKind, Messenger, Template
from bridge.domain.names import ChannelName, ConversationId, EmployeeId, MessageId
from bridge.domain.people import Employee
from bridge.domain.reasons import Reason
from bridge.payload import storable
from bridge.pipeline.send import Refusal, SendRequest, Sent, send
from bridge.pipeline.uploading import attached
from bridge.store.chats import contacts_by_id
from bridge.store.engine import reading
from bridge.store.feed import contact_ids
from bridge.store.keys import Scope
from bridge.store.listing import messages_of
from bridge.web.api.acting import Actor, acting_employee, refused
from bridge.web.api.conversations import check_readable
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Page, Paging, get, write
from bridge.web.api.shapes import MessageShape, message_shape
from bridge.web.chatview import open_chat, safe_link
from bridge.web.files import files_of
from bridge.web.problems import invalid, not_found
from bridge.web.quoting import quotes_of


class TemplateContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An approved message, by its id or by name and language, with the values of its places."""

    id: str = ""
    name: str = ""
    language: str = ""
    values: tuple[str, ...] = ()


class Content(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Text, or a file by its http(s) address or as the id of an `upload`, or a template. Both text
    and file make two messages where the messenger does not take them at once (WS-03), a long text
    as many as it needs. `channel` is another one than the default (CHN-04). `automatic`: by a
    machine, so that the client still waits for a person."""

    text: str = ""
    media_url: str = ""
    upload: str = ""
    media_kind: MediaKind = MediaKind.DOCUMENT
    media_name: str = ""
    channel: str | None = None
    automatic: bool = False
    template: TemplateContent | None = None


class ToPhone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either a phone number (E.164) or a contact (our id or the CRM's), and on which messenger."""

    phone: str | None = None
    contact: str | None = None
    messenger: Messenger


class FirstMessage(Content, frozen=True, kw_only=True, forbid_unknown_fields=True):
    to: ToPhone


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """On its way: `reason` says why it leaves from this channel. `messages` are all that it became
    at the messenger, in their order, each once the one before has left."""

    message: MessageId
    conversation: ConversationId
    channel: ChannelName
    reason: Reason
    messages: tuple[MessageId, ...] = ()


def accepted(sent: Sent) -> Accepted:
    return Accepted(
        message=sent.message,
        conversation=sent.conversation,
        channel=sent.channel,
        reason=sent.reason,
        messages=sent.messages,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    before: int


def list_all(call: Call, query: Paging) -> Page[MessageShape]:
    name = ConversationId(call.path["id"])
    of = f"messages {name}"
    begin = start(call, query, _Place, of)
    with reading(call.site.parts.engine) as db:
        eyes = call.viewer(db)
        chat, _ = open_chat(db, eyes, name)
        before = begin.before if begin else None
        found = messages_of(db, name, before, query.limit + 1)
        kept = found[: query.limit]
        quotes = quotes_of(db, eyes, chat, (message for _, message in kept))
        files = files_of(db, [message for _, message in kept])
    more = _Place(before=kept[-1][0]) if len(found) > query.limit else None
    items = tuple(message_shape(eyes, message, files, quotes) for _, message in kept)
    return Page(items=items, next=go_on(call, more, of))


def answer(call: Call, body: Content) -> Accepted:
    employee = acting_employee(call, body.employee)
    check_readable(call, employee, call.path["id"])
    return _send(call, employee, body, conversation=ConversationId(call.path["id"]))


def write_first(call: Call, body: FirstMessage) -> Accepted:
    employee = acting_employee(call, body.employee)
    phone = _phone(call, body.to)
    return _send(call, employee, body, to_phone=phone, messenger=body.to.messenger)


def _send(
    call: Call,
    employee: Employee,
    body: Content,
    *,
    conversation: ConversationId | None = None,
    to_phone: str | None = None,
    messenger: Messenger | None = None,
) -> Accepted:
    request = SendRequest(
        employee=EmployeeId(employee.id),
        conversation=conversation,
        to_phone=to_phone,
        messenger=messenger,
        text=_sendable(body.text, "$.text"),
        template=_template(body),
        media=_media(call, employee, body),
        channel=ChannelName(body.channel) if body.channel else None,
        key=call.key,
        automatic=body.automatic,
    )
    sent = send(call.site.parts, request)
    if isinstance(sent, Refusal):
        raise refused(sent)
    return accepted(sent)


def _sendable(text: str, field: str) -> str:
    if storable(text) != text:
        raise invalid("holds a character that is none (NUL, half a pair)", field=field)
    return text


def _template(body: Content) -> Template | None:
    given = body.template
    if given is None:
        return None
    values = tuple(_sendable(value, "$.template.values") for value in given.values)
    return Template(
        id=storable(given.id), name=storable(given.name), language=given.language, values=values
    )


def _media(call: Call, employee: Employee, body: Content) -> Media | None:
    if body.upload:
        return _uploaded(call, employee, body)
    if not body.media_url:
        return None
    if not safe_link(body.media_url):
        raise invalid("is not an http(s) address", field="$.media_url")
    url, name = storable(body.media_url), storable(body.media_name)
    return Media(kind=body.media_kind, url=url, name=name)


def _uploaded(call: Call, employee: Employee, body: Content) -> Media:
    if body.media_url:
        raise invalid("name either an address or an upload", field="$.upload")
    media = attached(call.site.parts, EmployeeId(employee.id), storable(body.upload))
    if media is None:
        raise invalid("is no file that you uploaded lately and have not sent", field="$.upload")
    return media


def _phone(call: Call, to: ToPhone) -> str:
    if to.phone is not None and to.contact is None:
        return to.phone
    if to.contact is None or to.phone is not None:
        raise invalid("name either a phone or a contact", field="$.to")
    with reading(call.site.parts.engine) as db:
        found = contacts_by_id(db, contact_ids(db, storable(to.contact)))
    phones = [phone for contact in found.values() for phone in contact.phones]
    if not phones:
        raise not_found("contact with a phone number")
    return phones[0]


ROUTES = (
    get(
        "/conversations/{id}/messages",
        list_all,
        Paging,
        Page[MessageShape],
        "The messages of a conversation, the newest first",
    ),
    write(
        "POST",
        "/conversations/{id}/messages",
        answer,
        Content,
        Accepted,
        "Answers in a conversation",
        Scope.SEND,
        status=202,
    ),
    write(
        "POST",
        "/messages",
        write_first,
        FirstMessage,
        Accepted,
        "Writes first to a phone number or a contact",
        Scope.SEND,
        status=202,
    ),
)
