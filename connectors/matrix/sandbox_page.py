"""The stand-in's page: the clients' rooms, each with what a client can do there."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as AnyResponse

from bridge.payload import Payload
from connectors.matrix.sandbox_client import play
from connectors.matrix.sandbox_pushing import Pusher
from connectors.matrix.sandbox_world import Event, Room, World

MAX_ROOMS = 12

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Matrix sandbox: the clients' rooms</title>
<style>
 body{font:15px/1.45 system-ui,sans-serif;background:#eef1f0;color:#1b1f23;margin:0;padding:1.5rem}
 h1{font-size:1.1rem;margin:0 0 1rem} main{display:flex;flex-wrap:wrap;gap:1.2rem}
 .room{background:#fff;border:8px solid #22262a;border-radius:26px;width:330px;height:540px;
  display:flex;flex-direction:column;overflow:hidden}
 .room header{background:#0b6b5d;color:#fff;padding:.6rem .9rem;overflow-wrap:anywhere}
 .room header small{opacity:.85;display:block}
 .log{flex:1;overflow-y:auto;padding:.7rem;display:flex;flex-direction:column;gap:.4rem}
 .log div{padding:.4rem .65rem;border-radius:9px;max-width:86%;white-space:pre-wrap;
  overflow-wrap:anywhere;background:#eef1f0;align-self:flex-start}
 .log div.mine{background:#d8f5ee;align-self:flex-end} .log small{color:#596067;display:block}
 form{display:flex;gap:.3rem;padding:.4rem;background:#f4f4f4;flex-wrap:wrap}
 .log form{padding:.2rem 0 0;background:none}
 input,button{font:inherit;padding:.35rem .55rem;border:1px solid #b9bec4;border-radius:8px;
  min-width:0}
 .log input,.log button{font-size:12px;padding:.1rem .35rem}
 input[name=text]{flex:1} button{background:#0b6b5d;color:#fff;border:0;cursor:pointer}
 .new{background:#fff;border-radius:14px;padding:1rem;width:300px;height:fit-content}
 .new form{background:none;flex-direction:column;padding:0}
</style>
<h1>Matrix sandbox: the clients' rooms</h1>
<p>The bridge's user is {{ user or 'not there yet: run `bridge doctor --fix`' }}.</p>
<main>
<section class="new"><h1>A new client writes</h1><form method="post" action="/">
 <input name="client" placeholder="@eva:sandbox" aria-label="Matrix id" required
  pattern="@[^: ]+:[^: ]+">
 <input name="display_name" placeholder="Name" aria-label="Name">
 <input name="text" placeholder="Message" aria-label="Message" required>
 <button>Send</button></form></section>
{% for room in rooms %}<section class="room">
 <header>{{ room.name }}<small>{{ room.client }} · {{ room.state }}</small></header>
 <div class="log">{% for m in room.events %}<div{% if m.mine %} class="mine"{% endif %}>
{{- m.text }}<small>{{ m.note }}</small>{% if m.event_id %}
<form method="post" action="/"><input type="hidden" name="client" value="{{ room.client }}">
<input type="hidden" name="room" value="{{ room.room_id }}">
<input type="hidden" name="event" value="{{ m.event_id }}">
<input name="text" size="9" aria-label="New text or emoji">
{% if m.mine %}<button name="do" value="edit">edit</button>
<button name="do" value="redact">delete</button>{% else %}<button name="do" value="read">read
</button>{% endif %}<button name="do" value="react">react</button></form>{% endif %}</div>
{% endfor %}</div>
 <form method="post" action="/"><input type="hidden" name="client" value="{{ room.client }}">
 <input type="hidden" name="room" value="{{ room.room_id }}">
 <input name="text" placeholder="Write as {{ room.client }}" aria-label="Message"
  autocomplete="off">
 <button>Send</button><button name="do" value="{{ 'return' if room.gone else 'leave' }}">
 {{- 'Come back' if room.gone else 'Leave' }}</button></form></section>{% endfor %}
</main></html>"""


def add_page(app: Flask, world: World, pusher: Pusher) -> None:
    @app.get("/")
    def page() -> str:
        with world.lock:
            latest = list(world.rooms.values())[-MAX_ROOMS:]
            rooms = [_shown(world, room) for room in latest]
            return render_template_string(_PAGE, user=world.user, rooms=rooms)

    @app.post("/")
    def act() -> AnyResponse:
        given = {key: text for key, text in request.form.items() if text}
        play(world, pusher, Payload(given))
        return redirect("/", code=303)

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)


def _shown(world: World, room: Room) -> Mapping[str, Any]:
    client = next(iter(room.members))
    lines = [line for event in world.in_room(room.room_id) if (line := _line(world, event))]
    return {
        "room_id": room.room_id,
        "client": client,
        "name": room.name or world.names.get(client, client),
        "state": room.members.get(world.user, "nobody invited"),
        "gone": room.members.get(client) == "leave",
        "events": lines,
    }


def _line(world: World, event: Event) -> Mapping[str, Any] | None:
    """What a person sees of an event; edits and reactions as lines of their own."""
    content, relates = event["content"], event["content"].get("m.relates_to", {})
    mine = event["sender"] != world.user
    at = {"mine": mine, "event_id": "", "note": event["type"].removeprefix("m.room.")}
    match event["type"]:
        case "m.reaction":
            return {**at, "text": relates.get("key", "(taken back)")}
        case "m.room.message" if not content:
            return {**at, "text": "(deleted)"}
        case "m.room.message" if relates.get("rel_type") == "m.replace":
            return {**at, "text": content["body"], "note": "edited"}
        case "m.room.message":
            text = content["body"] if "url" not in content else f"{content['body']} (file)"
            return {**at, "text": text, "event_id": event["event_id"], "note": ""}
        case "m.room.member":
            return {**at, "text": f"{event['sender']}: {content['membership']}"}
    return None
