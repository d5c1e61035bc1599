"""Files on their way to a client: fetched by their link, uploaded, sent by the id they got."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.domain.messaging import Media, MediaKind
from bridge.ports import MediaFile

MAX_FILE = 100 * 1024 * 1024
_MEGABYTE = 1024 * 1024
# What WhatsApp shows as such, and how large; all else goes as a document. Meta's page "Media".
_TAKEN: Mapping[str, tuple[int, frozenset[str]]] = {
    "image": (5 * _MEGABYTE, frozenset({"image/jpeg", "image/png"})),
    "video": (16 * _MEGABYTE, frozenset({"video/mp4", "video/3gpp"})),
    "audio": (
        16 * _MEGABYTE,
        frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
    ),
    "sticker": (500 * 1024, frozenset({"image/webp"})),
}
_KINDS = {
    MediaKind.IMAGE: "image",
    MediaKind.VIDEO: "video",
    MediaKind.AUDIO: "audio",
    MediaKind.VOICE: "audio",
    MediaKind.STICKER: "sticker",
}
CAPTIONED = frozenset({"image", "video", "document"})
_UNQUOTABLE = re.compile(r'[\x00-\x1f\x7f"\\]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """`kind` is WhatsApp's word for what it will be shown as."""

    kind: str
    name: str
    content_type: str
    content: bytes = field(repr=False)
    voice: bool = False

    def form(self) -> tuple[bytes, str]:
        """The body of the upload, and its content type."""
        boundary = hashlib.sha256(self.content).hexdigest()
        lines = [
            f"--{boundary}",
            'content-disposition: form-data; name="messaging_product"',
            "",
            "whatsapp",
            f"--{boundary}",
            f'content-disposition: form-data; name="file"; filename="{self.name}"',
            f"content-type: {self.content_type}",
            "",
            "",
        ]
        head = "\r\n".join(lines).encode()
        body = b"".join((head, self.content, f"\r\n--{boundary}--\r\n".encode()))
        return body, f"multipart/form-data; boundary={boundary}"


def upload_of(media: Media, file: MediaFile) -> Upload:
    """A picture, film or sound where WhatsApp knows its format and it is small enough."""
    kind = _KINDS.get(media.kind, "document")
    most, types = _TAKEN.get(kind, (MAX_FILE, frozenset()))
    content_type = _content_type(media, file)
    if kind != "document" and (content_type not in types or len(file.content) > most):
        kind = "document"
    return Upload(
        kind=kind,
        name=_UNQUOTABLE.sub("_", media.name or file.name or "file"),
        content_type=content_type,
        content=file.content,
        voice=media.kind is MediaKind.VOICE and kind == "audio",
    )


def _content_type(media: Media, file: MediaFile) -> str:
    """As the server says, unless it says nothing of it."""
    told = media.content_type.split(";")[0].strip().lower()
    vague = file.content_type == "application/octet-stream"
    return told if vague and re.fullmatch(r"[a-z0-9.+-]+/[a-z0-9.+-]+", told) else file.content_type
