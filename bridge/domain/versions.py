"""The texts of an edited message: whatever the order in which they came, they end alike."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from bridge.domain.events import MessageEdited, MessageReceived, MessageSent
from bridge.domain.messaging import Media
from bridge.domain.records import Message, Version

MAX_VERSIONS = 100
"""Of one message; older ones are forgotten."""


def version_of(event: MessageEdited) -> Version:
    return Version(
        text=event.text,
        at=event.occurred_at,
        media=event.media,
        key=event.event_key,
        number=event.number,
        old_text=event.old_text,
    )


def made_of(message: Message, edit: Version) -> Message:
    """The message where its edit is all that has come of it."""
    return _told(message, None, (edit,))


def with_edit(message: Message, edit: Version) -> Message:
    """The message after this edit, which may be older than those it has had; itself, if it is
    known."""
    known = _counted(message)
    if any(version.key == edit.key for version in known.versions) or _was_before(message, edit):
        return message
    return _told(known, known.first, (*known.versions, edit))


def with_original(message: Message, event: MessageReceived) -> Message:
    """The message was made of an edit: this is what it said at first."""
    first = Version(text=event.text, at=event.occurred_at, media=event.media)
    whole = replace(
        message,
        occurred_at=event.occurred_at,
        reply_to=event.reply_to,
        author_name=event.author_name or event.chat.name or "",
    )
    return _told(whole, first, message.versions)


def with_file(message: Message, event: MessageReceived | MessageSent) -> Message:
    """The message came without its file, with some words in its place: now both are there."""
    if message.first is None:
        return replace(message, text=event.text, media=event.media)
    first = replace(message.first, text=event.text, media=event.media)
    return _told(message, first, message.versions)


def lacks_original(message: Message) -> bool:
    return message.first is None and bool(message.versions)


def _was_before(message: Message, edit: Version) -> bool:
    """An edit of a time when only the texts were kept, which a later one had overtaken."""
    if message.versions or edit.old_text is None or edit.old_text == message.text:
        return False
    return edit.text in message.edits


def _counted(message: Message) -> Message:
    """The message with its first text and its edits apart."""
    if message.versions:
        return message
    texts = (*message.edits, message.text)
    first = Version(text=texts[0], at=message.occurred_at, media=message.media)
    edits = (  # of a time when only the texts were kept
        Version(text=text, at=message.occurred_at, key=f"{n:04}", number=n - len(texts))
        for n, text in enumerate(texts[1:], 1)
    )
    return replace(message, first=first, versions=tuple(edits))


def _told(message: Message, first: Version | None, edits: Iterable[Version]) -> Message:
    """What the message says, by its first version and all edits."""
    begun = None if first is None else first.text
    versions = tuple(_ordered(edits, begun))[-MAX_VERSIONS:]
    *earlier, text = _changes(_texts(first, versions))
    return replace(
        message,
        text=text,
        edits=tuple(earlier),
        times_edited=len(earlier),
        media=_files(message, first, versions),
        first=first,
        versions=versions,
    )


def _ordered(edits: Iterable[Version], text: str | None) -> Iterator[Version]:
    in_time = sorted(edits, key=_time)
    for _, same_time in groupby(in_time, key=_time):
        left = list(same_time)
        while left:
            found = min(left, key=lambda one: _place(one, text, left))
            left.remove(found)
            text = found.text
            yield found


def _time(edit: Version) -> tuple[float, int]:
    return edit.at.timestamp(), edit.number


def _place(edit: Version, text: str | None, left: Sequence[Version]) -> tuple[bool, bool, str]:
    """Of several within one second the one that goes on from `text`, then one that goes on from
    none of the others."""
    goes_on = edit.old_text is not None and edit.old_text == text
    others = (one for one in left if one is not edit)
    follows = any(edit.old_text == one.text for one in others)
    return not goes_on, follows, edit.key


def _texts(first: Version | None, versions: Sequence[Version]) -> Iterator[str]:
    if first is not None:
        yield first.text
    elif versions[0].old_text is not None:
        yield versions[0].old_text
    yield from (version.text for version in versions)


def _changes(texts: Iterable[str]) -> Iterator[str]:
    """The same edit may be told in two ways."""
    return (text for text, _ in groupby(texts))


def _files(
    message: Message, first: Version | None, versions: Sequence[Version]
) -> tuple[Media, ...]:
    """The latest, as the message has them where they are the same ones."""
    told = (version.media for version in reversed(versions) if version.media)
    latest = next(told, () if first is None else first.media)
    alike = [_file(media) for media in latest] == [_file(media) for media in message.media]
    return message.media if alike else latest


def _file(media: Media) -> tuple[str, ...]:
    return media.kind, media.url, media.media_id, media.name
