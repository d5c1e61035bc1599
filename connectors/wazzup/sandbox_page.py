"""The stand-in's page: the clients' phones, each chat with a box to write as the client."""

from itertools import groupby

from flask import Flask, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as AnyResponse

from bridge.payload import Payload
from connectors.wazzup.sandbox_client import play
from connectors.wazzup.sandbox_posting import Poster
from connectors.wazzup.sandbox_world import SandboxMessage, World

MAX_PHONES = 12

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Wazzup sandbox: the clients' phones</title>
<style>
 body{font:15px/1.45 system-ui,sans-serif;background:#e9ecef;color:#1b1f23;margin:0;padding:1.5rem}
 h1{font-size:1.1rem;margin:0 0 1rem} main{display:flex;flex-wrap:wrap;gap:1.2rem}
 .phone{background:#efe7dd;border:8px solid #22262a;border-radius:26px;width:310px;height:520px;
  display:flex;flex-direction:column;overflow:hidden}
 .phone header{background:#0b6b5d;color:#fff;padding:.6rem .9rem}
 .phone header small{opacity:.85;display:block}
 .log{flex:1;overflow-y:auto;padding:.7rem;display:flex;flex-direction:column;gap:.4rem}
 .log p{margin:0;padding:.4rem .65rem;border-radius:9px;max-width:82%;white-space:pre-wrap;
  overflow-wrap:anywhere;background:#fff;align-self:flex-start}
 .log p.mine{background:#d8f5c9;align-self:flex-end} .log small{color:#596067;display:block}
 form{display:flex;gap:.4rem;padding:.5rem;background:#f4f4f4;flex-wrap:wrap}
 input,select,button{font:inherit;padding:.4rem .6rem;border:1px solid #b9bec4;border-radius:8px;
  min-width:0}
 input[name=text]{flex:1} button{background:#0b6b5d;color:#fff;border:0;cursor:pointer}
 .new{background:#fff;border-radius:14px;padding:1rem;width:310px;height:fit-content}
 .new form{background:none;flex-direction:column;padding:0}
</style>
<h1>Wazzup sandbox: the clients' phones</h1>
<main>
<section class="new"><h1>A new client writes</h1><form method="post" action="/">
 <select name="channelId" aria-label="Channel">{% for c in channels %}
  <option value="{{ c.channel_id }}">{{ c.name or c.plain_id or c.channel_id }} ({{ c.transport }})
  </option>{% endfor %}</select>
 <input name="chatId" placeholder="Phone, digits only" aria-label="Phone" required>
 <input name="name" placeholder="Name" aria-label="Name">
 <input name="text" placeholder="Message" aria-label="Message" required>
 <button>Send</button></form></section>
{% for chat in chats %}<section class="phone">
 <header>{{ chat.name }}<small>{{ chat.chat_type }} · {{ chat.channel }}</small></header>
 <div class="log">{% for m in chat.messages %}<p{% if not m.outgoing %} class="mine"{% endif %}>
{%- if m.deleted %}<em>deleted</em>{% else %}{{ m.text or m.content_uri or '(' ~ m.kind ~ ')' }}
{%- endif %}<small>{{ m.at.strftime('%H:%M') }}{{ ' · edited' if m.edited }}
{{- ' · ' ~ m.status if m.outgoing }}</small></p>{% endfor %}</div>
 <form method="post" action="/"><input type="hidden" name="channelId" value="{{ chat.channel_id }}">
 <input type="hidden" name="chatType" value="{{ chat.chat_type }}">
 <input type="hidden" name="chatId" value="{{ chat.chat_id }}">
 <input name="text" placeholder="Write as {{ chat.name }}" aria-label="Message" required
  autocomplete="off"><button>Send</button></form></section>{% endfor %}
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
        channels = sorted(world.channels.values(), key=lambda c: c.channel_id)
        return render_template_string(_PAGE, channels=channels, chats=_chats(world))

    @app.post("/")
    def write() -> AnyResponse:
        given = {key: text for key, text in request.form.items() if text}
        play(world, poster, Payload(given))
        return redirect("/", code=303)

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)


def _chats(world: World) -> list[dict[str, object]]:
    """One phone per chat, the latest chats in the order in which they began."""
    with world.lock:
        began = {m.chat: m.seq for m in reversed(world.messages.values())}
        latest = {chat for chat, _ in sorted(began.items(), key=lambda c: c[1])[-MAX_PHONES:]}
        shown = [m for m in world.messages.values() if m.chat in latest]
    messages = sorted(shown, key=lambda m: (began[m.chat], m.seq))
    return [_phone(world, list(found)) for _, found in groupby(messages, key=lambda m: m.chat)]


def _phone(world: World, messages: list[SandboxMessage]) -> dict[str, object]:
    first = messages[0]
    channel = world.channels.get(first.channel_id)
    return {
        "name": world.contacts.get(first.chat, {}).get("name", first.chat_id),
        "channel": first.channel_id if channel is None else channel.name or channel.plain_id,
        "channel_id": first.channel_id,
        "chat_type": first.chat_type,
        "chat_id": first.chat_id,
        "messages": messages,
    }
