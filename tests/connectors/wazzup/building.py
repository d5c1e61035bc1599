"""Values that the Wazzup tests share."""

import json
from datetime import UTC, datetime

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import Messenger
from bridge.domain.names import CrmId, MessageId
from bridge.ports import Account, Delivery, RawRequest

API_KEY = "apikey-0123456789abcdef"
WEBHOOK_KEY = "hookkey-0123456789abcdef"
SECRETS = {"api_key": API_KEY, "webhook_key": WEBHOOK_KEY}
NOW = datetime(2025, 11, 22, 9, 30, tzinfo=UTC)
PUBLIC = "https://bridge.example/hooks/wz"


def account(base_url: str | None = None, webhook_keys: tuple[str, ...] = (WEBHOOK_KEY,)) -> Account:
    secrets = {"api_key": (API_KEY,), "webhook_key": webhook_keys}
    return Account(name="wz", connector="wazzup", base_url=base_url, secrets=secrets)


def request(
    body: bytes = b"{}", url: str = PUBLIC, authorization: str = f"Bearer {WEBHOOK_KEY}"
) -> RawRequest:
    headers = {"authorization": authorization, "content-type": "application/json; charset-utf-8"}
    return RawRequest(method="POST", url=url, headers=headers, body=body, received_at=NOW)


def posted(**body: object) -> RawRequest:
    return request(json.dumps(body).encode())


def message(**fields: object) -> dict[str, object]:
    """An item of `messages`: an incoming WhatsApp text but for what is given."""
    return {
        "messageId": "m-1",
        "channelId": "wa",
        "chatType": "whatsapp",
        "chatId": "79111111111",
        "dateTime": "2025-07-01T10:00:00.000Z",
        "type": "text",
        "isEcho": False,
        "contact": {"name": "Eva"},
        "text": "Hola",
        "status": "inbound",
    } | fields


def sending(
    text: str = "Buenas",
    *,
    key: str = "k-1",
    channel_id: str = "wa",
    messenger: Messenger = Messenger.WHATSAPP,
    chat_id: str = "79111111111",
) -> SendMessage:
    return SendMessage(
        message=MessageId("ms_1"),
        key=key,
        channel_id=channel_id,
        messenger=messenger,
        chat_id=chat_id,
        text=text,
        author=CrmId("7"),
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
