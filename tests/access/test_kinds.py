"""Every route there is serves the house alone, unless it says whom else: asked by everybody from
outside. A route that is added later is asked as well, and entered in `served` if it serves them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from flask.testing import FlaskClient

from bridge.domain.principals import PersonKind
from bridge.store.engine import writing
from bridge.store.keys import Scope
from bridge.store.sessions import end_session
from bridge.web.auth import csrf_token
from bridge.web.cookies import sessions_in
from bridge.web.pages.visiting import HELP_COOKIE, HOMES, SESSION_COOKIE
from bridge.web.problems import Problem
from bridge.web.site import site_of
from bridge.web.watches import Asked
from bridge.web.watching import admit, look
from tests.access.outsiders import OUTSIDERS, Outsider, with_outsiders
from tests.access.served import served
from tests.web.world import ANA, Key, World

PUBLIC = frozenset(
    {
        "GET /login",
        "GET /login/<token>",
        "POST /login/<token>",  # with a form of that very browser
        "GET /embed/<token>",
        "GET /embed/chats/<session>",  # of a frame's own session
        "POST /embed/chats/<session>/reply",
        "GET /signin",
        "POST /signin/backchannel",  # the provider's own server, by what it has signed
        "GET /signin/callback",
        "GET /signin/choose",
        "POST /signin/choose",  # likewise
        "GET /signin/goodbye",
        "GET /static/<path:filename>",
        "GET /media/<signed>",  # who has such a link is asked nothing else
        "GET /api/v1/openapi.json",
        *(f"{method} /api/v1/<path:rest>" for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
    }
)


@dataclass(frozen=True, slots=True)
class Asking:
    world: World
    browser: FlaskClient
    session: str
    key: str

    def __call__(self, method: str, address: str) -> tuple[int, str, str]:
        """The status, where it leads, and the reason."""
        if address.startswith("/api/"):
            headers = {"Authorization": f"Bearer {self.key}"}
            body: dict[str, str] | None = None if method == "GET" else {}
            sender = self.world.app.test_client()
            answer = sender.open(address, method=method, json=body, headers=headers)
            return answer.status_code, "", (answer.get_json(silent=True) or {}).get("reason", "")
        form = {"csrf": csrf_token(self.session)} if method == "POST" else None
        answer = self.browser.open(address, method=method, data=form)
        return answer.status_code, answer.headers.get("Location", ""), answer.text


def asking(world: World, who: Outsider) -> Asking:
    session = who.session(world)
    browser = world.app.test_client()
    browser.set_cookie(SESSION_COOKIE, session)
    return Asking(world, browser, session, world.key(who.principal, *Scope))


def routes(world: World) -> Iterator[tuple[str, str]]:
    for rule in world.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.rule


def named(rule: str) -> str:
    return re.sub(r"<[^>]*>", "1", rule)


@pytest.mark.parametrize("kind", list(OUTSIDERS))
def test_a_route_that_does_not_say_so_serves_nobody_from_outside(
    world: World, kind: PersonKind
) -> None:
    """A page leads home, everything else is refused, whether what is asked for exists or not."""
    with_outsiders(world)
    ask = asking(world, OUTSIDERS[kind])
    refused = 0
    for method, rule in routes(world):
        if f"{method} {rule}" in PUBLIC | served(kind):
            continue
        status, leads_to, said = ask(method, named(rule))
        where = f"{method} {rule}: {status} {said[:200]}"
        if rule.startswith("/api/"):
            assert (status, said) in ((403, "principal.wrong_kind"), (403, "")), where
        elif method == "GET" and not rule.startswith("/media/"):
            assert (status, leads_to) == (303, HOMES[kind]), where
        else:
            assert status == 403, where
            assert "principal.wrong_kind" in said, where
        refused += 1
    assert refused > 70


@pytest.mark.parametrize("kind", list(OUTSIDERS))
def test_what_is_served_is_a_route(world: World, kind: PersonKind) -> None:
    assert {f"{method} {rule}" for method, rule in routes(world)} >= PUBLIC | served(kind)


@pytest.mark.parametrize("kind", list(OUTSIDERS))
def test_who_is_taken_out_of_the_configuration_is_out_with_the_next_request(
    world: World, kind: PersonKind
) -> None:
    """His session, his key, and the link that was made for him."""
    with_outsiders(world)
    who = OUTSIDERS[kind]
    ask, link = asking(world, who), who.link(world)
    assert ask("GET", "/")[1] == HOMES[kind]
    assert ask("GET", "/api/v1/conversations")[0] == 403
    who.leaves(world)
    assert ask("GET", "/")[:2] == (303, "/login")
    assert ask("GET", "/api/v1/conversations")[0] == 401
    assert link() == 403


@pytest.mark.parametrize("kind", list(OUTSIDERS))
def test_a_link_leads_to_his_own_home(world: World, kind: PersonKind) -> None:
    with_outsiders(world)
    assert OUTSIDERS[kind].link(world)() == 303


def test_an_address_of_an_employee_that_is_a_partners_too_stays_two_people(world: World) -> None:
    """Ana's chats are not there for the partner's user of the same address."""
    with_outsiders(world, also=ANA)
    world.client("Marta", "+34600111222", ANA)
    world.writes("+34600111222", "hello")
    ask = asking(world, Outsider(kind=PersonKind.PARTNER_USER, id=ANA))
    for address in ("/conversations", "/feed"):
        assert ask("GET", address)[1] == HOMES[PersonKind.PARTNER_USER]
        assert ask("GET", f"/api/v1{address}")[0] in (403, 404)


@pytest.mark.parametrize("kind", list(OUTSIDERS))
def test_who_comes_from_outside_hears_live_what_is_his_alone(
    world: World, kind: PersonKind
) -> None:
    """By a key or by a session: streams have a door of their own, beside the routes. Of a chat he
    names he hears nothing, and of the house's counters neither."""
    with_outsiders(world)
    world.client("Marta", "+34600111222", ANA)
    where = world.writes("+34600111222", "hello")
    who, site = OUTSIDERS[kind], site_of(world.parts, Key())
    key = f"Bearer {world.key(who.principal, *Scope)}"
    for asked in (Asked(authorization=key), Asked(session=who.session(world))):
        watch = admit(site, replace(asked, after="0", conversation=where))
        [news] = look(site, [replace(watch, decided=0)])
        told = b"".join(news.pieces).decode()
        for never in ("notification", "conversation", "taken", '"red"', where):
            assert never not in told, told


@pytest.mark.parametrize("kind", list(OUTSIDERS))
def test_who_is_nobody_any_more_hears_no_more(world: World, kind: PersonKind) -> None:
    """On a stream that is open already as on a new one."""
    with_outsiders(world)
    who, site = OUTSIDERS[kind], site_of(world.parts, Key())
    asked = Asked(session=who.session(world))
    watch = admit(site, asked)
    who.leaves(world)
    [news] = look(site_of(world.parts, Key()), [watch])
    assert news.watch is None
    assert [piece.split(b"\n")[0] for piece in news.pieces] == [b"event: end"]
    with pytest.raises(Problem) as refused:
        admit(site_of(world.parts, Key()), asked)
    assert refused.value.status == 401


def test_of_two_sessions_of_a_browser_the_clients_counts(world: World) -> None:
    """While it holds; then it is the helper's own again."""
    with_outsiders(world)
    helper, client = OUTSIDERS[PersonKind.RESELLER_USER], OUTSIDERS[PersonKind.CLIENT]
    helping, own = client.session(world), helper.session(world)
    cookies = {HELP_COOKIE: helping, SESSION_COOKIE: own}
    assert sessions_in(cookies) == (helping, own)
    site, asked = site_of(world.parts, Key()), Asked(helping=helping, session=own)
    assert admit(site, asked).principal == client.principal
    with writing(world.engine) as db:
        end_session(db, helping, world.now)
    assert admit(site, asked).principal == helper.principal
