"""Signing in by a real OpenID provider, over real HTTP (ROL-13, S14)."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bridge.domain.people import Role
from bridge.domain.reselling_policy import Reselling
from bridge.store.audit import Deed, Wanted, find
from bridge.store.engine import reading
from bridge.store.schema import SESSIONS
from bridge.store.sessions import open_sessions
from tests.openid.house import House, asked_of, house_with
from tests.openid.running import Wanted as WantedProvider
from tests.openid.running import ec_key, rsa_key, running
from tests.ports import free_port
from tests.web.browsing import csrf
from tests.web.world import ANA, NORA

CALLBACK = "http://127.0.0.1:8000/signin/callback"


def sessions(house: House) -> int:
    with reading(house.world.engine) as db:
        return len(db.execute(select(SESSIONS)).all())


def test_rol_13_who_is_proven_comes_in_with_the_role_of_the_configuration(house: House) -> None:
    browser = house.browser()
    answer = house.sign_in(browser, "ana")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/conversations")
    assert "Ana Ruiz" in browser.get("/conversations").text
    with reading(house.world.engine) as db:
        (opened,) = open_sessions(db, house.world.now)
        (line, *_) = find(db, Wanted(deed=Deed.SIGNED_IN))
    assert (opened.principal, opened.via) == (f"employee:{ANA}", "oidc")
    assert (line.actor, line.detail) == (f"employee:{ANA}", "oidc")


def test_the_walk_is_asked_with_code_pkce_state_and_nonce(house: House) -> None:
    asked = asked_of(house.browser().get("/signin").headers["Location"])
    again = asked_of(house.browser().get("/signin").headers["Location"])
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["scope"].split() == ["openid", "email"]
    assert asked["redirect_uri"] == CALLBACK
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name]) >= 43
        assert asked[name] != again[name]


def test_the_cookie_of_a_walk_tells_no_secret_of_it(house: House) -> None:
    browser = house.browser()
    asked = asked_of(browser.get("/signin").headers["Location"])
    cookie = browser.get_cookie("bridge_oidc")
    assert cookie is not None
    assert cookie.http_only
    assert asked["state"] not in cookie.value
    assert asked["nonce"] not in cookie.value


@pytest.mark.parametrize(
    ("login", "status", "words"),
    [
        ("stranger", 403, "You have no account here yet"),
        ("unverified", 403, "is verified"),
        ("nameless", 403, "does not say your e-mail address"),
    ],
)
def test_whoever_is_not_proven_to_be_somebody_here_stays_outside(
    house: House, login: str, status: int, words: str
) -> None:
    browser = house.browser()
    answer = house.sign_in(browser, login)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert browser.get_cookie("bridge_session") is None
    assert sessions(house) == 0
    assert "@acme.example" not in answer.text


def test_other_domains_stay_outside(house: House) -> None:
    house.set(allowed_domains=frozenset({"acme.example"}))
    answer = house.sign_in(house.browser(), "elsewhere")
    assert (answer.status_code, "your company" in answer.text) == (403, True)
    assert house.sign_in(house.browser(), "ana").status_code == 303


def test_a_directory_that_verifies_nothing_is_trusted_where_the_admin_says_so(house: House) -> None:
    house.set(email_claim="preferred_username", scopes=("openid", "profile"))
    assert house.sign_in(house.browser(), "directory").status_code == 403
    house.set(trust_email=True)
    assert house.sign_in(house.browser(), "directory").status_code == 303


def test_the_token_gives_no_role(house: House) -> None:
    house.world.change_role(ANA, Role.NONE)
    browser = house.browser()
    assert house.sign_in(browser, "ana").status_code == 303
    assert "You have no role yet" in browser.get("/conversations").text


def test_an_answer_counts_once_and_in_the_browser_that_asked(house: House) -> None:
    browser, other = house.browser(), house.browser()
    address = house.walk(browser, "ana")
    assert house.answered(other, address).status_code == 400
    other.get("/signin")
    assert house.answered(other, address).status_code == 400
    assert house.answered(browser, address).status_code == 303
    again = house.answered(browser, address)
    assert (again.status_code, "Please begin again" in again.text) == (400, True)
    assert sessions(house) == 1


def test_a_used_code_is_nothing_even_with_its_own_cookie(house: House) -> None:
    browser = house.browser()
    address = house.walk(browser, "ana")
    cookie = browser.get_cookie("bridge_oidc")
    assert cookie is not None
    assert house.answered(browser, address).status_code == 303
    browser.set_cookie("bridge_oidc", cookie.value)
    assert house.answered(browser, address).status_code == 400
    assert sessions(house) == 1


def test_a_walk_takes_ten_minutes_at_most(house: House) -> None:
    browser = house.browser()
    address = house.walk(browser, "ana")
    house.world.later(minutes=10)
    assert house.answered(browser, address).status_code == 400


@pytest.mark.parametrize("issuer", ["https://evil.example", "", "http://127.0.0.1:1"])
def test_the_answer_of_another_issuer_is_none(house: House, issuer: str) -> None:
    browser = house.browser()
    address = house.walk(browser, "ana")
    own = asked_of(address)["iss"]
    quoted = own.replace(":", "%3A").replace("/", "%2F")
    assert quoted in address
    mixed = address.replace(quoted, issuer.replace(":", "%3A").replace("/", "%2F"))
    answer = house.answered(browser, mixed)
    assert (answer.status_code, "could not be trusted" in answer.text) == (403, True)


def test_an_answer_that_does_not_name_its_issuer_is_none_where_it_said_it_would(
    house: House,
) -> None:
    browser = house.browser()
    asked = asked_of(house.walk(browser, "ana"))
    answer = browser.get("/signin/callback", query_string={n: asked[n] for n in ("code", "state")})
    assert (answer.status_code, "could not be trusted" in answer.text) == (403, True)


def test_who_says_no_at_the_provider_is_told_and_may_try_again(house: House) -> None:
    browser = house.browser()
    asked = asked_of(browser.get("/signin").headers["Location"])
    oidc = house.world.policy.signin.oidc
    assert oidc is not None
    said = {"error": "access_denied", "state": asked["state"], "iss": oidc.issuer}
    answer = browser.get("/signin/callback", query_string=said)
    assert (answer.status_code, "was broken off" in answer.text) == (403, True)
    assert 'href="/signin"' in answer.text


@pytest.mark.parametrize(
    "query",
    ["", "state=", "code=x", "state=x&code=y", "state=%00&code=%ff%fe", "code=" + "x" * 9000],
)
def test_made_up_answers_lead_nowhere(house: House, query: str) -> None:
    browser = house.browser()
    browser.get("/signin")
    assert browser.get(f"/signin/callback?{query}").status_code == 400
    assert sessions(house) == 0


def test_after_signing_in_the_page_that_was_asked_for_comes(house: House) -> None:
    browser = house.browser()
    assert browser.get("/feed?source=crm").headers["Location"] == "/login"
    assert house.sign_in(browser, "luis").headers["Location"] == "/feed?source=crm"
    assert house.sign_in(browser, "luis").headers["Location"] == "/welcome"


@pytest.mark.parametrize(
    "wish", ["https://evil.example/", "//evil.example", "/\\evil.example", "/a//b", "/logout", "x"]
)
def test_nobody_is_led_to_another_site(house: House, wish: str) -> None:
    browser = house.browser()
    browser.set_cookie("bridge_wish", wish)
    assert house.sign_in(browser, "luis").headers["Location"] == "/welcome"


def test_who_is_several_people_here_chooses_and_is_that_one_alone(house: House) -> None:
    policy = house.world.policy
    users = {"reseller:norte": (str(ANA),)}
    house.world.policy = replace(policy, users=users, reselling=Reselling())
    browser = house.browser()
    assert house.sign_in(browser, "ana").headers["Location"] == "/signin/choose"
    page = browser.get("/signin/choose")
    assert "Colleague of this house" in page.text
    assert "Reseller: norte" in page.text
    assert sessions(house) == 0
    foreign = {"csrf": csrf(page.text), "kind": "partner"}
    assert browser.post("/signin/choose", data=foreign).status_code == 403
    wrong = {"csrf": "0" * 64, "kind": "reseller"}
    assert browser.post("/signin/choose", data=wrong).status_code == 403
    chosen = {"csrf": csrf(page.text), "kind": "reseller"}
    answer = browser.post("/signin/choose", data=chosen)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/clients")
    assert browser.post("/signin/choose", data=chosen).status_code == 403


def test_a_choice_is_open_for_five_minutes(house: House) -> None:
    house.world.policy = replace(house.world.policy, users={"reseller:norte": (str(ANA),)})
    browser = house.browser()
    house.sign_in(browser, "ana")
    page = browser.get("/signin/choose").text
    house.world.later(minutes=5)
    assert browser.get("/signin/choose").headers["Location"] == "/login"
    data = {"csrf": csrf(page), "kind": "employee"}
    assert browser.post("/signin/choose", data=data).status_code == 403


def test_signing_out_ends_the_session_here_and_offers_to_end_the_providers(house: House) -> None:
    browser = house.browser()
    house.sign_in(browser, "luis")
    out = browser.post("/logout", data={"csrf": csrf(browser.get("/conversations").text)})
    page = browser.get(out.headers["Location"]).text
    assert 'href="/signin/goodbye"' in page
    goodbye = browser.get("/signin/goodbye").headers["Location"]
    oidc = house.world.policy.signin.oidc
    assert oidc is not None
    assert goodbye.startswith(f"{oidc.issuer}/session/end?")
    assert asked_of(goodbye)["post_logout_redirect_uri"] == "http://127.0.0.1:8000/login"


def test_who_is_taken_out_of_the_configuration_is_out_whatever_the_provider_says(
    house: House,
) -> None:
    browser = house.browser()
    assert house.sign_in(browser, "ana").status_code == 303
    employees = {name: one for name, one in house.world.policy.employees.items() if name != ANA}
    house.world.policy = replace(house.world.policy, employees=employees)
    assert house.sign_in(house.browser(), "ana").status_code == 403
    assert NORA not in employees


@pytest.mark.oidc
def test_keys_that_were_changed_are_looked_at_anew(sqlite_url: str) -> None:
    """The provider gets new keys while we know its old ones, for another hour."""
    first = WantedProvider(port=free_port(), callbacks=[CALLBACK], keys=[rsa_key("one")])
    with house_with(sqlite_url, f"http://127.0.0.1:{first.port}") as house:
        with running(first):
            assert house.sign_in(house.browser(), "ana").status_code == 303
        known = time.monotonic()
        house.provider.knowledge.clock = lambda: known + 60
        with running(replace(first, keys=[rsa_key("two")])):
            assert house.sign_in(house.browser(), "ana").status_code == 303


@pytest.mark.oidc
def test_a_clock_that_is_off_by_a_minute_does_no_harm_and_by_an_hour_lets_nobody_in(
    house: House,
) -> None:
    for seconds, status in ((-60, 303), (60, 303), (-3600, 403), (7200, 403)):
        browser = house.browser()
        house.world.now = datetime.now(UTC) + timedelta(seconds=seconds)
        assert house.sign_in(browser, "ana").status_code == status, seconds


@pytest.mark.oidc
def test_a_token_that_names_the_address_itself_is_enough(sqlite_url: str) -> None:
    """Signed by an elliptic curve, and no second call for what is in it."""
    wanted = WantedProvider(
        port=free_port(),
        callbacks=[CALLBACK],
        keys=[ec_key("curve")],
        conform=False,
        algorithm="ES256",
    )
    with running(wanted) as issuer, house_with(sqlite_url, issuer) as house:
        assert house.sign_in(house.browser(), "ana").status_code == 303


@pytest.mark.oidc
def test_a_provider_that_is_gone_is_told_as_such_and_links_still_work(sqlite_url: str) -> None:
    issuer = f"http://127.0.0.1:{free_port()}"
    with house_with(sqlite_url, issuer) as house:
        answer = house.browser().get("/signin")
        assert (answer.status_code, "does not answer" in answer.text) == (503, True)
        assert "one-time link" in answer.text
