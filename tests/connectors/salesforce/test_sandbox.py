"""The sandbox lets in whom Salesforce lets in, for as long, and as often."""

import time
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.salesforce.sandbox import sandbox
from connectors.salesforce.sandbox_org import ORGANIZATION
from tests.connectors.salesforce.building import CLIENT_ID, CLIENT_SECRET, SECRETS
from tests.connectors.salesforce.conftest import DATA, SalesforceSandbox
from tests.serving import served

USER = "integration@acme.example"
LOGIN = "https://login.salesforce.com"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def told(answer: requests.Response) -> tuple[int, Any]:
    body = answer.json()
    return answer.status_code, body["error"] if "error" in body else body[0]["errorCode"]


def test_client_credentials_give_a_token_and_where_it_holds(salesforce: SalesforceSandbox) -> None:
    answer = salesforce.sign_in()
    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["instance_url"]) == ("Bearer", salesforce.url)
    assert ORGANIZATION in body["id"]
    assert "expires_in" not in body  # Salesforce does not say how long it lasts
    assert salesforce.call("GET", "/limits").status_code == 200


def test_they_are_taken_from_the_header_too(salesforce: SalesforceSandbox) -> None:
    answer = requests.post(
        f"{salesforce.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(CLIENT_ID, CLIENT_SECRET),
        timeout=60,
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "another"}, "invalid_client_id"),
        ({"client_id": "ключ"}, "invalid_client_id"),
        ({"client_secret": "another"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": JWT_GRANT, "assertion": "x.y.z"}, "invalid_grant"),
    ],
)
def test_whoever_else_comes_is_refused(
    salesforce: SalesforceSandbox, form: dict[str, str], error: str
) -> None:
    assert told(salesforce.sign_in(**form)) == (400, error)
    assert salesforce.state()["logins"] == {"done": 0, "refused": 1, "tokens": 0}


def assertion(key: Any, **claims: Any) -> str:
    known = {"iss": CLIENT_ID, "sub": USER, "aud": LOGIN, "exp": int(time.time()) + 180}
    return jwt.encode({**known, **claims}, key, algorithm="RS256")


def by_jwt(key: str, given: str) -> tuple[int, Any]:
    secrets = {"client_id": CLIENT_ID, "private_key": key, "path_secret": "p"}
    with served(sandbox(secrets)) as url:
        form = {"grant_type": JWT_GRANT, "assertion": given}
        answer = requests.post(f"{url}/services/oauth2/token", data=form, timeout=60)
        body = answer.json()
        return answer.status_code, body.get("error_description", body.get("token_type"))


def test_an_assertion_signed_with_our_key_gives_a_token(private_key: str) -> None:
    assert by_jwt(private_key, assertion(private_key)) == (200, "Bearer")


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"aud": "https://acme.example"}, "audience is invalid"),
        ({"sub": "somebody@acme.example"}, "user hasn't approved this consumer"),
        ({"iss": "another"}, "client identifier invalid"),
        ({"exp": 1_600_000_000}, "invalid assertion"),
        ({"exp": 4_000_000_000}, "expiration is too far in the future"),
    ],
)
def test_an_assertion_for_something_else_is_refused(
    private_key: str, claims: dict[str, Any], said: str
) -> None:
    assert by_jwt(private_key, assertion(private_key, **claims)) == (400, said)


def test_an_assertion_of_another_key_is_refused(private_key: str) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert by_jwt(private_key, assertion(other)) == (400, "invalid assertion")


def test_an_assertion_without_a_signature_is_refused(private_key: str) -> None:
    claims = {"iss": CLIENT_ID, "sub": USER, "aud": LOGIN, "exp": int(time.time()) + 180}
    forged = jwt.encode(claims, "", algorithm="none")
    assert by_jwt(private_key, forged) == (400, "invalid assertion")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer another", "Basic eDp5", "Bearer ключ"])
def test_calls_without_a_token_are_refused(salesforce: SalesforceSandbox, header: str) -> None:
    answer = requests.get(
        f"{salesforce.url}{DATA}/limits", headers={"authorization": header.encode()}, timeout=60
    )
    assert told(answer) == (401, "INVALID_SESSION_ID")


def test_a_token_ends_when_told(salesforce: SalesforceSandbox) -> None:
    salesforce.call("GET", "/limits")
    assert salesforce.post("expire") == {"expired": 1}
    assert told(salesforce.call("GET", "/limits")) == (401, "INVALID_SESSION_ID")


def test_a_token_ends_after_so_many_calls(salesforce: SalesforceSandbox) -> None:
    salesforce.settings(token_calls=2)
    found = [salesforce.call("GET", "/limits").status_code for _ in range(3)]
    assert found == [200, 200, 401]


def test_a_token_ends_with_its_time(salesforce: SalesforceSandbox) -> None:
    salesforce.settings(token_seconds=0)
    assert salesforce.call("GET", "/limits").status_code == 401


def test_a_token_that_is_dead_for_good_is_refused_however_fresh(
    salesforce: SalesforceSandbox,
) -> None:
    salesforce.settings(refuse_tokens=True)
    assert salesforce.sign_in().status_code == 200
    assert salesforce.call("GET", "/limits").status_code == 401


def test_sign_ins_are_counted_and_limited(salesforce: SalesforceSandbox) -> None:
    salesforce.settings(logins_per_hour=2)
    found = [salesforce.sign_in() for _ in range(3)]
    assert [one.status_code for one in found] == [200, 200, 400]
    assert found[2].json() == {
        "error": "invalid_grant",
        "error_description": "login rate exceeded",
    }
    assert salesforce.state()["logins"]["done"] == 2


def test_each_call_counts_and_is_told_of(salesforce: SalesforceSandbox) -> None:
    salesforce.settings(daily_limit=3)
    found = [salesforce.call("GET", "/limits") for _ in range(4)]
    assert [one.headers["Sforce-Limit-Info"] for one in found[:3]] == [
        "api-usage=1/3",
        "api-usage=2/3",
        "api-usage=3/3",
    ]
    assert told(found[3]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert found[2].json()["DailyApiRequests"] == {"Max": 3, "Remaining": 0}


@pytest.mark.parametrize(
    ("version", "status"),
    [("31.0", 200), ("67.0", 200), ("30.0", 410), ("21.0", 410), ("99.0", 404), ("62", 404)],
)
def test_versions_are_served_or_retired(
    salesforce: SalesforceSandbox, version: str, status: int
) -> None:
    salesforce.call("GET", "/limits")
    answer = requests.get(
        f"{salesforce.url}/services/data/v{version}/limits",
        headers={"authorization": f"Bearer {salesforce.token}"},
        timeout=60,
    )
    assert answer.status_code == status


def test_an_address_has_its_longest(salesforce: SalesforceSandbox) -> None:
    ids = "','".join(f"0035g00000{n:05d}AAA" for n in range(700))
    answer = salesforce.query(f"SELECT Id FROM Contact WHERE Id IN ('{ids}')")
    assert answer.status_code == 414


def test_who_we_are_can_be_asked(salesforce: SalesforceSandbox) -> None:
    salesforce.call("GET", "/limits")
    address = f"{salesforce.url}/services/oauth2/userinfo"
    bearer = {"authorization": f"Bearer {salesforce.token}"}
    assert requests.get(address, headers=bearer, timeout=60).json()["organization_id"] == (
        ORGANIZATION
    )
    assert requests.get(address, timeout=60).status_code == 403


def test_the_daily_quota_is_refused_in_salesforces_words(salesforce: SalesforceSandbox) -> None:
    salesforce.told("403_quota", "/limits")
    assert told(salesforce.call("GET", "/limits")) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_it_can_be_emptied(salesforce: SalesforceSandbox) -> None:
    salesforce.call("POST", "/sobjects/Contact", {"LastName": "Vega"})
    salesforce.post("reset")
    state = salesforce.state()
    assert (state["Contact"], state["User"], state["logins"]["tokens"]) == ([], [], 0)
    assert len(state["OpportunityStage"]) == 6


@pytest.mark.parametrize("given", [{"nosuch": 1}, {"daily_limits": 3}])
def test_an_unknown_setting_is_refused(salesforce: SalesforceSandbox, given: Any) -> None:
    answer = requests.post(f"{salesforce.url}/_sandbox/settings", json=given, timeout=60)
    assert answer.status_code == 400


def test_neither_page_nor_state_show_a_secret(salesforce: SalesforceSandbox) -> None:
    salesforce.call("POST", "/sobjects/Contact", {"LastName": "<b>Vega"})
    page = requests.get(salesforce.url, timeout=60)
    shown = page.text + str(salesforce.state())
    assert not any(secret in shown for secret in (*SECRETS.values(), salesforce.token))
    assert "&lt;b&gt;Vega" in page.text
