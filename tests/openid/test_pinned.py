"""The address of the provider that was looked at is the one that is called (S26)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request

from bridge.domain.signin_policy import OpenIdPolicy
from bridge.domain.signing_in import OpenIdClient, SignInFailed, Trouble
from bridge.openid import calling
from bridge.openid.calling import read_json, session_for
from tests.certificates import self_signed, served_safely

HOST = "keys.example"
CLIENT = OpenIdClient(
    policy=OpenIdPolicy(issuer="https://login.example", client_id="bridge"),
    redirect="https://bridge.example/signin/callback",
)


class Names:
    """A resolver whose answer changes: the first time public, from then on a machine inside."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return self_signed(tmp_path, HOST)


@pytest.fixture
def port(certificate: tuple[Path, Path]) -> Iterator[int]:
    app = Flask("provider")
    app.add_url_rule("/keys", "keys", lambda: {"host": request.host})
    app.add_url_rule("/away", "away", lambda: Response("down", 500))
    with served_safely(app, certificate) as port:
        yield port


@pytest.fixture(autouse=True)
def _loopback_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only here, and only these two of it, where a server can stand."""
    monkeypatch.setattr(calling, "is_public", {"127.0.0.1": True, "::1": True}.get)


def asked(names: Names, address: str, certificate: tuple[Path, Path]) -> dict[str, Any]:
    with session_for(CLIENT, names) as session:
        session.verify = str(certificate[0])
        return read_json(session, address, "keys")


def test_the_address_that_was_looked_at_is_called_and_its_name_must_be_proven(
    certificate: tuple[Path, Path], port: int
) -> None:
    """No resolver of the machine knows the name: nobody asks it a second time."""
    names = Names(["127.0.0.1"])
    found = asked(names, f"https://{HOST}:{port}/keys", certificate)
    assert found == {"host": f"{HOST}:{port}"}
    assert names.asked == [HOST]


def test_a_certificate_of_another_name_is_none(certificate: tuple[Path, Path], port: int) -> None:
    with pytest.raises(SignInFailed) as failed:
        asked(Names(["127.0.0.1"]), f"https://other.example:{port}/keys", certificate)
    assert (failed.value.trouble, "SSLError" in failed.value.detail) == (Trouble.AWAY, True)


@pytest.mark.parametrize("found", [["127.0.0.1", "10.0.0.1"], ["10.0.0.1"], []])
def test_a_name_that_leads_inside_as_well_is_not_called(
    certificate: tuple[Path, Path], port: int, found: list[str]
) -> None:
    with pytest.raises(SignInFailed) as failed:
        asked(Names(found), f"https://{HOST}:{port}/keys", certificate)
    assert "not in the public internet" in failed.value.detail


def test_who_can_not_be_reached_by_the_first_address_is_by_the_second(
    certificate: tuple[Path, Path], port: int
) -> None:
    names = Names(["::1", "127.0.0.1"])  # at the first nobody listens
    assert asked(names, f"https://{HOST}:{port}/keys", certificate)["host"] == f"{HOST}:{port}"


def test_what_was_answered_badly_is_not_asked_again_elsewhere(
    certificate: tuple[Path, Path], port: int
) -> None:
    with pytest.raises(SignInFailed) as failed:
        asked(Names(["127.0.0.1", "::1"]), f"https://{HOST}:{port}/away", certificate)
    assert "HTTP 500" in failed.value.detail


def test_a_password_in_an_address_goes_into_no_host(
    certificate: tuple[Path, Path], port: int
) -> None:
    found = asked(Names(["127.0.0.1"]), f"https://a:b@{HOST}:{port}/keys", certificate)
    assert found == {"host": f"{HOST}:{port}"}
