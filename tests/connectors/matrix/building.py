"""Values that the Matrix tests share."""

import json
from datetime import UTC, datetime

from bridge.domain.effects import Effect, SendMessage
from bridge.domain.messaging import Media, Messenger
from bridge.domain.names import MessageId
from bridge.ports import Account, Delivery, RawRequest

AS_TOKEN = "as-0123456789abcdef"
HS_TOKEN = "hs-0123456789abcdef"
SECRETS = {"as_token": AS_TOKEN, "hs_token": HS_TOKEN}
USER = "@bridge:house.test"
EVA = "@eva:house.test"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PUBLIC = "https://bridge.example"
HOOK = f"{PUBLIC}/hooks/mx"
TRANSACTION = f"{HOOK}/_matrix/app/v1/transactions/7"


def account(
    base_url: str | None = None, hs_tokens: tuple[str, ...] = (HS_TOKEN,), **options: str
) -> Account:
    return Account(
        name="mx",
        connector="matrix",
        base_url=base_url,
        secrets={"as_token": (AS_TOKEN,), "hs_token": hs_tokens},
        options={"user": USER, **options},
    )


def request(
    body: bytes = b"{}",
    *,
    method: str = "PUT",
    url: str = TRANSACTION,
    authorization: str = f"Bearer {HS_TOKEN}",
) -> RawRequest:
    headers = {"authorization": authorization, "content-type": "application/json"}
    return RawRequest(method=method, url=url, headers=headers, body=body, received_at=NOW)


def pushed(*events: object, **more: object) -> RawRequest:
    return request(json.dumps({"events": events, **more}).encode())


def event(kind: str = "m.room.message", **fields: object) -> dict[str, object]:
    """A text of the client's but for what is given."""
    return {
        "type": kind,
        "event_id": "$e1",
        "room_id": "!r1",
        "sender": EVA,
        "origin_server_ts": 1_795_354_268_130,
        "content": {"msgtype": "m.text", "body": "Hola"},
        "unsigned": {"age": 20},
    } | fields


def sending(
    text: str = "Buenas",
    *,
    room: str = "!r1",
    key: str = "ms_1",
    media: Media | None = None,
    reply_to: str | None = None,
) -> SendMessage:
    return SendMessage(
        message=MessageId("ms_1"),
        key=key,
        channel_id=USER,
        messenger=Messenger.MATRIX,
        chat_id=room,
        text="" if media else text,
        media=media,
        reply_to=reply_to,
    )


def delivery(
    effect: Effect, *, now: datetime = NOW, in_doubt_since: datetime | None = None
) -> Delivery:
    return Delivery(
        effect=effect,
        idempotency_key="key-1",
        attempt=1,
        now=now,
        in_doubt_since=in_doubt_since,
    )
