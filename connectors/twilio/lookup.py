"""What became of a message without an answer: Twilio's list of messages to that client."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bridge.domain.effects import SendMessage
from bridge.domain.errors import (
    CredentialsInvalid,
    DeliveryTransient,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.payload import Payload
from bridge.ports import CannotTell, Delivery, Found
from connectors.twilio.client import Client, Read
from connectors.twilio.composing import addressed

PAGE = 200
# How far Twilio's clock and ours may differ beyond what its Date header tells.
SLACK = timedelta(seconds=3)


def look_up(client: Client, delivery: Delivery) -> Found | CannotTell:
    """Found only where exactly one message of these words was made in the moments of the attempt;
    an empty list proves nothing, as Twilio may show a message late."""
    effect = delivery.effect
    if not isinstance(effect, SendMessage) or delivery.in_doubt_since is None:
        return CannotTell(reason="twilio can't look this up")
    where = addressed(effect)
    if not isinstance(where, Mapping):
        return CannotTell(reason="twilio can't look this up: no address")
    try:
        read = client.read(client.path("Messages.json"), params=_params(where))
        found = list(_matching(client, read, effect, delivery.in_doubt_since))
    except (DeliveryTransient, OutcomeUnknown, CredentialsInvalid) as error:
        return CannotTell(reason=str(error))
    except PayloadInvalid as error:
        return CannotTell(reason=f"twilio: GET /Messages.json: {error}")
    if len(found) == 1:
        return Found(vendor_ids={"id": found[0]})
    return CannotTell(reason=f"twilio lists {len(found)} such messages: look in its message log")


def _params(where: Mapping[str, str]) -> Mapping[str, str]:
    named = {name: where[name] for name in ("To", "From") if name in where}
    return {**named, "PageSize": str(PAGE)}


def _matching(client: Client, read: Read, effect: SendMessage, since: datetime) -> Iterator[str]:
    begins = since + _ahead(read) - SLACK
    ends = since + _ahead(read) + timedelta(seconds=client.timeout_seconds) + SLACK
    for item in read.body.at("messages").items():
        made = _time(item.text_or("date_created"))
        if made is None or not begins <= made <= ends:
            continue
        if item.text_or("direction").startswith("outbound") and _same(item, effect):
            yield item.at("sid").text()


def _same(item: Payload, effect: SendMessage) -> bool:
    if effect.media is not None and not effect.media.url.startswith("geo:"):
        return item.text_or("num_media", "0") != "0"
    text = effect.text if effect.media is None else effect.media.name or "Location"
    return _words(item.text_or("body")) == _words(text)


def _words(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _ahead(read: Read) -> timedelta:
    """By how much Twilio's clock is ahead of ours, whole seconds."""
    theirs = _time(read.answer.headers.get("date", ""))
    if theirs is None:
        return timedelta()
    return timedelta(seconds=round((theirs - datetime.now(UTC)).total_seconds()))


def _time(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return when.replace(tzinfo=when.tzinfo or UTC)
