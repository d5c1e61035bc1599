"""The words of Wazzup's API v3 and what they mean in ours."""

from bridge.domain.messaging import ChannelState, ChatKind, MediaKind, MessageStatus, Messenger

CHAT_TYPES = {
    "whatsapp": (Messenger.WHATSAPP, ChatKind.DIRECT),
    "whatsgroup": (Messenger.WHATSAPP, ChatKind.GROUP),
    "wapi": (Messenger.WHATSAPP, ChatKind.DIRECT),  # a transport's name, seen as a chat type too
    "viber": (Messenger.VIBER, ChatKind.DIRECT),
    "instagram": (Messenger.INSTAGRAM, ChatKind.DIRECT),
    "telegram": (Messenger.TELEGRAM, ChatKind.DIRECT),
    "telegroup": (Messenger.TELEGRAM, ChatKind.GROUP),
    "vk": (Messenger.VK, ChatKind.DIRECT),
    "avito": (Messenger.AVITO, ChatKind.DIRECT),
    "max": (Messenger.MAX, ChatKind.DIRECT),
    "maxgroup": (Messenger.MAX, ChatKind.GROUP),
}

# What a send names the chat by; Wazzup knows groups of three messengers only.
CHAT_TYPE_OF = {meaning: word for word, meaning in CHAT_TYPES.items() if word != "wapi"}

TRANSPORTS = {
    "whatsapp": Messenger.WHATSAPP,
    "wapi": Messenger.WHATSAPP,
    "instagram": Messenger.INSTAGRAM,
    "tgapi": Messenger.TELEGRAM,
    "telegram": Messenger.TELEGRAM,
    "max": Messenger.MAX,
    "maxbot": Messenger.MAX,
    "vk": Messenger.VK,
    "avito": Messenger.AVITO,
    "viber": Messenger.VIBER,
}

# How long free text passes after the client's last message (WS-04); `wapi` is WhatsApp Business.
WINDOW_HOURS = {"wapi": 24, "instagram": 7 * 24}
ANSWERS_ONLY = frozenset({"instagram"})

# Keys in lower case: the list of channels and the webhook spell them differently.
_CHANNEL_STATES = {
    "active": ChannelState.ACTIVE,
    "init": ChannelState.CONNECTING,
    "qr": ChannelState.CONNECTING,
    "waitforpassword": ChannelState.CONNECTING,
    "onmoderation": ChannelState.CONNECTING,
    "qridle": ChannelState.UNREACHABLE,
    "phoneunavailable": ChannelState.UNREACHABLE,
    "openelsewhere": ChannelState.UNREACHABLE,
    "foreignphone": ChannelState.UNREACHABLE,
    "unauthorized": ChannelState.UNREACHABLE,
    "notenoughmoney": ChannelState.UNPAID,
    "blocked": ChannelState.BLOCKED,
    "rejected": ChannelState.BLOCKED,
    "disabled": ChannelState.DISABLED,
}

STATUSES = {
    "sent": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "read": MessageStatus.READ,
    "error": MessageStatus.FAILED,
}

MEDIA_KINDS = {
    "image": MediaKind.IMAGE,
    "audio": MediaKind.AUDIO,
    "video": MediaKind.VIDEO,
    "document": MediaKind.DOCUMENT,
    "geo": MediaKind.LOCATION,
    "vcard": MediaKind.CONTACT_CARD,
}

# What people read where the vendor sends neither text nor a file.
STAND_INS = {
    "missing_call": "(missed call)",
    "unsupported": "(a message that Wazzup can't show)",
    "unknown": "(a message that Wazzup can't show)",
}

# Characters per message, from the vendor's page on sending. `wapi` is WhatsApp as well, and takes
# less: its channels say so themselves.
MAX_TEXT_OF_TRANSPORT = {"wapi": 1_024}
MAX_TEXT = {
    Messenger.WHATSAPP: 10_000,
    Messenger.TELEGRAM: 4_096,
    Messenger.MAX: 4_096,
    Messenger.VIBER: 6_999,
    Messenger.INSTAGRAM: 1_000,
    Messenger.VK: 1_000,
    Messenger.AVITO: 1_000,
}


def channel_state(word: str) -> ChannelState:
    return _CHANNEL_STATES.get(word.lower(), ChannelState.UNKNOWN)
