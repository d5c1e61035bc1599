"""The nouns of the messenger side: chats, messages, media, channels."""

from dataclasses import dataclass
from enum import StrEnum


class Messenger(StrEnum):
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"
    SMS = "sms"
    INSTAGRAM = "instagram"
    VIBER = "viber"
    VK = "vk"
    AVITO = "avito"
    MAX = "max"
    MATRIX = "matrix"
    OTHER = "other"


class ChatKind(StrEnum):
    DIRECT = "direct"
    GROUP = "group"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class MessageStatus(StrEnum):
    """Of an outgoing message; `RECEIVED` of an incoming one. `FAILED` is final."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"


class MediaKind(StrEnum):
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT_CARD = "contact_card"
    OTHER = "other"


class ChannelState(StrEnum):
    ACTIVE = "active"
    CONNECTING = "connecting"
    UNREACHABLE = "unreachable"
    UNPAID = "unpaid"
    BLOCKED = "blocked"
    DISABLED = "disabled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file that a message refers to. `url` is the vendor's link, which may expire."""

    kind: MediaKind
    url: str = ""
    name: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A client's chat on one channel: what identifies him there, and what else is known.

    The identity is (account, channel_id, chat_id); phone (E.164 with `+`), username and name are
    attributes that a vendor may leave out, and a name is never proof of anything.
    """

    channel_id: str
    messenger: Messenger
    chat_id: str
    kind: ChatKind = ChatKind.DIRECT
    phone: str | None = None
    username: str | None = None
    name: str | None = None
