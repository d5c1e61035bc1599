"""The words of WhatsApp's Cloud API and what they mean in ours."""

from collections.abc import Mapping

from bridge.domain.messaging import ChannelState, MediaKind, MessageStatus

MAX_TEXT = 4096  # characters of a text body
MAX_CAPTION = 1024
WINDOW_HOURS = 24

FILES = {
    "image": MediaKind.IMAGE,
    "video": MediaKind.VIDEO,
    "audio": MediaKind.AUDIO,
    "document": MediaKind.DOCUMENT,
    "sticker": MediaKind.STICKER,
}

STATUSES = {
    "sent": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "read": MessageStatus.READ,
    "played": MessageStatus.PLAYED,
    "failed": MessageStatus.FAILED,
}

# Of a phone number: `status` of the Graph API, which knows two lists of words for it.
CHANNEL_STATES = {
    "CONNECTED": ChannelState.ACTIVE,
    "LINKED": ChannelState.ACTIVE,
    "FLAGGED": ChannelState.ACTIVE,
    "RESTRICTED": ChannelState.ACTIVE,  # its daily number of new clients is used up
    "RATE_LIMITED": ChannelState.ACTIVE,
    "PENDING": ChannelState.CONNECTING,
    "DISCONNECTED": ChannelState.UNREACHABLE,
    "UNLINKED": ChannelState.UNREACHABLE,
    "OFFLINE": ChannelState.UNREACHABLE,
    "UNVERIFIED": ChannelState.UNREACHABLE,
    "MIGRATED": ChannelState.DISABLED,
    "DELETED": ChannelState.DISABLED,
    "BANNED": ChannelState.BLOCKED,
}

# Of `phone_number_quality_update`. None here and below: news that leave the state as it is.
NUMBER_EVENTS: Mapping[str, ChannelState | None] = {
    "ONBOARDING": ChannelState.CONNECTING,
    "UPGRADE": None,
    "DOWNGRADE": None,
    "FLAGGED": None,
    "UNFLAGGED": None,
    "THROUGHPUT_UPGRADE": None,
}

# Of `account_update`; a restriction and a ban are told apart by what stands beside them.
ACCOUNT_EVENTS: Mapping[str, ChannelState | None] = {
    "ACCOUNT_DELETED": ChannelState.DISABLED,
    "ACCOUNT_OFFBOARDED": ChannelState.UNREACHABLE,
    "ACCOUNT_RECONNECTED": ChannelState.ACTIVE,
    "PARTNER_REMOVED": ChannelState.UNREACHABLE,
    "ACCOUNT_VIOLATION": None,
    "VERIFIED_ACCOUNT": None,
}
BANS: Mapping[str, ChannelState | None] = {
    "DISABLE": ChannelState.BLOCKED,
    "REINSTATE": ChannelState.ACTIVE,
    "SCHEDULE_FOR_DISABLE": None,
}
# With both of them nothing may leave any more.
FULL_RESTRICTION = frozenset(
    {"RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"}
)

# What people read where WhatsApp hands over neither text nor a file.
NOT_SHOWN = "(a message that WhatsApp can't show here)"
PLACEHOLDER = "(a file that WhatsApp did not hand over)"
CALL = "(call)"
