"""(f) What a page costs the server with very many conversations, as against one with nothing in it:
for who reads all, who reads a hundredth, a partner and a reseller."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from urllib.parse import quote

from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import Connection, select

from bridge.pipeline.parts import Parts
from bridge.settings import Settings
from bridge.store.engine import reading, writing
from bridge.store.schema import DECISIONS
from bridge.store.sessions import open_session
from bridge.web import media, pages
from bridge.web.auth import EVERYBODY
from bridge.web.pages.visiting import Visit, page
from bridge.web.site import site_of
from tests.bench.figures import Figure, at_most, median_figure, ratios
from tests.bench.many_chats import SELLER, many_chats, name_of, some_chats
from tests.bench.many_others import (
    ADMIN,
    PARTNER,
    RESELLER,
    client_named,
    draft_of_a_change,
    lead_named,
    renewal_named,
)
from tests.bench.plan import Plan

PART = "f"
EMPTY = "/nothing"
WANTED_MILLISECONDS = 50.0
REQUESTS = 5  # of each page in a round
PEOPLE = {
    "manager": f"employee:{ADMIN}",
    "salesperson": f"employee:{SELLER}",
    "partner": f"partner:{PARTNER}",
    "reseller": f"reseller:{RESELLER}",
}


def measure(plan: Plan, say: Callable[[str], None]) -> Iterator[Figure]:
    for kind in plan.stores:
        with many_chats(kind, plan.chats, plan.output, say) as (parts, settings):
            app = made(parts, settings)
            addresses = {**addresses_of(parts, plan.chats), **all_others(parts)}
            for role, principal in PEOPLE.items():
                browser = signed_in(app, parts, principal)
                his = {name: at for name, at in addresses.items() if is_for(browser, at)}
                say(f"asking for {len(his)} pages as {role} ({kind})")
                yield from _figures(browser, his, f"{kind}.{role}", plan.rounds)


def made(parts: Parts, settings: Settings) -> Flask:
    """The pages, and one with nothing in it."""
    app = Flask("bridge.web", static_folder=None)
    pages.register(app, parts, settings)
    media.register(app, parts, settings)
    view = page(site_of(parts, settings), _nothing, EVERYBODY)
    app.add_url_rule(EMPTY, "nothing", partial(view))
    return app


def _nothing(visit: Visit) -> Response:
    return visit.render("base.html")


def addresses_of(parts: Parts, chats: int) -> Mapping[str, str]:
    """What there is to see for both."""
    number = some_chats(chats)[0]
    conversation = name_of(number)
    with reading(parts.engine) as db:
        event = _event(db, number)
    since = (parts.now() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    words = {
        "a common word": "hola",
        "two common words": "factura numero",
        "the beginning of one": "not",
        "a rare word": f"pedido {number}",
        "a name": "Maria Lopez",
        "part of a name": "arci",
        "part of a number": "00000",
        "nothing": "quetzalcoatl",
    }
    return {
        "conversations": "/conversations",
        "conversations, unanswered": "/conversations?unanswered=1",
        "conversations, red": "/conversations?mark=red",
        "conversations, grey": "/conversations?mark=grey",
        "conversations, mine": "/conversations?mine=1",
        "conversations of a colleague": "/conversations?owner=owner7@acme.example",
        "conversations, one channel": "/conversations?channel=wa-north",
        "conversations, a channel without any": "/conversations?channel=tg-sales",
        "conversations, one messenger": "/conversations?messenger=whatsapp",
        "conversations, a messenger without any": "/conversations?messenger=telegram",
        "conversations, failed": "/conversations?failed=1",
        "conversations, since": f"/conversations?since={since}",
        **{f"search for {what}": f"/conversations?q={quote(q)}" for what, q in words.items()},
        "search within a channel": "/conversations?q=hola&channel=wa-north",
        "one conversation": f"/conversations/{conversation}",
        "feed": "/feed",
        "feed of a contact": f"/feed?contact=rc_{number:07}",
        "feed of a colleague": f"/feed?employee={SELLER}",
        "why": f"/events/{event}",
        "notifications": "/notifications",
        "rotation": "/rotation",
        "work": "/work",
        "deliveries": "/deliveries",
        "dead letters": "/dead-letters",
    }


def all_others(parts: Parts) -> Mapping[str, str]:
    """Pages of those who look after the house, of partners and of resellers."""
    assert parts.folder is not None
    draft = draft_of_a_change(parts, parts.folder.path)
    return {
        **{f"numbers, {days} days": f"/numbers?days={days}" for days in (7, 30, 90)},
        "account": "/account",
        "sessions": "/sessions",
        "operations": "/operations",
        "audit log": "/operations/audit",
        "audit log of somebody": f"/operations/audit?actor=employee:{SELLER}",
        "first steps": "/welcome",
        "settings, people": "/settings/people",
        "settings, channels": "/settings/channels",
        "settings, new clients": "/settings/new-clients",
        "settings, rules": "/settings/rules",
        "settings, pools": "/settings/pools",
        "settings, who is told": "/settings/notifications",
        "settings, changes": "/settings/changes",
        "settings, files": "/settings/files",
        "settings, review of a change": f"/settings/review/{draft}",
        "leads of partners": "/partners/leads",
        "one lead": f"/partners/leads/{lead_named(10)}",
        "report of partners": "/partners/report",
        "inbox of a partner": "/inbox",
        "one lead of his": f"/inbox/{lead_named(10)}",
        "clients of resellers": "/clients",
        "one client": f"/clients/{client_named(11)}",
        "their activity": "/activity",
        "renewals": "/renewals",
        "renewals of a month": "/renewals/month",
        "one renewal": f"/renewals/{renewal_named(10)}",
    }


def _event(db: Connection, number: int) -> int:
    wanted = select(DECISIONS.c.id).where(DECISIONS.c.contact == f"rc_{number:07}")
    found: int = db.execute(wanted.order_by(DECISIONS.c.id.desc()).limit(1)).scalar_one()
    return found


def signed_in(app: Flask, parts: Parts, principal: str) -> FlaskClient:
    with writing(parts.engine) as db:
        token = open_session(db, principal, parts.now())
    browser = app.test_client()
    browser.set_cookie("bridge_session", token)
    return browser


def _figures(
    browser: FlaskClient, addresses: Mapping[str, str], key: str, rounds: int
) -> Iterator[Figure]:
    nothing: list[float] = []
    found: dict[str, list[float]] = {name: [] for name in addresses}
    for number in range(rounds + 1):
        base = milliseconds(browser, EMPTY)
        took = {name: milliseconds(browser, address) for name, address in addresses.items()}
        if number:  # the first round warms up
            nothing.append(base)
            for name, value in took.items():
                found[name].append(value)
    yield median_figure(PART, f"{key}.nothing", f"{key}: a page with nothing in it", nothing, "ms")
    for name, values in found.items():
        yield from _page(f"{key}: {name}", values, nothing)


def _page(label: str, values: Sequence[float], nothing: Sequence[float]) -> Iterator[Figure]:
    key = label.replace(": ", ".").replace(" ", "-").replace(",", "")
    limit = at_most(WANTED_MILLISECONDS)
    yield median_figure(PART, key, label, values, "ms", limit)
    ratio = ratios(values, nothing)
    yield median_figure(PART, f"{key}.ratio", f"{label}, to one with nothing", ratio)


def is_for(browser: FlaskClient, address: str) -> bool:
    """SystemExit for a page that fails."""
    status = browser.get(address).status_code
    if status not in (200, 303, 403, 404):
        raise SystemExit(f"{address} answered {status}")
    return status == 200


def milliseconds(browser: FlaskClient, address: str) -> float:
    """Of the server, the quickest of some: whatever else runs on the machine only adds to it."""
    took = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        browser.get(address)
        took.append((time.perf_counter() - began) * 1000)
    return min(took)
