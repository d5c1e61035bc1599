"""The door: Meta's handshake and signature, and every way of not having them."""

import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.domain.errors import ConfigError, SignatureInvalid
from bridge.ports import Account
from connectors.whatsapp.inbound import WhatsAppInbound
from tests.connectors.whatsapp.building import (
    APP_SECRET,
    OLD_SECRET,
    SECRETS,
    VERIFY,
    account,
    asked,
    request,
    signature,
)

SIGNED = Path(__file__).parents[2] / "fixtures" / "whatsapp" / "signed" / "message.body"
BODY = '{"text":"ñ 👍"}'.encode()
GOOD = signature(BODY)


@pytest.fixture
def inbound() -> WhatsAppInbound:
    return WhatsAppInbound(account())


def test_what_meta_really_signed_is_let_in() -> None:
    """S1: the vector of pywa's tests, whose secret has been reset since."""
    secrets = {**account().secrets, "app_secret": ("1222e786b144d0e85b9f365372d93676",)}
    told = request(
        SIGNED.read_bytes(),
        signed="sha256=54edfa1d7259e0eb13c677cc7d73d1b5c86cfa12433d19156e058ab9251bc441",
    )
    inbound = WhatsAppInbound(replace(account(), secrets=secrets))
    inbound.verify(told)
    assert [type(e).__name__ for e in inbound.parse(told).events] == ["MessageReceived"]


@pytest.mark.parametrize("secret", [APP_SECRET, OLD_SECRET])
def test_two_app_secrets_count_while_one_is_rotated(inbound: WhatsAppInbound, secret: str) -> None:
    """S3."""
    inbound.verify(request(BODY, signed=signature(BODY, secret)))


def test_the_signature_is_of_the_raw_bytes(inbound: WhatsAppInbound) -> None:
    """The same JSON, spelled otherwise, is another body."""
    again = json.dumps(json.loads(BODY)).encode()
    with pytest.raises(SignatureInvalid):
        inbound.verify(request(again, signed=GOOD))


@pytest.mark.parametrize(
    "given",
    [
        "",
        "sha256=",
        GOOD.removeprefix("sha256="),
        GOOD[:-1],
        f"{GOOD}0",
        f"{GOOD}, {GOOD}",
        f" {GOOD}",
        f"{GOOD}\n",
        GOOD.upper(),
        GOOD.replace("sha256=", "sha1="),
        GOOD.replace("sha256=", "SHA256="),
        f"sha256={'é' * 64}",
        f"sha256={'٠' * 64}",
        "sha256=\ud800",
        "sha256=\x00",
        f"sha1={hmac.new(APP_SECRET.encode(), BODY, hashlib.sha1).hexdigest()}",
        signature(BODY, "another secret"),
        signature(BODY + b" "),
        signature(b""),
    ],
)
def test_another_signature_is_refused_as_such(inbound: WhatsAppInbound, given: str) -> None:
    """S1, S4: never with another error."""
    with pytest.raises(SignatureInvalid) as refused:
        inbound.verify(request(BODY, signed=given))
    assert not any(secret in str(refused.value) for secret in SECRETS.values())


def test_without_the_header_nobody_is_let_in(inbound: WhatsAppInbound) -> None:
    with pytest.raises(SignatureInvalid):
        inbound.verify(replace(request(BODY), headers={}))


@pytest.mark.parametrize("method", ["GET", "PUT", "post", ""])
def test_only_posts_are_let_in(inbound: WhatsAppInbound, method: str) -> None:
    with pytest.raises(SignatureInvalid):
        inbound.verify(request(BODY, method=method))


def test_the_challenge_comes_back_to_who_knows_the_token(inbound: WhatsAppInbound) -> None:
    query = f"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={VERIFY}"
    answer = inbound.handshake(asked(query))
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"1158201444")
    assert answer.content_type.startswith("text/plain")


def test_two_verify_tokens_count_while_one_is_rotated() -> None:
    secrets = {**account().secrets, "verify_token": ("new", VERIFY)}
    inbound = WhatsAppInbound(replace(account(), secrets=secrets))
    query = f"hub.mode=subscribe&hub.challenge=7&hub.verify_token={VERIFY}"
    assert inbound.handshake(asked(query)) is not None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=%ff%fe",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=\ud800",
        f"hub.mode=unsubscribe&hub.challenge=1&hub.verify_token={VERIFY}",
        f"hub.mode=subscribe&hub.challenge=&hub.verify_token={VERIFY}",
        f"hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token={VERIFY}",
        f"hub.mode=subscribe&hub.challenge={'1' * 257}&hub.verify_token={VERIFY}",
        f"hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY}&hub.verify_token={VERIFY}",
        f"hub.mode=subscribe&hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY}",
        f"hub_mode=subscribe&hub_challenge=1&hub_verify_token={VERIFY}",
    ],
)
def test_another_handshake_has_no_answer(inbound: WhatsAppInbound, query: str) -> None:
    assert inbound.handshake(asked(query)) is None


def test_a_handshake_is_no_post(inbound: WhatsAppInbound) -> None:
    query = f"hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY}"
    assert inbound.handshake(asked(query, method="POST")) is None


@pytest.mark.parametrize("secret", ["app_secret", "verify_token"])
@pytest.mark.parametrize("values", [(), ("",), ("good", "")])
def test_an_empty_secret_closes_the_door(secret: str, values: tuple[str, ...]) -> None:
    """S6: an empty verify token would match whoever sends none."""
    whole = account()
    given = Account(name="wa", connector="whatsapp", secrets={**whole.secrets, secret: values})
    with pytest.raises(ConfigError, match=secret):
        WhatsAppInbound(given)
