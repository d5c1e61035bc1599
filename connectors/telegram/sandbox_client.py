"""Plays the clients, the reps and the groups' admins of the stand-in, and its clock."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, Response, jsonify, request

from connectors.telegram.sandbox_posting import Poster
from connectors.telegram.sandbox_sending import Refusal, bad, describe, quoted
from connectors.telegram.sandbox_world import Json, SandboxFile, SandboxMessage, World
from connectors.telegram.words import ALLOWED_UPDATES, BOT_CHANNEL

Verb = Callable[[World, Poster, Json], Json]
_NAMES = ("first_name", "last_name", "username")


def add_client(app: Flask, world: World, poster: Poster, secret_token: str) -> None:
    @app.post("/_sandbox/seed")
    def seed() -> Response:
        _seed(world, request.get_json(), secret_token)
        poster.has_address()
        return jsonify(ok=True)

    @app.post("/_sandbox/<any(incoming, edit, delete, react, block, press, connect, move):verb>")
    def play(verb: str) -> tuple[Response, int]:
        try:
            with world.lock:
                return jsonify(VERBS[verb](world, poster, request.get_json())), 200
        except Refusal as refusal:
            return jsonify(refusal.answer()), refusal.status

    _add_steering(app, world, poster)


def _add_steering(app: Flask, world: World, poster: Poster) -> None:
    @app.post("/_sandbox/post")
    def post_as_is() -> Response:
        """Posts the given body as an update, whatever it is."""
        poster.later(request.get_json())
        return jsonify(ok=True)

    @app.post("/_sandbox/settle")
    def settle() -> Response:
        """Waits until all updates are out, at most `seconds` (5)."""
        return jsonify(settled=poster.settled(request.args.get("seconds", 5.0, float)))

    @app.post("/_sandbox/advance")
    def advance() -> Response:
        """`{"seconds": n}`: its clock goes ahead, so that windows close."""
        with world.lock:
            world.ahead += timedelta(seconds=request.get_json()["seconds"])
        return jsonify(ok=True)

    @app.post("/_sandbox/links")
    def links() -> Response:
        """`{"open": false}`: it can get no file by its link any more."""
        world.links_open = bool(request.get_json()["open"])
        return jsonify(ok=True)


def _seed(world: World, given: Json, secret_token: str) -> None:
    """`{"bot", "people", "groups", "connections", "webhook": {"url"}}`, each as Telegram shows
    them; a seeded webhook is called with the account's own secret."""
    with world.lock:
        world.bot |= given.get("bot", {})
        for person in given.get("people", []):
            know(world, person)
        world.groups |= {group["id"]: group for group in given.get("groups", [])}
        for connection in given.get("connections", []):
            _connect(world, connection)
        _seed_webhook(world, given.get("webhook"), secret_token)


def know(world: World, given: Json) -> Json:
    """The person, with what is told of him now."""
    found = world.people.get(given["id"], {"is_bot": False, "first_name": "Client"})
    told = {key: given[key] for key in _NAMES if given.get(key)}
    world.people[given["id"]] = {**found, "id": given["id"], **told}
    return world.people[given["id"]]


def write(world: World, poster: Poster, given: Json) -> Json:
    """`{"from": {"id", "first_name", …}, "text"}`: somebody writes to the bot.

    `chat`: in this group; `connection`: in this business account, `by_rep` its own user to
    `from`; `kind` and `content` (text) send a file, `reply_to` quotes a number, further
    fields of a Message stand in `fields`.
    """
    person = know(world, given["from"])
    channel = given.get("connection") or BOT_CHANNEL
    rep = None if channel == BOT_CHANNEL else _connection(world, channel)["user"]
    by_rep = rep is not None and bool(given.get("by_rep"))
    sender = rep if rep is not None and by_rep else person
    chat_id = given.get("chat") or person["id"]
    if world.chat(chat_id) is None:
        raise bad("chat not found")
    content = _written(world, given) | given.get("fields", {})
    number = given.get("reply_to")
    if number is not None:
        content["reply_to_message"] = quoted(_message(world, channel, chat_id, number))
    message = world.add((channel, chat_id), content, outgoing=by_rep, sender=sender)
    poster.update("message" if channel == BOT_CHANNEL else "business_message", message.vendor)
    return message.shown()


def edit(world: World, poster: Poster, given: Json) -> Json:
    """`{"chat", "number", "connection"?, "text"}`."""
    before = _named(world, given)
    vendor = {**before.vendor, "text": given["text"], "edit_date": int(world.now().timestamp())}
    after = world.change(before, vendor=vendor)
    business = after.channel != BOT_CHANNEL
    poster.update("edited_business_message" if business else "edited_message", vendor)
    return after.shown()


def delete(world: World, poster: Poster, given: Json) -> Json:
    """`{"connection", "chat", "numbers"}`: a bot hears of it in business accounts only."""
    channel, chat_id = given.get("connection") or BOT_CHANNEL, given["chat"]
    for number in given["numbers"]:
        world.change(_message(world, channel, chat_id, number), deleted=True)
    if channel != BOT_CHANNEL:
        told = {
            "business_connection_id": channel,
            "chat": world.chat(chat_id),
            "message_ids": given["numbers"],
        }
        poster.update("deleted_business_messages", told)
    return {"deleted": given["numbers"]}


def react(world: World, poster: Poster, given: Json) -> Json:
    """`{"chat", "number", "emoji"}`; an empty emoji takes the reaction back."""
    message = _named(world, given)
    after = world.change(message, reaction=given["emoji"])
    if message.channel == BOT_CHANNEL:  # nobody tells a bot of reactions in business accounts
        told = {
            "chat": message.vendor["chat"],
            "message_id": message.number,
            "user": world.people.get(given.get("person", message.chat_id)),
            "date": int(world.now().timestamp()),
            "old_reaction": _reactions(message.reaction),
            "new_reaction": _reactions(after.reaction),
        }
        poster.update("message_reaction", told)
    return after.shown()


def block(world: World, poster: Poster, given: Json) -> Json:
    """`{"person", "blocked"}`: a client blocks the bot or lets it in again; `{"chat", "blocked"}`:
    a group puts it out or takes it in."""
    chat_id, blocked = given.get("chat") or given["person"], bool(given["blocked"])
    before = "kicked" if chat_id in world.blocked else "member"
    world.blocked = world.blocked - {chat_id} | ({chat_id} if blocked else set())
    by = world.people.get(chat_id) or next(iter(world.people.values()))
    told = {
        "chat": world.chat(chat_id),
        "from": by,
        "date": int(world.now().timestamp()),
        "old_chat_member": _member(world, before),
        "new_chat_member": _member(world, "kicked" if blocked else "member"),
    }
    poster.update("my_chat_member", told)
    return {"blocked": blocked}


def press(world: World, poster: Poster, given: Json) -> Json:
    """`{"chat", "number", "label", "data"}`: a button under a message of the bot's."""
    message = _named(world, given)
    button = {"text": given["label"], "callback_data": given["data"]}
    shown = {**message.vendor, "reply_markup": {"inline_keyboard": [[button]]}}
    query = f"{world.next_update()}00000000"
    told = {
        "id": query,
        "from": world.people[given.get("person", message.chat_id)],
        "message": shown,
        "chat_instance": f"{message.chat_id}00",
        "data": given["data"],
    }
    poster.update("callback_query", told)
    return {"id": query}


def connect(world: World, poster: Poster, given: Json) -> Json:
    """`{"id", "user", "can_reply", "is_enabled"}`: a rep lets the bot into his account, changes
    what it may do there, or puts it out."""
    connection = _connect(world, given)
    poster.update("business_connection", connection)
    return connection


def move(world: World, poster: Poster, given: Json) -> Json:
    """`{"chat", "to"}`: a group becomes a supergroup."""
    old, new = given["chat"], given["to"]
    group = world.groups[old]
    world.groups[new] = {**group, "id": new, "type": "supergroup"}
    by = next(iter(world.people.values()))
    left = world.add((BOT_CHANNEL, old), {"migrate_to_chat_id": new}, outgoing=False, sender=by)
    began = world.add((BOT_CHANNEL, new), {"migrate_from_chat_id": old}, outgoing=False, sender=by)
    world.moved[old] = new
    poster.update("message", left.vendor)
    poster.update("message", began.vendor)
    return {"chat": new}


VERBS: dict[str, Verb] = {
    "incoming": write,
    "edit": edit,
    "delete": delete,
    "react": react,
    "block": block,
    "press": press,
    "connect": connect,
    "move": move,
}


def _written(world: World, given: Json) -> Json:
    kind = given.get("kind")
    if not kind:
        return {"text": given["text"]} if given.get("text") else {}
    content = given.get("content", "content").encode()
    file = SandboxFile(
        name=given.get("name", ""), content_type=given.get("content_type", ""), content=content
    )
    caption = {"caption": given["text"]} if given.get("text") else {}
    return {kind: describe(world, kind, world.keep(file)), **caption}


def _named(world: World, given: Json) -> SandboxMessage:
    channel = given.get("connection") or BOT_CHANNEL
    return _message(world, channel, given["chat"], given["number"])


def _message(world: World, channel: str, chat_id: int, number: int) -> SandboxMessage:
    found = world.messages.get((channel, chat_id, number))
    if found is None:
        raise bad("message not found")
    return found


def _connection(world: World, connection_id: str) -> Json:
    found = world.connections.get(connection_id)
    if found is None:
        raise bad("business connection not found")
    return found


def _connect(world: World, given: Json) -> Json:
    known = world.connections.get(given["id"], {})
    user = given.get("user") or known.get("user") or {"id": 9001, "first_name": "Rep"}
    connection = {
        "id": given["id"],
        "user": {"is_bot": False, **user},
        "user_chat_id": user["id"],
        "date": known.get("date", int(world.now().timestamp())),
        "rights": {"can_reply": True} if given.get("can_reply", True) else {},
        "is_enabled": bool(given.get("is_enabled", True)),
    }
    world.connections[given["id"]] = connection
    return connection


def _reactions(emoji: str) -> list[Json]:
    return [{"type": "emoji", "emoji": emoji}] if emoji else []


def _member(world: World, status: str) -> Json:
    shown = ("id", "is_bot", "first_name", "username")
    member: Json = {"status": status, "user": {key: world.bot[key] for key in shown}}
    return member | ({"until_date": 0} if status == "kicked" else {})


def _seed_webhook(world: World, given: Any, secret_token: str) -> None:
    """Sets the webhook without asking, for a bridge that is not up yet."""
    if given is not None:
        world.webhook.url = given["url"]
        world.webhook.secret = secret_token
        world.webhook.allowed = tuple(given.get("allowed_updates", ALLOWED_UPDATES))
