"""Signing in: client credentials, signed assertions, and what a refusal means."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bridge.domain.errors import ConfigError, CredentialsInvalid, DeliveryTransient
from bridge.ports import Account
from connectors.salesforce.login import Login
from connectors.salesforce.places import is_safe
from connectors.salesforce.sandbox import sandbox
from tests.connectors.salesforce.building import CLIENT_ID, SECRETS, account
from tests.connectors.salesforce.conftest import SalesforceSandbox
from tests.serving import served

USERNAME = "integration@acme.example"
MY_DOMAIN = "https://acme.my.salesforce.com"
UAT = "https://acme--uat.sandbox.my.salesforce.com"
TOKEN_URL = f"{MY_DOMAIN}/services/oauth2/token"
GIVEN = {"access_token": "00D!token", "instance_url": "https://acme.my.salesforce.com"}


def login(of: Account) -> Login:
    return Login(of, 5.0)


def at_my_domain(**options: str) -> Login:
    return login(account(options={"login_url": MY_DOMAIN, **options}))


def test_client_credentials_let_us_in(salesforce: SalesforceSandbox) -> None:
    token = login(account(salesforce.url)).sign_in()
    assert token.url == salesforce.url
    assert token.expires_at > datetime.now(UTC) + timedelta(hours=1)
    assert token.value not in repr(token)
    assert salesforce.state()["logins"]["done"] == 1


@pytest.mark.parametrize("secrets", [{"client_id": ("x",)}, {"client_secret": ("x",)}])
def test_wrong_credentials_are_told_with_what_to_do(
    salesforce: SalesforceSandbox, secrets: dict[str, tuple[str, ...]]
) -> None:
    (named,) = secrets
    with pytest.raises(CredentialsInvalid, match=named):
        login(account(salesforce.url, secrets=secrets)).sign_in()


@pytest.mark.parametrize("escape", [False, True])
def test_a_signed_assertion_lets_us_in(private_key: str, escape: bool) -> None:
    """A variable of the environment may hold the key in one line."""
    given = {"client_id": CLIENT_ID, "private_key": private_key, "path_secret": "p"}
    key = {False: private_key, True: private_key.replace("\n", "\\n")}[escape]
    with served(sandbox(given)) as url:
        of = account(url, {"username": USERNAME}, {"private_key": (key,)})
        assert login(of).sign_in().url == url


@pytest.mark.parametrize(
    ("username", "key", "said"),
    [
        ("", "right", "option username is missing"),
        ("somebody@else.example", "right", "invalid_grant"),
        (USERNAME, "not a key", "not a private RSA key in PEM"),
        (USERNAME, "other", "invalid_grant"),
    ],
)
def test_an_assertion_that_does_not_fit_is_refused(
    private_key: str, other_key: str, username: str, key: str, said: str
) -> None:
    given = {"client_id": CLIENT_ID, "private_key": private_key, "path_secret": "p"}
    named = {"right": private_key, "other": other_key}.get(key, key)
    with served(sandbox(given)) as url, pytest.raises(CredentialsInvalid, match=said):
        login(account(url, {"username": username}, {"private_key": (named,)})).sign_in()


@pytest.fixture(scope="module")
def other_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@responses.activate
@pytest.mark.parametrize(
    ("options", "audience"),
    [
        ({}, "https://login.salesforce.com"),
        ({"login_url": UAT}, "https://test.salesforce.com"),
        ({"login_url": "https://test.salesforce.com"}, "https://test.salesforce.com"),
        ({"audience": "https://acme.example/portal"}, "https://acme.example/portal"),
    ],
)
def test_an_assertion_is_for_the_login_of_the_org(
    private_key: str, options: dict[str, str], audience: str
) -> None:
    url = f"{options.get('login_url', 'https://login.salesforce.com')}/services/oauth2/token"
    asked = responses.post(url, json=GIVEN)
    secrets = {"private_key": (private_key,)}
    login(account(options={"username": USERNAME, **options}, secrets=secrets)).sign_in()
    form = dict(pair.split("=") for pair in asked.calls[0].request.body.split("&"))
    claims = jwt.decode(form["assertion"], options={"verify_signature": False})
    assert (claims["aud"], claims["iss"], claims["sub"]) == (audience, CLIENT_ID, USERNAME)
    assert claims["exp"] <= datetime.now(UTC).timestamp() + 180


@responses.activate
def test_the_org_s_own_address_is_called_from_then_on() -> None:
    responses.post(TOKEN_URL, json={**GIVEN, "instance_url": "https://acme.my.salesforce.com/"})
    assert at_my_domain().sign_in().url == MY_DOMAIN


@responses.activate
@pytest.mark.parametrize(
    "given",
    [
        {"instance_url": "http://acme.my.salesforce.com"},
        {"instance_url": "https://acme.my.salesforce.com/path"},
        {"instance_url": "https://user@evil.example"},
        {"instance_url": "javascript:1"},
        {"access_token": "a\r\nx: y"},
        {"access_token": "ñ"},
    ],
)
def test_an_odd_token_or_address_is_not_used(given: dict[str, str]) -> None:
    responses.post(TOKEN_URL, json={**GIVEN, **given})
    with pytest.raises(CredentialsInvalid):
        at_my_domain().sign_in()


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_client_id"}, CredentialsInvalid),
        (400, {"error": "inactive_user", "error_description": "user"}, CredentialsInvalid),
        (400, {"error": "something_new"}, CredentialsInvalid),
        (401, {"error": "invalid_client"}, CredentialsInvalid),
        (400, {"error": "unsupported_grant_type"}, CredentialsInvalid),
        (400, [], DeliveryTransient),
        (200, {}, DeliveryTransient),
        (200, {"access_token": 5, "instance_url": MY_DOMAIN}, DeliveryTransient),
        (302, {}, DeliveryTransient),
        (503, {"error": "server_error"}, DeliveryTransient),
        (429, {}, DeliveryTransient),
    ],
)
def test_what_a_refusal_means(status: int, body: object, error: type[Exception]) -> None:
    responses.post(TOKEN_URL, json=body, status=status)
    with pytest.raises(error):
        at_my_domain().sign_in()


@responses.activate
def test_too_many_sign_ins_are_waited_for_an_hour() -> None:
    body = {"error": "invalid_grant", "error_description": "login rate exceeded"}
    responses.post(TOKEN_URL, json=body, status=400)
    with pytest.raises(DeliveryTransient) as raised:
        at_my_domain().sign_in()
    assert raised.value.account_wide
    assert raised.value.retry_at is not None
    assert raised.value.retry_at > datetime.now(UTC) + timedelta(minutes=55)


@responses.activate
def test_an_html_page_is_no_refusal() -> None:
    responses.post(TOKEN_URL, body="<html>502</html>", status=502)
    with pytest.raises(DeliveryTransient):
        at_my_domain().sign_in()


@responses.activate
def test_no_secret_and_no_name_stands_in_an_error() -> None:
    body = {"error": "invalid_grant", "error_description": f"user {USERNAME} is bad"}
    responses.post(TOKEN_URL, json=body, status=400)
    with pytest.raises(CredentialsInvalid) as raised:
        at_my_domain().sign_in()
    assert not any(word in str(raised.value) for word in (USERNAME, *SECRETS.values()))


@responses.activate
def test_a_sign_in_that_is_not_answered_is_tried_later() -> None:
    for error in (requests.ConnectionError("x"), requests.ReadTimeout("x")):
        responses.post(TOKEN_URL, body=error)
        with pytest.raises(DeliveryTransient):
            at_my_domain().sign_in()


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.my.salesforce.com",
        "ftp://127.0.0.1",
        "https://",
        "https://user:pw@acme.my.salesforce.com",
        "https://acme.my.salesforce.com/path",
        "https://acme.my.salesforce.com?x",
        "https://acme.my.salesforce.com:port",
        "//acme.my.salesforce.com",
        "acme.my.salesforce.com",
    ],
)
def test_secrets_are_given_to_no_other_kind_of_address(url: str) -> None:
    assert not is_safe(url)
    with pytest.raises(ConfigError, match="login_url"):
        login(account(options={"login_url": url}))
    with pytest.raises(ConfigError, match="login_url"):
        login(account(url))


@pytest.mark.parametrize(
    ("secrets", "named"),
    [
        ({"client_id": ()}, "client_id"),
        ({"client_id": ("",)}, "client_id"),
        ({"client_secret": ()}, "client_secret"),
        ({"private_key": ("",)}, "private_key"),
    ],
)
def test_without_its_secrets_nothing_starts(
    secrets: dict[str, tuple[str, ...]], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        login(account(secrets=secrets))
