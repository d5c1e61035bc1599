"""The stand-in's client-server API: rooms, sending, history, files, as far as we call it."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, jsonify, request

from connectors.matrix.sandbox_pushing import Pusher
from connectors.matrix.sandbox_world import SERVER, File, Room, World

MAX_EVENT_BYTES = 65_536
MAX_FILE_BYTES = 10 * 1024 * 1024
Answered = tuple[Response, int]


def refused(errcode: str, status: int, error: str = "", **more: Any) -> Answered:
    return jsonify({"errcode": errcode, "error": error or errcode, **more}), status


def add_rooms(app: Flask, world: World, pusher: Pusher) -> None:
    @app.post("/_matrix/client/v3/join/<room_id>")
    def join(room_id: str) -> Answered:
        return _join(world, pusher, room_id)

    @app.get("/_matrix/client/v3/joined_rooms")
    def joined_rooms() -> Answered:
        with world.lock:
            found = [r.room_id for r in world.rooms.values() if r.members.get(world.user) == "join"]
        return jsonify(joined_rooms=found), 200

    @app.put("/_matrix/client/v3/rooms/<room_id>/send/<kind>/<txn_id>")
    def send(room_id: str, kind: str, txn_id: str) -> Answered:
        with world.lock:
            return _send(world, pusher, room_id, kind, txn_id)

    @app.get("/_matrix/client/v3/rooms/<room_id>/messages")
    def messages(room_id: str) -> Answered:
        if _joined(world, room_id) is None:
            return _not_in(world, room_id)
        return _page(world, room_id)


def _join(world: World, pusher: Pusher, room_id: str) -> Answered:
    room = world.room(room_id)
    if room is None:
        return refused("M_NOT_FOUND", 404, "no known servers")
    state = room.members.get(world.user)
    if state not in ("invite", "join"):
        return refused("M_FORBIDDEN", 403, "You are not invited to this room.")
    if state == "invite":
        room.members[world.user] = "join"
        content = {"membership": "join"}
        pusher.event(world.add(room, world.user, "m.room.member", content, state_key=world.user))
    return jsonify(room_id=room_id), 200


def _send(world: World, pusher: Pusher, room_id: str, kind: str, txn_id: str) -> Answered:
    known = world.transactions.get((room_id, kind, txn_id))
    if known is not None:
        return jsonify(event_id=known), 200
    room = _joined(world, room_id)
    if room is None:
        return _not_in(world, room_id)
    content = _content()
    if isinstance(content, tuple):
        return content
    event = world.add(room, world.user, kind, content)
    world.transactions[(room_id, kind, txn_id)] = event["event_id"]
    pusher.event(event)
    return jsonify(event_id=event["event_id"]), 200


def _not_in(world: World, room_id: str) -> Answered:
    return refused("M_FORBIDDEN", 403, f"User {world.user} not in room {room_id}")


def add_files(app: Flask, world: World) -> None:
    @app.post("/_matrix/media/v3/upload")
    def upload() -> Answered:
        content = request.get_data()
        if len(content) > MAX_FILE_BYTES:
            return refused("M_TOO_LARGE", 413, "Upload request body is too large")
        key = f"file{world.number()}"
        content_type = request.headers.get("Content-Type", "application/octet-stream")
        world.files[key] = File(content, content_type, request.args.get("filename", ""))
        return jsonify(content_uri=f"mxc://{SERVER}/{key}"), 200

    @app.get("/_matrix/client/v1/media/download/<server>/<media_id>")
    def download(server: str, media_id: str) -> Response | Answered:
        file = world.files.get(media_id) if server == SERVER else None
        if file is None:
            return refused("M_NOT_FOUND", 404, "Not found")
        return Response(file.content, content_type=file.content_type)


def _joined(world: World, room_id: str) -> Room | None:
    room = world.room(room_id)
    return room if room is not None and room.members.get(world.user) == "join" else None


def _content() -> Mapping[str, Any] | Answered:
    if len(request.get_data()) > MAX_EVENT_BYTES:
        return refused("M_TOO_LARGE", 413, "event too large")
    found = request.get_json(silent=True)
    if not isinstance(found, dict):
        return refused("M_NOT_JSON", 400, "Content must be a JSON object.")
    if not isinstance(found.get("body"), str) or not isinstance(found.get("msgtype"), str):
        return refused("M_BAD_JSON", 400, "a message needs msgtype and body")
    return found


def _page(world: World, room_id: str) -> Answered:
    wanted = json.loads(request.args.get("filter", "{}"))
    found = [
        event
        for event in reversed(world.in_room(room_id))
        if event["sender"] in wanted.get("senders", [event["sender"]])
        and event["type"] in wanted.get("types", [event["type"]])
    ]
    start = int(request.args.get("from", "s0").removeprefix("s"))
    limit = request.args.get("limit", 10, int)
    chunk, rest = found[start : start + limit], found[start + limit :]
    end = {"end": f"s{start + limit}"} if rest else {}
    return jsonify(chunk=chunk, start=f"s{start}", **end), 200
