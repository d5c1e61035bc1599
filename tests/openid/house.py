"""A small company whose people sign in by a provider, and their browsers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bridge.domain.signin_policy import OpenIdPolicy, SignInPolicy
from bridge.openid.provider import OpenIdProvider
from bridge.store.engine import open_engine
from tests.openid.running import CLIENT, SECRET, comes_back
from tests.web.world import World

CALLBACK = "http://127.0.0.1:8000/signin/callback"


@dataclass
class House:
    world: World
    provider: OpenIdProvider

    def set(self, **changed: object) -> None:
        """The options of the provider in the YAML."""
        oidc = self.world.policy.signin.oidc
        assert oidc is not None
        signin = SignInPolicy(oidc=replace(oidc, **changed))  # type: ignore[arg-type]
        self.world.policy = replace(self.world.policy, signin=signin)

    def browser(self) -> FlaskClient:
        return self.world.app.test_client()

    def sign_in(self, browser: FlaskClient, login: str) -> TestResponse:
        return self.answered(browser, self.walk(browser, login))

    def walk(self, browser: FlaskClient, login: str) -> str:
        """There and, as a person, back: the address that the provider sends the browser to."""
        begun = browser.get("/signin")
        assert begun.status_code == 303, begun.text
        return comes_back(begun.headers["Location"], login, CALLBACK)

    def session(self, browser: FlaskClient) -> int:
        """200 while this browser is signed in, 303 when it is not."""
        return browser.get("/account").status_code

    def answered(self, browser: FlaskClient, address: str) -> TestResponse:
        parts = urlsplit(address)
        return browser.get(f"{parts.path}?{parts.query}")


def asked_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@contextmanager
def house_with(database_url: str, issuer: str) -> Iterator[House]:
    engine = open_engine(database_url)
    provider = OpenIdProvider()
    world = World(engine, now=datetime.now(UTC), provider=provider, provider_secret=SECRET)
    oidc = OpenIdPolicy(issuer=issuer, client_id=CLIENT, client_secret=("S",), label="Acme")
    world.policy = replace(world.policy, signin=SignInPolicy(oidc=oidc))
    yield House(world=world, provider=provider)
    engine.dispose()
