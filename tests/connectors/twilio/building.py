"""Values that the Twilio tests share."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import Messenger
from bridge.domain.names import MessageId
from bridge.ports import Account, Delivery, RawRequest
from connectors.twilio.forms import FORM
from connectors.twilio.signature import signature

SID = f"AC{'0' * 31}1"
TOKEN = "0123456789abcdef0123456789abcdef"
SECRETS = {"account_sid": SID, "auth_token": TOKEN}
NOW = datetime(2025, 11, 22, 9, 30, tzinfo=UTC)
PUBLIC = "https://bridge.example/hooks/tw"
NUMBER, SENDER = "+14155550100", "whatsapp:+14155550100"
CLIENT = "+34600000001"
MESSAGE = f"SM{'a' * 32}"
FIELDS = {
    "MessageSid": MESSAGE,
    "From": CLIENT,
    "To": NUMBER,
    "Body": "Hola",
    "SmsStatus": "received",
}


def account(
    base_url: str | None = None,
    *,
    tokens: tuple[str, ...] = (TOKEN,),
    options: Mapping[str, str] | None = None,
    hook_url: str = "",
) -> Account:
    return Account(
        name="tw",
        connector="twilio",
        base_url=base_url,
        secrets={"account_sid": (SID,), "auth_token": tokens},
        options=options or {},
        hook_url=hook_url,
    )


def request(
    body: bytes,
    url: str = PUBLIC,
    *,
    signed: str | None = None,
    kind: str = FORM,
    method: str = "POST",
) -> RawRequest:
    headers = {"content-type": kind} if kind else {}
    if signed is not None:
        headers["x-twilio-signature"] = signed
    return RawRequest(method=method, url=url, headers=headers, body=body, received_at=NOW)


def posted(
    fields: Mapping[str, str] | Sequence[tuple[str, str]] = FIELDS,
    url: str = PUBLIC,
    token: str = TOKEN,
) -> RawRequest:
    """A signed form."""
    pairs = tuple(fields.items()) if isinstance(fields, Mapping) else tuple(fields)
    return request(urlencode(pairs).encode(), url, signed=sign(url, pairs, token))


def sign(url: str, pairs: Sequence[tuple[str, str]] = (), token: str = TOKEN) -> str:
    return signature(url, pairs, token.encode()).decode()


def sending(
    text: str = "Buenas",
    *,
    key: str = "k-1",
    channel_id: str = NUMBER,
    messenger: Messenger = Messenger.SMS,
    chat_id: str = CLIENT,
) -> SendMessage:
    return SendMessage(
        message=MessageId("ms_1"),
        key=key,
        channel_id=channel_id,
        messenger=messenger,
        chat_id=chat_id,
        text=text,
    )


def delivery(
    effect: SendMessage,
    *,
    attempt: int = 1,
    now: datetime = NOW,
    in_doubt_since: datetime | None = None,
) -> Delivery:
    return Delivery(
        effect=effect,
        idempotency_key=effect.key,
        attempt=attempt,
        now=now,
        in_doubt_since=in_doubt_since,
    )
