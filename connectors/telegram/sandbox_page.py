"""The stand-in's page: the clients' phones, each chat with what a client can do in it."""

from typing import Any

from flask import Flask, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as AnyResponse

from connectors.telegram.sandbox_client import VERBS
from connectors.telegram.sandbox_posting import Poster
from connectors.telegram.sandbox_sending import Refusal
from connectors.telegram.sandbox_world import Json, Place, World
from connectors.telegram.words import BOT_CHANNEL

MAX_PHONES = 12

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Telegram sandbox: the clients' phones</title>
<style>
 body{font:15px/1.45 system-ui,sans-serif;background:#e9ecef;color:#1b1f23;margin:0;padding:1.5rem}
 h1{font-size:1.1rem;margin:0 0 1rem} main{display:flex;flex-wrap:wrap;gap:1.2rem}
 .phone{background:#dfe8ef;border:8px solid #22262a;border-radius:26px;width:330px;height:600px;
  display:flex;flex-direction:column;overflow:hidden}
 .phone header{background:#1c5d8c;color:#fff;padding:.6rem .9rem}
 .phone header small{display:block}
 .log{flex:1;overflow-y:auto;padding:.7rem;display:flex;flex-direction:column;gap:.4rem}
 .log p{margin:0;padding:.4rem .65rem;border-radius:9px;max-width:82%;white-space:pre-wrap;
  overflow-wrap:anywhere;background:#fff;align-self:flex-start}
 .log p.mine{background:#d7efc9;align-self:flex-end} .log small{color:#4f575e;display:block}
 form{display:flex;gap:.4rem;padding:.3rem .5rem;background:#f4f4f4;flex-wrap:wrap}
 input,select,button{font:inherit;padding:.3rem .5rem;border:1px solid #b9bec4;border-radius:8px;
  min-width:0}
 input[name=text]{flex:1} input[name=number]{width:4rem}
 button{background:#1c5d8c;color:#fff;border:0;cursor:pointer}
 .new{background:#fff;border-radius:14px;padding:1rem;width:330px;height:fit-content}
 .new form{background:none;flex-direction:column;padding:0 0 1rem}
</style>
<h1>Telegram sandbox: the clients' phones</h1>
{% macro place(chat) %}<input type="hidden" name="person" value="{{ chat.chat_id }}">
 <input type="hidden" name="connection" value="{{ chat.connection }}">{% endmacro %}
<main>
<section class="new"><h1>A new client writes</h1><form method="post" action="/">
 <input type="hidden" name="verb" value="incoming">
 <select name="connection" aria-label="To"><option value="">{{ bot }} (bot)</option>
 {% for c in connections %}<option value="{{ c.id }}">{{ c.user.first_name }} (business account)
 </option>{% endfor %}</select>
 <input name="person" placeholder="Telegram id, digits" aria-label="Telegram id" required>
 <input name="first_name" placeholder="Name" aria-label="Name">
 <input name="username" placeholder="Username" aria-label="Username">
 <input name="text" placeholder="Message" aria-label="Message" required>
 <button>Send</button></form>
 <h1>A rep connects the bot</h1><form method="post" action="/">
 <input type="hidden" name="verb" value="connect">
 <input name="connection" placeholder="Connection id" aria-label="Connection id" required>
 <input name="person" placeholder="The rep's Telegram id" aria-label="The rep's id" required>
 <input name="first_name" placeholder="The rep's name" aria-label="The rep's name" required>
 <select name="choice" aria-label="State"><option value="yes">connected, may reply</option>
 <option value="read">connected, may not reply</option><option value="no">disconnected</option>
 </select><button>Save</button></form></section>
{% for chat in chats %}<section class="phone">
 <header>{{ chat.name }}<small>{{ chat.with }}{{ ' · has blocked the bot' if chat.blocked }}</small>
 </header>
 <div class="log">{% for m in chat.messages %}<p{% if not m.outgoing %} class="mine"{% endif %}>
{%- if m.deleted %}<em>deleted</em>{% else %}{{ m.vendor.text or m.vendor.caption or '(a file)' }}
{%- endif %}<small>{{ m.number }} · {{ m.at.strftime('%H:%M') }}
{{- ' · edited' if m.vendor.edit_date }}{{ ' · ' ~ m.reaction if m.reaction }}</small></p>
{% endfor %}</div>
 <form method="post" action="/">{{ place(chat) }}
 <input type="hidden" name="verb" value="incoming">
 <input name="text" placeholder="Write as {{ chat.name }}" aria-label="Message" required
  autocomplete="off"><button>Send</button></form>
 {% if chat.connection %}<form method="post" action="/">{{ place(chat) }}
 <input type="hidden" name="verb" value="incoming"><input type="hidden" name="choice" value="rep">
 <input name="text" placeholder="Write as the rep" aria-label="The rep's message" required
  autocomplete="off"><button>Send</button></form>{% endif %}
 <form method="post" action="/">{{ place(chat) }}
 <input name="number" placeholder="No." aria-label="Number of the message" required>
 <input name="text" placeholder="New text or emoji" aria-label="New text or emoji"
  autocomplete="off">
 <button name="verb" value="edit">Edit</button>
 {% if chat.connection %}<button name="verb" value="delete">Delete</button>
 {% else %}<button name="verb" value="react">React</button>{% endif %}</form>
 {% if not chat.connection %}<form method="post" action="/">{{ place(chat) }}
 <input type="hidden" name="verb" value="block">
 <input type="hidden" name="choice" value="{{ 'no' if chat.blocked else 'yes' }}">
 <button>{{ 'Unblock the bot' if chat.blocked else 'Block the bot' }}</button></form>{% endif %}
</section>{% endfor %}
</main>
<script>
 const bottom = () => document.querySelectorAll('.log').forEach(l => l.scrollTop = l.scrollHeight);
 bottom();
 setInterval(async () => {
  const page = new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html');
  const now = document.querySelectorAll('.log'), next = page.querySelectorAll('.log');
  if (now.length !== next.length) {
   if (![...document.querySelectorAll('input:not([type=hidden])')].some(i => i.value))
    location.reload();
   return;
  }
  now.forEach((log, n) => { if (log.innerHTML !== next[n].innerHTML) {
   log.innerHTML = next[n].innerHTML; log.scrollTop = log.scrollHeight; } });
 }, 1500);
</script></html>"""


def add_page(app: Flask, world: World, poster: Poster) -> None:
    @app.get("/")
    def page() -> str:
        with world.lock:
            return render_template_string(
                _PAGE,
                bot=f"@{world.bot['username']}",
                connections=list(world.connections.values()),
                chats=_chats(world),
            )

    @app.post("/")
    def act() -> AnyResponse:
        verb = request.form.get("verb", "")
        if verb not in _BODIES:
            return Response("unknown verb", 400)
        try:
            body = _BODIES[verb](request.form)
            with world.lock:
                VERBS[verb](world, poster, body)
        except (Refusal, ValueError, KeyError) as error:
            return Response(f"that can't be done: {error}", 400, content_type="text/plain")
        return redirect("/", code=303)

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)


def _incoming(form: Any) -> Json:
    names = {key: form[key] for key in ("first_name", "username") if form.get(key)}
    chat_id = int(form["person"])
    return {
        "from": {"id": chat_id, **names} if chat_id > 0 else {"id": 1, "first_name": "Member"},
        "chat": chat_id if chat_id < 0 else None,
        "connection": form.get("connection"),
        "text": form["text"],
        "by_rep": form.get("choice") == "rep",
    }


def _connect(form: Any) -> Json:
    return {
        "id": form["connection"],
        "user": {"id": int(form["person"]), "first_name": form["first_name"]},
        "can_reply": form.get("choice") == "yes",
        "is_enabled": form.get("choice") != "no",
    }


def _change(form: Any) -> Json:
    number = int(form["number"])
    return {
        "chat": int(form["person"]),
        "connection": form.get("connection"),
        "number": number,
        "numbers": [number],
        "text": form.get("text", ""),
        "emoji": form.get("text", ""),
    }


def _block(form: Any) -> Json:
    return {"chat": int(form["person"]), "blocked": form.get("choice") == "yes"}


_BODIES = {
    "incoming": _incoming,
    "connect": _connect,
    "edit": _change,
    "delete": _change,
    "react": _change,
    "block": _block,
}


def _chats(world: World) -> list[dict[str, object]]:
    """One phone per chat, the latest chats in the order in which they began."""
    places: dict[Place, int] = {}
    for message in world.messages.values():
        places.setdefault(message.place, message.number)
    latest = {message.place: message.number for message in world.messages.values()}
    shown = sorted(latest, key=lambda place: latest[place])[-MAX_PHONES:]
    return [_phone(world, place) for place in sorted(shown, key=lambda place: places[place])]


def _phone(world: World, place: Place) -> dict[str, object]:
    channel, chat_id = place
    chat = world.chat(chat_id) or {}
    business = channel != BOT_CHANNEL
    return {
        "name": chat.get("title") or chat.get("first_name", chat_id),
        "with": world.connections[channel]["user"]["first_name"] if business else "the bot",
        "chat_id": chat_id,
        "connection": channel if business else "",
        "blocked": chat_id in world.blocked,
        "messages": [m for m in world.messages.values() if m.place == place],
    }
