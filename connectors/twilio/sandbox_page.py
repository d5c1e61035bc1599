"""The stand-in's page: the clients' phones, each chat with a box to write as the client."""

import base64
from itertools import groupby

from flask import Flask, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as AnyResponse

from bridge.payload import Payload
from connectors.twilio.sandbox_client import play
from connectors.twilio.sandbox_posting import Poster
from connectors.twilio.sandbox_world import SandboxMessage, World

MAX_PHONES = 12

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Twilio sandbox: the clients' phones</title>
<style>
 body{font:15px/1.45 system-ui,sans-serif;background:#eceff4;color:#1b1f23;margin:0;padding:1.5rem}
 h1{font-size:1.1rem;margin:0 0 1rem} main{display:flex;flex-wrap:wrap;gap:1.2rem}
 .phone{background:#fff;border:8px solid #22262a;border-radius:26px;width:310px;height:520px;
  display:flex;flex-direction:column;overflow:hidden}
 .phone header{background:#9d1128;color:#fff;padding:.6rem .9rem}
 .phone header small{display:block} .log small{color:#596067;display:block}
 .log{flex:1;overflow-y:auto;padding:.7rem;display:flex;flex-direction:column;gap:.4rem}
 .log p{margin:0;padding:.4rem .65rem;border-radius:9px;max-width:82%;white-space:pre-wrap;
  overflow-wrap:anywhere;background:#eef0f3;align-self:flex-start}
 .log p.mine{background:#fde3e7;align-self:flex-end}
 form{display:flex;gap:.4rem;padding:.5rem;background:#f4f4f4;flex-wrap:wrap}
 input,select,button{font:inherit;padding:.4rem .6rem;border:1px solid #b9bec4;border-radius:8px;
  min-width:0}
 input[name=text]{flex:1} button{background:#9d1128;color:#fff;border:0;cursor:pointer}
 .new{background:#fff;border-radius:14px;padding:1rem;width:310px;height:fit-content}
 .new form{background:none;flex-direction:column;padding:0}
</style>
<h1>Twilio sandbox: the clients' phones</h1>
<main>
<section class="new"><h1>A new client writes</h1>
 <form method="post" action="/" enctype="multipart/form-data">
 <select name="to" aria-label="Channel">{% for c in channels %}
  <option value="{{ c.address }}">{{ c.name or c.address }}
  ({{ 'WhatsApp' if c.is_sender else 'SMS' }})</option>{% endfor %}</select>
 <input name="from" placeholder="Phone, such as +34600000001" aria-label="Phone" required>
 <input name="name" placeholder="Name (WhatsApp)" aria-label="Name">
 <input name="text" placeholder="Message" aria-label="Message">
 <input name="file" type="file" aria-label="File">
 <button>Send</button></form></section>
{% for chat in chats %}<section class="phone">
 <header>{{ chat.name }}<small>{{ chat.ours }}</small></header>
 <div class="log">{% for m in chat.messages %}<p{% if not m.outgoing %} class="mine"{% endif %}>
{{- m.body or '(a file)' }}<small>{{ m.at.strftime('%H:%M') }}
{{- ' · ' ~ m.status if m.outgoing }}{{ ' ' ~ m.error_code if m.error_code }}</small></p>
{%- endfor %}</div>
 <form method="post" action="/" enctype="multipart/form-data">
 <input type="hidden" name="to" value="{{ chat.ours }}">
 <input type="hidden" name="from" value="{{ chat.client }}">
 <input name="text" placeholder="Write as {{ chat.name }}; STOP opts out" aria-label="Message"
  autocomplete="off" required><button>Send</button></form></section>{% endfor %}
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
        channels = sorted(world.channels.values(), key=lambda c: c.address)
        return render_template_string(_PAGE, channels=channels, chats=_chats(world))

    @app.post("/")
    def write() -> AnyResponse:
        play(world, poster, Payload(_given()))
        return redirect("/", code=303)

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)


def _given() -> dict[str, object]:
    given: dict[str, object] = {key: text for key, text in request.form.items() if text}
    sender = str(given.get("from", ""))
    if str(given.get("to", "")).startswith("whatsapp:") and not sender.startswith("whatsapp:"):
        given["from"] = f"whatsapp:{sender}"
    file = request.files.get("file")
    if file is not None and (content := file.read()):
        encoded = base64.b64encode(content).decode()
        given["file"] = {"type": file.mimetype, "base64": encoded}
    return given


def _chats(world: World) -> list[dict[str, object]]:
    """One phone per chat, the latest chats in the order in which they began."""
    with world.lock:
        began = {m.chat: m.seq for m in reversed(world.messages.values())}
        latest = {chat for chat, _ in sorted(began.items(), key=lambda c: c[1])[-MAX_PHONES:]}
        shown = [m for m in world.messages.values() if m.chat in latest]
    messages = sorted(shown, key=lambda m: (began[m.chat], m.seq))
    return [_phone(world, list(found)) for _, found in groupby(messages, key=lambda m: m.chat)]


def _phone(world: World, messages: list[SandboxMessage]) -> dict[str, object]:
    ours, client = messages[0].chat
    name = world.names.get(client) or client
    return {"name": name, "ours": ours, "client": client, "messages": messages}
