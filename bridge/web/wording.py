"""Codes in the words that people read."""

from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Direction, MediaKind, Messenger
from bridge.domain.policy import Policy
from bridge.domain.records import Message

MESSENGERS = {
    Messenger.WHATSAPP: "WhatsApp",
    Messenger.TELEGRAM: "Telegram",
    Messenger.SMS: "SMS",
    Messenger.INSTAGRAM: "Instagram",
    Messenger.VIBER: "Viber",
    Messenger.VK: "VK",
    Messenger.AVITO: "Avito",
    Messenger.MAX: "MAX",
    Messenger.MATRIX: "Matrix",
    Messenger.OTHER: "Chat",
}

EVENTS = {
    "AccountOutage": "An account stands still",
    "AccountPaused": "An account is paused",
    "Digest": "A digest was made",
    "WebhookTest": "The webhook was tried",
    "Dismissal": "No answer needed",
    "DismissalUndone": "An answer is needed after all",
    "NoteAdded": "A note for colleagues",
    "Erasure": "A client was forgotten on request",
    "Pin": "A manager said which deal counts",
    "MessageReceived": "The client wrote",
    "MessageSent": "A message left",
    "MessageEdited": "A message was edited",
    "MessageDeleted": "A message was deleted",
    "MessageReacted": "A reaction",
    "MessageStatusChanged": "A message moved on",
    "IdentityChanged": "The client has a new address",
    "ChatBlocked": "The client blocked the channel, or lets it write again",
    "ChatInvited": "Somebody invites us into a chat",
    "ChannelChanged": "A channel changed its state",
    "TemplateChanged": "A template changed",
    "ContactChanged": "The CRM changed a contact",
    "ContactDeleted": "The CRM deleted a contact",
    "ContactErased": "A contact was erased for privacy",
    "ContactsMerged": "The CRM merged contacts",
    "OwnerChanged": "The CRM changed an owner",
    "DealChanged": "The CRM changed a deal",
    "LeadChanged": "The CRM changed a lead",
    "AssociationChanged": "The CRM linked or parted records",
    "ClientChanged": "A partner's client changed",
    "UnitsUsed": "A client used units",
    "ClientUsedUnits": "A client used units",
    "ClientAdded": "A reseller's client was added",
    "ClientEdited": "A reseller's client was edited",
    "ClientLinked": "A reseller's client was linked to the CRM",
    "ClientUnitsAdded": "Units were added",
    "ClientRenewed": "A plan was renewed",
    "ClientSuspended": "A reseller's client was suspended",
    "ClientActivated": "A reseller's client was activated",
    "ClientArchived": "A reseller's client was archived",
    "ClientUnarchived": "A reseller's client was taken out of the archive",
    "ClientTermTold": "A plan ends or has ended",
    "RenewalRead": "A renewal is known, or has moved",
    "RenewalOwnerSet": "The renewal owner of a client was set",
    "RenewalWordGiven": "Somebody said how far a renewal is",
    "RenewalDefaultSet": "The default renewal owner changed",
    "RenewalDue": "A renewal notice was due",
    "RenewalChatRefused": "A renewal notice could not leave as a message",
    "RenewalShown": "The renewal owner is written to the CRM",
    "MessageWritten": "Written in the bridge",
    "SendMarked": "Marked as sent by hand",
    "ClientIdentified": "The CRM said who the client is",
}

EFFECTS = {
    "CreateContact": "Create the contact",
    "CreateDeal": "Create the deal",
    "CreateLead": "Create the lead",
    "ChangeOwner": "Change the owner",
    "WriteTimelineEntry": "Write to the CRM's timeline",
    "UpdateTimelineEntry": "Correct the CRM's timeline",
    "SendMessage": "Send the message",
    "JoinChat": "Join the chat",
    "SendEmail": "Send an e-mail",
    "PostNotification": "Post a notification",
    "AssignRecord": "Change the owner",
    "SetProperty": "Set a property in the CRM",
    "CreateTask": "Create a task in the CRM",
    "WriteNote": "Write a note to the CRM's timeline",
}

MEDIA = {
    MediaKind.IMAGE: "Image",
    MediaKind.AUDIO: "Audio",
    MediaKind.VIDEO: "Video",
    MediaKind.DOCUMENT: "Document",
    MediaKind.STICKER: "Sticker",
    MediaKind.LOCATION: "Location",
    MediaKind.CONTACT_CARD: "Contact card",
    MediaKind.OTHER: "File",
}


def head_of(kind: str, chat: ChatFacts | None, message: Message | None, policy: Policy) -> str:
    """One short line: which messenger, from whom, by which channel (FEED-05)."""
    if chat is None or message is None:
        return EVENTS.get(kind, _spaced(kind))
    messenger = MESSENGERS[chat.conversation.messenger]
    channel = policy.channel_label(chat.conversation.channel)
    if message.direction is Direction.IN:
        return f"{messenger} from the client · {channel}"
    return f"{messenger} to the client by {author_of(message)} · {channel}"


def author_of(message: Message) -> str:
    """Who wrote an outgoing message, as far as anybody knows."""
    name = message.author_name or message.author or "someone unknown"
    return f"{name} from the phone" if message.sent_from == "phone" else name


def _spaced(kind: str) -> str:
    """`MessageRequested` as `Message requested`."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in kind).strip()
    return words.capitalize()
