"""Plays the clients of the stand-in: they invite, write, edit, react, delete, read and leave."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, jsonify, request

from bridge.domain.errors import PayloadInvalid
from bridge.payload import Payload
from connectors.matrix.sandbox_pushing import Pusher
from connectors.matrix.sandbox_rooms import Answered, refused
from connectors.matrix.sandbox_world import SERVER, File, Room, World

MEMBER = "m.room.member"


def add_client(app: Flask, world: World, pusher: Pusher) -> None:
    @app.errorhandler(PayloadInvalid)
    def wrong_body(error: PayloadInvalid) -> Answered:
        return refused("M_BAD_JSON", 400, error.path)

    @app.post("/_sandbox/seed")
    def seed() -> Response:
        """`{"user": "@bridge:sandbox", "url": "https://…/hooks/matrix-main"}`, either or both."""
        body = Payload.from_bytes(request.get_data())
        with world.lock:
            world.user = body.text_or("user", world.user)
            world.url = body.text_or("url", world.url).rstrip("/")
        return jsonify(ok=True)

    @app.post("/_sandbox/incoming")
    def incoming() -> Response:
        return jsonify(play(world, pusher, Payload.from_bytes(request.get_data())))

    @app.post("/_sandbox/push")
    def push_as_is() -> Response:
        """Pushes the given event, whatever it is."""
        pusher.event(Payload.from_bytes(request.get_data()).mapping())
        return jsonify(ok=True)

    @app.post("/_sandbox/settle")
    def settle() -> Response:
        """Waits until all transactions are out, at most `seconds` (5)."""
        return jsonify(settled=pusher.settled(request.args.get("seconds", 5.0, float)))


def play(world: World, pusher: Pusher, body: Payload) -> Mapping[str, str]:
    """`{"do": …, "client": "@eva:sandbox", "room": …, "event": …, "text": …}`; gives the ids.

    `do` is `invite` (a new room; `name` and `group` if wanted), `write` (the default; `reply_to`),
    `edit`, `react`, `redact`, `read` (each of `event`), `send_file` (`content` in base64, `name`,
    `content_type`), `locate` (`geo`), `leave` or `return`. Without `room` the client writes in
    one of his own, to which he invites first.
    """
    client = body.text_or("client") or f"@eva:{SERVER}"
    action = body.text_or("do") or "write"
    with world.lock:
        world.names.setdefault(client, body.text_or("display_name") or client[1:].split(":")[0])
        if action == "invite":
            return {"room": _invited(world, pusher, client, body).room_id}
        room = _room(world, pusher, client, body)
        act = _ACTIONS.get(action)
        if act is None:
            raise PayloadInvalid("$.do is nothing that a client does", "$.do")
        return {"room": room.room_id, "event": act(world, pusher, room, client, body)}


def _room(world: World, pusher: Pusher, client: str, body: Payload) -> Room:
    given = body.text_or("room")
    own = [room for room in world.rooms.values() if client in room.members and not room.name]
    if not given:
        return own[-1] if own else _invited(world, pusher, client, body)
    found = world.room(given)
    if found is None:
        raise PayloadInvalid("$.room is no room", "$.room")
    return found


def _invited(world: World, pusher: Pusher, client: str, body: Payload) -> Room:
    is_group = body.mapping().get("group") is True
    room = world.new_room(client, body.text_or("name"))
    room.members[world.user] = "invite"
    content = {"membership": "invite", "is_direct": not is_group}
    inviter = {"membership": "join", "displayname": world.names[client]}
    state = [
        {"type": "m.room.create", "state_key": "", "sender": client, "content": {}},
        {"type": MEMBER, "state_key": client, "sender": client, "content": inviter},
    ]
    if room.name:
        named = {"name": room.name}
        state += [{"type": "m.room.name", "state_key": "", "sender": client, "content": named}]
    unsigned = {"invite_room_state": state}
    pusher.event(world.add(room, client, MEMBER, content, state_key=world.user, unsigned=unsigned))
    return room


def _said(
    world: World,
    pusher: Pusher,
    room: Room,
    client: str,
    content: Mapping[str, Any],
    kind: str = "m.room.message",
) -> str:
    event = world.add(room, client, kind, content)
    pusher.event(event)
    return str(event["event_id"])


def _write(world: World, pusher: Pusher, room: Room, client: str, body: Payload) -> str:
    content: dict[str, Any] = {"msgtype": "m.text", "body": body.at("text").text()}
    if answered := body.text_or("reply_to"):
        content["m.relates_to"] = {"m.in_reply_to": {"event_id": answered}}
    return _said(world, pusher, room, client, content)


def _edit(world: World, pusher: Pusher, room: Room, client: str, body: Payload) -> str:
    text, edited = body.at("text").text(), body.at("event").text()
    content = {
        "msgtype": "m.text",
        "body": f"* {text}",
        "m.new_content": {"msgtype": "m.text", "body": text},
        "m.relates_to": {"rel_type": "m.replace", "event_id": edited},
    }
    return _said(world, pusher, room, client, content)


def _react(world: World, pusher: Pusher, room: Room, client: str, body: Payload) -> str:
    relates = {
        "rel_type": "m.annotation",
        "event_id": body.at("event").text(),
        "key": body.at("text").text(),
    }
    return _said(world, pusher, room, client, {"m.relates_to": relates}, "m.reaction")


def _redact(world: World, pusher: Pusher, room: Room, client: str, body: Payload) -> str:
    content = {"redacts": body.at("event").text()}
    return _said(world, pusher, room, client, content, "m.room.redaction")


def _read(world: World, pusher: Pusher, room: Room, client: str, body: Payload) -> str:
    event_id = body.at("event").text()
    room.read[client] = event_id
    pusher.receipt(room.room_id, event_id, client)
    return event_id


def _send_file(world: World, pusher: Pusher, room: Room, client: str, body: Payload) -> str:
    name, content_type = body.text_or("name", "file"), body.text_or("content_type", "image/png")
    try:
        content = base64.b64decode(body.at("content").text(), validate=True)
    except ValueError as error:
        raise PayloadInvalid("$.content is not base64", "$.content") from error
    key = f"file{world.number()}"
    world.files[key] = File(content, content_type, name)
    kind = "m.image" if content_type.startswith("image/") else "m.file"
    info = {"mimetype": content_type, "size": len(content)}
    said = {"msgtype": kind, "body": name, "url": f"mxc://{SERVER}/{key}", "info": info}
    return _said(world, pusher, room, client, said)


def _locate(world: World, pusher: Pusher, room: Room, client: str, body: Payload) -> str:
    content = {"msgtype": "m.location", "body": "Here", "geo_uri": body.at("geo").text()}
    return _said(world, pusher, room, client, content)


def _leave(world: World, pusher: Pusher, room: Room, client: str, body: Payload) -> str:
    return _move(world, pusher, room, client, "leave")


def _return(world: World, pusher: Pusher, room: Room, client: str, body: Payload) -> str:
    return _move(world, pusher, room, client, "join")


def _move(world: World, pusher: Pusher, room: Room, client: str, state: str) -> str:
    before = room.members.get(client, "leave")
    room.members[client] = state
    unsigned = {"prev_content": {"membership": before}}
    content = {"membership": state}
    event = world.add(room, client, MEMBER, content, state_key=client, unsigned=unsigned)
    pusher.event(event)
    return str(event["event_id"])


_ACTIONS: Mapping[str, Callable[[World, Pusher, Room, str, Payload], str]] = {
    "write": _write,
    "edit": _edit,
    "react": _react,
    "redact": _redact,
    "read": _read,
    "send_file": _send_file,
    "locate": _locate,
    "leave": _leave,
    "return": _return,
}
