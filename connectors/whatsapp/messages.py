"""What clients write, and what is written on the business' own phone, turned into events; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.domain.errors import EventUnsupported
from bridge.domain.events import (
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReacted,
    MessageReceived,
    MessageSent,
)
from bridge.domain.messaging import (
    Chat,
    ChatKind,
    Direction,
    Identity,
    IdentityKind,
    MessageStatus,
    Referral,
)
from bridge.domain.names import AccountName, EventKey
from bridge.payload import Payload
from connectors.whatsapp.contents import content_of, numbers_on
from connectors.whatsapp.identities import identity_events
from connectors.whatsapp.people import People, group_chat
from connectors.whatsapp.reading import (
    identifier,
    identifier_or,
    moment,
    phone_of,
    safe_word,
)
from connectors.whatsapp.words import CALL, STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What all items of one change share. `channel_id` is the phone number's id."""

    account: AccountName
    channel_id: str
    number: str  # the channel's own, digits only
    people: People
    received_at: datetime


def message_events(scope: Scope, item: Payload) -> tuple[Event, ...]:
    """The events of an item of `messages`. Raises EventUnsupported for what is no message."""
    kind = item.text_or("type")
    if kind == "system":
        return identity_events(scope.account, scope.channel_id, item)
    if kind == "request_welcome":
        raise EventUnsupported("request_welcome")
    special = _SPECIAL.get(kind)
    if special is not None:
        return (special(scope, item, _client_chat(scope, item), Direction.IN),)
    return (_received(scope, item),)


def echo_events(scope: Scope, item: Payload) -> tuple[Event, ...]:
    """What was typed on the business' phone; WhatsApp never echoes what came by its API."""
    chat = scope.people.one(item, "to").chat(scope.channel_id)
    special = _SPECIAL.get(item.text_or("type"))
    if special is not None:
        return (special(scope, item, chat, Direction.OUT),)
    return (_sent(scope, item, chat, MessageStatus.SENT, earlier=False),)


def earlier_events(
    scope: Scope, thread: Payload, item: Payload
) -> tuple[MessageReceived | MessageSent]:
    """A message of a thread of `history`, which tells what was said before the number was
    connected. The thread bears the client's number, or his user id."""
    whom = Payload({"from": identifier(thread, "id")}, thread.path)
    chat = scope.people.one(whom, "from").chat(scope.channel_id)
    if identifier_or(item, "from") == scope.number or item.has("to"):
        context = item.get("history_context") or Payload({}, item.path)
        status = _EARLIER.get(context.text_or("status").upper(), MessageStatus.SENT)
        return (_sent(scope, item, chat, status, earlier=True),)
    return (_received(scope, item, chat, earlier=True),)


def late_file_events(scope: Scope, item: Payload) -> tuple[Event, ...]:
    """The file of an earlier message, of which there was only a placeholder: a fact of its own."""
    ours = identifier_or(item, "from") == scope.number
    thread = Payload({"id": item.mapping().get("to" if ours else "from")}, item.path)
    (event,) = earlier_events(scope, thread, item)
    return (replace(event, event_key=EventKey(f"{event.event_key}:file")),)


def call_events(scope: Scope, item: Payload) -> tuple[Event, ...]:
    """A client who calls is heard of in the chat; how the call goes on is not our business."""
    if item.text_or("event") != "connect" or item.text_or("direction") != "USER_INITIATED":
        raise EventUnsupported(f"calls:{safe_word(item.text_or('event'))}")
    call_id = identifier(item, "id")
    received = MessageReceived(
        event_key=EventKey(f"received:{call_id}"),
        occurred_at=moment(item, "timestamp"),
        account=scope.account,
        raw=item.raw(),
        chat=_client_chat(scope, item),
        message_id=call_id,
        text=CALL,
    )
    return (received,)


def _client_chat(scope: Scope, item: Payload) -> Chat:
    group = identifier_or(item, "group_id")
    if group:
        return group_chat(scope.channel_id, group)
    chat = scope.people.one(item, "from").chat(scope.channel_id)
    return _with_own_number(chat, item)


def _with_own_number(chat: Chat, item: Payload) -> Chat:
    """A client who was asked for his number has given it: WhatsApp says that the card is his own.
    His chat goes on under the id that it has."""
    if chat.phone is not None or item.mapping().get("origin") != "contact_request":
        return chat
    cards = item.get("contacts")
    phones = [] if cards is None else [own for card in cards.items() for own in numbers_on(card)]
    if len(set(phones)) != 1:
        return chat
    known = (Identity(kind=IdentityKind.PHONE, value=phones[0]), *chat.identities)
    return replace(chat, phone=phones[0], identities=known)


def _received(
    scope: Scope, item: Payload, chat: Chat | None = None, *, earlier: bool = False
) -> MessageReceived:
    message_id = identifier(item, "id")
    content = content_of(item)
    context = item.get("context") or Payload({}, item.path)
    return MessageReceived(
        event_key=EventKey(f"received:{message_id}"),
        occurred_at=moment(item, "timestamp"),
        account=scope.account,
        raw=item.raw(),
        chat=chat or _client_chat(scope, item),
        message_id=message_id,
        text="\n".join(line for line in (content.text, _product(context)) if line),
        media=content.media,
        reply_to=identifier_or(context, "id") or None,
        forwarded=any(context.mapping().get(word) is True for word in _FORWARDED),
        pressed=content.pressed,
        referral=_referral(item),
        author_name=_author(scope, item),
        earlier=earlier,
    )


def _sent(
    scope: Scope, item: Payload, chat: Chat, status: MessageStatus, *, earlier: bool
) -> MessageSent:
    message_id = identifier(item, "id")
    content = content_of(item)
    context = item.get("context") or Payload({}, item.path)
    return MessageSent(
        event_key=EventKey(f"sent:{message_id}"),
        occurred_at=moment(item, "timestamp"),
        account=scope.account,
        raw=item.raw(),
        chat=chat,
        message_id=message_id,
        text=content.text,
        media=content.media,
        reply_to=identifier_or(context, "id") or None,
        sent_from="phone",
        status=status,
        earlier=earlier,
    )


def _reacted(scope: Scope, item: Payload, chat: Chat, direction: Direction) -> MessageReacted:
    reaction = item.at("reaction")
    reaction_id = identifier(item, "id")
    return MessageReacted(
        event_key=EventKey(f"reacted:{reaction_id}"),
        occurred_at=moment(item, "timestamp"),
        account=scope.account,
        raw=item.raw(),
        message_id=identifier(reaction, "message_id"),
        chat=chat,
        emoji=reaction.text_or("emoji"),
        direction=direction,
        reaction_id=reaction_id,
        by=identifier_or(item, "from") if chat.kind is ChatKind.GROUP else "",
        author_name=_author(scope, item) if chat.kind is ChatKind.GROUP else "",
    )


def _edited(scope: Scope, item: Payload, chat: Chat, direction: Direction) -> MessageEdited:
    edit = item.at("edit")
    content = content_of(edit.at("message"))
    return MessageEdited(
        event_key=EventKey(f"edited:{identifier(item, 'id')}"),
        occurred_at=moment(item, "timestamp"),
        account=scope.account,
        raw=item.raw(),
        message_id=identifier(edit, "original_message_id"),
        direction=direction,
        text=content.text,
        chat=chat,
        media=content.media,
    )


def _revoked(scope: Scope, item: Payload, chat: Chat, direction: Direction) -> MessageDeleted:
    return MessageDeleted(
        event_key=EventKey(f"deleted:{identifier(item, 'id')}"),
        occurred_at=moment(item, "timestamp"),
        account=scope.account,
        raw=item.raw(),
        message_id=identifier(item.at("revoke"), "original_message_id"),
        direction=direction,
        chat=chat,
    )


def _product(context: Payload) -> str:
    """What the question is about, where a client asks about a product of the catalogue."""
    product = context.get("referred_product")
    if product is None:
        return ""
    return f"(about the product {identifier_or(product, 'product_retailer_id', '?')})"


def _referral(item: Payload) -> Referral | None:
    found = item.get("referral")
    if found is None:
        return None
    return Referral(
        source=found.text_or("source_type"),
        source_id=identifier_or(found, "source_id"),
        url=found.text_or("source_url"),
        headline=found.text_or("headline"),
        click_id=found.text_or("ctwa_clid"),
    )


def _author(scope: Scope, item: Payload) -> str:
    """Who wrote in a group: his name, or else his number."""
    if not identifier_or(item, "group_id"):
        return ""
    person = scope.people.one(item, "from")
    return person.name or person.username or phone_of(person.wa_id) or person.chat_id


_FORWARDED = ("forwarded", "frequently_forwarded")
_EARLIER = {word.upper(): status for word, status in STATUSES.items()} | {
    "ERROR": MessageStatus.FAILED,
    "PENDING": MessageStatus.QUEUED,
}
_Special = Callable[[Scope, Payload, Chat, Direction], Event]
_SPECIAL: Mapping[str, _Special] = {"reaction": _reacted, "edit": _edited, "revoke": _revoked}
