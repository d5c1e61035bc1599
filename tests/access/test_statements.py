"""Every page there is asks the store as often for sixty rows as for three."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, update

from bridge.codec import encode
from bridge.domain.changes import Notify
from bridge.domain.messaging import Messenger
from bridge.domain.partner_leads import Holder, HolderKind, LeadState
from bridge.domain.principals import PersonKind
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import ClientState, ContactState
from bridge.pipeline.indexing import index
from bridge.store import inbox, notices
from bridge.store.engine import writing
from bridge.store.schema import INBOX
from bridge.store.sessions import open_session
from tests.access.channel_side import (
    FACTURA,
    PETRA,
    ROSA,
    Some,
    SomeClient,
    SomeLead,
    SomeRenewal,
    moves_in,
    plant_subjects,
)
from tests.access.companies import fresh_world
from tests.access.planting import FRESH, Chat, Record, directory, plant
from tests.web.world import ANA, LUIS, OWNER, SALES, WA, World

FEW, MANY = 3, 60
FILTERED = (
    "/conversations?q=needle",
    "/conversations?q=haystack",
    "/conversations?unanswered=1",
    "/conversations?mark=red",
    "/conversations?mine=1",
    f"/conversations?owner={ANA}&channel={SALES}&messenger={Messenger.WHATSAPP}",
    "/feed?contact=rc_000",
    f"/feed?employee={ANA}",
)
VISITORS = {
    "manager": f"{PersonKind.EMPLOYEE}:{LUIS}",
    "salesperson": f"{PersonKind.EMPLOYEE}:{ANA}",
    "partner": f"{PersonKind.PARTNER_USER}:{PETRA}",
    "reseller": f"{PersonKind.RESELLER_USER}:{ROSA}",
}
SHOWN = {"manager": 30, "salesperson": 15, "partner": 8, "reseller": 8}
"""So many pages at least are for them."""
NAMES = {
    "/conversations/<": "cv_000",
    "/contacts/<": "rc_000",
    "/deals/<": "rd_rc_000_0",
    "/leads/<": "rl_rc_000_0",
    "/events/<": "1",
    "/inbox/<": "pl_000",
    "/partners/leads/<": "pl_000",
    "/clients/<": "cl_001",
    "/renewals/<": "rn_002",
    "/dead-letters/<": "in",
}
ONCE = ("/signin", "/login", "/static")
"""Of these each visit is another one, or none of the store."""


@dataclass(frozen=True, slots=True)
class Seen:
    status: int
    statements: int


def fill(world: World, rows: int) -> None:
    """So many of everything that pages list, all of it there to be seen."""
    moves_in(world)
    directory(world)
    record = Record(owner=OWNER[ANA], is_open=True, age=FRESH)
    chat = Chat(
        client=ClientState.KNOWN,
        channel=SALES,
        owner=OWNER[ANA],
        contact=ContactState.ACTIVE,
        age=FRESH,
        deals=(record,),
        leads=(record,),
        claimed_by=None,
        participant=ANA,
        is_unanswered=True,
        has_messages=True,
    )
    planted = plant(world, [chat] * rows)
    petra = Holder(kind=HolderKind.PARTNER, name=PETRA)
    lead = SomeLead(holder=petra, state=LeadState.OFFERED, tenant="partner:north")
    client = SomeClient(reseller=FACTURA, is_suspended=False, is_archived=False)
    renewal = SomeRenewal(tenant="partner:north", notify=PETRA)
    some: list[Some] = [lead, client, renewal]
    plant_subjects(world, some * rows)
    with writing(world.engine) as db:
        told = [
            Notify(employee=who, conversation=p.conversation, message=None, code=code)
            for who in (ANA, LUIS)
            for p in planted
            for code in (ReasonCode.NOTIFY_RESPONSIBLE,)
        ]
        notices.add(db, told, world.now)
        letters = [
            inbox.NewRow(
                lane=f"in:{WA}",
                account=WA,
                received_at=world.now,
                method="POST",
                url=f"{world.public_url}/hooks/{WA}",
                headers=encode({}),
                body=b"unreadable",
            )
            for _ in range(rows)
        ]
        inbox.append(db, letters)
        db.execute(update(INBOX).values(state="dead", reason="payload.invalid"))
        for _ in range(rows):
            open_session(db, VISITORS["manager"], world.now)
    index(world.parts, 60)


def addresses(world: World) -> Iterator[str]:
    """Every page in the URL map, and the lists with filters."""
    for rule in world.app.url_map.iter_rules():
        is_page = rule.endpoint.startswith("pages.") and "GET" in (rule.methods or set())
        if is_page and not rule.rule.startswith(ONCE):
            yield address_of(rule.rule)
    yield from FILTERED


def address_of(rule: str) -> str:
    for start, name in NAMES.items():
        if rule.startswith(start):
            first = rule.replace(re.findall(r"<[^>]*>", rule)[0], name, 1)
            return re.sub(r"<[^>]*>", "1", first)
    return re.sub(r"<[^>]*>", "1", rule)


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    made: list[str] = []

    def note(_db: object, _cursor: object, statement: str, *_: object) -> None:
        made.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield made
    event.remove(engine, "before_cursor_execute", note)


def seen(world: World, browser: FlaskClient) -> dict[str, Seen]:
    """Each once beforehand: what a process keeps is not asked for again."""
    found = {}
    for address in addresses(world):
        browser.get(address)
        with counted(world.engine) as made:
            status = browser.get(address).status_code
        found[address] = Seen(status, len(made))
    return found


def visited(template: Path, principal: str, rows: int) -> dict[str, Seen]:
    with fresh_world(template) as world:
        fill(world, rows)
        with writing(world.engine) as db:
            token = open_session(db, principal, world.now)
        browser = world.app.test_client()
        browser.set_cookie("bridge_session", token)
        return seen(world, browser)


@pytest.mark.parametrize("who", VISITORS)
def test_no_page_asks_more_often_for_more_rows(sqlite_template: Path, who: str) -> None:
    few, many = (visited(sqlite_template, VISITORS[who], rows) for rows in (FEW, MANY))
    assert few.keys() == many.keys()
    grown = {
        address: (few[address].statements, many[address].statements)
        for address in few
        if many[address].statements > few[address].statements
    }
    assert grown == {}
    failed = {address: one.status for address, one in many.items() if one.status >= 500}
    assert failed == {}
    assert sum(one.status == 200 for one in many.values()) >= SHOWN[who]
