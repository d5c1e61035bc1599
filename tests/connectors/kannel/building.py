"""Values that the Kannel tests share."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import Messenger
from bridge.domain.names import MessageId
from bridge.ports import Account, Delivery, RawRequest

PASSWORD = "sendpw-0123456789abcdef"
PATH_SECRET = "path-0123456789abcdef"
SECRETS = {"password": PASSWORD, "path_secret": PATH_SECRET}
NOW = datetime(2025, 11, 22, 9, 30, tzinfo=UTC)
PUBLIC = f"https://bridge.example/hooks/sms/{PATH_SECRET}"
NUMBER, CLIENT = "7275", "+34600000001"
FIELDS = {"id": "65b679fd", "from": CLIENT, "to": NUMBER, "when": "1795354374", "smsc": "fake"}


def account(
    base_url: str | None = None,
    *,
    password: str = PASSWORD,
    secrets: tuple[str, ...] = (PATH_SECRET,),
    options: Mapping[str, str] | None = None,
    hook_url: str = "",
) -> Account:
    return Account(
        name="sms",
        connector="kannel",
        base_url=base_url,
        secrets={"password": (password,), "path_secret": secrets},
        options=options or {},
        hook_url=hook_url,
    )


def called(
    fields: Mapping[str, str] = FIELDS,
    body: bytes = b"Hola",
    *,
    kind: str = 'text/plain; charset="UTF-8"',
    method: str = "POST",
    url: str = PUBLIC,
) -> RawRequest:
    return RawRequest(
        method=method,
        url=f"{url}?{urlencode(fields)}" if fields else url,
        headers={"content-type": kind} if kind else {},
        body=body,
        received_at=NOW,
    )


def sending(
    text: str = "Buenas", *, key: str = "k-1", channel_id: str = NUMBER, chat_id: str = CLIENT
) -> SendMessage:
    return SendMessage(
        message=MessageId("ms_1"),
        key=key,
        channel_id=channel_id,
        messenger=Messenger.SMS,
        chat_id=chat_id,
        text=text,
    )


def delivery(effect: SendMessage, *, attempt: int = 1, now: datetime = NOW) -> Delivery:
    return Delivery(effect=effect, idempotency_key=effect.key, attempt=attempt, now=now)
