"""Plays the clients, the rep's phone and Meta: messages, echoes, changes, the clock."""

import base64
import binascii
from collections.abc import Mapping

from flask import Flask, Response, jsonify, request

from bridge.domain.errors import PayloadInvalid
from bridge.payload import Payload
from connectors.whatsapp.sandbox_posting import Poster, announce
from connectors.whatsapp.sandbox_sending import Answered, Refusal, advance
from connectors.whatsapp.sandbox_world import SandboxMessage, World

_FILES = frozenset({"image", "audio", "video", "document", "sticker"})


def add_client(app: Flask, world: World, poster: Poster) -> None:
    @app.errorhandler(PayloadInvalid)
    def wrong_body(error: PayloadInvalid) -> Answered:
        return Refusal(100, f"Invalid parameter {error.path}").answer()

    _add_people(app, world, poster)
    _add_clock(app, world, poster)


def _add_people(app: Flask, world: World, poster: Poster) -> None:
    @app.post("/_sandbox/seed")
    def seed() -> Response:
        """`{"numbers": […], "templates": […]}` as Meta lists them, `{"webhook": {"address",
        "fields"}}`: without the handshake, for a bridge that is not up yet; no fields: all."""
        body = Payload.from_bytes(request.get_data())
        for number in _listed(body, "numbers"):
            world.seed_number(number)
        with world.lock:
            world.templates += [template.mapping() for template in _listed(body, "templates")]
        _seed_webhook(world, body.get("webhook"))
        return jsonify(ok=True)

    @app.post("/_sandbox/incoming")
    def incoming() -> Response:
        message = play(world, poster, Payload.from_bytes(request.get_data()))
        return jsonify(id=message.message_id)

    @app.post("/_sandbox/field")
    def tell() -> Response:
        """`{"field", "value"}`: any change, in Meta's envelope."""
        body = Payload.from_bytes(request.get_data())
        poster.field(body.at("field").text(), body.at("value").mapping())
        return jsonify(ok=True)

    @app.post("/_sandbox/post")
    def post_as_is() -> Response:
        """Posts the given body as a webhook, whatever it is."""
        poster.later(Payload.from_bytes(request.get_data()).mapping())
        return jsonify(ok=True)


def _add_clock(app: Flask, world: World, poster: Poster) -> None:
    @app.post("/_sandbox/settle")
    def settle() -> Response:
        """Waits until all webhooks are out, at most `seconds` (5)."""
        seconds = request.args.get("seconds", 5.0, float)
        return jsonify(settled=poster.settled(seconds))

    @app.post("/_sandbox/advance")
    def go_ahead() -> Response:
        """`{"seconds": n}`: its clock goes ahead, so that windows close and files die."""
        advance(world, Payload.from_bytes(request.get_data()).at("seconds").integer())
        return jsonify(ok=True)


def play(world: World, poster: Poster, body: Payload) -> SandboxMessage:
    """Lets a client write: `{number_id, wa_id, name?, username?, hides?, text?, …}`.

    `edit`, `delete` or `react` name an earlier message, which he changes; `file` (base64) with
    `mime_type` and `kind` makes it a file; `reply_to` quotes; `by_phone` means that it is typed on
    the business' own phone. `item` holds further fields of the message, as they are.
    """
    number_id = body.at("number_id").text()
    if number_id not in world.numbers:
        raise PayloadInvalid("$.number_id is no number", "$.number_id")
    person = world.person(body)
    for deed in ("edit", "delete", "react"):
        if body.has(deed):
            return _change(world, poster, body, deed)
    kind, content = _content(world, body)
    reply_to = body.text_or("reply_to")
    by_phone = body.mapping().get("by_phone") is True
    message = world.add(
        SandboxMessage(
            seq=0,
            message_id=body.text_or("id"),
            number_id=number_id,
            wa_id=person.wa_id,
            outgoing=by_phone,
            at=world.now(),
            kind=kind,
            content=content,
            text=body.text_or("text"),
            status="sent" if by_phone else "",
            by_phone=by_phone,
            reply_to=reply_to,
        )
    )
    item: dict[str, object] = {"type": kind, kind: content}
    if reply_to:
        item["context"] = {"id": reply_to}
    further = body.get("item")
    announce(poster, message, item | ({} if further is None else dict(further.mapping())))
    return message


def _content(world: World, body: Payload) -> tuple[str, Mapping[str, object]]:
    kind = body.text_or("kind", "text")
    if kind not in _FILES:
        return kind, {"body": body.text_or("text")}
    try:
        content = base64.b64decode(body.text_or("file"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PayloadInvalid("$.file is not base64", "$.file") from error
    mime_type = body.text_or("mime_type", "application/octet-stream")
    media_id = world.add_file(content, mime_type)
    sha256 = base64.b64encode(world.files[media_id].sha256).decode()
    told: dict[str, object] = {"id": media_id, "mime_type": mime_type, "sha256": sha256}
    if body.text_or("text"):
        told["caption"] = body.text_or("text")
    if kind == "document":
        told["filename"] = body.text_or("filename", "file")
    return kind, told


def _change(world: World, poster: Poster, body: Payload, deed: str) -> SandboxMessage:
    before = world.messages.get(body.at(deed).text())
    if before is None:
        raise PayloadInvalid(f"$.{deed} names no message", f"$.{deed}")
    own_phone = body.mapping().get("by_phone") is True
    text = body.text_or("text")
    changes: dict[str, Mapping[str, str | bool]] = {
        "edit": {"text": text, "edited": True},
        "delete": {"deleted": True},
        "react": {"emoji": text},
    }
    after = world.update(before.message_id, **changes[deed]) or before
    told = {
        "edit": ("edit", _edit(before, text)),
        "delete": ("revoke", {"original_message_id": before.message_id}),
        "react": ("reaction", {"message_id": before.message_id, "emoji": text}),
    }
    kind, content = told[deed]
    news = SandboxMessage(
        seq=0,
        message_id=f"{before.message_id}.{deed}.{int(world.now().timestamp() * 1e6)}",
        number_id=before.number_id,
        wa_id=before.wa_id,
        outgoing=own_phone,
        at=world.now(),
        kind=kind,
        content=content,
        by_phone=own_phone,
    )
    announce(poster, news, {"type": kind, kind: content})
    return after


def _edit(before: SandboxMessage, text: str) -> Mapping[str, object]:
    content = {**before.content, "caption": text} if before.kind in _FILES else {"body": text}
    return {
        "original_message_id": before.message_id,
        "message": {"type": before.kind, before.kind: content},
    }


def _seed_webhook(world: World, given: Payload | None) -> None:
    if given is None:
        return
    with world.lock:
        world.address = given.at("address").text()
        world.fields = tuple(name.text() for name in _listed(given, "fields"))
        world.subscribed = True


def _listed(parent: Payload, key: str) -> list[Payload]:
    found = parent.get(key)
    return [] if found is None else list(found.items())
