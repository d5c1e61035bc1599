"""Plays the clients and the admin of the stand-in: incoming messages, numbers, the clock."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import timedelta

from flask import Flask, Response, jsonify, request

from bridge.domain.errors import PayloadInvalid
from bridge.payload import Payload
from connectors.twilio.sandbox_posting import Call, Poster, announce
from connectors.twilio.sandbox_world import SandboxMessage, World, new_sid


def add_client(app: Flask, world: World, poster: Poster) -> None:
    _add_clock(app, world, poster)

    @app.errorhandler(PayloadInvalid)
    def wrong_body(error: PayloadInvalid) -> tuple[Response, int]:
        return jsonify(code=20001, message="Invalid parameter", status=400, path=error.path), 400

    @app.post("/_sandbox/seed")
    def seed() -> Response:
        """`{"channels": [{"address", "name", "hook", "status"}], "contents": [{"sid"?, "name",
        "language", "body", "variables", "status"}]}`."""
        body = Payload.from_bytes(request.get_data())
        for given in _items(body, "channels"):
            world.add_channel(given)
        for given in _items(body, "contents"):
            _add_content(world, given)
        return jsonify(ok=True)

    @app.post("/_sandbox/incoming")
    def incoming() -> Response:
        message = play(world, poster, Payload.from_bytes(request.get_data()))
        return jsonify(sid=message.sid)

    @app.post("/_sandbox/post")
    def post_as_is() -> Response:
        """`{"address", "fields"}`: posts these fields, signed."""
        body = Payload.from_bytes(request.get_data())
        fields = _texts(body.at("fields"))
        poster.later(Call(address=body.at("address").text(), fields=fields))
        return jsonify(ok=True)


def _add_clock(app: Flask, world: World, poster: Poster) -> None:
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
    """Lets a client write: `{to, from, text?, name?, file?: {type, base64}, fields?: {…}}`; the
    `fields` go out as they are beside those that Twilio always posts."""
    ours, client = body.at("to").text(), body.at("from").text()
    if world.channel_of(ours) is None:
        raise PayloadInvalid("$.to is no channel", "$.to")
    text, file = body.text_or("text"), body.get("file")
    sid = new_sid("SM" if file is None else "MM")
    media = () if file is None else (_kept(world, sid, file),)
    with world.lock:
        world.names[client] = body.text_or("name") or world.names.get(client, "")
    message = world.add(
        SandboxMessage(
            seq=0,
            sid=sid,
            sender=client,
            receiver=ours,
            outgoing=False,
            at=world.now(),
            body=text,
            media=media,
        )
    )
    kind = world.heed(ours, client, text)
    extra = {"OptOutType": kind} if kind else {}
    more = body.get("fields")
    announce(poster, message, {**extra, **({} if more is None else _texts(more))})
    return message


def _items(body: Payload, key: str) -> Iterator[Payload]:
    found = body.get(key)
    return iter(()) if found is None else found.items()


def _kept(world: World, sid: str, file: Payload) -> str:
    try:
        content = base64.b64decode(file.at("base64").text(), validate=True)
    except binascii.Error as error:
        raise PayloadInvalid("$.file.base64 is not base64", "$.file.base64") from error
    return world.add_file(sid, file.at("type").text(), content).sid


def _add_content(world: World, given: Payload) -> None:
    variables = given.get("variables")
    with world.lock:
        world.contents[given.text_or("sid") or new_sid("HX")] = {
            "name": given.at("name").text(),
            "language": given.text_or("language", "en"),
            "body": given.at("body").text(),
            "variables": {} if variables is None else dict(variables.mapping()),
            "status": given.text_or("status", "approved"),
        }


def _texts(given: Payload) -> Mapping[str, str]:
    return {name: given.at(name).text() for name in given.mapping()}
