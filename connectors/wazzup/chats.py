"""Who a Wazzup chat is with: the identity and what else the vendor tells of the client."""

from bridge.domain.messaging import Chat, ChatKind, Messenger
from bridge.payload import Payload
from connectors.wazzup.reading import digits_of, identifier, is_number_only, phone_of
from connectors.wazzup.words import CHAT_TYPES

_NAMED_BY_PHONE = (Messenger.WHATSAPP, Messenger.VIBER)
_UNKNOWN = (Messenger.OTHER, ChatKind.DIRECT)


def chat_of(item: Payload) -> Chat:
    """The chat of an item of `messages`. An unknown chat type is kept as Messenger.OTHER."""
    messenger, kind = CHAT_TYPES.get(item.text_or("chatType"), _UNKNOWN)
    chat_id = identifier(item, "chatId")
    contact = item.get("contact")
    direct = kind is ChatKind.DIRECT
    phone = _phone(messenger, chat_id, contact) if direct else None
    return Chat(
        channel_id=identifier(item, "channelId"),
        messenger=messenger,
        chat_id=chat_id,
        kind=kind,
        phone=phone,
        username=_username(messenger, chat_id, contact) if direct else None,
        name=_name(chat_id, phone, contact),
    )


def _phone(messenger: Messenger, chat_id: str, contact: Payload | None) -> str | None:
    """WhatsApp and Viber name the chat by the phone, Telegram and MAX tell it beside it."""
    by_chat = phone_of(chat_id) if messenger in _NAMED_BY_PHONE else None
    return by_chat or (None if contact is None else phone_of(contact.text_or("phone")))


def _username(messenger: Messenger, chat_id: str, contact: Payload | None) -> str | None:
    given = "" if contact is None else contact.text_or("username")
    if not given and messenger is Messenger.INSTAGRAM:
        given = chat_id
    return given.removeprefix("@") or None


def _name(chat_id: str, phone: str | None, contact: Payload | None) -> str | None:
    """None where the vendor fills in the number for want of a name."""
    name = "" if contact is None else contact.text_or("name").strip()
    numbers = {digits_of(chat_id), digits_of(phone or "")}
    if is_number_only(name) and digits_of(name) in numbers:
        return None
    return name or None
