"""Starts the provider, and walks through its pages as a person does."""

import json
import re
import select
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from joserfc.jwk import ECKey, RSAKey

from tests.lanes import BY_NAME

SCRIPT = Path(__file__).with_name("provider.mjs")
START_SECONDS = 300
CLIENT, SECRET = "bridge", "s3cret-of-the-bridge"
PEOPLE: Mapping[str, Mapping[str, object]] = {
    "ana": {"email": "Ana@acme.example", "email_verified": True},
    "luis": {"email": "luis@acme.example", "email_verified": True},
    "unverified": {"email": "ana@acme.example", "email_verified": False},
    "nameless": {},
    "stranger": {"email": "stranger@acme.example", "email_verified": True},
    "elsewhere": {"email": "ana@other.example", "email_verified": True},
    "directory": {"preferred_username": "ana@acme.example"},
}


def rsa_key(name: str) -> dict[str, Any]:
    return _named(RSAKey.generate_key(2048, private=True).as_dict(private=True), name, "RS256")


def ec_key(name: str) -> dict[str, Any]:
    return _named(ECKey.generate_key("P-256", private=True).as_dict(private=True), name, "ES256")


def _named(key: Mapping[str, Any], name: str, algorithm: str) -> dict[str, Any]:
    return {**key, "kid": name, "use": "sig", "alg": algorithm}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How the provider is set up; `callbacks` are where it may send people back to."""

    port: int
    callbacks: Sequence[str]
    keys: Sequence[Mapping[str, Any]]
    conform: bool = True  # False: the address stands in the token itself
    algorithm: str = "RS256"
    goodbyes: Sequence[str] = field(default_factory=tuple)
    back_channel: str = ""  # where it says that somebody has signed out
    names_sessions: bool = True

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running(wanted: Wanted) -> Iterator[str]:
    """Its issuer; the provider is gone afterwards."""
    lane = BY_NAME["oidc"]
    client: dict[str, Any] = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": list(wanted.callbacks),
        "post_logout_redirect_uris": list(wanted.goodbyes),
        "id_token_signed_response_alg": wanted.algorithm,
    }
    if wanted.back_channel:
        client["backchannel_logout_uri"] = wanted.back_channel
        client["backchannel_logout_session_required"] = wanted.names_sessions
    told = {
        "modules": str(lane.node_modules),
        "port": wanted.port,
        "clients": [client],
        "people": PEOPLE,
        "keys": list(wanted.keys),
        "conform": wanted.conform,
    }
    started = subprocess.Popen(
        [str(lane.program()), str(SCRIPT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert started.stdin is not None
        assert started.stdout is not None
        started.stdin.write(json.dumps(told))
        started.stdin.close()
        assert select.select([started.stdout], [], [], START_SECONDS)[0], "it does not start"
        assert started.stdout.readline().strip() == "ready"
        yield wanted.issuer
    finally:
        started.kill()
        started.wait()
        if started.stdout is not None:
            started.stdout.close()


def comes_back(address: str, login: str, callback: str) -> str:
    """Where the provider sends somebody back to who signs in as `login` and agrees."""
    with requests.Session() as browser:
        return comes_back_in(browser, address, login, callback)


def comes_back_in(browser: requests.Session, address: str, login: str, callback: str) -> str:
    """The same in a browser that the provider knows from then on."""
    answer = browser.get(address, allow_redirects=False, timeout=60)
    for _ in range(12):
        if answer.is_redirect:
            address = urljoin(answer.url, answer.headers["Location"])
            if address.startswith(callback):
                return address
            answer = browser.get(address, allow_redirects=False, timeout=60)
            continue
        answer = browser.post(
            _action(answer), data=_fields(answer.text, login), allow_redirects=False, timeout=60
        )
    raise AssertionError(f"never came back: {answer.status_code} {answer.text[:500]}")


def signs_out(browser: requests.Session, issuer: str) -> None:
    """Of the provider, at its own page; it has told everybody when this is over."""
    page = browser.get(f"{issuer}/session/end", timeout=60)
    (token,) = re.findall(r'name="xsrf" value="([^"]+)"', page.text)
    data = {"xsrf": token, "logout": "yes"}
    done = browser.post(f"{issuer}/session/end/confirm", data=data, timeout=300)
    assert done.status_code == 200, done.text[:500]


def _action(answer: requests.Response) -> str:
    found = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
    assert found is not None, answer.text[:500]
    return urljoin(answer.url, unescape(found[1]))


def _fields(page: str, login: str) -> dict[str, str]:
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return {**hidden, "login": login, "password": "any"} if hidden["prompt"] == "login" else hidden
