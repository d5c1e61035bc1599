"""What was done with an event, and from which channel a message leaves, in words."""

from collections.abc import Mapping

from bridge.domain.reasons import ReasonCode
from bridge.web.languages import Said, _l

SENTENCES: Mapping[ReasonCode, Said] = {
    # What was done with an event
    ReasonCode.MESSAGE_STORED: _l("The message is kept in the chat."),
    ReasonCode.MESSAGE_UPDATED: _l("The message is up to date."),
    ReasonCode.MESSAGE_ECHO: _l("It is the messenger telling us of our own message."),
    ReasonCode.MESSAGE_SETTLED_SEND: _l("It shows that a message of ours has left."),
    ReasonCode.ANSWER_NOT_NEEDED: _l("Somebody said that no answer is needed."),
    ReasonCode.ANSWER_NEEDED: _l("Somebody said that an answer is needed after all."),
    ReasonCode.NOTE_ADDED: _l("Somebody wrote a note for colleagues."),
    ReasonCode.NOTE_KEPT_HERE: _l("The note is kept here and is not written to the CRM."),
    ReasonCode.ANSWER_FAILED: _l("The answer did not arrive, so the client waits again."),
    ReasonCode.MESSAGE_UNKNOWN: _l("It is about a message that is not here."),
    ReasonCode.MESSAGE_PARKED: _l("It waits for the message that it is about."),
    ReasonCode.MESSAGE_REACTED: _l("A reaction to a message was added or taken back."),
    ReasonCode.MESSAGE_STATUS: _l("The message has moved on."),
    ReasonCode.MESSAGE_STATUS_OLDER: _l("A later state of the message is known already."),
    ReasonCode.CHAT_JOINED: _l("We were invited into the chat and join it."),
    ReasonCode.CHANNEL_STATE: _l("The state of a channel was told."),
    ReasonCode.MIRROR_REFRESH: _l("It is read anew from the CRM."),
    ReasonCode.MIRROR_UPDATED: _l("What is known of the CRM is up to date."),
    ReasonCode.MIRROR_OLDER: _l("Something newer is known already."),
    ReasonCode.MIRROR_UNKNOWN_RECORD: _l("The bridge has no chat that this is about."),
    ReasonCode.ECHO_OWN_WRITE: _l("It is the CRM telling us of what we wrote ourselves."),
    ReasonCode.CONTACT_CREATED: _l("A new contact is made in the CRM."),
    ReasonCode.CONTACT_FOUND: _l("The client is a contact that is known already."),
    ReasonCode.CRM_UNAVAILABLE: _l("The CRM could not be asked who this client is."),
    ReasonCode.DEAL_PINNED: _l("A manager said which deal counts."),
    ReasonCode.NEW_DEAL_ON_CLOSED: _l(
        "All deals of this client are closed, so there is a new one."
    ),
    ReasonCode.CONTACTS_MERGED: _l("Somebody said that two contacts are one client."),
    ReasonCode.MERGE_UNDONE: _l("Somebody said that these are two clients after all."),
    ReasonCode.IDENTITY_MOVED: _l("The client has another number or id now."),
    ReasonCode.RECORD_GONE: _l("The record is no longer in the CRM."),
    ReasonCode.OWNER_CHANGED: _l("The owner has changed in the CRM."),
    ReasonCode.CONTACT_ERASED: _l("The client is forgotten, as was asked for."),
    ReasonCode.EVENT_IGNORED: _l("It means nothing here, so nothing was done."),
    ReasonCode.EVENT_REJECTED: _l("A part of what came could not be understood."),
    ReasonCode.EVENT_PAYLOAD_INVALID: _l("What came could not be understood."),
    ReasonCode.EVENT_UNSUPPORTED: _l("It is of a kind that the bridge does not handle."),
    ReasonCode.EVENT_FAILED: _l("Something went wrong here while it was decided."),
    # Timeline
    ReasonCode.TIMELINE_SAVED: _l("It is written to the CRM's timeline."),
    ReasonCode.TIMELINE_OFF: _l("It is not written to the CRM's timeline."),
    ReasonCode.TIMELINE_WAITS: _l(
        "It is written to the CRM's timeline as soon as the client is a contact there."
    ),
    # Notifications
    ReasonCode.NOTIFY_RESPONSIBLE: _l("Whoever is responsible for the client is told."),
    ReasonCode.NOTIFY_NEW_CLIENT: _l("Those who take new clients are told."),
    ReasonCode.NOTIFY_ALL_CHATS: _l("Managers hear of all chats."),
    ReasonCode.NOTIFY_TARGET: _l("Whoever gets the client is told."),
    ReasonCode.NOTIFY_NOBODY: _l("Nobody was found for the client, so managers are told."),
    ReasonCode.NOTIFY_DEFAULT: _l("Managers are told that the default person got the client."),
    ReasonCode.ACCOUNT_PAUSED: _l("The account is paused: its credentials are refused."),
    ReasonCode.ACCOUNT_OUTAGE: _l("The account has stood still for an hour."),
    ReasonCode.OWNER_LEFT: _l("An owner has left and still owns clients."),
    ReasonCode.CLAIM_OVERRULED: _l("The CRM names another owner than who answered first."),
    ReasonCode.NOTIFY_TEST: _l("Somebody tried the webhook."),
    ReasonCode.NOTIFY_NO_MORE: _l("Nobody has to be told of it any more."),
    ReasonCode.NOTIFY_DIGEST: _l("A digest was made."),
    # Which channel a message leaves from
    ReasonCode.CHANNEL_OF_CHAT: _l("It leaves from the channel of the chat."),
    ReasonCode.CHANNEL_REP_DEFAULT: _l("It leaves from the writer's priority channel."),
    ReasonCode.CHANNEL_CHOSEN: _l("It leaves from the channel that was chosen."),
    ReasonCode.CHANNEL_ONLY_REACHABLE: _l(
        "It leaves from the only channel on which the client can be reached."
    ),
    ReasonCode.CHANNEL_FALLBACK: _l("It leaves from another channel of the same messenger."),
    ReasonCode.CHANNEL_NONE: _l("No channel of this messenger can be used."),
    ReasonCode.CHANNEL_INACTIVE: _l("The channel does not work at the moment."),
    ReasonCode.CHANNEL_UNKNOWN: _l("There is no such channel."),
    ReasonCode.WINDOW_CLOSED: _l(
        "The client wrote too long ago for a free text: the messenger takes templates only."
    ),
    ReasonCode.CANNOT_WRITE_FIRST: _l("On this channel the client has to write first."),
    ReasonCode.CHANNEL_UNREACHABLE: _l("The client can't be reached on this channel."),
    ReasonCode.GROUP_STAYS: _l("What is said in a group stays in its chat."),
    ReasonCode.CHAT_BLOCKED: _l("The client wants to hear nothing more on this channel."),
    ReasonCode.MARKETING_BLOCKED: _l("The client wants no advertising."),
    ReasonCode.CHAT_UNBLOCKED: _l("The client takes messages again."),
    # What becomes of a message of ours
    ReasonCode.MESSAGE_SPLIT: _l("The text is too long for one message, so it leaves as several."),
    ReasonCode.MESSAGE_AGAIN: _l("What did not get through is sent again."),
    ReasonCode.MESSAGE_MARKED_SENT: _l("Somebody knows that the message has arrived."),
    ReasonCode.MESSAGE_FAILED: _l("The message did not get through."),
    ReasonCode.MESSAGE_IN_DOUBT: _l("Nobody knows whether the message arrived."),
    ReasonCode.TEMPLATE_CHANGED: _l("A template has changed."),
    ReasonCode.TEMPLATE_UNKNOWN: _l("There is no such template."),
    ReasonCode.TEMPLATE_UNUSABLE: _l("The template can't be used at the moment."),
    ReasonCode.TEMPLATE_VALUES: _l("The values do not fit the template."),
    ReasonCode.TEMPLATE_ELSEWHERE: _l("The channel does not have this template."),
}

NAMED: Mapping[ReasonCode, Said] = {
    ReasonCode.ANSWER_NOT_NEEDED: _l("%(name)s said that no answer is needed."),
    ReasonCode.DEAL_PINNED: _l("%(name)s said which deal counts."),
    ReasonCode.MESSAGE_MARKED_SENT: _l("%(name)s knows that the message has arrived."),
    ReasonCode.NOTIFY_TEST: _l("%(name)s tried the webhook."),
    ReasonCode.NOTIFY_DIGEST: _l("A digest was made for %(name)s."),
}
