"""/conversations/{id}/export: one conversation as a file, JSON or CSV."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from bridge.codec import encode
from bridge.domain.names import ConversationId
from bridge.sheets.writing import CONTENT_TYPE, table
from bridge.store.engine import reading
from bridge.web.api.conversations import ContactShape, contact_shape
from bridge.web.api.given import zoned
from bridge.web.api.notes import NoteShape, note_shapes
from bridge.web.api.routing import Call, Download, get
from bridge.web.api.shapes import (
    ChannelRef,
    MessageShape,
    OwnerShape,
    channel_ref,
    message_shape,
    owner_shapes,
)
from bridge.web.chatview import title_of
from bridge.web.export import Export, Headline, Span, export
from bridge.web.on_record import note_export
from bridge.web.viewer import Viewer

Format = Literal["json", "csv"]
_UNSAFE = re.compile(r"\W+", re.ASCII)
_HEAD = (
    "conversation",
    "message",
    "occurred_at",
    "direction",
    "author",
    "author_name",
    "sent_from",
    "status",
    "text",
    "files",
    "links",
    "earlier_texts",
    "deleted_at",
    "error",
    "decisions",
)


class ExportQuery(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"since": "from", "until": "to"},
):
    """`from` is included, `to` is not (ISO 8601 with a zone). `csv` is one row per message, and one
    per note of a colleague (`direction` is `note`)."""

    format: Format = "json"
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedMessage:
    """`decisions` is null for salespeople."""

    message: MessageShape
    decisions: tuple[Headline, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportShape:
    """A conversation with all its messages and its colleagues' notes, the oldest first."""

    conversation: ConversationId
    title: str
    phone: str | None
    username: str | None
    channel: ChannelRef
    contact: ContactShape | None
    owners: tuple[OwnerShape, ...]
    exported_at: datetime
    messages: tuple[ExportedMessage, ...]
    notes: tuple[NoteShape, ...]


def one(call: Call, query: ExportQuery) -> Download:
    span = Span(since=zoned("from", query.since), until=zoned("to", query.until))
    with reading(call.site.parts.engine) as db:
        eyes = call.viewer(db)
        found = export(db, eyes, call.path["id"], span, call.principal.id)
    note_export(call.site, call.who, found.chat.conversation.id, call.now)
    return as_file(eyes, found, query.format)


def as_file(viewer: Viewer, found: Export, as_format: Format) -> Download:
    name = f"conversation-{_UNSAFE.sub('-', found.chat.conversation.id)}.{as_format}"
    if as_format == "csv":
        return Download(
            name=name, content_type=CONTENT_TYPE, body=table(_HEAD, _rows(viewer, found))
        )
    return Download(name=name, content_type="application/json", body=encode(_shape(viewer, found)))


def _shape(viewer: Viewer, found: Export) -> ExportShape:
    conversation = found.chat.conversation
    return ExportShape(
        conversation=conversation.id,
        title=title_of(found.chat),
        phone=conversation.phone,
        username=conversation.username,
        channel=channel_ref(viewer, conversation.channel),
        contact=contact_shape(found.chat),
        owners=owner_shapes(viewer, found.chat),
        exported_at=viewer.now,
        messages=tuple(_messages(viewer, found)),
        notes=note_shapes(viewer, found.notes),
    )


def _messages(viewer: Viewer, found: Export) -> Iterator[ExportedMessage]:
    for message in found.messages:
        told = None if found.headlines is None else found.headlines.get(message.id, ())
        shape = message_shape(viewer, message, found.files, found.quotes)
        yield ExportedMessage(message=shape, decisions=told)


def _rows(viewer: Viewer, found: Export) -> Iterator[tuple[str, ...]]:
    """Messages in their own order, each note before the first message that is younger."""
    where, waiting = found.chat.conversation.id, deque(note_shapes(viewer, found.notes))
    for exported in _messages(viewer, found):
        while waiting and waiting[0].at < exported.message.occurred_at:
            yield _row_of_note(where, waiting.popleft())
        yield _row_of_message(where, exported)
    yield from (_row_of_note(where, note) for note in waiting)


def _row_of_note(where: ConversationId, note: NoteShape) -> tuple[str, ...]:
    said = (where, "", note.at.isoformat(), "note", note.author, note.author_name, "", "")
    return (*said, note.text, *("" for _ in _HEAD[len(said) + 1 :]))


def _row_of_message(where: ConversationId, exported: ExportedMessage) -> tuple[str, ...]:
    said = exported.message
    return (
        where,
        said.id,
        said.occurred_at.isoformat(),
        said.direction,
        said.author or "",
        said.author_name,
        said.sent_from,
        said.status,
        said.text,
        "\n".join(file.name or file.kind for file in said.media),
        "\n".join(file.path or file.url for file in said.media),
        "\n".join(said.edits),
        said.deleted_at.isoformat() if said.deleted_at else "",
        said.error,
        "\n".join(_line(decision) for decision in exported.decisions or ()),
    )


def _line(decision: Headline) -> str:
    said = f"{decision.reason.detail} ({decision.reason.code})"
    return f"{decision.event} {decision.kind} {decision.verdict}: {said}"


ROUTES = (
    get(
        "/conversations/{id}/export",
        one,
        ExportQuery,
        ExportShape,
        "One conversation as a file with all its messages, JSON or CSV",
        also=("text/csv",),
    ),
)
