"""Files of messages: which are copied, what they are by their first bytes, what may be shown."""

import re

from bridge.domain.messaging import Media, MediaKind
from bridge.domain.names import MessageId

HEAD_BYTES = 512
UPLOAD = "upload:"
"""Scheme of a file that an employee has given us, in `Media.url`: `upload:<id>`."""
UNKNOWN = "application/octet-stream"

_NO_FILES = frozenset({MediaKind.LOCATION, MediaKind.CONTACT_CARD})
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,80}")
# What a file starts with, and where; the first that fits counts.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"fLaC", "audio/flac"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"MZ", "application/x-msdownload"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"\xca\xfe\xba\xbe", "application/x-executable"),
    (0, b"#!", "text/x-script"),
)
# Containers: what is told of them is more than their first bytes say.
_WITHIN = {
    "application/zip": re.compile(
        r"application/(vnd\.(openxmlformats-officedocument|oasis\.opendocument|apple|android)\..+"
        r"|epub\+zip|java-archive|x-zip-compressed|zip)"
    ),
    "application/x-ole-storage": re.compile(
        r"application/(msword|vnd\.ms-.+|vnd\.visio|x-ole-storage)"
    ),
    "video/mp4": re.compile(r"(video|audio)/(mp4|x-m4[av]|m4a)|image/hei[cf]|image/avif"),
    "video/3gpp": re.compile(r"(video|audio)/3gpp2?"),
    "video/webm": re.compile(r"(video|audio)/(webm|x-matroska)"),
    "audio/ogg": re.compile(r"(audio|video|application)/(ogg|opus)"),
}
# Told types of these families have first bytes that are known here: without them it is none.
_TELLING = re.compile(
    r"image/(png|jpe?g|gif|webp)|application/(pdf|zip|vnd\.openxmlformats.+)|audio/(ogg|wav|amr)"
)
_MARKUP = re.compile(rb"\s*(<\?xml|<!doctype|<html|<svg|<script|<head|<body|<!--)", re.IGNORECASE)
_MARKUPS = re.compile(r"text/html|image/svg.*|.*[/+]xml|text/(javascript|x-.*)|.*javascript")
# What a browser may show within our pages: it runs nothing.
_SHOWN = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "audio/mpeg",
        "audio/ogg",
        "audio/mp4",
        "audio/aac",
        "audio/amr",
        "audio/wav",
        "video/mp4",
        "video/webm",
        "video/3gpp",
    }
)
_SERVED = re.compile(
    r"image/(png|jpeg|gif|webp|hei[cf]|avif|bmp|tiff)|(audio|video)/[a-z0-9.+-]+"
    r"|application/(pdf|zip|msword|ogg|epub\+zip)|text/(plain|csv|vcard|x-vcard|calendar)"
    r"|application/vnd\.(ms-(excel|powerpoint|word)|oasis\.opendocument|openxmlformats-office)"
    r"[a-z0-9.-]*"
)
_ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/3gpp": "3gp",
    "application/pdf": "pdf",
    "application/zip": "zip",
}
_UNNAMEABLE = re.compile(r'[\x00-\x1f\x7f"\\/:*?<>|\u2028\u2029\u202a-\u202e\u2066-\u2069]')
_KINDS = {"image": MediaKind.IMAGE, "audio": MediaKind.AUDIO, "video": MediaKind.VIDEO}


def is_copied(media: Media) -> bool:
    """Whether there is a file behind it: places and contact cards are told in the message."""
    if media.kind in _NO_FILES:
        return False
    return bool(media.media_id) or media.url.startswith(("https://", "http://", UPLOAD))


def upload_id(media: Media | None) -> str:
    """Which of our own files this is; an empty text for a vendor's."""
    url = "" if media is None else media.url
    return url.removeprefix(UPLOAD) if url.startswith(UPLOAD) else ""


def lasting_path(message: MessageId, place: int) -> str:
    """Where a file of a message is read by those who may, for as long as it is kept."""
    return f"/media/of/{message}/{place}"


def type_of(head: bytes, told: str) -> str:
    """What a file is by its first bytes; what was told of it counts only where they don't say, and
    never against them."""
    told = told.split(";")[0].strip().lower()
    told = told if _TYPE.fullmatch(told) else UNKNOWN
    if _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf")):
        return told if _MARKUPS.fullmatch(told) else "text/html"
    for place, magic, found in _MAGIC:
        if head[place : place + len(magic)] == magic:
            within = _WITHIN.get(found)
            return told if within is not None and within.fullmatch(told) else found
    return UNKNOWN if _TELLING.fullmatch(told) or _MARKUPS.fullmatch(told) else told


def is_shown(content_type: str) -> bool:
    """Whether a browser may show it in place; anything else is only saved."""
    return content_type in _SHOWN


def served_type(content_type: str) -> str:
    """What who fetches it is told that it is: nothing that a browser would run."""
    return content_type if _SERVED.fullmatch(content_type) else UNKNOWN


def kind_of_type(content_type: str) -> MediaKind:
    """How a messenger is to show an uploaded file."""
    if not is_shown(content_type):
        return MediaKind.DOCUMENT
    return _KINDS.get(content_type.partition("/")[0], MediaKind.DOCUMENT)


def ending_of(content_type: str) -> str:
    return _ENDINGS.get(content_type, "")


def plain_name(name: str, content_type: str) -> str:
    """A file's name without what a file system or a header would stumble over."""
    plain = _UNNAMEABLE.sub("_", name).strip(". ")[:150]
    if plain:
        return plain
    ending = ending_of(content_type)
    return f"file.{ending}" if ending else "file"
