"""The events of the reference system, in the form that the bridge takes them."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from connectors.webhook.sandbox_world import SandboxMessage, World

Event = Mapping[str, object]


def changed(kind: str, record: str, change: str, *, by_us: bool = False) -> Event:
    return _event(f"{kind}.changed", **{kind: record}, change=change, by_us=by_us)


def owner_changed(kind: str, record: str, owner: str | None, *, by_us: bool = False) -> Event:
    return _event("owner.changed", kind=kind, record=record, owner=owner, by_us=by_us)


def status_changed(message_id: str, status: str) -> Event:
    key = f"{message_id}:{status}"
    return _event("message.status", key, message_id=message_id, status=status)


def channel_changed(channel_id: str, state: str) -> Event:
    return _event("channel.changed", channel_id=channel_id, state=state)


def received(world: World, message: SandboxMessage) -> Event:
    event: dict[str, object] = {"message_id": message.id, "chat": chat(world, message)}
    if message.text:
        event["text"] = message.text
    if message.file:
        event["media"] = [{"kind": "document", "url": message.file}]
    return _event("message.received", message.id, **event)


def edited(world: World, message: SandboxMessage, before: str) -> Event:
    return _event(
        "message.edited",
        message_id=message.id,
        chat=chat(world, message),
        direction="in",
        text=message.text,
        old_text=before,
    )


def deleted(world: World, message: SandboxMessage) -> Event:
    return _event(
        "message.deleted",
        message.id,
        message_id=message.id,
        chat=chat(world, message),
        direction="in",
        old_text=message.text,
    )


def reacted(world: World, message: SandboxMessage) -> Event:
    return _event(
        "message.reacted",
        message_id=message.id,
        chat=chat(world, message),
        emoji=message.reaction,
    )


def chat(world: World, message: SandboxMessage) -> Mapping[str, object]:
    channel = world.channels.get(message.channel_id, {})
    return {
        "channel_id": message.channel_id,
        "messenger": channel.get("messenger", "other"),
        "chat_id": message.chat_id,
        **world.names.get((message.channel_id, message.chat_id), {}),
    }


def _event(word: str, key: str = "", **fields: object) -> Event:
    """`key`: what happens once has an id of its own, so that it counts once."""
    now = datetime.now(UTC).isoformat()
    return {"type": word, "id": key or uuid.uuid4().hex, "occurred_at": now, **fields}
