"""Who signs out of the company's account, or is signed out there, is out here too (S29)."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from bridge.domain.reselling_policy import Reselling
from bridge.domain.signing_in import ProviderLogin, ProviderLogout
from bridge.store.audit import Deed, Wanted, Way, find
from bridge.store.deciding import deciding
from bridge.store.engine import reading
from bridge.store.provider_logouts import KEPT, forget_logouts, is_logged_out, log_out
from bridge.store.schema import PROVIDER_LOGOUTS, SESSIONS
from bridge.store.sessions import Entrance, open_session, session_of
from tests.openid.house import CALLBACK, House, asked_of, house_with
from tests.openid.liar import FOREIGN, Liar, our_own_secret
from tests.openid.running import CLIENT, comes_back_in, rsa_key, running, signs_out
from tests.openid.running import Wanted as WantedProvider
from tests.ports import free_port
from tests.serving import served
from tests.web.browsing import csrf
from tests.web.world import ANA, LUIS, NOW

EVENT = "http://schemas.openid.net/event/backchannel-logout"
PLACE = "/signin/backchannel"


@pytest.mark.oidc
@pytest.mark.parametrize("names_sessions", [True, False])
def test_who_signs_out_at_a_real_provider_is_out_here_and_nobody_else(
    sqlite_url: str, names_sessions: bool
) -> None:
    """By the name of the session, or, where the provider names none, of the person."""
    port = free_port()
    with (
        house_with(sqlite_url, f"http://127.0.0.1:{port}") as house,
        served(house.world.app) as url,
    ):
        wanted = WantedProvider(
            port=port,
            callbacks=[CALLBACK],
            keys=[rsa_key("one")],
            back_channel=f"{url}{PLACE}",
            names_sessions=names_sessions,
        )
        with running(wanted) as issuer, requests.Session() as his, requests.Session() as hers:
            ana, luis = house.browser(), house.browser()
            for browser, there, login in ((ana, his, "ana"), (luis, hers, "luis")):
                begun = browser.get("/signin").headers["Location"]
                back = comes_back_in(there, begun, login, CALLBACK)
                assert house.answered(browser, back).status_code == 303
            signs_out(his, issuer)
            assert (house.session(ana), house.session(luis)) == (303, 200)
            with reading(house.world.engine) as db:
                (line,) = find(db, Wanted(deed=Deed.SESSION_REVOKED))
            assert (line.way, line.actor, line.object) == (Way.PROVIDER, "", f"employee:{ANA}")


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()
    with served(made.app()) as url:
        made.issuer = url
        yield made


@pytest.fixture
def house(liar: Liar, sqlite_url: str) -> Iterator[House]:
    with house_with(sqlite_url, liar.issuer) as made:
        yield made


def comes_in(house: House, liar: Liar, **claims: object) -> FlaskClient:
    liar.claims = claims
    browser = house.browser()
    asked = asked_of(browser.get("/signin").headers["Location"])
    liar.nonce = asked["nonce"]
    query = {"code": "c", "state": asked["state"]}
    assert browser.get("/signin/callback", query_string=query).status_code == 303
    return browser


def right(liar: Liar, **other: object) -> dict[str, object]:
    now = int(time.time())
    return {
        "iss": liar.issuer,
        "aud": CLIENT,
        "iat": now,
        "exp": now + 120,
        "jti": f"j{time.perf_counter_ns()}",
        "events": {EVENT: {}},
        "sub": "1",
        **other,
    }


def told(house: House, liar: Liar, claims: Mapping[str, Any]) -> int:
    form = {"logout_token": liar.sign(claims)}
    return house.browser().post(PLACE, data=form).status_code


def test_one_session_ends_by_its_name_and_the_others_of_the_same_person_stay(
    house: House, liar: Liar
) -> None:
    one, two = (comes_in(house, liar, sid=name) for name in ("s1", "s2"))
    assert told(house, liar, right(liar, sid="s1")) == 200
    assert (house.session(one), house.session(two)) == (303, 200)


def test_all_of_a_person_end_where_no_session_is_named(house: House, liar: Liar) -> None:
    """And what the provider never named goes with any of the same person's."""
    named, unnamed = comes_in(house, liar, sid="s1"), comes_in(house, liar)
    other = comes_in(house, liar, sub="2", email="luis@acme.example")
    assert told(house, liar, right(liar, sid="s9")) == 200
    assert (house.session(named), house.session(unnamed)) == (200, 303)
    assert told(house, liar, right(liar)) == 200
    assert (house.session(named), house.session(other)) == (303, 200)


def test_a_word_of_the_session_alone_is_enough(house: House, liar: Liar) -> None:
    browser = comes_in(house, liar, sid="s1")
    claims = right(liar, sid="s1")
    del claims["sub"]
    assert told(house, liar, claims) == 200
    assert house.session(browser) == 303


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "https://evil.example"),
        ("iss", None),
        ("aud", "another"),
        ("aud", ["another"]),
        ("aud", None),
        ("aud", {CLIENT: 1}),
        ("iat", None),
        ("iat", "now"),
        ("iat", True),
        ("iat", 1),
        ("iat", 10**20),
        ("iat", 99_999_999_999),
        ("exp", 1),
        ("exp", "later"),
        ("jti", None),
        ("jti", ""),
        ("jti", 5),
        ("events", None),
        ("events", EVENT),
        ("events", [EVENT]),
        ("events", {}),
        ("events", {EVENT: True}),
        ("events", {"http://schemas.openid.net/event/other": {}}),
        ("sub", None),
        ("sub", ""),
        ("sub", 1),
        ("nonce", "n"),
        ("nonce", None),
    ],
)
def test_a_token_that_is_not_this_word_for_us_now_ends_nothing(
    house: House, liar: Liar, name: str, value: object
) -> None:
    browser = comes_in(house, liar)
    assert told(house, liar, right(liar, **{name: value})) == 400
    assert house.session(browser) == 200


@pytest.mark.parametrize("name", ["iss", "aud", "iat", "jti", "events", "sub"])
def test_a_token_that_leaves_out_what_it_is_known_by_ends_nothing(
    house: House, liar: Liar, name: str
) -> None:
    browser = comes_in(house, liar)
    assert told(house, liar, {k: v for k, v in right(liar).items() if k != name}) == 400
    assert house.session(browser) == 200


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (FOREIGN, {}),
        (our_own_secret(), {"alg": "HS256"}),
        (None, {"kid": "unknown"}),
        (None, {"typ": "at+jwt"}),
        (None, {"typ": "id_token"}),
    ],
)
def test_what_the_provider_did_not_sign_for_this_ends_nothing(
    house: House, liar: Liar, key: Any, header: dict[str, Any]
) -> None:
    browser = comes_in(house, liar)
    liar.key, liar.header = key or liar.key, header
    assert told(house, liar, right(liar)) == 400
    assert house.session(browser) == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "eyJhbGciOiJub25lIn0.e30.", "." * 20_000])
def test_what_is_no_token_is_refused_as_such(house: House, liar: Liar, token: str) -> None:
    answer = house.browser().post(PLACE, data={"logout_token": token})
    assert (answer.status_code, answer.json) == (400, {"error": "invalid_request"})
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("typ", ["logout+jwt", "LOGOUT+JWT", "JWT"])
def test_each_way_to_call_such_a_token_counts(house: House, liar: Liar, typ: str) -> None:
    browser = comes_in(house, liar)
    liar.header = {"typ": typ}
    assert told(house, liar, right(liar, aud=["another", CLIENT])) == 200
    assert house.session(browser) == 303


def test_a_word_counts_once(house: House, liar: Liar) -> None:
    """Heard again it ends nothing that was opened since."""
    comes_in(house, liar)
    said = right(liar)
    assert told(house, liar, said) == 200
    house.world.later(seconds=5)
    since = comes_in(house, liar, iat=int(time.time()) + 5)
    assert told(house, liar, said) == 400
    assert house.session(since) == 200


def test_an_old_word_counts_no_more_and_no_longer_than_it_is_remembered(
    house: House, liar: Liar
) -> None:
    browser = comes_in(house, liar)
    said = right(liar)
    del said["exp"]
    house.world.later(minutes=13)
    assert told(house, liar, said) == 400
    assert house.session(browser) == 200
    assert timedelta(minutes=13) < KEPT


def test_who_was_on_his_way_in_when_he_was_signed_out_does_not_come_in(
    house: House, liar: Liar
) -> None:
    """He has a code of a session that is over; of his next session it is none."""
    browser = house.browser()
    asked = asked_of(browser.get("/signin").headers["Location"])
    liar.nonce, liar.claims = asked["nonce"], {"sid": "s1"}
    assert told(house, liar, right(liar, sid="s1")) == 200
    query = {"code": "c", "state": asked["state"]}
    refused = browser.get("/signin/callback", query_string=query)
    assert (refused.status_code, "Please begin again" in refused.text) == (400, True)
    with reading(house.world.engine) as db:
        assert db.execute(select(SESSIONS)).all() == []
    assert house.session(comes_in(house, liar, sid="s2")) == 200


def test_who_was_choosing_whom_to_be_when_he_was_signed_out_does_not_come_in(
    house: House, liar: Liar
) -> None:
    policy = house.world.policy
    users = {"reseller:norte": (str(ANA),)}
    house.world.policy = replace(policy, users=users, reselling=Reselling())
    browser = comes_in(house, liar, sid="s1")
    form = {"csrf": csrf(browser.get("/signin/choose").text), "kind": "employee"}
    assert told(house, liar, right(liar, sid="s1")) == 200
    assert browser.post("/signin/choose", data=form).status_code == 400
    assert house.session(browser) == 303


def test_without_a_provider_nobody_is_heard(house: House, liar: Liar) -> None:
    house.world.policy = replace(house.world.policy, signin=type(house.world.policy.signin)())
    assert told(house, liar, right(liar)) == 404


def test_a_provider_that_is_away_is_asked_to_say_it_again(house: House, liar: Liar) -> None:
    liar.instead["discovery"] = lambda: ("down", 500)
    refused = house.browser().post(PLACE, data={"logout_token": liar.sign(right(liar))})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")


def test_sessions_by_a_link_and_keys_are_none_of_the_providers(house: House, liar: Liar) -> None:
    comes_in(house, liar)
    by_link = house.world.signed_in(ANA)
    assert told(house, liar, right(liar)) == 200
    assert by_link.get("/account").status_code == 200


def test_no_name_of_the_provider_is_stored_and_nothing_of_it_is_logged(
    house: House, liar: Liar, capsys: pytest.CaptureFixture[str]
) -> None:
    comes_in(house, liar, sub="canary-subject", sid="canary-session")
    claims = right(liar, sub="canary-subject", sid="canary-session", jti="canary-token")
    assert told(house, liar, claims) == 200
    assert told(house, liar, claims) == 400
    with reading(house.world.engine) as db:
        stored = str([db.execute(select(one)).all() for one in (SESSIONS, PROVIDER_LOGOUTS)])
        lines = str(find(db, Wanted()))
    assert "canary" not in stored + lines + capsys.readouterr().out


LOGIN = ProviderLogin(subject="u" * 64, session="s" * 64, said_at=NOW)
SAID = ProviderLogout(token="t" * 64, subject="u" * 64, session="s" * 64, said_at=NOW)


def test_it_is_the_same_on_every_store(engine: Engine) -> None:
    """The sessions, the word that counts once, the sign-in on its way, and the sweep."""
    other = replace(LOGIN, session="o" * 64)
    with deciding(engine) as db:
        assert not is_logged_out(db, LOGIN)
        tokens = [
            open_session(db, f"employee:{who}", NOW, Entrance(via="oidc", login=login))
            for who, login in ((ANA, LOGIN), (ANA, other), (LUIS, None))
        ]
        ended = log_out(db, SAID, NOW)
        assert [one.principal for one in ended or ()] == [f"employee:{ANA}"]
        assert log_out(db, SAID, NOW) is None
        alive = [session_of(db, token, NOW) is not None for token in tokens]
        assert alive == [False, True, True]
        assert is_logged_out(db, LOGIN)
        assert not is_logged_out(db, other)
        assert is_logged_out(db, replace(LOGIN, session=""))
        log_out(db, replace(SAID, token="x" * 64, session=""), NOW)
        assert is_logged_out(db, other)
        assert not is_logged_out(db, replace(other, said_at=NOW + timedelta(seconds=1)))
        forget_logouts(db, NOW + KEPT)
        assert not is_logged_out(db, LOGIN)
