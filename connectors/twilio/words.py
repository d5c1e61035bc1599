"""Twilio's words and what they mean in ours."""

import re

from bridge.domain.messaging import ChannelState, MediaKind, MessageStatus, Messenger

MAX_ID = 200
SAFE_WORD = re.compile(r"[A-Za-z0-9_.:\-]{1,60}")

# What an address begins with; a bare number is a phone of SMS and MMS.
SCHEMES = {
    "": Messenger.SMS,
    "whatsapp": Messenger.WHATSAPP,
    "messenger": Messenger.OTHER,
    "rcs": Messenger.OTHER,
}

# Values of MessageStatus, twilio.com/docs/messaging/api/message-resource#message-status-values.
STATUSES = {
    "accepted": MessageStatus.QUEUED,
    "scheduled": MessageStatus.QUEUED,
    "queued": MessageStatus.QUEUED,
    "sending": MessageStatus.QUEUED,
    "sent": MessageStatus.SENT,
    "partially_delivered": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "read": MessageStatus.READ,
    "undelivered": MessageStatus.FAILED,
    "failed": MessageStatus.FAILED,
    "canceled": MessageStatus.FAILED,
}
INCOMING = frozenset({"received", "receiving"})

MEDIA_KINDS = {
    "image": MediaKind.IMAGE,
    "audio": MediaKind.AUDIO,
    "video": MediaKind.VIDEO,
    "application": MediaKind.DOCUMENT,
    "text": MediaKind.DOCUMENT,
}
# More telling than their first half; WhatsApp's voice notes are Opus in Ogg.
MEDIA_TYPES = {
    "audio/ogg": MediaKind.VOICE,
    "image/webp": MediaKind.STICKER,
    "text/vcard": MediaKind.CONTACT_CARD,
    "text/x-vcard": MediaKind.CONTACT_CARD,
}

# Opt-out keywords that Twilio has acted on; HELP changes nothing.
OPT_OUTS = {"STOP": True, "START": False}

# A sender's status in the Senders API; only these two let messages pass.
ONLINE = frozenset({"ONLINE", "ONLINE:UPDATING"})
SENDER_STATES = {
    **dict.fromkeys(ONLINE, ChannelState.ACTIVE),
    **dict.fromkeys(
        ("CREATING", "PENDING_VERIFICATION", "VERIFYING", "TWILIO_REVIEW", "DRAFT"),
        ChannelState.CONNECTING,
    ),
    "OFFLINE": ChannelState.UNREACHABLE,
    "STUBBED": ChannelState.DISABLED,
}

WINDOW_HOURS = {Messenger.WHATSAPP: 24}
MAX_TEXT = {Messenger.SMS: 1600, Messenger.WHATSAPP: 1600, Messenger.OTHER: 1600}


def safe_word(text: str) -> str:
    """The vendor's word, or `other` when it is none that we would show to people."""
    return text if SAFE_WORD.fullmatch(text) else "other"
