"""The nouns of the messenger side: chats, messages, media, channels."""

from dataclasses import dataclass
from enum import StrEnum

from bridge.domain.names import ConversationId


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
    PLAYED = "played"  # a voice note that was listened to
    FAILED = "failed"
    UNKNOWN = "unknown"


class MediaKind(StrEnum):
    IMAGE = "image"
    AUDIO = "audio"
    VOICE = "voice"  # recorded in the chat, as against an audio file
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
    """A file that a message refers to.

    `url` is the vendor's link, which may expire, or `geo:lat,lon` of a location; `media_id` is what
    the vendor gives the file out for, where a link would tell a secret. `sha256` is in lower-case
    hex digits, `size` in bytes, None where the vendor does not say.
    """

    kind: MediaKind
    url: str = ""
    name: str = ""
    content_type: str = ""
    media_id: str = ""
    sha256: str = ""
    size: int | None = None


class IdentityKind(StrEnum):
    """What a messenger knows a person by. A user name is none of these: it changes hands."""

    PHONE = "phone"  # E.164 with `+`
    USER = "user"  # of the whole messenger: Telegram's user id, Matrix' user id
    SCOPED = "scoped"  # of one business: WhatsApp's business-scoped user id
    PARENT_SCOPED = "parent_scoped"  # of the company above it


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    kind: IdentityKind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """The advertisement or link that a client came by. `click_id` is the advertiser's."""

    source: str  # ad, post, link: the vendor's word
    source_id: str = ""
    url: str = ""
    headline: str = ""
    click_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A message that the vendor has approved, with the values for its places in order. `id` is the
    vendor's, where it names templates by one."""

    name: str
    language: str
    values: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A client's chat on one channel: what identifies him there, and what else is known.

    The identity is (account, channel_id, chat_id); phone (E.164 with `+`), username and name are
    attributes that a vendor may leave out, and a name is never proof of anything. `identities` is
    all that the vendor said he is known by, in the order of IdentityKind; of a group, none. `home`
    is no vendor's: the conversation that this chat goes on in, where its id has changed.
    """

    channel_id: str
    messenger: Messenger
    chat_id: str
    kind: ChatKind = ChatKind.DIRECT
    phone: str | None = None
    username: str | None = None
    name: str | None = None
    identities: tuple[Identity, ...] = ()
    home: ConversationId | None = None
