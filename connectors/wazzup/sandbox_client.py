"""Plays the clients and the admin of the stand-in: incoming messages, channel states, the clock."""

from collections.abc import Mapping
from datetime import timedelta

from flask import Flask, Response, jsonify, request

from bridge.domain.errors import PayloadInvalid
from bridge.payload import Payload
from connectors.wazzup.sandbox_posting import Poster, announce
from connectors.wazzup.sandbox_records import Answered, refused
from connectors.wazzup.sandbox_world import CHAT_TYPES, SandboxMessage, World


def add_client(app: Flask, world: World, poster: Poster) -> None:
    @app.errorhandler(PayloadInvalid)
    def wrong_body(error: PayloadInvalid) -> Answered:
        return refused("VALIDATION_ERROR", 400, {"path": error.path})

    @app.post("/_sandbox/seed")
    def seed() -> Response:
        """`{"channels": […]}` and `{"templates": […]}` as they are listed, `{"webhook": {…}}` as
        PATCHed."""
        body = Payload.from_bytes(request.get_data())
        world.seed(() if (found := body.get("channels")) is None else found.items())
        world.seed_templates(() if (known := body.get("templates")) is None else known.items())
        _seed_webhook(world, body.get("webhook"))
        return jsonify(ok=True)

    @app.post("/_sandbox/incoming")
    def incoming() -> Response:
        body = Payload.from_bytes(request.get_data())
        message = play(world, poster, body)
        return jsonify(messageId=message.message_id)

    @app.post("/_sandbox/channel")
    def channel() -> Response:
        """`{"channelId", "state"}`: the channel changes its state, and Wazzup tells."""
        body = Payload.from_bytes(request.get_data())
        channel_id, state = body.at("channelId").text(), body.at("state").text()
        world.change_state(channel_id, state)
        told = {
            "channelId": channel_id,
            "state": state,
            "timestamp": int(world.now().timestamp() * 1000),
        }
        poster.later({"channelsUpdates": [told]})
        return jsonify(ok=True)

    @app.post("/_sandbox/post")
    def post_as_is() -> Response:
        """Posts the given body as a webhook, whatever it is."""
        poster.later(Payload.from_bytes(request.get_data()).mapping())
        return jsonify(ok=True)

    @app.post("/_sandbox/settle")
    def settle() -> Response:
        """Waits until all webhooks are out, at most `seconds` (5)."""
        seconds = request.args.get("seconds", 5.0, float)
        return jsonify(settled=poster.settled(seconds))

    @app.post("/_sandbox/advance")
    def advance() -> Response:
        """`{"seconds": n}`: its clock goes ahead, so that windows close."""
        seconds = Payload.from_bytes(request.get_data()).at("seconds").integer()
        with world.lock:
            world.ahead += timedelta(seconds=seconds)
        return jsonify(ok=True)


def play(world: World, poster: Poster, body: Payload) -> SandboxMessage:
    """Lets a client write: `{channelId, chatId, chatType?, name?, phone?, username?, text?, …}`.

    With the `messageId` of an earlier message and `isEdited` or `isDeleted` it changes that one;
    with `isEcho` it is typed on the seller's phone. Further fields go out as they are.
    """
    before = world.messages.get(body.text_or("messageId"))
    if before is not None:
        return _change(world, poster, before, body)
    channel = world.channels.get(body.at("channelId").text())
    if channel is None:
        raise PayloadInvalid("$.channelId is no channel", "$.channelId")
    outgoing = body.mapping().get("isEcho") is True
    message = world.add(
        SandboxMessage(
            seq=0,
            message_id=body.text_or("messageId"),
            channel_id=channel.channel_id,
            chat_type=body.text_or("chatType", CHAT_TYPES[channel.transport][0]),
            chat_id=body.at("chatId").text(),
            outgoing=outgoing,
            at=world.now(),
            kind=body.text_or("type", "document" if body.has("contentUri") else "text"),
            text=body.text_or("text"),
            content_uri=body.text_or("contentUri"),
            status="sent" if outgoing else "inbound",
        )
    )
    _remember(world, message, body)
    announce(poster, message, _overrides(body))
    return message


def _change(world: World, poster: Poster, before: SandboxMessage, body: Payload) -> SandboxMessage:
    deleted = body.mapping().get("isDeleted") is True
    text = before.text if deleted else body.text_or("text")
    after = world.update(before.message_id, text=text, deleted=deleted, edited=not deleted)
    announce(poster, after or before, {"oldInfo": {"oldText": before.text}})
    return after or before


def _remember(world: World, message: SandboxMessage, body: Payload) -> None:
    known = dict(world.contacts.get(message.chat, {"name": message.chat_id}))
    given = {key: body.text_or(key) for key in ("name", "phone", "username")}
    with world.lock:
        world.contacts[message.chat] = known | {key: text for key, text in given.items() if text}


def _overrides(body: Payload) -> Mapping[str, object]:
    own = ("name", "phone", "username")
    return {key: value for key, value in body.mapping().items() if key not in own}


def _seed_webhook(world: World, given: Payload | None) -> None:
    """Sets the subscription without the test call, for a bridge that is not up yet."""
    if given is None:
        return
    switches = given.get("subscriptions")
    with world.lock:
        world.address = given.at("webhooksUri").text()
        world.subscriptions = (
            {"messagesAndStatuses": True, "channelsUpdates": True}
            if switches is None
            else {key: switches.at(key).boolean() for key in switches.mapping()}
        )
