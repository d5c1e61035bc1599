"""What the API's answers look like where several resources share it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.access import Ownership
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Direction, MediaKind, MessageStatus, Messenger
from bridge.domain.names import ChannelName, ConversationId, EmployeeId, MessageId, RecordId
from bridge.domain.notifications import Mark
from bridge.domain.reactions import shown
from bridge.domain.reasons import Reason
from bridge.domain.records import ClientState, Message
from bridge.domain.showing import times_edited
from bridge.domain.snippets import Piece
from bridge.web.chatlist import ChatLine
from bridge.web.chatview import owners_of, safe_link, title_of
from bridge.web.files import Files, FileState
from bridge.web.viewer import Viewer

NO_QUOTES: Mapping[str, Message] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It was done."""

    done: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRef:
    name: ChannelName
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerShape:
    employee: EmployeeId
    reason: Reason
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaShape:
    """A file that a message refers to. `path` is where our copy is read by who may read the chat,
    below our own address; `url` is the vendor's link, which may expire. `reason` and `detail` say
    why there is no copy."""

    kind: MediaKind
    url: str
    name: str
    content_type: str
    state: FileState
    path: str
    size: int | None
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionShape:
    """`name` is empty where only one person can have been it."""

    emoji: str
    direction: Direction
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteShape:
    """The message that another one answers, as it reads now. `message` of null: it has not come,
    or not in this conversation."""

    message: MessageId | None
    direction: Direction | None
    author_name: str
    text: str
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageShape:
    """One letter may be several messages: `part` of `parts`. `again_of` is an earlier one in whose
    place this was sent, `resent_as` a later one in place of this. `error` says why it failed and
    what to do. `author` is the employee who wrote an outgoing message, where known. `edits` are
    earlier texts, the oldest first, for managers and quality control; `times_edited` is for
    everybody. `answers` is what it replies to, in a conversation's own messages. `wiped_at`: what
    it said has been kept as long as it may be."""

    id: MessageId
    direction: Direction
    occurred_at: datetime
    status: MessageStatus
    text: str
    media: tuple[MediaShape, ...]
    author: EmployeeId | None
    author_name: str
    sent_from: str
    edits: tuple[str, ...]
    deleted_at: datetime | None
    wiped_at: datetime | None
    error: str
    part: int
    parts: int
    again_of: MessageId | None
    resent_as: MessageId | None
    template: str | None
    times_edited: int
    reactions: tuple[ReactionShape, ...]
    answers: QuoteShape | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundShape:
    """The newest message that holds the words of a search, and the place in it in pieces: those
    with `is_found` are the words."""

    message: MessageId
    occurred_at: datetime
    snippet: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedShape:
    """The newest of the colleagues' notes that holds the words of a search, and the place in it."""

    note: str
    author: EmployeeId
    at: datetime
    snippet: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationItem:
    """`mark` is the viewer's: red asks him for an answer, grey is for information. `found` and
    `noted` are null where a conversation is found by its names, or nothing was looked for."""

    id: ConversationId
    title: str
    messenger: Messenger
    channel: ChannelRef
    client: ClientState
    contact: RecordId | None
    owners: tuple[OwnerShape, ...]
    is_own: bool
    mark: Mark
    unanswered_since: datetime | None
    last_message_at: datetime | None
    last_message: MessageShape | None
    found: FoundShape | None = None
    noted: NotedShape | None = None


def message_shape(
    viewer: Viewer, whole: Message, files: Files, quotes: Mapping[str, Message] = NO_QUOTES
) -> MessageShape:
    """`quotes` are shown already, `whole` need not be."""
    message = viewer.shown(whole)
    return MessageShape(
        id=message.id,
        direction=message.direction,
        occurred_at=message.occurred_at,
        status=message.status,
        text=message.text,
        media=tuple(
            MediaShape(
                kind=file.kind,
                url=safe_link(file.url),
                name=file.name,
                content_type=file.content_type,
                state=file.state,
                path=file.path,
                size=file.size,
                reason=file.reason,
                detail=file.detail,
            )
            for file in (files.get(message.id, ()) if message.media else ())
        ),
        author=message.author,
        author_name=message.author_name,
        sent_from=message.sent_from,
        edits=message.edits,
        deleted_at=message.deleted_at,
        wiped_at=message.wiped_at,
        error=message.error,
        part=message.part,
        parts=message.parts,
        again_of=message.again_of,
        resent_as=message.resent_as,
        template=message.template.name if message.template else None,
        times_edited=times_edited(message),
        reactions=tuple(
            ReactionShape(emoji=r.emoji, direction=r.direction, name=r.name, at=r.at)
            for r in shown(message)
        ),
        answers=None if message.reply_to is None else _quote(quotes.get(message.reply_to)),
    )


def _quote(message: Message | None) -> QuoteShape:
    if message is None:
        return QuoteShape(message=None, direction=None, author_name="", text="", deleted_at=None)
    return QuoteShape(
        message=message.id,
        direction=message.direction,
        author_name=message.author_name,
        text=message.text,
        deleted_at=message.deleted_at,
    )


def conversation_item(viewer: Viewer, line: ChatLine, files: Files) -> ConversationItem:
    conversation = line.chat.conversation
    return ConversationItem(
        id=conversation.id,
        title=title_of(line.chat),
        messenger=conversation.messenger,
        channel=channel_ref(viewer, conversation.channel),
        client=conversation.client,
        contact=conversation.contact,
        owners=owner_shapes(viewer, line.chat),
        is_own=line.is_own,
        mark=line.mark,
        unanswered_since=conversation.unanswered_since,
        last_message_at=conversation.last_message_at,
        last_message=message_shape(viewer, line.last, files) if line.last else None,
        found=_found(line),
        noted=_noted(line),
    )


def _found(line: ChatLine) -> FoundShape | None:
    if line.found is None:
        return None
    at = line.found.occurred_at
    return FoundShape(message=line.found.id, occurred_at=at, snippet=line.snippet)


def _noted(line: ChatLine) -> NotedShape | None:
    note = line.noted
    if note is None:
        return None
    return NotedShape(note=str(note.id), author=note.author, at=note.at, snippet=line.snippet)


def channel_ref(viewer: Viewer, name: ChannelName) -> ChannelRef:
    return ChannelRef(name=name, label=viewer.policy.channel_label(name))


def owner_shapes(viewer: Viewer, chat: ChatFacts) -> tuple[OwnerShape, ...]:
    return tuple(_owner(owner) for owner in owners_of(viewer, chat))


def _owner(owner: Ownership) -> OwnerShape:
    return OwnerShape(employee=owner.employee, reason=owner.reason, as_of=owner.as_of)
