"""What stands in the CRM's timeline for a message (FEED-01 to FEED-07)."""

from dataclasses import replace

from bridge.domain.changes import PutMessage
from bridge.domain.draft import Draft
from bridge.domain.effects import UpdateTimelineEntry, WriteTimelineEntry
from bridge.domain.facts import ChatFacts
from bridge.domain.files import is_copied, lasting_path
from bridge.domain.messaging import Direction, Media, Messenger
from bridge.domain.names import CrmId, RecordId
from bridge.domain.policy import OnDelete, Policy
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import ClientState, Message, RecordKind, TimelineState

EMPTY = "(empty message)"
GONE = "(deleted)"
_LABELS = {
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


def timeline_state(draft: Draft, chat: ChatFacts) -> TimelineState:
    """Where a new message of this chat stands, with the reason noted."""
    if chat.conversation.client is ClientState.GROUP:
        draft.because(ReasonCode.CLIENT_GROUP, "group chats are on no timeline")
        return TimelineState.OFF
    if not _saves(draft.policy):
        draft.because(ReasonCode.TIMELINE_OFF, "timeline.save_messages is off, or no CRM is set")
        return TimelineState.OFF
    if chat.contact is None:
        draft.because(ReasonCode.TIMELINE_WAITS, "waits until the client is a contact in the CRM")
        return TimelineState.WAITING
    if not _records(chat, draft.policy):
        draft.because(
            ReasonCode.TIMELINE_OFF, "the client has no record that timeline.write_to names"
        )
        return TimelineState.OFF
    return TimelineState.WRITTEN


def write_entries(draft: Draft, chat: ChatFacts, messages: tuple[Message, ...]) -> None:
    """Plans one entry per message, on every record of the client that is written to."""
    crm = draft.policy.crm
    if crm is None or not messages:
        return
    for message in messages:
        draft.plan(crm, entry(draft, chat, message), chat.conversation.id)
        if _note(message):
            _update(draft, chat, message)
    draft.because(ReasonCode.TIMELINE_SAVED, f"written to the CRM's timeline: {len(messages)}")


def write_waiting(draft: Draft, chat: ChatFacts) -> None:
    """Messages that waited for the contact are written before a new one."""
    if not _saves(draft.policy) or not _records(chat, draft.policy):
        return
    written = tuple(replace(m, timeline=TimelineState.WRITTEN) for m in draft.facts.waiting)
    draft.change(*(PutMessage(message=m) for m in written))
    write_entries(draft, chat, written)


def update_entry(draft: Draft, chat: ChatFacts, before: Message, message: Message) -> None:
    """Plans that the message's entry reads as the message does now, if it reads otherwise."""
    if _reads(draft.policy, before) != _reads(draft.policy, message):
        _update(draft, chat, message)


def _update(draft: Draft, chat: ChatFacts, message: Message) -> None:
    crm = draft.policy.crm
    if crm is None or message.timeline is not TimelineState.WRITTEN:
        return
    effect = UpdateTimelineEntry(
        message=message.id, entry=entry(draft, chat, message), note=_note(message)
    )
    draft.plan(crm, effect, chat.conversation.id)


def _note(message: Message) -> str:
    if message.deleted_at is not None:
        return f"deleted by {'contact' if message.direction is Direction.IN else 'us'}"
    times = len(message.edits)
    if times == 0:
        return ""
    return "edited" if times == 1 else f"edited ({times})"


def _reads(policy: Policy, message: Message) -> tuple[str, tuple[Media, ...], str]:
    return _said(policy, message), _files(policy, message), _note(message)


def _said(policy: Policy, message: Message) -> str:
    """An entry always says something: what it is that has no words, too."""
    if _is_redacted(policy, message):
        return GONE
    return message.text or ("" if message.media else EMPTY)


def _files(policy: Policy, message: Message) -> tuple[Media, ...]:
    return () if _is_redacted(policy, message) else message.media


def _is_redacted(policy: Policy, message: Message) -> bool:
    return message.deleted_at is not None and policy.timeline.on_delete is OnDelete.REDACT


def _saves(policy: Policy) -> bool:
    return policy.timeline.save_messages and policy.crm is not None


def entry(draft: Draft, chat: ChatFacts, message: Message) -> WriteTimelineEntry:
    conversation, policy = chat.conversation, draft.policy
    account = policy.accounts.get(conversation.account)
    return WriteTimelineEntry(
        message=message.id,
        records=_records(chat, policy),
        occurred_at=message.occurred_at,
        direction=message.direction,
        messenger=conversation.messenger,
        source=account.connector if account else conversation.account,
        channel=policy.channel_label(conversation.channel),
        head=_head(chat, message, policy),
        text=_said(policy, message),
        media=() if _is_redacted(policy, message) else _linked(draft, message),
        author=_author(draft, message),
        author_name=message.author_name,
        link=f"{draft.facts.public_url}/conversations/{conversation.id}",
    )


def _linked(draft: Draft, message: Message) -> tuple[Media, ...]:
    """Under a link that lasts and asks who is there: a vendor's would end, and ask nobody."""
    return tuple(
        replace(
            media, url=f"{draft.facts.public_url}{lasting_path(message.id, place)}", media_id=""
        )
        if is_copied(media)
        else media
        for place, media in enumerate(message.media)
    )


def _records(chat: ChatFacts, policy: Policy) -> tuple[tuple[RecordKind, RecordId], ...]:
    found: list[tuple[RecordKind, RecordId]] = []
    if chat.contact is not None and RecordKind.CONTACT in policy.timeline.write_to:
        found.append((RecordKind.CONTACT, chat.contact.id))
    if RecordKind.DEAL in policy.timeline.write_to:
        found.extend((RecordKind.DEAL, deal.id) for deal in chat.deals if deal.is_open)
    if RecordKind.LEAD in policy.timeline.write_to:
        found.extend((RecordKind.LEAD, lead.id) for lead in chat.leads if lead.is_open)
    return tuple(found)


def _head(chat: ChatFacts, message: Message, policy: Policy) -> str:
    messenger = _LABELS[chat.conversation.messenger]
    channel = policy.channel_label(chat.conversation.channel)
    if message.direction is Direction.IN:
        return f"{messenger} from the client · {channel}"
    author = message.author_name or message.author or ""
    by = f" by {author}" if author else ""
    where = " from the phone" if message.sent_from == "phone" else ""
    return f"{messenger} to the client{by}{where} · {channel}"


def _author(draft: Draft, message: Message) -> CrmId | None:
    if message.author is None:
        return None
    person = draft.facts.directory.by_email(message.author)
    return person.crm_id if person else None
