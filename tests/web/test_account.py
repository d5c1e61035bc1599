"""One's own account: sessions that one can end; admins end anybody's (S14)."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from bridge.domain.names import EmployeeId
from bridge.domain.signin_policy import SessionLimits
from bridge.store.audit import Deed, Wanted, find
from bridge.store.engine import reading, writing
from bridge.store.sessions import Entrance, id_of, open_session, open_sessions
from bridge.web.browsers import browser_family
from tests.web.asking import api
from tests.web.browsing import csrf, link, sign_in
from tests.web.world import ANA, BRUNO, LUIS, QA, World

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def another(world: World, who: EmployeeId, browser: str = "Safari, iPhone") -> str:
    entrance = Entrance(via="link", browser=browser, limits=SessionLimits())
    with writing(world.engine) as db:
        return open_session(db, f"employee:{who}", world.now, entrance)


def send(browser: FlaskClient, address: str) -> int:
    token = csrf(browser.get("/account").text)
    return browser.post(address, data={"csrf": token}).status_code


def test_an_account_shows_where_one_is_signed_in(world: World) -> None:
    another(world, ANA)
    another(world, LUIS, "Opera, Windows")
    page = world.signed_in(ANA).get("/account").text
    assert "Safari, iPhone" in page
    assert "This one" in page
    assert "Opera" not in page


def test_the_browser_of_a_session_is_the_one_that_signed_in(world: World) -> None:
    browser = world.app.test_client()
    browser.environ_base["HTTP_USER_AGENT"] = FIREFOX
    assert sign_in(world, browser, link(world)) == 303
    assert "Firefox, Linux" in browser.get("/account").text


def test_one_of_ones_own_is_ended_and_out_with_the_next_request(world: World) -> None:
    token, mine = another(world, ANA), world.signed_in(ANA)
    other = world.app.test_client()
    other.set_cookie("bridge_session", token)
    assert other.get("/conversations").status_code == 200
    assert send(mine, f"/account/sessions/{id_of(token)}/end") == 303
    assert other.get("/conversations").status_code == 303
    assert mine.get("/conversations").status_code == 200
    assert "The session is ended." in mine.get("/account?ended=one").text


def test_all_others_are_ended_at_once_and_it_is_on_record(world: World) -> None:
    for _ in range(3):
        another(world, ANA)
    another(world, BRUNO)
    assert send(world.signed_in(ANA), "/account/end-others") == 303
    with reading(world.engine) as db:
        left = [one.principal for one in open_sessions(db, world.now)]
        (line,) = find(db, Wanted(deed=Deed.SESSION_REVOKED))
    assert sorted(left) == [f"employee:{ANA}", f"employee:{BRUNO}"]
    assert (line.actor, line.object) == (f"employee:{ANA}", f"employee:{ANA}")


@pytest.mark.parametrize("who", [ANA, QA, LUIS])
def test_nobody_ends_anothers_by_his_own_account(world: World, who: EmployeeId) -> None:
    token = another(world, BRUNO)
    browser = world.signed_in(who)
    assert send(browser, f"/account/sessions/{id_of(token)}/end") == 404
    assert send(browser, f"/account/sessions/{token}/end") == 404
    with reading(world.engine) as db:
        assert id_of(token) in [one.id for one in open_sessions(db, world.now)]


def test_quality_control_ends_its_own(world: World) -> None:
    token = another(world, QA)
    assert send(world.signed_in(QA), f"/account/sessions/{id_of(token)}/end") == 303


def test_an_admin_sees_everybodys_and_ends_them(world: World) -> None:
    token, luis = another(world, ANA), world.signed_in(LUIS)
    page = luis.get("/sessions").text
    assert "Ana Ruiz" in page
    assert "Safari, iPhone" in page
    assert "Ana Ruiz" not in luis.get(f"/sessions?person=employee:{BRUNO}").text
    assert send(luis, f"/sessions/{id_of(token)}/end") == 303
    assert send(luis, f"/sessions/{id_of(token)}/end") == 404
    with reading(world.engine) as db:
        (line,) = find(db, Wanted(deed=Deed.SESSION_REVOKED))
    assert (line.actor, line.object) == (f"employee:{LUIS}", f"employee:{ANA}")


@pytest.mark.parametrize("who", [ANA, QA])
def test_nobody_else_sees_or_ends_them(world: World, who: EmployeeId) -> None:
    token, browser = another(world, LUIS), world.signed_in(who)
    assert browser.get("/sessions").status_code == 403
    assert send(browser, f"/sessions/{id_of(token)}/end") == 403
    assert api(world, who).get("/sessions").status == 403


def test_the_api_lists_and_ends_sessions(world: World) -> None:
    tokens = [another(world, ANA) for _ in range(3)]
    luis = api(world, LUIS)
    found = luis.all("/sessions", principal=f"employee:{ANA}", limit=2)
    assert [one["id"] for one in found] == sorted(map(id_of, tokens), reverse=True)
    assert luis.post(f"/sessions/{id_of(tokens[0])}/end").status == 200
    assert luis.post(f"/sessions/{id_of(tokens[0])}/end").status == 404
    assert tokens[1] not in str(found)
    assert len(luis.all("/sessions")) == 2


def test_a_session_that_is_used_stays_and_one_that_is_not_ends(world: World) -> None:
    browser = world.signed_in(ANA)
    for _ in range(5):
        world.later(hours=2)
        assert browser.get("/feed").status_code == 200
    world.later(hours=2)
    assert browser.get("/feed").status_code == 303  # twelve hours, whatever it was used


def test_what_a_page_asks_for_by_itself_keeps_no_session_open(world: World) -> None:
    browser = world.signed_in(ANA)
    for _ in range(3):
        world.later(hours=1)
        assert browser.get("/feed", headers={"X-Live": "1"}).status_code == 200
    world.later(hours=1)
    assert browser.get("/feed").status_code == 303


def test_a_page_is_shown_though_its_use_can_not_be_noted(world: World) -> None:
    """Another process holds the store's only pen for long."""
    browser = world.signed_in(ANA)
    world.later(minutes=2)
    with writing(world.engine):
        assert browser.get("/feed").status_code == 200


def test_a_zone_of_ones_own_counts_and_one_that_does_not_exist_does_not(world: World) -> None:
    browser = world.signed_in(ANA)
    token = csrf(browser.get("/account").text)
    browser.set_cookie("bridge_zone", "Europe/Madrid")
    wish = {"csrf": token, "next": "/account", "own_zone": "Asia/Kathmandu"}
    assert browser.post("/look", data=wish).headers["Location"] == "/account"
    page = browser.get("/account").text
    assert "<option selected>Asia/Kathmandu</option>" in page
    assert "data-zone" not in page
    browser.post("/look", data={**wish, "own_zone": "Mars/Olympus"})
    assert "<option selected>Asia/Kathmandu</option>" in browser.get("/account").text
    browser.post("/look", data={**wish, "own_zone": ""})
    assert 'data-zone="Europe/Madrid"' in browser.get("/account").text


@pytest.mark.parametrize(
    ("user_agent", "family"),
    [
        (FIREFOX, "Firefox, Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 Safari/537.36 Edg/131.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/131.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.5.0", ""),
        ("<script>alert(1)</script>", ""),
        ("", ""),
        ("Firefox" * 100_000, "Firefox"),
    ],
)
def test_a_browser_is_told_by_its_family_alone(user_agent: str, family: str) -> None:
    assert browser_family(user_agent) == family


def test_an_admin_ends_all_of_somebody_and_nobody_elses(world: World) -> None:
    """His own stays where he ends his own."""
    for _ in range(3):
        another(world, ANA)
    other, luis = another(world, BRUNO), another(world, LUIS)
    admin = world.signed_in(LUIS)
    page = admin.get(f"/sessions?person=employee:{ANA}").text
    assert "End all of these" in page
    form = {"csrf": csrf(page), "person": f"employee:{ANA}"}
    assert admin.post("/sessions/end-all", data=form).headers["Location"] == "/sessions?ended=all"
    assert "The sessions are ended." in admin.get("/sessions?ended=all").text
    mine = {**form, "person": f"employee:{LUIS}"}
    assert admin.post("/sessions/end-all", data=mine).status_code == 303
    assert admin.get("/sessions").status_code == 200
    with reading(world.engine) as db:
        left = [one for one in open_sessions(db, world.now)]
        lines = find(db, Wanted(deed=Deed.SESSION_REVOKED))
    assert id_of(other) in [one.id for one in left]
    assert id_of(luis) not in [one.id for one in left]
    assert {(line.object, line.detail) for line in lines} == {
        (f"employee:{ANA}", "all: 3"),
        (f"employee:{LUIS}", "all: 1"),
    }


@pytest.mark.parametrize("person", ["", "employee:nobody@acme.example", f"employee:{ANA}\x00"])
def test_of_nobody_there_is_nothing_to_end(world: World, person: str) -> None:
    another(world, ANA)
    admin = world.signed_in(LUIS)
    form = {"csrf": csrf(admin.get("/sessions").text), "person": person}
    assert admin.post("/sessions/end-all", data=form).status_code == 404
    with reading(world.engine) as db:
        assert len(open_sessions(db, world.now, principal=f"employee:{ANA}")) == 1


def test_rol_14_who_is_taken_out_of_the_configuration_sees_nothing_with_his_next_request(
    world: World,
) -> None:
    """His session shows him that he has no role, until an admin ends it or its time is over."""
    world.client("Marta", "+34600111222", BRUNO)
    chat = world.writes("+34600111222", "of a client alone")
    his = world.signed_in(BRUNO)
    assert "of a client alone" in his.get(f"/conversations/{chat}").text
    people = {name: one for name, one in world.policy.employees.items() if name != BRUNO}
    world.policy = replace(world.policy, employees=people)
    assert his.get(f"/conversations/{chat}").status_code == 404
    assert "You have no role yet" in his.get("/conversations").text
