"""Fetches the files of messages from Twilio, signed in."""

import re

from bridge.domain.errors import DeliveryRejected
from bridge.domain.messaging import Media
from bridge.ports import Account, MediaFile, Sink
from connectors.fetching import COPY_SECONDS, GONE, Fetching, trusted_hosts, whole
from connectors.twilio.client import API, Client

_ID = re.compile(r"([A-Z]{2}[0-9a-fA-F]{32})/(ME[0-9a-fA-F]{32})")


class TwilioMedia:
    """Twilio redirects to where the file lies; our sign-in stays with Twilio."""

    def __init__(self, account: Account) -> None:
        self._client = Client(account)
        self._fetching = Fetching(
            vendor="twilio", trusted=trusted_hosts(account), total_seconds=COPY_SECONDS
        )

    def fetch(self, media: Media, most_bytes: int) -> MediaFile:
        return whole(self, media, most_bytes)

    def copy(self, media: Media, most_bytes: int, into: Sink) -> MediaFile:
        found = _ID.fullmatch(media.media_id)
        if found is None:
            raise DeliveryRejected("twilio: the message names no file of Twilio's", code=GONE)
        path = self._client.path(f"Messages/{found[1]}/Media/{found[2]}")
        url = f"{self._client.base[API]}{path}"
        return self._fetching.copy(url, most_bytes, into, self._client.headers)
