"""Files of Matrix messages: fetched from the homeserver, and uploaded to it."""

from bridge.domain.errors import (
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
)
from bridge.domain.messaging import Media
from bridge.ports import Account, Delivery, MediaFile, Sink
from connectors.fetching import COPY_SECONDS, REFUSED, Fetching, file_of, trusted_hosts, whole
from connectors.http import HttpAnswer
from connectors.matrix.client import Homeserver, error_code, part, said
from connectors.matrix.reading import is_mxc

MOST_BYTES = 50 * 1024 * 1024  # what most homeservers take; a smaller limit of theirs they tell
_UPLOAD = "POST media/upload"


class MatrixFiles:
    """`mxc://server/id`, with the application service's token since v1.11, without it before."""

    def __init__(self, account: Account) -> None:
        self._server = Homeserver(account)
        self._fetching = Fetching(
            vendor="matrix", trusted=trusted_hosts(account), total_seconds=COPY_SECONDS
        )

    def fetch(self, media: Media, most_bytes: int) -> MediaFile:
        return whole(self, media, most_bytes)

    def copy(self, media: Media, most_bytes: int, into: Sink) -> MediaFile:
        if not is_mxc(media.media_id):
            raise DeliveryRejected("matrix: the file has no address", code=REFUSED)
        where = "/".join(part(found) for found in media.media_id.removeprefix("mxc://").split("/"))
        new = f"{self._server.url}/_matrix/client/v1/media/download/{where}"
        try:
            return self._copied(new, most_bytes, into)
        except DeliveryRejected as error:
            if error.status != 404:
                raise
        old = f"{self._server.url}/_matrix/media/v3/download/{where}"
        return self._copied(old, most_bytes, into)

    def _copied(self, url: str, most_bytes: int, into: Sink) -> MediaFile:
        try:
            return self._fetching.copy(url, most_bytes, into, self._server.headers)
        except DeliveryRejected as error:
            if error.status == 401:
                raise CredentialsInvalid("matrix: fetching a file: the as_token is refused") from (
                    error
                )
            raise


class Uploads:
    """Takes a file from its link to the homeserver. Twice is harmless: nobody sees the other."""

    def __init__(self, account: Account, server: Homeserver) -> None:
        self._server = server
        self._fetching = Fetching(vendor="matrix", trusted=trusted_hosts(account))

    def fetched(self, delivery: Delivery, media: Media) -> MediaFile:
        """Raises DeliveryRejected or DeliveryTransient."""
        return file_of(delivery, self._fetching, media.url, MOST_BYTES)

    def upload(self, file: MediaFile, name: str) -> HttpAnswer:
        """Raises DeliveryTransient."""
        return self._server.call(
            "POST",
            "/_matrix/media/v3/upload",
            called=_UPLOAD,
            params={"filename": name},
            content=file.content,
            content_type=file.content_type,
            reads=True,  # as harmless to repeat as a read
        )

    @staticmethod
    def address(answer: HttpAnswer) -> str:
        """Raises DeliveryTransient when the answer holds no `mxc://` address."""
        try:
            found = said(f"matrix: {_UPLOAD}", answer).mapping().get("content_uri")
        except OutcomeUnknown as error:
            raise DeliveryTransient(str(error)) from error
        if not isinstance(found, str) or not is_mxc(found):
            code = error_code(answer)
            raise DeliveryTransient(f"matrix: {_UPLOAD}: no address in the answer {code}".strip())
        return found
