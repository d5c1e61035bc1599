"""Writes to Matrix rooms: the only file of this connector that does."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bridge.domain.effects import JoinChat, SendMessage
from bridge.domain.errors import DeliveryRejected, DeliveryTransient, OutcomeUnknown, PayloadInvalid
from bridge.domain.messaging import Media, MediaKind
from bridge.payload import Payload
from bridge.ports import (
    Absent,
    Account,
    AccountDown,
    CannotTell,
    Delivery,
    Done,
    Found,
    MediaFile,
    Outcome,
    Rejected,
    RetryAt,
    Unknown,
)
from connectors.matrix.client import V3, Homeserver, part
from connectors.matrix.files import Uploads
from connectors.matrix.history import History
from connectors.matrix.reading import is_mxc, point
from connectors.matrix.refusals import OUTAGE, outcome_of
from connectors.matrix.words import FILE_TYPES, KEY, MESSAGE, VOICE

_SEND = "PUT send"
_JOIN = "POST join"
_SILENCE = timedelta(seconds=5)


class MatrixOutbound:
    """One call per message: our key is the transaction id, so that a repeat makes no second one."""

    def __init__(self, account: Account) -> None:
        self._server = Homeserver(account)
        self._uploads = Uploads(account, self._server)
        self._history = History(self._server)

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        """In order. Once the account is down the rest is not tried, and says so."""
        outcomes: list[Outcome] = []
        down: AccountDown | None = None
        for delivery in run:
            outcome = self._one(delivery, down)
            outcomes.append(outcome)
            down = down or _rest_of_run(delivery, outcome)
        return outcomes

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        """Our key stands in the content of each message; to join a room twice is harmless."""
        return [self._found(delivery) for delivery in run]

    def _found(self, delivery: Delivery) -> Found | Absent | CannotTell:
        match delivery.effect:
            case SendMessage():
                return self._history.find(delivery, delivery.effect)
            case JoinChat():
                return Absent()
            case _:
                return CannotTell(reason="matrix can't look this up")

    def _one(self, delivery: Delivery, down: AccountDown | None) -> Outcome:
        effect = delivery.effect
        if not isinstance(effect, SendMessage | JoinChat):
            kind = type(effect).__name__
            return Rejected(reason="effect_unsupported", detail=f"matrix does not do {kind}")
        if down is not None:
            return down
        if not delivery.still_ours():
            return _no_longer_ours(delivery)
        try:
            if isinstance(effect, JoinChat):
                return self._join(delivery, effect)
            return self._message(delivery, effect)
        except DeliveryRejected as error:
            return Rejected(reason=error.code, detail="the chat id is no room of Matrix")

    def _join(self, delivery: Delivery, effect: JoinChat) -> Outcome:
        try:
            answer = self._server.call(
                "POST", f"{V3}/join/{part(effect.chat_id)}", {}, called=_JOIN
            )
        except DeliveryTransient as error:
            return AccountDown(cause=str(error), until=delivery.now + OUTAGE)
        except OutcomeUnknown as error:
            return Unknown(reason=str(error))
        if not 200 <= answer.status < 300:
            return outcome_of(f"matrix: {_JOIN}", delivery, answer)
        room = _answered(answer.body, "room_id")
        return Done() if room else Unknown(reason=f"matrix: {_JOIN}: no room in the answer")

    def _message(self, delivery: Delivery, effect: SendMessage) -> Outcome:
        content = self._content(delivery, effect)
        if not isinstance(content, Mapping):
            return content
        if not delivery.still_ours():  # an upload takes its time
            return _no_longer_ours(delivery)
        path = f"{V3}/rooms/{part(effect.chat_id)}/send/{MESSAGE}/{part(effect.key)}"
        try:
            answer = self._server.call("PUT", path, {**content, KEY: effect.key}, called=_SEND)
        except DeliveryTransient as error:
            return AccountDown(cause=str(error), until=delivery.now + OUTAGE)
        except OutcomeUnknown as error:
            return Unknown(reason=str(error))
        if not 200 <= answer.status < 300:
            return outcome_of(f"matrix: {_SEND}", delivery, answer)
        found = _answered(answer.body, "event_id")
        if not found:
            return Unknown(reason=f"matrix: {_SEND}: no id in the answer")
        return Done(vendor_ids={"id": found})

    def _content(self, delivery: Delivery, effect: SendMessage) -> Mapping[str, object] | Outcome:
        if effect.template is not None:
            return Rejected(reason="template_unsupported", detail="matrix has no templates")
        if bool(effect.text) == (effect.media is not None):
            return Rejected(reason="content_unclear", detail="a message holds a text or a file")
        content: Mapping[str, object] | Outcome = {"msgtype": "m.text", "body": effect.text}
        if effect.media is not None:
            content = self._file(delivery, effect.media)
        if effect.reply_to is None or not isinstance(content, Mapping):
            return content
        return {**content, "m.relates_to": {"m.in_reply_to": {"event_id": effect.reply_to}}}

    def _file(self, delivery: Delivery, media: Media) -> Mapping[str, object] | Outcome:
        if media.kind is MediaKind.LOCATION:
            return _location(media)
        if is_mxc(media.media_id):
            return _file_content(media, media.media_id)
        if not media.url:
            return Rejected(reason="file_without_link", detail="the file has no link to fetch")
        try:
            file = self._uploads.fetched(delivery, media)
            answer = self._uploads.upload(file, media.name or file.name)
            if not 200 <= answer.status < 300:
                return _not_sent(
                    delivery, outcome_of("matrix: POST media/upload", delivery, answer)
                )
            return _file_content(media, self._uploads.address(answer), file)
        except DeliveryRejected as error:
            return Rejected(reason=error.code or "file_refused", detail=str(error))
        except DeliveryTransient as error:
            when = error.retry_at or delivery.now + OUTAGE
            return RetryAt(when=when, reason=str(error))


def _no_longer_ours(delivery: Delivery) -> RetryAt:
    return RetryAt(when=delivery.now, reason="matrix: no longer ours")


def _not_sent(delivery: Delivery, outcome: Outcome) -> Outcome:
    """Whatever became of the file: the message itself surely has not been sent."""
    if isinstance(outcome, Unknown):
        return RetryAt(when=delivery.now + OUTAGE, reason=outcome.reason)
    return outcome


def _rest_of_run(delivery: Delivery, outcome: Outcome) -> AccountDown | None:
    """What the rows behind this one get without a call: a silent server is not asked in vain."""
    if isinstance(outcome, AccountDown):
        return outcome
    if isinstance(outcome, Unknown):
        return AccountDown(cause=f"not tried: {outcome.reason}", until=delivery.now + _SILENCE)
    return None


def _location(media: Media) -> Mapping[str, object] | Outcome:
    where = point(media.url)
    if where is None:
        return Rejected(reason="location_without_place", detail="a location is geo:lat,lon")
    body = media.name or f"Location: {where.removeprefix('geo:')}"
    return {"msgtype": "m.location", "body": body, "geo_uri": where}


def _file_content(
    media: Media, address: str, file: MediaFile | None = None
) -> Mapping[str, object]:
    name = media.name or (file.name if file else "") or media.kind.value
    content_type = file.content_type if file else media.content_type
    size = len(file.content) if file else media.size
    info = {"mimetype": content_type or None, "size": size}
    voice: dict[str, object] = {VOICE[0]: {}} if media.kind is MediaKind.VOICE else {}
    return {
        "msgtype": FILE_TYPES.get(media.kind, "m.file"),
        "body": name,
        "filename": name,
        "url": address,
        "info": {key: found for key, found in info.items() if found is not None},
        **voice,
    }


def _answered(body: bytes, key: str) -> str:
    try:
        return Payload.from_bytes(body).text_or(key)
    except PayloadInvalid:
        return ""
