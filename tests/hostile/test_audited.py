"""Whoever changes something leaves a line in the audit log: every route of the application."""

import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from bridge.domain.events import OwnEvent
from bridge.domain.names import AccountName, ConversationId
from bridge.domain.policy import AccountPolicy
from bridge.domain.signin_policy import EmbeddingPolicy
from bridge.pipeline import dead
from bridge.pipeline.dead import Box
from bridge.store import lanes, work
from bridge.store.audit import Deed, Line, Wanted, find
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.schema import AUDIT
from bridge.store.sessions import create_login_link, id_of
from tests.domain.reselling.building import RITA
from tests.hostile.audited import TABLE
from tests.hostile.roles import TABLE as ROUTES
from tests.web.asking import Api, api, service
from tests.web.browsing import csrf
from tests.web.configured import ConfiguredWorld
from tests.web.reselling import add, as_user, browser_of, with_resellers
from tests.web.settings_house import configured
from tests.web.test_account import another
from tests.web.test_settings_review import MANAGER, prepared, sends
from tests.web.world import ANA, BRUNO, CRM, LUIS, WA, World

PHONE, OTHER = "+34600111222", "+34600999888"
LINES = [line.split(maxsplit=2) for line in TABLE.strip().splitlines()]
DEEDS = {f"{method} {rule}": said for method, rule, said in LINES}
Act = Callable[[], object]
Asker = typing.TypeVar("Asker")
# Events of our own that nobody of the house stands behind: what is read, and what falls due.
OF_NOBODY = {
    *("PartnerAccountRead", "PartnerUserRead", "LeadRead", "LeadDistributed", "LeadExpired"),
    *("BatchMailed", "RenewalRead", "RenewalDue", "RenewalChatRefused", "RenewalShown"),
    *("ClientTermTold", "UnitsUsed", "ClientChanged", "ClientIdentified"),
}
# Those of a conversation: who wrote it, or who decided, is told by the tests below.
OF_THE_DESK = {"MessageWritten", "SendMarked", "NoteAdded", "ClientChosen"}
OF_THE_DESK |= {"ContactsJoined", "ContactsParted"}


def test_every_route_that_changes_something_stands_in_the_table() -> None:
    served = [line.split()[:2] for line in ROUTES.strip().splitlines()]
    writes = {f"{method} {rule}" for method, rule in served if method != "GET"}
    assert set(DEEDS) == {
        one for one in writes if "<path:rest>" not in one and "/hooks/" not in one
    }
    assert len(LINES) == len(DEEDS)


def test_each_line_names_a_deed_or_a_reason() -> None:
    for route, said in DEEDS.items():
        assert said in tuple(Deed) or said.startswith("- "), route


def kinds_of(union: object) -> Iterator[type]:
    for one in typing.get_args(union):
        yield from kinds_of(one) if typing.get_args(one) else (one,)


def test_each_event_of_our_own_names_who_stands_behind_it() -> None:
    """Such a decision leaves its line by itself, whatever route it came by."""
    silent = {kind.__name__ for kind in kinds_of(OwnEvent) if not hasattr(kind, "by")}
    assert silent <= OF_NOBODY | OF_THE_DESK, "a new event: give it `by`, or say here why not"


def newest(world: World) -> int:
    with reading(world.engine) as db:
        return db.scalar(select(func.max(AUDIT.c.id))) or 0


def lines_after(world: World, last: int) -> list[Line]:
    with reading(world.engine) as db:
        return [one for one in find(db, Wanted()) if one.id > last]


def left_by(world: World, acts: Mapping[str, Act]) -> dict[str, list[str]]:
    """What each left in the log, in their order."""
    found = {}
    for route, act in acts.items():
        world.later(seconds=1)
        last = newest(world)
        act()
        found[route] = [line.deed for line in lines_after(world, last)]
    return found


def told(acts: Mapping[str, Act]) -> dict[str, list[str]]:
    return {route: [DEEDS[route]] for route in acts}


def posts(browser: FlaskClient, address: str, **form: object) -> None:
    page = browser.get("/account").text
    answer = browser.post(address, data={"csrf": csrf(page), **form})
    assert answer.status_code == 303, (address, answer.status_code, answer.text)


def asks(asker: Api, address: str, body: object = None) -> object:
    answer = asker.post(address, body)
    assert answer.status < 300, (address, answer.json)
    return answer.json


@pytest.fixture
def chat(world: World) -> ConversationId:
    world.client("Marta", PHONE, ANA, deal_of=ANA)
    return world.writes(PHONE, "hello there")


def dead_letter(world: World) -> str:
    world.arrives(WA, b"no JSON")
    with reading(world.engine) as db:
        letters = dead.dead_letters(db, Box.INBOX)
    number = 2 + len(letters)
    with writing(world.engine) as db:
        work.dead(db, number, "no JSON")
    return str(number)


def test_what_is_done_about_conversations_and_clients(world: World, chat: ConversationId) -> None:
    ana, luis = api(world, ANA), api(world, LUIS)
    desk, boss = world.signed_in(ANA), world.signed_in(LUIS)
    second = world.client("Clara", OTHER, BRUNO)
    first = f"rc_{PHONE}"
    where = f"/conversations/{chat}"
    deal = luis.get(where).json["deals"][0]["id"]
    page: dict[str, Act] = {
        "POST /conversations/<name>/dismiss": lambda: posts(desk, f"{where}/dismiss"),
        "POST /conversations/<name>/undismiss": lambda: posts(desk, f"{where}/undismiss"),
        "POST /conversations/<name>/deal": lambda: posts(boss, f"{where}/deal", deal=deal),
        "POST /api/v1/conversations/<id>/dismiss": lambda: asks(ana, f"{where}/dismiss"),
        "POST /api/v1/conversations/<id>/undismiss": lambda: asks(ana, f"{where}/undismiss"),
        "POST /api/v1/conversations/<id>/deal": lambda: asks(luis, f"{where}/deal", {"deal": None}),
        "POST /contacts/<name>/merge": lambda: posts(boss, f"/contacts/{second}/merge", into=first),
        "POST /merges/<name>/undo": lambda: posts(boss, f"/merges/{merge_of(luis)}/undo"),
        "POST /api/v1/contacts/<id>/merge": lambda: asks(
            luis, f"/contacts/{second}/merge", {"into": first}
        ),
        "POST /api/v1/merges/<id>/undo": lambda: asks(luis, f"/merges/{merge_of(luis)}/undo"),
        "POST /conversations/<name>/client": lambda: posts(boss, f"{where}/client", contact=second),
        "POST /api/v1/conversations/<id>/client": lambda: asks(
            luis, f"{where}/client", {"contact": first}
        ),
        "POST /conversations/<name>/erase": lambda: posts(boss, f"{where}/erase", sure="yes"),
    }
    assert left_by(world, page) == told(page)
    assert "Marta" not in str(lines_after(world, 0))


def merge_of(luis: Api) -> str:
    return str(luis.get("/merges").items[0]["id"])


def test_an_erasure_by_the_api(world: World, chat: ConversationId) -> None:
    luis = api(world, LUIS)
    acts: dict[str, Act] = {
        "POST /api/v1/conversations/<id>/erase": lambda: asks(luis, f"/conversations/{chat}/erase")
    }
    assert left_by(world, acts) == told(acts)


def test_dead_letters(world: World, chat: ConversationId) -> None:
    luis, boss = api(world, LUIS), world.signed_in(LUIS)
    one, other, third, fourth = (dead_letter(world) for _ in range(4))
    page, at = "/dead-letters/inbox", "/dead-letters/inbox"
    raw = {"csrf": csrf(boss.get("/account").text)}
    acts: dict[str, Act] = {
        "POST /dead-letters/<box>/<letter>/raw": lambda: boss.post(f"{page}/{one}/raw", data=raw),
        "POST /dead-letters/<box>/<letter>/drop": lambda: posts(boss, f"{page}/{one}/drop"),
        "POST /dead-letters/undo": lambda: posts(
            boss, "/dead-letters/undo", dropped=f"inbox:{one}"
        ),
        "POST /dead-letters/<box>/<letter>/replay": lambda: posts(boss, f"{page}/{one}/replay"),
        "POST /dead-letters/bulk": lambda: posts(
            boss, "/dead-letters/bulk", action="replay", letter=f"inbox:{other}", step="do"
        ),
        "POST /api/v1/dead-letters/<box>/<id>/drop": lambda: asks(luis, f"{at}/{third}/drop"),
        "POST /api/v1/dead-letters/<box>/<id>/undo": lambda: asks(luis, f"{at}/{third}/undo"),
        "POST /api/v1/dead-letters/<box>/<id>/replay": lambda: asks(luis, f"{at}/{fourth}/replay"),
    }
    assert left_by(world, acts) == told(acts)


def test_sessions_and_keys(world: World) -> None:
    luis, boss = api(world, LUIS), world.signed_in(LUIS)
    body = {"name": "n", "principal": "service:crm-sync", "scopes": ["read"]}
    with writing(world.engine) as db:
        token = create_login_link(db, f"employee:{ANA}", world.now)
    door = world.app.test_client()
    form = {"csrf": csrf(door.get(f"/login/{token}").text)}
    mine, hers, late = another(world, LUIS), another(world, ANA), another(world, ANA)
    other = another(world, LUIS)
    acts: dict[str, Act] = {
        "POST /login/<token>": lambda: door.post(f"/login/{token}", data=form),
        "POST /account/sessions/<session>/end": lambda: posts(
            boss, f"/account/sessions/{id_of(mine)}/end"
        ),
        "POST /account/end-others": lambda: posts(boss, "/account/end-others"),
        "POST /sessions/<session>/end": lambda: posts(boss, f"/sessions/{id_of(hers)}/end"),
        "POST /api/v1/sessions/<id>/end": lambda: asks(luis, f"/sessions/{id_of(late)}/end"),
        "POST /api/v1/keys": lambda: asks(luis, "/keys", body),
        "DELETE /api/v1/keys/<id>": lambda: luis.delete(f"/keys/{key_of(luis)}"),
        "POST /logout": lambda: posts(boss, "/logout"),
    }
    assert other
    assert left_by(world, acts) == told(acts)


def key_of(luis: Api) -> str:
    return str(
        next(one["id"] for one in luis.all("/keys") if one["principal"] != f"employee:{LUIS}")
    )


def held(world: World, who: Asker) -> Asker:
    with writing(world.engine) as db:
        lanes.hold(db, f"out:{CRM}", None, "refused")
    return who


def test_accounts_webhooks_and_frames(world: World, chat: ConversationId) -> None:
    pager = AccountName("pager")
    accounts = {**world.policy.accounts, pager: AccountPolicy(connector="wazzup")}
    origins = EmbeddingPolicy(
        allowed_origins=("https://app.hubspot.com",), session=timedelta(hours=1)
    )
    world.policy = replace(world.policy, accounts=accounts, webhook=pager, embedding=origins)
    luis, boss = api(world, LUIS), world.signed_in(LUIS)

    resume = f"/operations/accounts/{CRM}/resume"
    frame = {"employee": ANA, "conversation": str(chat)}
    acts: dict[str, Act] = {
        "POST /operations/accounts/<account>/resume": lambda: posts(held(world, boss), resume),
        "POST /api/v1/operations/accounts/<account>/resume": lambda: asks(
            held(world, luis), resume
        ),
        "POST /deliveries/test": lambda: posts(boss, "/deliveries/test"),
        "POST /api/v1/outgoing-webhooks/test": lambda: asks(luis, "/outgoing-webhooks/test"),
        "POST /api/v1/embed-links": lambda: asks(
            service(world, Scope.EMBED), "/embed-links", frame
        ),
    }
    assert left_by(world, acts) == told(acts)


def test_a_change_of_the_configuration_by_a_page(
    sqlite_url: str, world: World, tmp_path: Path
) -> None:
    house: ConfiguredWorld = configured(world.engine, tmp_path / "config").world
    boss, address = house.signed_in(LUIS), prepared(house, MANAGER)
    last = newest(house)
    assert sends(boss, address, boss.get(address).text).status_code == 303
    assert DEEDS["POST /settings/review/<name>"] in [one.deed for one in lines_after(house, last)]


def test_a_resellers_clients(world: World) -> None:
    with_resellers(world)
    rita, page = as_user(world), browser_of(world, RITA)
    client = add(rita)["id"]
    at = f"/clients/{client}"
    acts: dict[str, Act] = {
        "POST /api/v1/clients": lambda: add(rita, legal_name="Tintas del Norte SA"),
        "POST /api/v1/clients/<id>/add-units": lambda: asks(rita, f"{at}/add-units", {"units": 5}),
        "POST /api/v1/clients/<id>/suspend": lambda: asks(rita, f"{at}/suspend"),
        "POST /api/v1/clients/<id>/activate": lambda: asks(rita, f"{at}/activate"),
        "POST /api/v1/clients/<id>/sign-in-as": lambda: asks(rita, f"{at}/sign-in-as"),
        "POST /clients/<name>/sign-in-as": lambda: posts(page, f"{at}/sign-in-as"),
        "POST /plan/end": lambda: posts(page, "/plan/end"),
        "POST /clients/<name>/<action>": lambda: posts(page, f"{at}/suspend"),
        "POST /api/v1/clients/<id>/archive": lambda: asks(rita, f"{at}/archive"),
    }
    assert left_by(world, acts) == told(acts)
    assert {line.actor for line in lines_after(world, 0)} <= {
        f"reseller:{RITA}",
        f"client:{client}",
    }
