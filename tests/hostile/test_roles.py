"""Role by route by owner: every route of the application, asked by everybody (S15)."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.people import Role
from bridge.store import work
from bridge.store.engine import writing
from bridge.store.keys import Scope
from tests.hostile.roles import TABLE
from tests.web.asking import api
from tests.web.browsing import csrf
from tests.web.doors import door
from tests.web.files import is_copied, sends_file
from tests.web.world import ANA, BRUNO, LUIS, NORA, QA, WA, World

# Those of a whole process only: they ask for no employee.
ELSEWHERE = ("/hooks/", "/healthz", "/readyz", "/metrics")
VISITORS: dict[str, EmployeeId | None] = {
    "nobody": None,
    "no role": NORA,
    "owner": ANA,
    "colleague": BRUNO,
    "quality control": QA,
    "manager": LUIS,
}
PHONE = "+34600111222"
LINES = [line.split() for line in TABLE.strip().splitlines()]


def asked() -> list[list[str]]:
    return [line for line in LINES if not line[1].startswith(ELSEWHERE)]


def routes(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {rule.rule}"


def test_s15_every_route_stands_in_the_table(sqlite_url: str, world: World) -> None:
    with door(world.engine) as opened:
        served = {*routes(opened.app)}
    assert {f"{line[0]} {line[1]}" for line in LINES} == served
    assert len(LINES) == len(served)


@pytest.fixture
def chat(world: World) -> ConversationId:
    """Ana's, with a file; and a dead letter."""
    world.client("Marta", PHONE, ANA, deal_of=ANA)
    written = world.writes(PHONE, "hello there")
    world.arrives(WA, b"no JSON")
    is_copied(world, sends_file(world, PHONE))
    return written


def places(world: World, chat: ConversationId) -> dict[str, str]:
    """What stands for the parts of a rule."""
    luis = api(world, LUIS)
    event = luis.all("/timeline")[0]
    said = luis.all(f"/conversations/{chat}/messages")
    return {
        "name": str(chat),
        "id": str(chat),
        "event": str(event["event"]),
        "file": next(message["id"] for message in said if message["media"]),
        "box": "inbox",
        "letter": "2",
        "place": "0",
        "contact": "rc_" + PHONE,
    }


def address(rule: str, found: dict[str, str]) -> str:
    """`/events/<name>` is about an event, `/dead-letters/…/<id>` about a letter."""
    about = {
        "/events/": {"name": found["event"], "id": found["event"]},
        "/dead-letters/": {"id": found["letter"]},
        "/contacts/<name>/merge": {"name": found["name"]},
        "/contacts/": {"id": found["contact"], "name": found["contact"]},
        "/keys/": {"id": "none"},
        "/media/of/": {"message": found["file"], "place": "0"},
        "/notifications/": {"id": "none"},
        "/static/": {"filename": "bridge.css"},
    }
    more = [parts for start, parts in about.items() if start in rule]
    named = {**found, **(more[0] if more else {})}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: named.get(part[1], "x"), rule)


def status(world: World, method: str, where: str, visitor: EmployeeId | None) -> int:
    browser = world.app.test_client() if visitor is None else world.signed_in(visitor)
    if where.startswith("/api/"):
        key = "none" if visitor is None else world.key(f"employee:{visitor}", *Scope)
        headers = {"Authorization": f"Bearer {key}"}
        sent: dict[str, str] | None = None if method == "GET" else {}
        with browser.open(where, method=method, headers=headers, json=sent) as answer:
            return answer.status_code
    form = {} if visitor is None else {"csrf": csrf(browser.get("/conversations").text)}
    with browser.open(where, method=method, data=form if method == "POST" else None) as answer:
        return answer.status_code


def test_s15_each_gets_what_is_his(world: World, chat: ConversationId) -> None:
    assert world.policy.employee(NORA).role is Role.NONE
    told, found = [], places(world, chat)
    for method, rule, *_ in asked():
        with writing(world.engine) as db:
            work.dead(db, 2, "no JSON")  # again: the line before may have dropped it
        where = address(rule, found)
        answers = [str(status(world, method, where, visitor)) for visitor in VISITORS.values()]
        told.append(" ".join([method, rule, *answers]))
    assert told == [" ".join(line) for line in asked()]
