"""What a provider, or who speaks in its place, could say: nobody comes in by it (S14)."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Response
from sqlalchemy import select

from bridge.domain.signing_in import Begun, OpenIdClient, SignInFailed, Trouble
from bridge.openid.calling import MOST_BYTES, session_for
from bridge.openid.provider import OpenIdProvider
from bridge.pipeline.doctor.points import Health
from bridge.pipeline.doctor.signing_in import check_sign_in
from bridge.store.engine import reading
from bridge.store.schema import SESSIONS
from tests.openid.house import House, asked_of, house_with
from tests.openid.liar import FOREIGN, Liar, leads_elsewhere, our_own_secret
from tests.serving import served

AWAY, UNTRUSTED = 503, 403
JSON = {"Content-Type": "application/json"}


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


def comes_in(house: House, liar: Liar) -> int:
    """Somebody goes there, and comes back with a code."""
    browser = house.browser()
    begun = browser.get("/signin")
    if begun.status_code != 303:
        return begun.status_code
    asked = asked_of(begun.headers["Location"])
    liar.nonce = asked["nonce"]
    query = {"code": "c0de", "state": asked["state"]}
    answer = browser.get("/signin/callback", query_string=query)
    with reading(house.world.engine) as db:
        opened = len(db.execute(select(SESSIONS)).all())
    assert opened == (1 if answer.status_code == 303 else 0)
    return answer.status_code


def test_the_truth_lets_him_in_and_the_code_is_sent_with_its_proof(
    house: House, liar: Liar
) -> None:
    assert comes_in(house, liar) == 303
    (form,) = [form for name, form in liar.asked if name == "token"]
    assert (form["code"], form["grant_type"]) == ("c0de", "authorization_code")
    assert len(form["code_verifier"]) >= 43
    assert "client_secret" not in form  # it stands in the header


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-client"},
        {"aud": ["another-client"]},
        {"aud": ["bridge", "another-client"]},  # and azp does not say that it is for us
        {"aud": ["bridge", "another-client"], "azp": "another-client"},
        {"azp": "another-client"},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": None},
        {"iat": 99_999_999_999},
        {"nbf": 99_999_999_999},
        {"at_hash": "bm90IGl0"},
    ],
)
def test_a_token_that_is_not_for_this_very_sign_in_is_none(
    house: House, liar: Liar, claims: dict[str, Any]
) -> None:
    liar.claims = claims
    assert comes_in(house, liar) == UNTRUSTED


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "exp", "iat", "nonce"])
def test_a_token_that_leaves_out_what_it_is_known_by_is_none(
    house: House, liar: Liar, name: str
) -> None:
    liar.without = (name,)
    assert comes_in(house, liar) == UNTRUSTED


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (FOREIGN, {}),
        (our_own_secret(), {"alg": "HS256"}),
        (None, {"alg": "none"}),
    ],
)
def test_a_token_that_its_provider_did_not_sign_is_none(
    house: House, liar: Liar, key: Any, header: dict[str, Any]
) -> None:
    if key is None:
        unsigned = "eyJhbGciOiJub25lIn0.e30."
        liar.instead["token"] = lambda: {"access_token": "a", "id_token": unsigned}
    else:
        liar.key, liar.header = key, header
    assert comes_in(house, liar) == UNTRUSTED


@pytest.mark.parametrize("token", [None, 5, "", "a.b", "a.b.c", "é", "." * 5000])
def test_a_token_that_is_none_is_told_as_such(house: House, liar: Liar, token: object) -> None:
    liar.instead["token"] = lambda: {"access_token": "a", "id_token": token}
    assert comes_in(house, liar) == UNTRUSTED


def test_a_page_about_somebody_else_lets_nobody_in(house: House, liar: Liar) -> None:
    liar.without, liar.userinfo = ("email",), {"sub": "2"}
    assert comes_in(house, liar) == UNTRUSTED


def test_an_address_that_is_only_on_the_persons_page_counts(house: House, liar: Liar) -> None:
    liar.without = ("email", "email_verified")
    assert comes_in(house, liar) == 303


def test_a_verified_address_of_one_place_does_not_verify_that_of_another(
    house: House, liar: Liar
) -> None:
    """The token says an address without a word of its verification: the page is not asked."""
    liar.without = ("email_verified",)
    assert comes_in(house, liar) == UNTRUSTED
    assert [name for name, _ in liar.asked].count("me") == 0


@pytest.mark.parametrize("name", ["discovery", "keys", "token"])
@pytest.mark.parametrize(
    "answer",
    [
        leads_elsewhere,
        lambda: Response("down", 500),
        lambda: Response("not found", 404),
        lambda: Response("<html>", 200),
        lambda: Response("[1]", 200, content_type="application/json"),
        lambda: Response("[" * 100_000, 200, content_type="application/json"),
        lambda: Response(b"\xff\xfe", 200, content_type="application/json"),
        lambda: Response(b" " * (MOST_BYTES + 1), 200, content_type="application/json"),
    ],
)
def test_whatever_else_it_answers_is_told_as_its_being_away(
    house: House, liar: Liar, name: str, answer: Any
) -> None:
    liar.instead[name] = answer
    assert comes_in(house, liar) in (AWAY, UNTRUSTED)


def test_a_code_that_it_does_not_take_is_a_sign_in_to_begin_anew(house: House, liar: Liar) -> None:
    for said in ("invalid_grant", "invalid_request"):
        answer = f'{{"error": "{said}"}}'
        liar.instead["token"] = lambda body=answer: (body, 400, JSON)  # type: ignore[misc]
        assert comes_in(house, liar) == 400
    liar.instead.clear()
    assert comes_in(house, liar) == 303  # nobody else is kept waiting for it


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": 5},
        {"jwks_uri": "http://169.254.169.254/keys"},
        {"jwks_uri": "https://localhost/keys"},
        {"jwks_uri": "https://10.0.0.1/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"token_endpoint": "https://[::1]/token"},
        {"token_endpoint": "gopher://127.0.0.1/"},
        {"token_endpoint": "https://no.such.host.invalid/token"},
    ],
)
def test_it_leads_us_into_no_machine_inside(
    house: House, liar: Liar, document: dict[str, Any]
) -> None:
    liar.document = document
    assert comes_in(house, liar) == AWAY


@pytest.mark.parametrize("kind", ["oct", "enc", "broken", "none"])
def test_keys_that_are_for_something_else_check_nothing(
    house: House, liar: Liar, kind: str
) -> None:
    keys: dict[str, Any] = {
        "oct": {"kty": "oct", "k": "c2VjcmV0", "kid": "own"},
        "enc": {"kty": "RSA", "use": "enc", "kid": "own", "n": "AQAB", "e": "AQAB"},
        "broken": {"kty": "RSA", "kid": "own", "n": 5},
        "none": "keys",
    }
    liar.instead["keys"] = lambda: {"keys": [keys[kind]]}
    assert comes_in(house, liar) in (AWAY, UNTRUSTED)


def client_of(house: House) -> OpenIdClient:
    oidc = house.world.policy.signin.oidc
    assert oidc is not None
    return OpenIdClient(policy=oidc, redirect="http://127.0.0.1:8000/signin/callback")


BEGUN = Begun(state="s" * 64, nonce="n" * 64, verifier="v" * 64)


def test_unknown_keys_do_not_make_us_ask_again_and_again(house: House, liar: Liar) -> None:
    liar.key, liar.header = FOREIGN, {"kid": "another"}
    for _ in range(5):
        assert comes_in(house, liar) == UNTRUSTED
    assert [name for name, _ in liar.asked].count("keys") == 1


def test_who_hangs_holds_few_threads_and_is_then_let_be_for_a_moment(
    house: House, liar: Liar
) -> None:
    """Of many who sign in at once, some wait for it, the others are told at once."""
    let_go = threading.Event()
    liar.instead["discovery"] = lambda: Response("", 500 if let_go.wait(300) else 200)
    provider, told = house.provider, []

    def ask() -> None:
        try:
            provider.address(client_of(house), BEGUN)
        except SignInFailed as failed:
            told.append(failed.trouble)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 300
    while told.count(Trouble.BUSY) < 6 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert told == [Trouble.BUSY] * 6
    let_go.set()
    for thread in threads:
        thread.join()
    assert told.count(Trouble.AWAY) == 6
    asked = len(liar.asked)
    assert asked == 1  # the others did not find out for themselves
    liar.instead.clear()
    with pytest.raises(SignInFailed):
        provider.address(client_of(house), BEGUN)
    assert len(liar.asked) == asked
    later = time.monotonic() + 10
    provider.clock = provider.knowledge.clock = lambda: later
    assert provider.address(client_of(house), BEGUN).startswith(liar.issuer)


def test_a_trickle_is_cut_off(house: House, liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.openid.calling.TOTAL_SECONDS", -1.0)
    liar.instead["discovery"] = lambda: Response(iter([b"{", b"}"]), 200)
    with session_for(client_of(house)) as session, pytest.raises(requests.ReadTimeout):
        session.get(
            f"{liar.issuer}/.well-known/openid-configuration", withhold_token=True, timeout=300
        )


def test_what_went_wrong_is_logged_without_who_it_was(
    house: House, liar: Liar, capsys: pytest.CaptureFixture[str]
) -> None:
    liar.claims = {"email_verified": False}
    comes_in(house, liar)
    said = capsys.readouterr().out
    assert "unverified" in said
    assert "ana@acme" not in said
    assert "c0de" not in said


def test_doctor_says_what_is_wrong_with_the_provider(house: House, liar: Liar) -> None:
    parts = house.world.parts
    (fine,) = check_sign_in(parts, offline=False)
    assert (fine.health, liar.issuer in fine.detail) == (Health.OK, True)
    liar.document = {"issuer": "https://evil.example"}
    (wrong,) = check_sign_in(parts, offline=False)
    assert (wrong.health, "another issuer" in wrong.detail) == (Health.WRONG, True)
    liar.document = {"code_challenge_methods_supported": ["plain"]}
    (plain,) = check_sign_in(parts, offline=False)
    assert (plain.health, "PKCE" in plain.detail) == (Health.WRONG, True)
    (skipped,) = check_sign_in(parts, offline=True)
    assert skipped.health is Health.SKIPPED


def test_too_many_sign_ins_of_one_account_have_to_wait_and_others_do_not(
    house: House, liar: Liar
) -> None:
    """Each from another address, so that only the account counts."""
    statuses = []
    for number in range(12):
        browser = house.browser()
        browser.environ_base["REMOTE_ADDR"] = f"192.0.2.{number + 1}"
        asked = asked_of(browser.get("/signin").headers["Location"])
        liar.nonce = asked["nonce"]
        query = {"code": "c", "state": asked["state"]}
        statuses.append(browser.get("/signin/callback", query_string=query).status_code)
    assert statuses == [303] * 10 + [429] * 2
    liar.claims = {"email": "luis@acme.example"}
    assert provider_lets_in(house, liar) == 303


def provider_lets_in(house: House, liar: Liar) -> int:
    browser = house.browser()
    asked = asked_of(browser.get("/signin").headers["Location"])
    liar.nonce = asked["nonce"]
    query = {"code": "c", "state": asked["state"]}
    return browser.get("/signin/callback", query_string=query).status_code


def test_a_provider_of_its_own_is_kept_for_an_hour(house: House, liar: Liar) -> None:
    provider = OpenIdProvider()
    for _ in range(3):
        provider.address(client_of(house), BEGUN)
    assert [name for name, _ in liar.asked] == ["discovery"]
