"""Who a Telegram chat is with, and what our ids of channels, chats and messages are made of.

A message's number counts within its chat only, so that ours is `chat:number`, and
`connection:chat:number` in a business account.
"""

from bridge.domain.messaging import Chat, ChatKind, Identity, IdentityKind, Messenger
from bridge.payload import Payload
from connectors.telegram.reading import number, person_name, phone_of, short_text
from connectors.telegram.words import BOT_CHANNEL

_GROUPS = frozenset({"group", "supergroup", "channel"})


def channel_of(item: Payload) -> str:
    """The business connection that a message came by, else the bot itself."""
    return short_text(item, "business_connection_id") or BOT_CHANNEL


def chat_of(item: Payload, chat_id: str | None = None) -> Chat:
    """The chat of an update's item; `chat_id` in place of its own, where it has moved."""
    chat = item.at("chat")
    own = number(chat, "id")
    if _is_group(chat, own):
        return Chat(
            channel_id=channel_of(item),
            messenger=Messenger.TELEGRAM,
            chat_id=chat_id or own,
            kind=ChatKind.GROUP,
            name=person_name(chat) or None,
        )
    phone = _proven_phone(item, own)
    known = () if phone is None else (Identity(kind=IdentityKind.PHONE, value=phone),)
    person = _other_party(item, chat, own)
    return Chat(
        channel_id=channel_of(item),
        messenger=Messenger.TELEGRAM,
        chat_id=own,
        phone=phone,
        username=chat.text_or("username") or person.text_or("username") or None,
        name=person_name(chat) or person_name(person) or None,
        identities=(*known, Identity(kind=IdentityKind.USER, value=own)),
    )


def message_id(item: Payload, key: str = "message_id") -> str:
    """Our id of the message that the item is, or speaks of."""
    return message_id_of(channel_of(item), number(item.at("chat"), "id"), number(item, key))


def message_id_of(channel: str, chat_id: str, number_in_chat: str) -> str:
    own = f"{chat_id}:{number_in_chat}"
    return own if channel == BOT_CHANNEL else f"{channel}:{own}"


def number_in_chat(our_id: str, channel: str, chat_id: str) -> int | None:
    """The vendor's number of a message of this very chat; None for one of elsewhere."""
    found = our_id.rpartition(":")[2]
    mine = message_id_of(channel, chat_id, found) == our_id
    return int(found) if mine and found.isascii() and found.isdigit() else None


def is_from_client(item: Payload) -> bool:
    """In a private chat the client is whom the chat is named after."""
    sender = item.get("from")
    return sender is None or number(sender, "id") == number(item.at("chat"), "id")


def _is_group(chat: Payload, chat_id: str) -> bool:
    """The vendor's own samples leave the type out; the ids of groups are negative."""
    kind = chat.text_or("type")
    return kind in _GROUPS or (not kind and chat_id.startswith("-"))


def _other_party(item: Payload, chat: Payload, chat_id: str) -> Payload:
    sender = item.get("from")
    return chat if sender is None or number(sender, "id") != chat_id else sender


def _proven_phone(item: Payload, chat_id: str) -> str | None:
    """The client's own number: a contact card of himself. That of somebody else proves nothing."""
    card, sender = item.get("contact"), item.get("from")
    if card is None or sender is None or card.get("user_id") is None:
        return None
    his_own = number(card, "user_id") == number(sender, "id") == chat_id
    return phone_of(card.text_or("phone_number")) if his_own else None
