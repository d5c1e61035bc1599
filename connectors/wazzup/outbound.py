"""Sends messages through Wazzup: the only file of this connector that writes to clients."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bridge.domain.effects import SendMessage
from bridge.domain.errors import DeliveryTransient, OutcomeUnknown
from bridge.domain.messaging import ChatKind, Messenger
from bridge.ports import (
    Absent,
    Account,
    AccountDown,
    CannotTell,
    Delivery,
    Done,
    Found,
    Outcome,
    Rejected,
    RetryAt,
    Unknown,
)
from connectors.http import HttpAnswer, retry_after
from connectors.wazzup.client import error_body, error_code, http_for
from connectors.wazzup.reading import digits_of
from connectors.wazzup.refusals import ALREADY_SENT, KEY_HOLDS, known_code, refusal
from connectors.wazzup.words import CHAT_TYPE_OF

_PATH = "/v3/message"
_OPERATION = f"wazzup: POST {_PATH}"
_NO_ID = f"{_OPERATION}: no id in the answer"
_RUN_OUT = "wazzup can't look up a message, and its own key has run out (60 s)"
RATE_WINDOW = timedelta(seconds=5)
OUTAGE = timedelta(seconds=15)
_BY_PHONE = (Messenger.WHATSAPP, Messenger.VIBER)
_FINDS_BY_PHONE = (Messenger.TELEGRAM, Messenger.MAX)


class WazzupOutbound:
    """One call per message; Wazzup has no batch call for sending."""

    def __init__(self, account: Account) -> None:
        self._http = http_for(account)

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        """In order. Once the account is down the rest is not tried, and says so."""
        outcomes: list[Outcome] = []
        down: AccountDown | None = None
        for delivery in run:
            outcome = down or self._one(delivery)
            outcomes.append(outcome)
            down = _rest_of_run(delivery, outcome)
        return outcomes

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        """The API can't look up a message: within the vendor's 60 s it may be sent again."""
        return [_may_repeat(delivery) for delivery in run]

    def _one(self, delivery: Delivery) -> Outcome:
        effect = delivery.effect
        if not isinstance(effect, SendMessage):
            kind = type(effect).__name__
            return Rejected(reason="effect_unsupported", detail=f"wazzup does not do {kind}")
        refused = _unsendable(effect)
        return refused or self._send(delivery, effect)

    def _send(self, delivery: Delivery, effect: SendMessage) -> Outcome:
        if not delivery.still_ours():
            return RetryAt(when=delivery.now, reason=f"{_OPERATION}: no longer ours")
        if _key_has_run_out(delivery):
            return Unknown(reason=_RUN_OUT)
        try:
            answer = self._http.call("POST", _PATH, _body(effect))
        except DeliveryTransient as error:
            return AccountDown(cause=str(error), until=delivery.now + OUTAGE)
        except OutcomeUnknown as error:
            return Unknown(reason=str(error))
        return _outcome(delivery, answer)


def _rest_of_run(delivery: Delivery, outcome: Outcome) -> AccountDown | None:
    """What the rows behind this one get without a call: a silent vendor is not asked in vain."""
    if isinstance(outcome, AccountDown):
        return outcome
    if isinstance(outcome, Unknown):
        cause = f"not tried: {outcome.reason}"
        return AccountDown(cause=cause, until=delivery.now + RATE_WINDOW)
    return None


def _unsendable(effect: SendMessage) -> Rejected | None:
    """What Wazzup has no words for, or takes as two messages (WS-03)."""
    if (effect.messenger, effect.chat_kind) not in CHAT_TYPE_OF:
        detail = f"wazzup has no {effect.chat_kind} chats of {effect.messenger}"
        return Rejected(reason="messenger_unsupported", detail=detail)
    if effect.template is not None:
        return _unfit(effect)
    if bool(effect.text) == (effect.media is not None):
        return Rejected(
            reason="MESSAGE_ONLY_TEXT_OR_CONTENT", detail="a message holds a text or a file"
        )
    if effect.media is not None and not effect.media.url:
        return Rejected(reason="file_without_link", detail="wazzup fetches files by their link")
    return None


def _unfit(effect: SendMessage) -> Rejected | None:
    """Of a template `text` is how it reads, which Wazzup puts together itself."""
    if effect.media is not None:
        detail = "a template takes no file beside its values"
        return Rejected(reason="template_with_file", detail=detail)
    if not (effect.template and effect.template.id):
        detail = "wazzup names a template by its id: run bridge sync and choose it again"
        return Rejected(reason="template_without_id", detail=detail)
    return None


def _body(effect: SendMessage) -> Mapping[str, object]:
    body: dict[str, object] = {
        "channelId": effect.channel_id,
        "chatType": CHAT_TYPE_OF[(effect.messenger, effect.chat_kind)],
        "crmMessageId": effect.key,
        **_recipient(effect),
    }
    if effect.template is not None:
        body["templateId"] = effect.template.id
        body["templateValues"] = list(effect.template.values)
    elif effect.media is None:
        body["text"] = effect.text
    else:
        body["contentUri"] = effect.media.url
    if effect.reply_to is not None:
        body["refMessageId"] = effect.reply_to
    if effect.author is not None:
        body["crmUserId"] = effect.author
    if effect.automatic:
        body["clearUnanswered"] = False
    return body


def _recipient(effect: SendMessage) -> Mapping[str, str]:
    """A chat by its id; a first message on Telegram or MAX by `+phone` or `@username`."""
    given = effect.chat_id
    if effect.chat_kind is ChatKind.GROUP:
        return {"chatId": given}
    if effect.messenger in _BY_PHONE:
        return {"chatId": digits_of(given) or given}
    if effect.messenger in _FINDS_BY_PHONE and given.startswith("+"):
        return {"phone": digits_of(given)}
    if effect.messenger is Messenger.TELEGRAM and given.startswith("@"):
        return {"username": given.removeprefix("@")}
    return {"chatId": given.removeprefix("@")}


def _outcome(delivery: Delivery, answer: HttpAnswer) -> Outcome:
    code = known_code(error_code(answer))
    if code == ALREADY_SENT:
        return Done(vendor_ids=_ids(answer))
    if 200 <= answer.status < 300:
        ids = _ids(answer)
        return Done(vendor_ids=ids) if "id" in ids else Unknown(reason=_NO_ID)
    if answer.status == 401 or (answer.status == 403 and code in ("", "FORBIDDEN")):
        return AccountDown(cause=f"{_OPERATION}: HTTP {answer.status}, the API key is refused")
    if answer.status == 429:
        until = max(retry_after(answer, delivery.now) or delivery.now, delivery.now + RATE_WINDOW)
        return AccountDown(cause=f"{_OPERATION}: HTTP 429, 500 calls in 5 s", until=until)
    if answer.status in (408, 423, 425):
        return RetryAt(when=delivery.now + OUTAGE, reason=f"{_OPERATION}: HTTP {answer.status}")
    if 400 <= answer.status < 500:
        return refusal(delivery, answer.status, code)
    return Unknown(reason=f"{_OPERATION}: HTTP {answer.status}")


def _ids(answer: HttpAnswer) -> Mapping[str, str]:
    """`id`, and `chat_id` (new where the chat was named by phone), as far as it answers them."""
    body = error_body(answer)
    found = {"id": body.get("messageId"), "chat_id": body.get("chatId")}
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def _may_repeat(delivery: Delivery) -> Absent | CannotTell:
    if not isinstance(delivery.effect, SendMessage):
        return CannotTell(reason="wazzup can't look this up")
    return CannotTell(reason=_RUN_OUT) if _key_has_run_out(delivery) else Absent()


def _key_has_run_out(delivery: Delivery) -> bool:
    """Whether a repeat of what may have been sent would reach the client a second time."""
    since = delivery.in_doubt_since
    return since is not None and delivery.now - since > KEY_HOLDS
