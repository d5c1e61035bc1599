"""Reading what Matrix events hold: ids, times, files, relations, words for people."""

import re
from collections.abc import Iterator

from bridge.domain.errors import PayloadInvalid
from bridge.domain.messaging import Media, MediaKind
from bridge.payload import Payload
from connectors.matrix.words import FILES, POLLS, STAND_INS, VOICE

MAX_ID = 255
MAX_NAME = 200
_SAFE_WORD = re.compile(r"[A-Za-z0-9_.\-]{1,60}")
_MXC = re.compile(r"mxc://[A-Za-z0-9\[][A-Za-z0-9.:\]-]{0,254}/[A-Za-z0-9_-]{1,255}")
_GEO = re.compile(r"geo:(-?[0-9]{1,3}(?:\.[0-9]+)?),(-?[0-9]{1,3}(?:\.[0-9]+)?)(?:[,;].*)?", re.S)


def identifier(item: Payload, key: str) -> str:
    """An id that must be there; one longer than Matrix allows is refused."""
    given = item.at(key)
    found = given.text()
    if not 0 < len(found) <= MAX_ID:
        raise PayloadInvalid(f"{given.path} is no id", given.path)
    return found


def safe_word(text: str) -> str:
    """Matrix' word, or `other` when it is none that we would show to people."""
    return text if _SAFE_WORD.fullmatch(text) else "other"


def content_of(item: Payload) -> Payload:
    found = item.at("content")
    found.mapping()
    return found


def is_mxc(text: str) -> bool:
    return _MXC.fullmatch(text) is not None


def point(text: str) -> str | None:
    """`geo:lat,lon` without what else the link says."""
    found = _GEO.fullmatch(text)
    return None if found is None else f"geo:{found[1]},{found[2]}"


def file_of(content: Payload, kind: MediaKind) -> Media | None:
    """The file of a message or sticker; None when it has no address that we could fetch."""
    url = content.text_or("url")
    if not is_mxc(url):
        return None
    info = content.get("info") or Payload({}, f"{content.path}.info")
    size = info.get("size")
    return Media(
        kind=kind,
        media_id=url,
        name=(content.text_or("filename") or content.text_or("body"))[:MAX_NAME],
        content_type=info.text_or("mimetype")[:MAX_NAME],
        size=None if size is None else max(0, size.integer()),
    )


def file_kind(content: Payload) -> MediaKind | None:
    kind = FILES.get(content.text_or("msgtype"))
    is_voice = kind is MediaKind.AUDIO and any(content.has(word) for word in VOICE)
    return MediaKind.VOICE if is_voice else kind


def caption_of(content: Payload) -> str:
    """What is said beside a file: `body` is only its name, unless `filename` says another."""
    name, body = content.text_or("filename"), content.text_or("body")
    return body if name and body != name else ""


def relation(content: Payload) -> Payload | None:
    found = content.get("m.relates_to")
    if found is not None:
        found.mapping()
    return found


def quoted(content: Payload) -> str | None:
    """The event that this one answers; in a thread its latest event is named only for show."""
    relates = relation(content)
    answer = None if relates is None else relates.get("m.in_reply_to")
    if relates is None or answer is None:
        return None
    if relates.mapping().get("is_falling_back") is True:
        return None
    return identifier(answer, "event_id")


def without_quote(text: str) -> str:
    """The text after the quoted lines that older clients put before an answer."""
    lines = text.split("\n")
    if not lines[0].startswith("> "):
        return text
    quoted_lines = next((n for n, line in enumerate(lines) if not line.startswith(">")), len(lines))
    rest = lines[quoted_lines:]
    return "\n".join(rest[1:] if rest and not rest[0].strip() else rest)


def poll_text(content: Payload) -> str:
    """The question and the answers to choose from, one to a line."""
    poll = next((found for word in POLLS if (found := content.get(word))), None)
    if poll is None:
        return STAND_INS["poll"]
    lines = [_plain(poll.at("question"))]
    answers = poll.get("answers")
    lines += [f"- {_plain(answer)}" for answer in (answers.items() if answers else ())]
    said = "\n".join(line for line in lines if line.strip("- "))
    return said or STAND_INS["poll"]


def _plain(item: Payload) -> str:
    return next(_texts(item), "")


def _texts(item: Payload) -> Iterator[str]:
    """What the drafts of extensible events call their text, the newest first."""
    item.mapping()
    found = item.get("m.text")
    if found is not None and isinstance(found.value, list):
        yield from (part.text_or("body") for part in found.items())
    elif found is not None:
        yield found.text()
    for word in ("org.matrix.msc1767.text", "body"):
        if item.has(word):
            yield item.text_or(word)
