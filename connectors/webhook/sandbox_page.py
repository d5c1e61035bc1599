"""The reference system's page: the clients' phones on one side, the CRM's records on the other."""

from itertools import groupby

from flask import Flask, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as AnyResponse

from bridge.payload import Payload
from connectors.webhook.sandbox_client import play
from connectors.webhook.sandbox_posting import Poster
from connectors.webhook.sandbox_world import SandboxMessage, World

MAX_PHONES = 12
MAX_ENTRIES = 30

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Webhook sandbox: clients and CRM</title>
<style>
 body{font:15px/1.45 system-ui,sans-serif;background:#eef0f3;color:#1b1f23;margin:0;padding:1.5rem}
 h1{font-size:1.1rem;margin:0 0 1rem} main{display:flex;flex-wrap:wrap;gap:1.2rem}
 section{background:#fff;border-radius:14px;padding:1rem;width:320px;height:fit-content}
 .log{max-height:420px;overflow-y:auto;display:flex;flex-direction:column;gap:.4rem}
 .log div{padding:.4rem .65rem;border-radius:9px;background:#eef0f3;white-space:pre-wrap;
  overflow-wrap:anywhere;max-width:85%} .log div.mine{background:#dcebff;align-self:flex-end}
 small{color:#596067;display:block} form{display:flex;gap:.4rem;margin:.5rem 0 0;flex-wrap:wrap}
 input,select,button{font:inherit;padding:.35rem .6rem;border:1px solid #b9bec4;border-radius:8px;
  min-width:0} input[name=text]{flex:1} button{background:#22508f;color:#fff;border:0}
 details form{margin:.2rem 0} ul{padding-left:1.1rem;margin:.4rem 0}
</style>
<h1>Webhook sandbox: clients and CRM</h1>
<main>
<section><h1>A new client writes</h1><form method="post" action="/_page">
 <select name="channel_id" aria-label="Channel">{% for c in channels %}
  <option value="{{ c.channel_id }}">{{ c.name or c.channel_id }}</option>{% endfor %}</select>
 <input name="chat_id" placeholder="Chat id" aria-label="Chat id" required>
 <input name="name" placeholder="Name" aria-label="Name">
 <input name="phone" placeholder="Phone, +…" aria-label="Phone">
 <input name="text" placeholder="Message" aria-label="Message" required>
 <button>Send</button></form></section>
{% for chat in chats %}<section><h1>{{ chat.name }}</h1><div class="log">
{% for m in chat.messages %}<div{% if not m.outgoing %} class="mine"{% endif %}>
{%- if m.deleted %}<em>deleted</em>{% else %}{{ m.text or m.file }}{% endif %} {{ m.reaction }}
<small>{{ m.at.strftime('%H:%M') }}{{ ' · edited' if m.edited }} {{ m.status }}</small>
{% if not m.deleted %}<details><summary>change</summary>
{% if not m.outgoing %}<form method="post" action="/_page">
<input type="hidden" name="message_id" value="{{ m.id }}">
<input name="text" value="{{ m.text }}" aria-label="New text"><button>Edit</button></form>
<form method="post" action="/_page"><input type="hidden" name="message_id" value="{{ m.id }}">
<input type="hidden" name="deleted" value="yes"><button>Delete</button></form>{% endif %}
<form method="post" action="/_page"><input type="hidden" name="message_id" value="{{ m.id }}">
<input name="emoji" value="👍" size="3" aria-label="Emoji"><button>React</button></form>
</details>{% endif %}</div>{% endfor %}</div>
<form method="post" action="/_page">
 <input type="hidden" name="channel_id" value="{{ chat.channel_id }}">
 <input type="hidden" name="chat_id" value="{{ chat.chat_id }}">
 <input name="text" placeholder="Write as {{ chat.name }}" aria-label="Message" required
  autocomplete="off"><button>Send</button></form></section>{% endfor %}
<section><h1>Records</h1>{% for kind, found in records.items() %}<b>{{ kind }}</b><ul>
{% for one in found.values() %}<li>{{ one.name }} <small>{{ one.crm_id }}, owner
 {{ one.owner or 'nobody' }}</small></li>{% endfor %}</ul>{% endfor %}</section>
<section><h1>Timeline</h1>{% for entry in entries %}<p>{{ entry.head }}
<small>{{ entry.channel }} · {{ entry.note }}</small></p>{% endfor %}</section>
</main></html>"""


def add_page(app: Flask, world: World, poster: Poster) -> None:
    @app.get("/")
    def page() -> str:
        with world.lock:
            return render_template_string(
                _PAGE,
                channels=sorted(world.channels.values(), key=lambda one: str(one["channel_id"])),
                chats=_chats(world),
                records=world.records,
                entries=list(world.entries.values())[-MAX_ENTRIES:],
            )

    @app.post("/_page")
    def write() -> AnyResponse:
        given = {key: text for key, text in request.form.items() if text or key == "emoji"}
        play(world, poster, Payload(given))
        return redirect("/", code=303)

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)


def _chats(world: World) -> list[dict[str, object]]:
    """One phone per chat, the latest chats only."""

    def of(message: SandboxMessage) -> tuple[str, str]:
        return message.channel_id, message.chat_id

    messages = sorted(world.messages.values(), key=lambda one: (of(one), one.seq))
    chats = [(chat, list(found)) for chat, found in groupby(messages, key=of)]
    latest = sorted(chats, key=lambda one: one[1][-1].seq)[-MAX_PHONES:]
    return [_phone(world, chat, found) for chat, found in latest]


def _phone(world: World, chat: tuple[str, str], found: list[SandboxMessage]) -> dict[str, object]:
    name = world.names.get(chat, {}).get("name", chat[1])
    return {"channel_id": chat[0], "chat_id": chat[1], "name": name, "messages": found}
