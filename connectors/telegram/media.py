"""Fetches the files of messages: by getFile, whose link holds the bot's token and stays in here."""

import re

from bridge.domain.errors import DeliveryRejected, OutcomeUnknown, PayloadInvalid
from bridge.domain.messaging import Media
from bridge.payload import Payload
from bridge.ports import Account, MediaFile, Sink
from connectors.fetching import COPY_SECONDS, GONE, TOO_LARGE, Fetching, trusted_hosts, whole
from connectors.telegram.client import Api
from connectors.telegram.reading import size_of

MOST_BYTES = 20 * 1024 * 1024  # core.telegram.org/bots/api#getfile
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*(/[A-Za-z0-9_][A-Za-z0-9_.\-]*){0,8}")
_OPERATION = "telegram: getFile"


class TelegramMedia:
    def __init__(self, account: Account) -> None:
        self._api = Api(account)
        self._fetching = Fetching(
            vendor="telegram", trusted=trusted_hosts(account), total_seconds=COPY_SECONDS
        )

    def fetch(self, media: Media, most_bytes: int) -> MediaFile:
        return whole(self, media, most_bytes)

    def copy(self, media: Media, most_bytes: int, into: Sink) -> MediaFile:
        """The file of `media.media_id`; Telegram gives out no more than 20 MB."""
        most = min(most_bytes, MOST_BYTES)
        if media.size is not None and media.size > most:
            raise _too_large(most)
        path, size = _place(self._file(media.media_id))
        if size is not None and size > most:
            raise _too_large(most)
        file = self._fetching.copy(self._api.file_url(path), most, into)
        return MediaFile(
            content=file.content,
            content_type=media.content_type or file.content_type,
            name=media.name or file.name,
        )

    def _file(self, file_id: str) -> Payload:
        if not file_id:
            raise DeliveryRejected(f"{_OPERATION}: the file has no id", code=GONE)
        try:
            return self._api.read("getFile", {"file_id": file_id})
        except DeliveryRejected as error:
            too_large = "too big" in str(error)
            raise DeliveryRejected(
                str(error), status=error.status, code=TOO_LARGE if too_large else GONE
            ) from error


def _place(found: Payload) -> tuple[str, int | None]:
    """Path and size. Where somebody runs Telegram's server himself, the path may be one on its
    disk: that is no link."""
    try:
        path, size = found.text_or("file_path"), size_of(found)
    except PayloadInvalid as error:
        raise OutcomeUnknown(f"{_OPERATION}: {error}") from error
    if not _PATH.fullmatch(path):
        raise DeliveryRejected(f"{_OPERATION}: Telegram gives no link to the file", code=GONE)
    return path, size


def _too_large(most: int) -> DeliveryRejected:
    return DeliveryRejected(f"{_OPERATION}: larger than {most} bytes", code=TOO_LARGE)
