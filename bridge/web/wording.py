"""Codes in the words that people read, in the language of who asks."""

from collections.abc import Mapping

from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Direction, MediaKind, Messenger
from bridge.domain.policy import Policy
from bridge.domain.records import Message
from bridge.web.business_words import named
from bridge.web.languages import Said, _, _l

MESSENGERS: Mapping[Messenger, Said] = {
    Messenger.WHATSAPP: _l("WhatsApp"),
    Messenger.TELEGRAM: _l("Telegram"),
    Messenger.SMS: _l("SMS"),
    Messenger.INSTAGRAM: _l("Instagram"),
    Messenger.VIBER: _l("Viber"),
    Messenger.VK: _l("VK"),
    Messenger.AVITO: _l("Avito"),
    Messenger.MAX: _l("MAX"),
    Messenger.MATRIX: _l("Matrix"),
    Messenger.OTHER: _l("Chat"),
}

EVENTS: Mapping[str, Said] = {
    "AccountOutage": _l("An account stands still"),
    "AccountPaused": _l("An account is paused"),
    "Digest": _l("A digest was made"),
    "WebhookTest": _l("The webhook was tried"),
    "Dismissal": _l("No answer needed"),
    "DismissalUndone": _l("An answer is needed after all"),
    "NoteAdded": _l("A note for colleagues"),
    "Erasure": _l("A client was forgotten on request"),
    "Pin": _l("A manager said which deal counts"),
    "MessageReceived": _l("The client wrote"),
    "MessageSent": _l("A message left"),
    "MessageEdited": _l("A message was edited"),
    "MessageDeleted": _l("A message was deleted"),
    "MessageReacted": _l("A reaction"),
    "MessageStatusChanged": _l("A message moved on"),
    "IdentityChanged": _l("The client has a new address"),
    "ChatBlocked": _l("The client blocked the channel, or lets it write again"),
    "ChatInvited": _l("Somebody invites us into a chat"),
    "ChannelChanged": _l("A channel changed its state"),
    "TemplateChanged": _l("A template changed"),
    "ContactChanged": _l("The CRM changed a contact"),
    "ContactDeleted": _l("The CRM deleted a contact"),
    "ContactErased": _l("A contact was erased for privacy"),
    "ContactsMerged": _l("The CRM merged contacts"),
    "OwnerChanged": _l("The CRM changed an owner"),
    "DealChanged": _l("The CRM changed a deal"),
    "LeadChanged": _l("The CRM changed a lead"),
    "AssociationChanged": _l("The CRM linked or parted records"),
    "ClientChanged": _l("A partner's client changed"),
    "UnitsUsed": _l("A client used units"),
    "ClientUsedUnits": _l("A client used units"),
    "ClientAdded": _l("A reseller's client was added"),
    "ClientEdited": _l("A reseller's client was edited"),
    "ClientLinked": _l("A reseller's client was linked to the CRM"),
    "ClientUnitsAdded": _l("Units were added"),
    "ClientRenewed": _l("A plan was renewed"),
    "ClientSuspended": _l("A reseller's client was suspended"),
    "ClientActivated": _l("A reseller's client was activated"),
    "ClientArchived": _l("A reseller's client was archived"),
    "ClientUnarchived": _l("A reseller's client was taken out of the archive"),
    "ClientTermTold": _l("A plan ends or has ended"),
    "RenewalRead": _l("A renewal is known, or has moved"),
    "RenewalOwnerSet": _l("The renewal owner of a client was set"),
    "RenewalWordGiven": _l("Somebody said how far a renewal is"),
    "RenewalDefaultSet": _l("The default renewal owner changed"),
    "RenewalDue": _l("A renewal notice was due"),
    "RenewalChatRefused": _l("A renewal notice could not leave as a message"),
    "RenewalShown": _l("The renewal owner is written to the CRM"),
    "MessageWritten": _l("Written in the bridge"),
    "SendMarked": _l("Marked as sent by hand"),
    "ClientIdentified": _l("The CRM said who the client is"),
    "ClientChosen": _l("Somebody said whose client this is"),
    "ContactsJoined": _l("Two contacts were joined"),
    "ContactsParted": _l("Two contacts were parted again"),
}

EFFECTS: Mapping[str, Said] = {
    "CreateContact": _l("Create the contact"),
    "CreateDeal": _l("Create the deal"),
    "CreateLead": _l("Create the lead"),
    "ChangeOwner": _l("Change the owner"),
    "WriteTimelineEntry": _l("Write to the CRM's timeline"),
    "UpdateTimelineEntry": _l("Correct the CRM's timeline"),
    "SendMessage": _l("Send the message"),
    "JoinChat": _l("Join the chat"),
    "SendEmail": _l("Send an e-mail"),
    "PostNotification": _l("Post a notification"),
    "AssignRecord": _l("Change the owner"),
    "SetProperty": _l("Set a property in the CRM"),
    "CreateTask": _l("Create a task in the CRM"),
    "WriteNote": _l("Write a note to the CRM's timeline"),
}

MEDIA: Mapping[MediaKind, Said] = {
    MediaKind.IMAGE: _l("Image"),
    MediaKind.AUDIO: _l("Audio"),
    MediaKind.VOICE: _l("Voice message"),
    MediaKind.VIDEO: _l("Video"),
    MediaKind.DOCUMENT: _l("Document"),
    MediaKind.STICKER: _l("Sticker"),
    MediaKind.LOCATION: _l("Location"),
    MediaKind.CONTACT_CARD: _l("Contact card"),
    MediaKind.OTHER: _l("File"),
}


def head_of(kind: str, chat: ChatFacts | None, message: Message | None, policy: Policy) -> str:
    """One short line: which messenger, from whom, by which channel (FEED-05)."""
    if chat is None or message is None:
        return event_words(kind)
    messenger = MESSENGERS[chat.conversation.messenger]
    channel = policy.channel_label(chat.conversation.channel)
    if message.direction is Direction.IN:
        return _(
            "%(messenger)s from the client · %(channel)s", messenger=messenger, channel=channel
        )
    author = author_of(message)
    return _(
        "%(messenger)s to the client by %(author)s · %(channel)s",
        messenger=messenger,
        author=author,
        channel=channel,
    )


def author_of(message: Message) -> str:
    """Who wrote an outgoing message, as far as anybody knows."""
    name = message.author_name or message.author or _("someone unknown")
    if message.sent_from == "phone":
        return _("%(name)s from the phone", name=name)
    return name


def event_words(kind: str) -> str:
    """By the name of the event's class; one that has no words here by that name."""
    return str(EVENTS[kind]) if kind in EVENTS else named(kind) or _spaced(kind)


def effect_words(kind: str) -> str:
    return str(EFFECTS[kind]) if kind in EFFECTS else _spaced(kind)


def _spaced(kind: str) -> str:
    """`MessageRequested` as `Message requested`."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in kind).strip()
    return words.capitalize()
