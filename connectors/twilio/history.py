"""Twilio's list of messages, as its webhooks would have told of each.

A client's name and what is known of him beside his address stand in webhooks only.
twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from bridge.domain.errors import OutcomeUnknown, PayloadInvalid
from bridge.payload import Payload
from bridge.ports import Account, Recalled
from connectors.twilio.client import API, HOSTS, MAX_PAGES, Client, next_page
from connectors.twilio.forms import FORM
from connectors.twilio.words import INCOMING

PAGE = 1000
_HEADERS: Mapping[str, str] = {"content-type": FORM}
_DAY = timedelta(days=1)


class TwilioHistory:
    def __init__(self, account: Account) -> None:
        self._client = Client(account)

    def recall(self, since: datetime, until: datetime) -> Sequence[Recalled]:
        """Clients' messages, and how ours stand now."""
        found = [
            Recalled(body=urlencode(self._form(item)).encode(), at=at, headers=_HEADERS)
            for item in self._listed(since)
            if (at := _when(item)) is not None and since <= at <= until
        ]
        return sorted(reversed(found), key=lambda one: one.at)  # its times are whole seconds

    def _listed(self, since: datetime) -> Iterator[Payload]:
        """The newest first; it is sieved by whole days, in UTC."""
        day = (since.astimezone(UTC) - _DAY).date().isoformat()
        asked = urlencode({"PageSize": PAGE, "DateSent>": day})
        page: str | None = self._client.path(f"Messages.json?{asked}")
        for _ in range(MAX_PAGES):
            if page is None:
                return
            read = self._client.read(page)
            try:
                yield from read.body.at("messages").items()
                page = next_page(read.body)
            except PayloadInvalid as error:
                raise OutcomeUnknown(f"twilio: GET /Messages.json: {error}") from error
        if page is not None:
            raise OutcomeUnknown(
                f"twilio lists more than {PAGE * MAX_PAGES} messages: ask for less"
            )

    def _form(self, item: Payload) -> Mapping[str, str]:
        word = item.text_or("status")
        told = {
            "MessageSid": item.text_or("sid"),
            "AccountSid": self._client.sid,
            "From": item.text_or("from"),
            "To": item.text_or("to"),
            "SmsStatus": word,
        }
        if not item.text_or("direction").startswith("inbound"):
            return {**told, "MessageStatus": word, **_failure(item)}
        status = word if word in INCOMING else "received"
        return {**told, "SmsStatus": status, "Body": item.text_or("body"), **self._files(item)}

    def _files(self, item: Payload) -> Mapping[str, str]:
        if item.text_or("num_media", "0") == "0":
            return {}
        message = item.at("sid").text()
        listed = self._client.items(
            self._client.path(f"Messages/{message}/Media.json"), "media_list"
        )
        found: dict[str, str] = {}
        for n, file in enumerate(listed):
            path = self._client.path(f"Messages/{message}/Media/{file.at('sid').text()}")
            found[f"MediaUrl{n}"] = f"{HOSTS[API]}{path}"
            found[f"MediaContentType{n}"] = file.text_or("content_type")
        return {**found, "NumMedia": str(len(found) // 2)}


def _failure(item: Payload) -> Mapping[str, str]:
    code = item.get("error_code")
    return {} if code is None else {"ErrorCode": code.identifier()}


def _when(item: Payload) -> datetime | None:
    """When it was sent, as Twilio's list is sieved by; RFC 2822."""
    text = item.text_or("date_sent") or item.text_or("date_created")
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return when.replace(tzinfo=when.tzinfo or UTC)
