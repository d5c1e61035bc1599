"""Values that the Telegram tests share."""

import json
from datetime import UTC, datetime

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import ChatKind, Media, Messenger
from bridge.domain.names import CrmId, MessageId
from bridge.ports import Account, Delivery, RawRequest

BOT_TOKEN = "7000000001:AAF-kept_0123456789abcdefghijklmnop"
SECRET_TOKEN = "secret-0123456789_ABCDEF"
SECRETS = {"bot_token": BOT_TOKEN, "secret_token": SECRET_TOKEN}
NOW = datetime(2025, 11, 22, 9, 30, tzinfo=UTC)
PUBLIC = "https://bridge.example"
HEADER = "x-telegram-bot-api-secret-token"


def account(
    base_url: str | None = None,
    secret_tokens: tuple[str, ...] = (SECRET_TOKEN,),
    bot_token: str = BOT_TOKEN,
    **options: str,
) -> Account:
    secrets = {"bot_token": (bot_token,), "secret_token": secret_tokens}
    return Account(
        name="tg", connector="telegram", base_url=base_url, secrets=secrets, options=options
    )


def request(body: bytes = b"{}", token: str = SECRET_TOKEN) -> RawRequest:
    headers = {HEADER: token, "content-type": "application/json"}
    url = f"{PUBLIC}/hooks/tg"
    return RawRequest(method="POST", url=url, headers=headers, body=body, received_at=NOW)


def posted(**update: object) -> RawRequest:
    """An update, its id given or 1."""
    return request(json.dumps({"update_id": 1, **update}).encode())


def message(**fields: object) -> dict[str, object]:
    """A private Message: Eva's text but for what is given."""
    return {
        "message_id": 7,
        "from": {"id": 5001, "is_bot": False, "first_name": "Eva"},
        "chat": {"id": 5001, "type": "private", "first_name": "Eva"},
        "date": 1763800000,
        "text": "Hola",
    } | fields


def sending(
    text: str = "Buenas",
    *,
    channel_id: str = "bot",
    chat_id: str = "5001",
    chat_kind: ChatKind = ChatKind.DIRECT,
    media: Media | None = None,
    reply_to: str | None = None,
) -> SendMessage:
    return SendMessage(
        message=MessageId("ms_1"),
        key="k-1",
        channel_id=channel_id,
        messenger=Messenger.TELEGRAM,
        chat_id=chat_id,
        chat_kind=chat_kind,
        text="" if media else text,
        media=media,
        reply_to=reply_to,
        author=CrmId("7"),
    )


def delivery(effect: SendMessage, *, attempt: int = 1, now: datetime = NOW) -> Delivery:
    return Delivery(effect=effect, idempotency_key=effect.key, attempt=attempt, now=now)
