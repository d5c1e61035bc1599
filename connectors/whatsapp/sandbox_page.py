"""The stand-in's page: the clients' phones, where one writes, edits, deletes and reacts."""

from itertools import groupby

from flask import Flask, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as AnyResponse

from bridge.payload import Payload
from connectors.whatsapp.sandbox_client import play
from connectors.whatsapp.sandbox_posting import Poster
from connectors.whatsapp.sandbox_world import SandboxMessage, World

MAX_PHONES = 12
_DEEDS = ("edit", "delete", "react")

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>WhatsApp sandbox: the clients' phones</title>
<style>
 body{font:15px/1.45 system-ui,sans-serif;background:#e9ecef;color:#1b1f23;margin:0;padding:1.5rem}
 h1{font-size:1.1rem;margin:0 0 1rem} main{display:flex;flex-wrap:wrap;gap:1.2rem}
 .phone{background:#efe7dd;border:8px solid #22262a;border-radius:26px;width:330px;height:560px;
  display:flex;flex-direction:column;overflow:hidden}
 .phone header{background:#075e54;color:#fff;padding:.6rem .9rem}
 .phone header small{opacity:.85;display:block}
 .log{flex:1;overflow-y:auto;padding:.7rem;display:flex;flex-direction:column;gap:.4rem}
 .log p{margin:0;padding:.4rem .65rem;border-radius:9px;max-width:82%;white-space:pre-wrap;
  overflow-wrap:anywhere;background:#fff;align-self:flex-start}
 .log p.mine{background:#d8f5c9;align-self:flex-end} .log small{color:#596067;display:block}
 form{display:flex;gap:.4rem;padding:.5rem;background:#f4f4f4;flex-wrap:wrap}
 input,select,button{font:inherit;padding:.4rem .6rem;border:1px solid #b9bec4;border-radius:8px;
  min-width:0}
 input[name=text]{flex:1} button{background:#075e54;color:#fff;border:0;cursor:pointer}
 .new{background:#fff;border-radius:14px;padding:1rem;width:330px;height:fit-content}
 .new form{background:none;flex-direction:column;padding:0}
</style>
<h1>WhatsApp sandbox: the clients' phones</h1>
<main>
<section class="new"><h1>A new client writes</h1><form method="post" action="/">
 <select name="number_id" aria-label="Number">{% for id, n in numbers %}
  <option value="{{ id }}">{{ n.verified_name }} {{ n.display_phone_number }}</option>
 {% endfor %}</select>
 <input name="wa_id" placeholder="Phone, digits only" aria-label="Phone" required>
 <input name="name" placeholder="Name" aria-label="Name">
 <input name="username" placeholder="User name, if he has one" aria-label="User name">
 <label><input type="checkbox" name="hides" value="yes"> hides his number</label>
 <input name="text" placeholder="Message" aria-label="Message" required>
 <button>Send</button></form></section>
{% for chat in chats %}<section class="phone">
 <header>{{ chat.name }}<small>{{ chat.number }}{{ ' · @' ~ chat.username if chat.username }}
 </small></header>
 <div class="log">{% for m in chat.messages %}<p{% if not m.outgoing %} class="mine"{% endif %}>
{%- if m.deleted %}<em>deleted</em>{% else %}{{ m.text or '(' ~ m.kind ~ ')' }}{% endif %}
{{- ' ' ~ m.emoji if m.emoji }}<small>{{ m.seq }} · {{ m.at.strftime('%H:%M') }}
{{- ' · edited' if m.edited }}{{ ' · by phone' if m.by_phone }}
{{- ' · ' ~ m.status if m.status }}</small></p>{% endfor %}</div>
 <form method="post" action="/"><input type="hidden" name="number_id" value="{{ chat.number_id }}">
 <input type="hidden" name="wa_id" value="{{ chat.wa_id }}">
 <select name="deed" aria-label="What to do"><option value="">write</option>
  <option value="by_phone">the rep writes on his phone</option>
  <option value="react">react to</option><option value="edit">edit</option>
  <option value="delete">delete</option></select>
 <select name="message" aria-label="Which message"><option value="">the last one</option>
 {% for m in chat.messages %}<option value="{{ m.message_id }}">{{ m.seq }}</option>{% endfor %}
 </select>
 <input name="text" placeholder="Write as {{ chat.name }}" aria-label="Message"
  autocomplete="off"><button>Send</button></form></section>{% endfor %}
</main>
<script>
 const bottom = () => document.querySelectorAll('.log').forEach(l => l.scrollTop = l.scrollHeight);
 bottom();
 setInterval(async () => {
  const page = new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html');
  const now = document.querySelectorAll('.log'), next = page.querySelectorAll('.log');
  if (now.length !== next.length) {
   if (![...document.querySelectorAll('input[name=text],input[name=wa_id]')].some(i => i.value
     && i.type !== 'hidden')) location.reload();
   return;
  }
  now.forEach((log, n) => { if (log.innerHTML !== next[n].innerHTML) {
   log.innerHTML = next[n].innerHTML; log.scrollTop = log.scrollHeight; } });
 }, 1500);
</script></html>"""


def add_page(app: Flask, world: World, poster: Poster) -> None:
    @app.get("/")
    def page() -> str:
        numbers = sorted(world.numbers.items())
        return render_template_string(_PAGE, numbers=numbers, chats=_chats(world))

    @app.post("/")
    def write() -> AnyResponse:
        play(world, poster, Payload(_given(world)))
        return redirect("/", code=303)

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)


def _given(world: World) -> dict[str, object]:
    """The form as `play` reads it."""
    given: dict[str, object] = {key: text for key, text in request.form.items() if text}
    deed, which = str(given.pop("deed", "")), str(given.pop("message", ""))
    if "hides" in given:
        given["hides"] = True
    if deed in _DEEDS:
        chat = (given.get("number_id"), given.get("wa_id"))
        mine = [m for m in world.messages.values() if m.chat == chat]
        given[deed] = which or (mine[-1].message_id if mine else "")
    if deed == "by_phone":
        given["by_phone"] = True
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
    first = messages[0]
    person = world.people[first.wa_id]
    number = world.numbers.get(first.number_id, {})
    return {
        "name": person.name,
        "username": person.username,
        "number": number.get("verified_name", first.number_id),
        "number_id": first.number_id,
        "wa_id": first.wa_id,
        "messages": messages,
    }
