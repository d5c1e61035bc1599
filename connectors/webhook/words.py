"""The words of the generic webhook: what each `type` of an event, order and question stands for."""

from collections.abc import Mapping

from bridge.domain import events
from bridge.domain.events import CrmEvent, MessengerEvent

Told = MessengerEvent | CrmEvent

EVENTS: Mapping[str, type[Told]] = {
    "message.received": events.MessageReceived,
    "message.sent": events.MessageSent,
    "message.edited": events.MessageEdited,
    "message.deleted": events.MessageDeleted,
    "message.reacted": events.MessageReacted,
    "message.status": events.MessageStatusChanged,
    "chat.identity_changed": events.IdentityChanged,
    "chat.blocked": events.ChatBlocked,
    "chat.invited": events.ChatInvited,
    "channel.changed": events.ChannelChanged,
    "template.changed": events.TemplateChanged,
    "contact.changed": events.ContactChanged,
    "contact.deleted": events.ContactDeleted,
    "contact.erased": events.ContactErased,
    "contacts.merged": events.ContactsMerged,
    "owner.changed": events.OwnerChanged,
    "deal.changed": events.DealChanged,
    "lead.changed": events.LeadChanged,
    "association.changed": events.AssociationChanged,
    "client.changed": events.ClientChanged,
    "units.used": events.UnitsUsed,
}

MAX_ID = 200

# What a place may hold, where its type alone does not say.
PHONE = r"^\+[1-9][0-9]{6,14}$"
LINK = r"^(https?://|geo:)[!-~]{1,1990}$"
DIGEST = r"^[0-9a-f]{64}$"
TIME = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$"
)
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
PATTERNS: Mapping[str, str] = {"phone": PHONE, "url": LINK, "sha256": DIGEST}
IDS = frozenset(
    {
        "id",
        "channel_id",
        "chat_id",
        "entry",
        "message_id",
        "old_chat_id",
        "reply_to",
        "template_id",
        "album",
        "key",
    }
)
AT_LEAST_ONE = frozenset({"absorbed"})
LEAST = {"units": 1}
MOST = 2**53 - 1  # what every JSON library reads exactly
INSIDE = frozenset({"account", "raw", "event_key", "media_id"})
"""Fields of ours that have no place on the wire."""
