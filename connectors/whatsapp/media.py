"""The files of messages: an id leads to a link of five minutes, that with our token to bytes."""

import hashlib
import hmac
import re
from urllib.parse import urlsplit

from bridge.domain.errors import (
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.domain.messaging import Media
from bridge.payload import Payload
from bridge.ports import Account, MediaFile, Sink
from connectors.fetching import COPY_SECONDS, GONE, TOO_LARGE, Fetching, trusted_hosts, whole
from connectors.whatsapp.client import http_for, read, version_of
from connectors.whatsapp.reading import hex_of

_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Whom the token is shown to, and nobody else, whatever a link says.
_META = (".fbsbx.com", ".facebook.com", ".whatsapp.net", ".fbcdn.net")
_LOST = "whatsapp: the file is gone: Meta keeps a client's files for 7 days, uploaded ones for 30"


class _Hashed:
    """Hands on what it takes, and knows its hash."""

    def __init__(self, into: Sink) -> None:
        self._into = into
        self.digest = hashlib.sha256()

    def write(self, piece: bytes, /) -> None:
        self.digest.update(piece)
        self._into.write(piece)


class WhatsAppMedia:
    def __init__(self, account: Account) -> None:
        self._http = http_for(account)
        self._token = account.required("access_token")[0]
        self._version = version_of(account)
        self._trusted = trusted_hosts(account)
        self._files = Fetching(vendor="whatsapp", trusted=self._trusted, total_seconds=COPY_SECONDS)

    def fetch(self, media: Media, most_bytes: int) -> MediaFile:
        return whole(self, media, most_bytes)

    def copy(self, media: Media, most_bytes: int, into: Sink) -> MediaFile:
        """Its content checked against the hash that Meta tells.

        Raises DeliveryRejected (`file_gone`, `file_too_large`), DeliveryTransient, OutcomeUnknown
        or CredentialsInvalid.
        """
        if not _MEDIA_ID.fullmatch(media.media_id):
            raise DeliveryRejected("whatsapp: the message names no file", code=GONE)
        told = self._told(media.media_id)
        try:
            return self._copied(media, told, most_bytes, into)
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"whatsapp: GET media: {error}") from error

    def _told(self, media_id: str) -> Payload:
        try:
            return read(self._http, f"/{self._version}/{media_id}")
        except DeliveryRejected as error:
            # An id that died is answered with code 100 and subcode 33, or 404.
            raise DeliveryRejected(_LOST, status=error.status, code=GONE) from error

    def _copied(self, media: Media, told: Payload, most_bytes: int, into: Sink) -> MediaFile:
        size = told.get("file_size")
        if size is not None and int(f"0{size.identifier()[:18]}") > most_bytes:
            raise DeliveryRejected(
                f"whatsapp: the file is larger than {most_bytes} bytes", code=TOO_LARGE
            )
        hashed = _Hashed(into)
        file = self._bytes(told.at("url").text(), most_bytes, hashed)
        wanted = hex_of(told.text_or("sha256")) or media.sha256
        found = hashed.digest.hexdigest()
        if wanted and not hmac.compare_digest(found, wanted):
            raise DeliveryTransient("whatsapp: the file that came is not the one that was told of")
        return MediaFile(
            content=b"",
            content_type=told.text_or("mime_type").split(";")[0].strip() or file.content_type,
            name=media.name or file.name,
        )

    def _bytes(self, url: str, most_bytes: int, into: Sink) -> MediaFile:
        if not self._is_metas(url):
            raise OutcomeUnknown("whatsapp: a file's link leads away from Meta")
        headers = {"authorization": f"Bearer {self._token}", "user-agent": "bridge"}
        try:
            return self._files.copy(url, most_bytes, into, headers)
        except DeliveryRejected as error:
            if error.status == 401:
                raise CredentialsInvalid(str(error)) from error
            if error.code == TOO_LARGE:
                raise
            raise DeliveryRejected(_LOST, status=error.status, code=GONE) from error

    def _is_metas(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
            origin = f"{host}:{parts.port or 443}"
        except ValueError:
            return False
        return host.endswith(_META) or host in self._trusted or origin in self._trusted
