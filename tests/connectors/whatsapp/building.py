"""Values that the WhatsApp tests share."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import Messenger
from bridge.domain.names import MessageId
from bridge.ports import Account, Delivery, RawRequest

TOKEN = "token-0123456789abcdef"
APP_SECRET = "appsecret-0123456789abcdef"
OLD_SECRET = "oldsecret-0123456789abcdef"
VERIFY = "verify-0123456789abcdef"
SECRETS = {"access_token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY}
NOW = datetime(2025, 11, 22, 9, 30, tzinfo=UTC)
PUBLIC = "https://bridge.example/hooks/wa"
WABA, APP = "102290129340398", "1234567890123456"
NUMBER, CLIENT = "106540352242922", "16505551234"


def account(base_url: str | None = None, **options: str) -> Account:
    secrets: dict[str, tuple[str, ...]] = {name: (word,) for name, word in SECRETS.items()}
    secrets["app_secret"] = (APP_SECRET, OLD_SECRET)
    return Account(
        name="wa",
        connector="whatsapp",
        base_url=base_url,
        secrets=secrets,
        options={"waba_id": WABA, **options},
    )


def signature(body: bytes, secret: str = APP_SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def request(body: bytes = b"{}", *, signed: str | None = None, method: str = "POST") -> RawRequest:
    given = signature(body) if signed is None else signed
    headers = {"x-hub-signature-256": given, "content-type": "application/json"}
    return RawRequest(method=method, url=PUBLIC, headers=headers, body=body, received_at=NOW)


def asked(query: str, method: str = "GET") -> RawRequest:
    return replace(request(method=method), url=f"{PUBLIC}?{query}")


def change(value: dict[str, Any], field: str = "messages", **entry: Any) -> RawRequest:
    """A body of one change."""
    changes = [{"value": value, "field": field}]
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": WABA, "changes": changes} | entry],
    }
    return request(json.dumps(body).encode())


def value(**items: Any) -> dict[str, Any]:
    """What is around the items of a change, and these."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": "Eva"}, "wa_id": CLIENT}],
    } | items


def message(**fields: Any) -> dict[str, Any]:
    """An item of `messages`: a text but for what is given."""
    return {
        "from": CLIENT,
        "id": "wamid.1",
        "timestamp": "1749416383",
        "type": "text",
        "text": {"body": "Hola"},
    } | fields


def sending(text: str = "Buenas", **changed: Any) -> SendMessage:
    given = SendMessage(
        message=MessageId("ms_1"),
        key="ms_1",
        channel_id=NUMBER,
        messenger=Messenger.WHATSAPP,
        chat_id=CLIENT,
        text=text,
    )
    return replace(given, **changed)


def delivery(effect: SendMessage, **changed: Any) -> Delivery:
    given = Delivery(effect=effect, idempotency_key=effect.key, attempt=1, now=NOW)
    return replace(given, **changed)
