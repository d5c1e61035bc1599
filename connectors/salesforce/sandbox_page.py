"""The sandbox's page: the org as a person sees it, with what people do there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as AnyResponse

from connectors.salesforce.sandbox_org import INTEGRATION_USER, Org, Record
from connectors.salesforce.sandbox_people import change, convert, owners, remove

MAX_SHOWN = 60  # the newest
_SECTIONS = (("Lead", "Leads"), ("Contact", "Contacts"), ("Opportunity", "Opportunities"))

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Salesforce sandbox: the org</title>
<style>
 :root{color-scheme:light}*{box-sizing:border-box}
 body{margin:0;font:15px/1.5 system-ui,sans-serif;background:#f3f3f3;color:#181818}
 header{background:#014486;color:#fff;padding:14px 24px}header b{font-size:18px;margin-right:12px}
 main{max-width:1240px;margin:20px auto;padding:0 16px;display:grid;gap:16px;
  grid-template-columns:repeat(auto-fill,minmax(360px,1fr));align-items:start}
 h2{font-size:15px;margin:6px 0 0;grid-column:1/-1;color:#444}
 article{background:#fff;border:1px solid #d8d8d8;border-radius:8px;padding:14px 18px}
 h3{font-size:16px;margin:0}small,time{color:#5c5c5c}
 form{display:flex;gap:6px;margin:8px 0 0;flex-wrap:wrap}
 input,select,button{font:inherit;font-size:14px;padding:3px 8px;border:1px solid #aaa;
  border-radius:6px;min-width:0;max-width:100%}
 button{background:#0176d3;color:#fff;border-color:#0176d3;cursor:pointer}
 button.plain{background:#fff;color:#014486}
 ol{list-style:none;margin:12px 0 0;padding:0;display:grid;gap:6px}
 li{border-left:3px solid #0b827c;background:#fafafa;padding:5px 10px;white-space:pre-wrap;
  overflow-wrap:anywhere}.none{color:#5c5c5c}
</style>
<header><b>Salesforce sandbox</b>the org: {{ counts }}</header>
<main>
<article><h3>A new lead</h3><form method="post" action="/">
 <input type="hidden" name="action" value="new">
 <input name="LastName" placeholder="Last name" aria-label="Last name" required>
 <input name="Company" placeholder="Company" aria-label="Company" required>
 <input name="Phone" placeholder="Phone" aria-label="Phone">
 <button>Save</button></form></article>
{% for section in sections %}<h2>{{ section.title }}</h2>
{% for one in section.records %}<article id="{{ one.id }}"><h3>{{ one.name }}</h3>
 <small>{{ one.about }}</small>
 {% if not one.is_converted %}<form method="post" action="/">
 <input type="hidden" name="id" value="{{ one.id }}">
 <select name="OwnerId" aria-label="Owner">{% for id, name in one.owners %}
  <option value="{{ id }}"{{ ' selected' if id == one.owner }}>{{ name }}</option>{% endfor %}
 </select>{% if one.words %}<select name="{{ one.word }}" aria-label="{{ one.word }}">
 {%- for word in one.words %}
  <option{{ ' selected' if word == one.is_at }}>{{ word }}</option>{% endfor %}</select>{% endif %}
 <button name="action" value="save">Save</button>
 {% if one.can_convert %}<button class="plain" name="action" value="convert">Convert</button>
 {% endif %}<button class="plain" name="action" value="delete">Delete</button></form>{% endif %}
 <ol>{% for task in one.tasks %}<li><b>{{ task.Subject or '' }}</b>
<time>{{ task.CreatedDate }} · {{ task.Status }}</time>
{{ task.Description or '' }}</li>{% endfor %}</ol></article>
{% else %}<p class="none">None yet.</p>{% endfor %}{% endfor %}
</main></html>"""


def add_page(app: Flask, org: Org) -> None:
    @app.get("/")
    def page() -> Response:
        with org.lock:
            sections = [_section(org, name, title) for name, title in _SECTIONS]
        counts = ", ".join(f"{len(one['records'])} {one['title'].lower()}" for one in sections)
        shown = render_template_string(_PAGE, sections=sections, counts=counts)
        policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
        headers = {"Content-Security-Policy": policy}
        return Response(shown, headers=headers, content_type="text/html; charset=utf-8")

    @app.post("/")
    def act() -> AnyResponse:
        form = request.form.to_dict()
        action = _ACTIONS.get(form.pop("action", ""))
        if action is None:
            return Response("no such action", 400)
        with org.lock:
            action(org, form)
        return redirect("/", code=303)


def _save(org: Org, form: Mapping[str, str]) -> None:
    fields = {name: value for name, value in form.items() if name != "id"}
    change(org, {"id": form["id"], "fields": fields})


def _make(org: Org, form: Mapping[str, str]) -> None:
    change(org, {"object": "Lead", "fields": dict(form)})


def _convert(org: Org, form: Mapping[str, str]) -> None:
    lead = org.records["Lead"][form["id"]]
    convert(org, {"lead": lead.id, "opportunity": lead.values["Name"]})


def _remove(org: Org, form: Mapping[str, str]) -> None:
    remove(org, {"id": form["id"]})


_ACTIONS: Mapping[str, Callable[[Org, Mapping[str, str]], None]] = {
    "new": _make,
    "save": _save,
    "convert": _convert,
    "delete": _remove,
}


def _section(org: Org, name: str, title: str) -> dict[str, Any]:
    newest = sorted(org.live(name), key=lambda one: -one.seq)[:MAX_SHOWN]
    return {"title": title, "records": [_card(org, one) for one in newest]}


def _card(org: Org, record: Record) -> dict[str, Any]:
    values = record.values
    word, words = _words(org, record)
    known = [one for one in owners(org) if record.object == "Lead" or one[0][:3] == "005"]
    return {
        "id": record.id,
        "name": values.get("Name") or "Unnamed",
        "about": " · ".join(str(one) for one in _about(record) if one),
        "owner": values.get("OwnerId"),
        "owners": [(INTEGRATION_USER, "Integration User"), *known],
        "word": word,
        "words": words,
        "is_at": values.get(word),
        "is_converted": bool(values.get("IsConverted")),
        "can_convert": record.object == "Lead",
        "tasks": _tasks(org, record),
    }


def _about(record: Record) -> Sequence[Any]:
    values = record.values
    became = f"converted into {values['ConvertedContactId']}" if values.get("IsConverted") else ""
    named = (values.get("Company"), values.get("Phone"), values.get("CloseDate"))
    return (*named, record.id, became)


def _words(org: Org, record: Record) -> tuple[str, list[str]]:
    tables = {"Lead": ("Status", "LeadStatus"), "Opportunity": ("StageName", "OpportunityStage")}
    if record.object not in tables:
        return "", []
    word, table = tables[record.object]
    return word, [str(one.values["ApiName"]) for one in org.live(table)]


def _tasks(org: Org, record: Record) -> list[dict[str, Any]]:
    name = "WhatId" if record.object == "Opportunity" else "WhoId"
    found = [one.values for one in org.live("Task") if one.values.get(name) == record.id]
    return found[::-1][:MAX_SHOWN]
