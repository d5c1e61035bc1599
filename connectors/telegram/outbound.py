"""Sends messages through a bot: the only file of this connector that writes to clients."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bridge.domain.effects import SendMessage
from bridge.domain.errors import DeliveryRejected, DeliveryTransient, OutcomeUnknown, PayloadInvalid
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
from connectors.fetching import Fetching, file_of, trusted_hosts
from connectors.http import HttpAnswer
from connectors.telegram.chats import message_id_of
from connectors.telegram.client import Api
from connectors.telegram.floods import Floods
from connectors.telegram.reading import number
from connectors.telegram.refusals import OUTAGE, is_link_trouble, refusal
from connectors.telegram.sends import Send, goes_by_link, send_of

FETCH_TRIES = 5
FIRST_WAIT = timedelta(seconds=15)
_NO_LOOK_UP = "telegram can't look up a message, and has no key that would stop a second one"


class TelegramOutbound:
    """One call per message; the Bot API has no batch call for sending."""

    def __init__(self, account: Account) -> None:
        self._api = Api(account)
        self._floods = Floods()
        self._fetching = Fetching(vendor="telegram", trusted=trusted_hosts(account))

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        """In order, within each chat too. Once the account is down the rest is not tried."""
        outcomes: list[Outcome] = []
        down: AccountDown | None = None
        waiting: dict[tuple[str, str], RetryAt] = {}
        for delivery in run:
            chat = _chat(delivery)
            outcome = down or waiting.get(chat) or self._one(delivery)
            outcomes.append(outcome)
            down = _rest_of_run(delivery, outcome)
            if isinstance(outcome, RetryAt):
                waiting[chat] = outcome
        return outcomes

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        """The Bot API reads no chat's history: a person has to look, and to decide."""
        return [CannotTell(reason=_NO_LOOK_UP) for _ in run]

    def _one(self, delivery: Delivery) -> Outcome:
        effect = delivery.effect
        if not isinstance(effect, SendMessage):
            kind = type(effect).__name__
            return Rejected(reason="effect_unsupported", detail=f"telegram does not do {kind}")
        send = send_of(effect)
        if isinstance(send, Rejected):
            return send
        if delivery.file is None and goes_by_link(send):
            return self._by_link(delivery, effect, send)
        return self._uploaded(delivery, effect, send)

    def _by_link(self, delivery: Delivery, effect: SendMessage, send: Send) -> Outcome:
        answered = self._called(delivery, send, None)
        if isinstance(answered, HttpAnswer) and is_link_trouble(answered) and _has_link(send):
            return self._uploaded(delivery, effect, send)
        return self._outcome(delivery, effect, send, answered)

    def _uploaded(self, delivery: Delivery, effect: SendMessage, send: Send) -> Outcome:
        link = "" if send.media is None else send.media.url
        try:
            file = file_of(delivery, self._fetching, link, send.most_uploaded)
        except DeliveryRejected as error:
            return Rejected(reason=error.code or "file_refused", detail=str(error))
        except DeliveryTransient as error:
            return _unfetched(delivery, str(error))
        return self._outcome(delivery, effect, send, self._called(delivery, send, file))

    def _called(
        self, delivery: Delivery, send: Send, file: MediaFile | None
    ) -> HttpAnswer | Outcome:
        operation = _operation(send)
        if not delivery.still_ours():
            return RetryAt(when=delivery.now, reason=f"{operation}: no longer ours")
        try:
            if file is None:
                return self._api.call(send.method, send.parameters)
            others = {key: value for key, value in send.parameters.items() if key != send.file}
            return self._api.upload(send.method, others, send.file, _named(file, send))
        except DeliveryTransient as error:
            return AccountDown(cause=str(error), until=delivery.now + OUTAGE)
        except OutcomeUnknown as error:
            return Unknown(reason=str(error))

    def _outcome(
        self, delivery: Delivery, effect: SendMessage, send: Send, answered: HttpAnswer | Outcome
    ) -> Outcome:
        if not isinstance(answered, HttpAnswer):
            return answered
        operation = _operation(send)
        if 200 <= answered.status < 300:
            self._floods.passed()
            ids = _ids(effect, answered)
            no_id = Unknown(reason=f"{operation}: no id in the answer")
            return Done(vendor_ids=ids) if ids else no_id
        if answered.status == 429:
            return self._floods.refused(operation, _chat(delivery), delivery, answered)
        if 400 <= answered.status < 500:
            return refusal(operation, delivery, answered)
        return Unknown(reason=f"{operation}: HTTP {answered.status}")


def _chat(delivery: Delivery) -> tuple[str, str]:
    effect = delivery.effect
    return (effect.channel_id, effect.chat_id) if isinstance(effect, SendMessage) else ("", "")


def _rest_of_run(delivery: Delivery, outcome: Outcome) -> AccountDown | None:
    """What the rows behind this one get without a call: a silent vendor is not asked in vain."""
    if isinstance(outcome, AccountDown):
        return outcome
    if isinstance(outcome, Unknown):
        return AccountDown(cause=f"not tried: {outcome.reason}", until=delivery.now + OUTAGE)
    return None


def _has_link(send: Send) -> bool:
    return send.media is not None and bool(send.media.url)


def _named(file: MediaFile, send: Send) -> MediaFile:
    """Under the name that the writer gave it, if he did."""
    name = "" if send.media is None else send.media.name
    return MediaFile(content=file.content, content_type=file.content_type, name=name or file.name)


def _unfetched(delivery: Delivery, said: str) -> Outcome:
    if delivery.attempt >= FETCH_TRIES:
        detail = f"{said} ({delivery.attempt} tries): send the file again"
        return Rejected(reason="file_unreachable", detail=detail)
    when = delivery.now + FIRST_WAIT * (1 << max(delivery.attempt - 1, 0))
    return RetryAt(when=when, reason=said)


def _operation(send: Send) -> str:
    return f"telegram: {send.method}"


def _ids(effect: SendMessage, answer: HttpAnswer) -> Mapping[str, str]:
    """`id` as the message will be called in its echo; nothing when there is no sent message."""
    try:
        sent = answer.payload().at("result")
        chat_id = number(sent.at("chat"), "id")
        return {"id": message_id_of(effect.channel_id, chat_id, number(sent, "message_id"))}
    except PayloadInvalid:
        return {}
