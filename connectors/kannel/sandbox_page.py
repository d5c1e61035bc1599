"""The stand-in's page and steering: the clients' phones, each with a box to write an SMS."""

from itertools import groupby

from flask import Flask, Response, jsonify, redirect, render_template_string, request
from werkzeug.wrappers import Response as AnyResponse

from bridge.domain.errors import PayloadInvalid
from bridge.payload import Payload
from connectors.kannel.sandbox_posting import Poster, announce
from connectors.kannel.sandbox_world import SandboxSms, World

MAX_PHONES = 12

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kannel sandbox: the clients' phones</title>
<style>
 body{font:15px/1.45 system-ui,sans-serif;background:#eef1ec;color:#1b1f23;margin:0;padding:1.5rem}
 h1{font-size:1.1rem;margin:0 0 1rem} main{display:flex;flex-wrap:wrap;gap:1.2rem}
 .phone{background:#fff;border:8px solid #22262a;border-radius:26px;width:310px;height:480px;
  display:flex;flex-direction:column;overflow:hidden}
 .phone header{background:#2f5d3a;color:#fff;padding:.6rem .9rem} .phone header small{display:block}
 .log{flex:1;overflow-y:auto;padding:.7rem;display:flex;flex-direction:column;gap:.4rem}
 .log p{margin:0;padding:.4rem .65rem;border-radius:9px;max-width:82%;white-space:pre-wrap;
  overflow-wrap:anywhere;background:#eef0f3;align-self:flex-start}
 .log p.mine{background:#dcefe0;align-self:flex-end} .log small{color:#596067;display:block}
 form{display:flex;gap:.4rem;padding:.5rem;background:#f4f4f4;flex-wrap:wrap}
 input,select,button{font:inherit;padding:.4rem .6rem;border:1px solid #b9bec4;border-radius:8px;
  min-width:0}
 input[name=text]{flex:1} button{background:#2f5d3a;color:#fff;border:0;cursor:pointer}
 .new{background:#fff;border-radius:14px;padding:1rem;width:310px;height:fit-content}
 .new form{background:none;flex-direction:column;padding:0}
</style>
<h1>Kannel sandbox: the clients' phones</h1>
<main>
<section class="new"><h1>A new client writes</h1><form method="post" action="/">
 <select name="to" aria-label="Number">{% for n in numbers %}<option>{{ n }}</option>{% endfor %}
 </select>
 <input name="from" placeholder="Phone, such as +34600000001" aria-label="Phone" required>
 <input name="text" placeholder="Message" aria-label="Message" required>
 <button>Send</button></form></section>
{% for chat in chats %}<section class="phone">
 <header>{{ chat.client }}<small>SMS · {{ chat.ours }}</small></header>
 <div class="log">{% for m in chat.messages %}<p{% if not m.outgoing %} class="mine"{% endif %}>
{{- m.text }}<small>{{ m.at.strftime('%H:%M') }}{{ ' · ' ~ m.status if m.outgoing }}</small></p>
{%- endfor %}</div>
 <form method="post" action="/"><input type="hidden" name="to" value="{{ chat.ours }}">
 <input type="hidden" name="from" value="{{ chat.client }}">
 <input name="text" placeholder="Write as {{ chat.client }}" aria-label="Message" required
  autocomplete="off"><button>Send</button></form></section>{% endfor %}
</main>
<script>
 document.querySelectorAll('.log').forEach(l => l.scrollTop = l.scrollHeight);
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
        return render_template_string(_PAGE, numbers=world.numbers, chats=_chats(world))

    @app.post("/")
    def write() -> AnyResponse:
        play(world, poster, Payload(dict(request.form.items())))
        return redirect("/", code=303)

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)


def add_steering(app: Flask, world: World, poster: Poster) -> None:
    @app.errorhandler(PayloadInvalid)
    def wrong_body(error: PayloadInvalid) -> tuple[Response, int]:
        return jsonify(error="wrong body", path=error.path), 400

    @app.post("/_sandbox/seed")
    def seed() -> Response:
        """`{"numbers": […], "hook": "https://…/hooks/<account>", "absent": […]}`."""
        body = Payload.from_bytes(request.get_data())
        with world.lock:
            world.hook = body.text_or("hook", world.hook)
            world.numbers += _texts(body, "numbers")
            world.absent |= set(_texts(body, "absent"))
        return jsonify(ok=True)

    @app.post("/_sandbox/incoming")
    def incoming() -> Response:
        message = play(world, poster, Payload.from_bytes(request.get_data()))
        return jsonify(id=message.id)

    @app.post("/_sandbox/settle")
    def settle() -> Response:
        """Waits until all calls are out, at most `seconds` (5)."""
        seconds = request.args.get("seconds", 5.0, float)
        return jsonify(settled=poster.settled(seconds))


def play(world: World, poster: Poster, body: Payload) -> SandboxSms:
    """Lets a client write: `{to, from, text}`."""
    message = world.add(
        SandboxSms(
            seq=0,
            id="",
            sender=body.at("from").text(),
            receiver=body.at("to").text(),
            outgoing=False,
            at=world.now(),
            text=body.text_or("text"),
        )
    )
    announce(poster, message)
    return message


def _texts(body: Payload, key: str) -> list[str]:
    found = body.get(key)
    return [] if found is None else [item.text() for item in found.items()]


def _chats(world: World) -> list[dict[str, object]]:
    """One phone per chat, the latest chats in the order in which they began."""
    with world.lock:
        began = {m.chat: m.seq for m in reversed(world.messages.values())}
        latest = {chat for chat, _ in sorted(began.items(), key=lambda c: c[1])[-MAX_PHONES:]}
        shown = [m for m in world.messages.values() if m.chat in latest]
    messages = sorted(shown, key=lambda m: (began[m.chat], m.seq))
    return [
        {"ours": chat[0], "client": chat[1], "messages": list(found)}
        for chat, found in groupby(messages, key=lambda m: m.chat)
    ]
