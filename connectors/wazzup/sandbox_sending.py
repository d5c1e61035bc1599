"""POST, PATCH and DELETE /v3/message of the stand-in, with the checks that the vendor documents."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

from flask import Flask, Response, jsonify, request

from bridge.domain.errors import PayloadInvalid
from bridge.payload import Payload
from connectors.wazzup.sandbox_posting import Poster, announce, announce_sent
from connectors.wazzup.sandbox_world import CHAT_TYPES, SandboxChannel, SandboxMessage, World

_TEXT_LIMITS = {
    "whatsapp": (10_000, "MESSAGE_TEXT_TOO_LONG"),
    "wapi": (1_024, "MESSAGES_TOO_LONG_WABA"),
    "tgapi": (4_096, "MESSAGES_TOO_LONG_TELEGRAM"),
    "telegram": (4_096, "MESSAGES_TOO_LONG_TELEGRAM"),
    "max": (4_096, "VALIDATION_ERROR"),
    "maxbot": (4_096, "VALIDATION_ERROR"),
    "instagram": (1_000, "MESSAGES_TOO_LONG_INSTAGRAM"),
    "vk": (1_000, "MESSAGES_TOO_LONG_VK"),
    "avito": (1_000, "MESSAGES_TOO_LONG_AVITO"),
    "viber": (6_999, "MESSAGES_TOO_LONG_VIBER"),
}
_STATE_REFUSALS = {
    "active": "",
    "disabled": "CHANNEL_BLOCKED",
    "blocked": "CHANNEL_BLOCKED",
    "notEnoughMoney": "CHANNEL_NO_MONEY",
    "rejected": "CHANNEL_WAPI_REJECTED",
}
_WINDOWS = {
    "wapi": (timedelta(hours=24), "24_HOURS_EXCEEDED"),
    "instagram": (timedelta(days=7), "7_DAYS_EXCEEDED"),
}
_PLACE = re.compile(r"\{\{\s*(\d+)\s*\}\}")
_ALL_CHAT_TYPES = frozenset(word for words in CHAT_TYPES.values() for word in words)
_NO_EDITS = "wapi"


class Refusal(Exception):
    """What the vendor answers instead of sending."""

    def __init__(self, code: str, data: Mapping[str, object] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.data = data or {}

    def answer(self) -> tuple[Response, int]:
        body = {
            "status": 400,
            "requestId": "7ca68797d127735e72b066b0080e2cc0",
            "error": self.code,
            "description": self.code.replace("_", " ").lower(),
            "data": self.data,
        }
        return jsonify(body), 400


def add_sending(app: Flask, world: World, poster: Poster) -> None:
    @app.post("/v3/message")
    def send() -> tuple[Response, int]:
        return _answered(lambda: _send(world, poster, Payload.from_bytes(request.get_data())))

    @app.patch("/v3/message/<message_id>")
    def edit(message_id: str) -> tuple[Response, int]:
        return _answered(lambda: _edit(world, poster, message_id))

    @app.delete("/v3/message/<message_id>")
    def delete(message_id: str) -> tuple[Response, int]:
        return _answered(lambda: _delete(world, poster, message_id))


def _answered(work: Callable[[], tuple[Response, int]]) -> tuple[Response, int]:
    try:
        return work()
    except Refusal as refusal:
        return refusal.answer()
    except PayloadInvalid as error:
        return Refusal("VALIDATION_ERROR", {"path": error.path}).answer()


def _send(world: World, poster: Poster, body: Payload) -> tuple[Response, int]:
    message = _checked(world, body)
    sent = world.send(message)
    if sent is None:
        raise Refusal("REPEATED_CRM_MESSAGE_ID", {"crmMessageId": message.crm_message_id})
    announce_sent(poster, sent)
    return jsonify(messageId=sent.message_id, chatId=sent.chat_id), 201


def _checked(world: World, body: Payload) -> SandboxMessage:
    """The message that the body asks for; raises Refusal in the vendor's words."""
    chat_type = _field(body, "chatType", _ALL_CHAT_TYPES)
    channel = world.channels.get(_field(body, "channelId"))
    chat_id = _chat_id(body, chat_type)
    template_id, values = body.text_or("templateId"), _values(body)
    text, uri = body.text_or("text"), body.text_or("contentUri")
    if template_id:
        text = _rendered(world, template_id, values)
    _check_content(text, uri)
    if channel is None:
        raise Refusal("CHANNEL_NOT_FOUND")
    _check_channel(channel, chat_type)
    _check_text(channel, text)
    _check_window(world, channel, chat_id, bool(template_id))
    _check_quotation(world, body.text_or("refMessageId"))
    return SandboxMessage(
        seq=0,
        message_id="",
        channel_id=channel.channel_id,
        chat_type=chat_type,
        chat_id=chat_id,
        outgoing=True,
        at=world.now(),
        kind="document" if uri else "text",
        text=text,
        content_uri=uri,
        status="sent",
        crm_message_id=body.text_or("crmMessageId"),
        crm_user_id=body.text_or("crmUserId"),
        reply_to=body.text_or("refMessageId"),
        template_id=template_id,
        template_values=values,
    )


def _values(body: Payload) -> tuple[str, ...]:
    given = body.get("templateValues")
    return () if given is None else tuple(value.text() for value in given.items())


def _rendered(world: World, template_id: str, values: tuple[str, ...]) -> str:
    """How the client reads it; only an approved template with all its values leaves."""
    found = world.templates.get(template_id)
    if found is None:
        raise Refusal("INVALID_MESSAGE_DATA", {"fields": ["templateId"]})
    if str(found.get("status", "")).lower() != "approved":
        raise Refusal("TEMPLATE_REJECTED")
    parts = Payload(found).at("components").items()
    text = "\n".join(part.text_or("text") for part in parts if part.text_or("text"))
    places = sorted(set(_PLACE.findall(text)), key=int)
    if len(places) != len(values) or not all(values):
        raise Refusal("INVALID_MESSAGE_DATA", {"fields": ["templateValues"]})
    return _PLACE.sub(lambda place: values[places.index(place[1])], text)


def _field(body: Payload, key: str, allowed: frozenset[str] = frozenset()) -> str:
    found = body.mapping().get(key)
    if not isinstance(found, str) or not found or (allowed and found not in allowed):
        raise Refusal("INVALID_MESSAGE_DATA", {"fields": [key]})
    return found


def _chat_id(body: Payload, chat_type: str) -> str:
    """Telegram and MAX take a phone, Telegram a username too, and make a chat id of it."""
    for key, types in (("phone", ("telegram", "max")), ("username", ("telegram",))):
        if chat_type in types and body.text_or(key) and not body.text_or("chatId"):
            return str(uuid5(NAMESPACE_URL, f"{chat_type}/{body.text_or(key)}"))
    chat_id = _field(body, "chatId")
    digits_only = chat_type in ("whatsapp", "viber")
    if (digits_only and not chat_id.isdigit()) or chat_id.startswith("@"):
        raise Refusal("INVALID_MESSAGE_DATA", {"fields": ["chatId"]})
    return chat_id


def _check_content(text: str, uri: str) -> None:
    if text and uri:
        raise Refusal("MESSAGE_ONLY_TEXT_OR_CONTENT")
    if not text and not uri:
        raise Refusal("MESSAGE_NOTHING_TO_SEND")
    if uri and not uri.startswith(("http://", "https://")):
        raise Refusal("MESSAGE_DOWNLOAD_CONTENT_ERROR")


def _check_channel(channel: SandboxChannel, chat_type: str) -> None:
    if chat_type not in CHAT_TYPES[channel.transport]:
        raise Refusal("WRONG_TRANSPORT", {"transport": channel.transport, "chatType": chat_type})
    refused = _STATE_REFUSALS.get(channel.state, "MESSAGE_CHANNEL_UNAVAILABLE")
    if refused:
        raise Refusal(refused)


def _check_text(channel: SandboxChannel, text: str) -> None:
    limit, code = _TEXT_LIMITS[channel.transport]
    if len(text) > limit:
        raise Refusal(code)


def _check_window(world: World, channel: SandboxChannel, chat_id: str, template: bool) -> None:
    """WhatsApp Business API: 24 h after the client's last message, else a template. Instagram:
    7 days, and never first (WS-04).
    """
    if channel.transport not in _WINDOWS or (template and channel.transport == "wapi"):
        return
    window, code = _WINDOWS[channel.transport]
    last = world.last_inbound(channel.channel_id, chat_id)
    if last is None or world.now() - last > window:
        raise Refusal(code)


def _check_quotation(world: World, message_id: str) -> None:
    if message_id and message_id not in world.messages:
        raise Refusal("REFERENCE_MESSAGE_NOT_FOUND")


def _edit(world: World, poster: Poster, message_id: str) -> tuple[Response, int]:
    body = Payload.from_bytes(request.get_data())
    text, uri = body.text_or("text"), body.text_or("contentUri")
    _check_content(text, uri)
    before = _changeable(world, message_id, "CHANNEL_INVALID_TRANSPORT_FOR_EDITING")
    after = world.update(message_id, text=text, content_uri=uri, edited=True)
    if after is not None:
        announce(poster, after, {"oldInfo": {"oldText": before.text}})
    return jsonify(messageId=message_id), 200


def _delete(world: World, poster: Poster, message_id: str) -> tuple[Response, int]:
    before = _changeable(world, message_id, "CHANNEL_INVALID_TRANSPORT_FOR_DELETION")
    after = world.update(message_id, deleted=True)
    if after is not None:
        announce(poster, after, {"oldInfo": {"oldText": before.text}})
    return jsonify(messageId=message_id), 200


def _changeable(world: World, message_id: str, refused: str) -> SandboxMessage:
    found = world.messages.get(message_id)
    if found is None:
        raise Refusal("MESSAGES_NOT_FOUND")
    if world.channels[found.channel_id].transport == _NO_EDITS:
        raise Refusal(refused)
    return found
