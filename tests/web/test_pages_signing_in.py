"""Sign-in by a one-time link, sessions, forms: S14 of the security list."""

import re
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from bridge.domain.people import Role
from bridge.store.audit import Deed, Line, Wanted, find
from bridge.store.engine import open_engine, reading, writing
from bridge.store.schema import LOGIN_LINKS, SESSIONS
from bridge.store.sessions import (
    end_sessions_of,
    forget_expired_sessions,
    open_session,
    session_of,
    use_login_link,
    was_session_of,
)
from bridge.web.pages.openid import BACK_CHANNEL
from bridge.web.visitors import Visitors
from tests.web.browsing import csrf, link, sign_in
from tests.web.world import ANA, LUIS, NOW, World


def test_the_link_shows_a_button_and_the_button_signs_in(world: World) -> None:
    browser = world.app.test_client()
    assert sign_in(world, browser, link(world)) == 303
    page = browser.get("/conversations")
    assert (page.status_code, "Ana Ruiz" in page.text) == (200, True)


def test_looking_at_a_link_does_not_use_it_up(world: World) -> None:
    token = link(world)
    for _ in range(5):
        assert world.app.test_client().get(f"/login/{token}").status_code == 200
    assert sign_in(world, world.app.test_client(), token) == 303


def test_a_link_works_once(world: World) -> None:
    token = link(world)
    assert sign_in(world, world.app.test_client(), token) == 303
    assert sign_in(world, world.app.test_client(), token) == 403


def test_a_link_works_for_fifteen_minutes(world: World) -> None:
    token = link(world)
    world.later(minutes=15)
    assert sign_in(world, world.app.test_client(), token) == 403


def test_a_guessed_link_is_refused_in_the_same_words(world: World) -> None:
    used = link(world)
    sign_in(world, world.app.test_client(), used)
    answers = []
    for token in (used, "guessed"):
        browser = world.app.test_client()
        form = {"csrf": csrf(browser.get(f"/login/{token}").text)}
        answers.append(browser.post(f"/login/{token}", data=form).text)
    assert answers[0] == answers[1]


def guess(world: World, **environ: str) -> int:
    """Another guess, in a browser of its own."""
    browser = world.app.test_client()
    browser.environ_base.update(environ)
    return sign_in(world, browser, "guess")


def test_too_many_failures_have_to_wait_and_who_has_a_link_does_not(world: World) -> None:
    """A whole office may stand behind one address: what opens is let in, however many fail."""
    assert [guess(world) for _ in range(25)] == [403] * 20 + [429] * 5
    assert guess(world, REMOTE_ADDR="192.0.2.7") == 403
    assert sign_in(world, world.app.test_client(), link(world)) == 303
    world.later(minutes=1)
    assert guess(world) == 403


def test_who_has_a_network_of_ipv6_is_one_visitor(world: World) -> None:
    told = [guess(world, REMOTE_ADDR=f"2001:db8:1:2::{n:x}") for n in range(1, 23)]
    assert told == [403] * 20 + [429] * 2
    assert guess(world, REMOTE_ADDR="2001:db8:1:3::1") == 403
    mapped = [guess(world, REMOTE_ADDR=f"::ffff:192.0.2.{n}") for n in (1, 2)]
    assert mapped == [403, 403]


def test_behind_a_proxy_that_nobody_has_named_all_may_fail_more_often_together(
    world: World,
) -> None:
    """And what it says of visitors is not believed: anybody may have said it."""
    behind(world)
    told = [guess(world, HTTP_X_FORWARDED_FOR=f"198.51.100.{n}") for n in range(25)]
    assert told == [403] * 25
    (line, *_) = signed_in_lines(world, HTTP_X_FORWARDED_FOR="198.51.100.1")
    assert line.address == "127.0.0.1"


def test_a_proxy_that_the_admin_has_named_says_whose_request_it_is(world: World) -> None:
    behind(world, "127.0.0.1")
    told = [guess(world, HTTP_X_FORWARDED_FOR=f"10.0.0.{n}, 198.51.100.1") for n in range(22)]
    assert told == [403] * 20 + [429] * 2
    assert guess(world, HTTP_X_FORWARDED_FOR="198.51.100.2") == 403
    (line, *_) = signed_in_lines(world, HTTP_X_FORWARDED_FOR="198.51.100.1")
    assert line.address == "198.51.100.1"


def behind(world: World, *proxies: str) -> None:
    """As the web process stands before its pages."""
    inside, trusted = world.app.wsgi_app, [ip_network(one) for one in proxies]
    world.app.wsgi_app = Visitors(inside, trusted)  # type: ignore[method-assign]


def signed_in_lines(world: World, **environ: str) -> tuple[Line, ...]:
    browser = world.app.test_client()
    browser.environ_base.update(environ)
    assert sign_in(world, browser, link(world)) == 303
    with reading(world.engine) as db:
        return find(db, Wanted(deed=Deed.SIGNED_IN))


def test_the_button_of_one_browser_is_nothing_in_another(world: World) -> None:
    token = link(world)
    shown = csrf(world.app.test_client().get(f"/login/{token}").text)
    other = world.app.test_client()
    other.get(f"/login/{token}")
    assert other.post(f"/login/{token}", data={"csrf": shown}).status_code == 403
    assert world.app.test_client().post(f"/login/{token}", data={"csrf": shown}).status_code == 403


def cookie(answer: TestResponse, name: str) -> str:
    headers = answer.headers.getlist("Set-Cookie")
    return next(header for header in headers if header.startswith(f"{name}="))


@pytest.mark.parametrize(
    ("public_url", "secure"), [("https://bridge.example", True), ("http://bridge.example", False)]
)
def test_the_cookies_are_guarded(sqlite_url: str, public_url: str, secure: bool) -> None:
    engine = open_engine(sqlite_url)
    world = World(engine, public_url=public_url)
    browser, token = world.app.test_client(), link(world)
    shown = browser.get(f"/login/{token}", base_url=public_url)
    form = {"csrf": csrf(shown.text)}
    answer = browser.post(f"/login/{token}", data=form, base_url=public_url)
    engine.dispose()
    prefix = "__Host-" if secure else ""
    names = (f"{prefix}bridge_login", f"{prefix}bridge_session")
    set_here = cookie(shown, names[0]) + cookie(answer, names[1])
    assert answer.status_code == 303
    assert [set_here.count(word) for word in ("HttpOnly", "SameSite=Lax")] == [2, 2]
    assert set_here.count("Secure") == (2 if secure else 0)
    assert [set_here.count(word) for word in ("Path=/;", "Domain")] == [2, 0]


def test_a_session_that_a_browser_brings_along_is_never_taken_over(world: World) -> None:
    """Session fixation: the token after signing in is always a new one."""
    browser = world.app.test_client()
    browser.set_cookie("bridge_session", "chosen-by-somebody-else")
    assert sign_in(world, browser, link(world)) == 303
    now = browser.get_cookie("bridge_session")
    assert now is not None
    assert now.value != "chosen-by-somebody-else"
    old = world.app.test_client()
    old.set_cookie("bridge_session", "chosen-by-somebody-else")
    assert old.get("/conversations").status_code == 303


def test_signing_out_ends_the_session_on_the_server(world: World) -> None:
    browser = world.signed_in(ANA)
    token = browser.get_cookie("bridge_session")
    assert token is not None
    form = {"csrf": csrf(browser.get("/conversations").text)}
    assert browser.post("/logout", data=form).status_code == 303
    again = world.app.test_client()
    again.set_cookie("bridge_session", token.value)
    assert again.get("/conversations").status_code == 303


def test_a_session_ends_by_itself_and_can_be_ended(any_world: World) -> None:
    with writing(any_world.engine) as db:
        mine, other = (open_session(db, f"employee:{e}", NOW) for e in (ANA, LUIS))
        assert end_sessions_of(db, f"employee:{ANA}", NOW) == 1
        found = [session_of(db, token, NOW) for token in (mine, other, "guess")]
    assert [one and one.principal for one in found] == [None, f"employee:{LUIS}", None]
    any_world.later(hours=12)
    with writing(any_world.engine) as db:
        assert session_of(db, other, any_world.now) is None
        forget_expired_sessions(db, any_world.now)
        assert was_session_of(db, other) == f"employee:{LUIS}"
    any_world.later(days=8)
    with writing(any_world.engine) as db:
        forget_expired_sessions(db, any_world.now)
        assert db.execute(select(SESSIONS)).all() == []


def test_only_digests_of_links_and_sessions_are_stored(any_world: World) -> None:
    token = link(any_world)
    with writing(any_world.engine) as db:
        session = open_session(db, f"employee:{ANA}", NOW)
        stored = str([db.execute(select(t)).all() for t in (LOGIN_LINKS, SESSIONS)])
        used = use_login_link(db, token, NOW)
        assert used is not None
        assert used.principal == f"employee:{ANA}"
        assert use_login_link(db, token, NOW) is None
    assert token not in stored
    assert session not in stored


PAGES = ("/", "/conversations", "/conversations/x", "/feed", "/events/1", "/notifications")


@pytest.mark.parametrize("page", [*PAGES, "/dead-letters", "/dead-letters/inbox/1"])
def test_without_a_session_every_page_leads_to_the_sign_in_page(world: World, page: str) -> None:
    answer = world.app.test_client().get(page)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")


def forms(world: World) -> Iterator[str]:
    """All of a person's session; that of a frame has a session of its own, and its own test; what
    the provider's server says is proven by its own signature."""
    others = ("/embed/", BACK_CHANNEL)
    for rule in world.app.url_map.iter_rules():
        is_page = rule.endpoint.startswith("pages.") and not rule.rule.startswith(others)
        if is_page and "POST" in (rule.methods or set()):
            yield re.sub(r"<[^>]*>", "1", rule.rule)


@pytest.mark.parametrize("given", [None, "", "0" * 64, "é"])
def test_a_form_without_the_sessions_own_token_is_refused(world: World, given: str | None) -> None:
    browser = world.signed_in(LUIS)
    browser.get("/conversations")
    addresses = list(forms(world))
    assert len(addresses) >= 6
    for address in addresses:
        data = {} if given is None else {"csrf": given}
        assert browser.post(address, data=data).status_code == 403, address


def test_the_token_of_one_session_is_nothing_in_another(world: World) -> None:
    theirs = csrf(world.signed_in(LUIS).get("/conversations").text)
    assert world.signed_in(LUIS).post("/logout", data={"csrf": theirs}).status_code == 403


def test_rol_13_a_lost_role_empties_the_pages_of_an_open_session(world: World) -> None:
    world.writes("+34600111222", "hello")
    browser = world.signed_in(LUIS)
    assert "hello" in browser.get("/conversations").text
    world.change_role(LUIS, Role.NONE)
    page = browser.get("/conversations").text
    assert "hello" not in page
    assert "You have no role yet" in page


def test_sessions_open_nothing_in_the_api(world: World) -> None:
    assert world.signed_in(LUIS).get("/api/v1/conversations").status_code == 401


def test_nothing_was_left_in_the_store_by_a_refused_form(world: World) -> None:
    world.app.test_client().post("/login/guess", data={"csrf": "0" * 64})
    with reading(world.engine) as db:
        assert db.execute(select(SESSIONS)).all() == []
