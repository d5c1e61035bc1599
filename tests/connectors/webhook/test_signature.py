"""Who may post events: signatures, their age, rotation, and the vector that is published."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from bridge.domain.errors import ConfigError, SignatureInvalid
from connectors.standard_webhooks import sign
from connectors.webhook import sandbox_posting
from connectors.webhook.inbound import WebhookInbound
from connectors.webhook.outbound import WebhookOutbound
from tests.connectors.webhook.building import NOW, OTHER, SECRET, account, request

VECTOR: Any = json.loads(
    Path(sandbox_posting.__file__).with_name("vector.json").read_text(encoding="utf-8")
)


def test_the_published_vector_is_what_we_make() -> None:
    headers = VECTOR["headers"]
    when = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    made = sign([VECTOR["secret"]], headers["webhook-id"], VECTOR["body"].encode(), when)
    assert made == headers


def test_the_published_vector_is_what_the_standards_library_makes() -> None:
    headers = VECTOR["headers"]
    when = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    library = standardwebhooks.Webhook(VECTOR["secret"])
    assert library.sign(headers["webhook-id"], when, VECTOR["body"]) == headers["webhook-signature"]


def test_what_is_signed_with_our_secret_is_taken() -> None:
    WebhookInbound(account()).verify(request(b"{}"))


@pytest.mark.parametrize("signed_with", [(SECRET,), (OTHER,), (OTHER, SECRET)])
def test_while_rotating_either_secret_is_taken(signed_with: tuple[str, ...]) -> None:
    WebhookInbound(account(secrets=(OTHER, SECRET))).verify(request(b"{}", signed_with))


def test_a_dropped_secret_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        WebhookInbound(account(secrets=(OTHER,))).verify(request(b"{}"))


@pytest.mark.parametrize("off", [timedelta(minutes=-6), timedelta(minutes=6), timedelta(days=365)])
def test_a_signature_of_another_time_is_refused(off: timedelta) -> None:
    with pytest.raises(SignatureInvalid):
        WebhookInbound(account()).verify(request(b"{}", signed_at=NOW + off))


def test_get_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        WebhookInbound(account()).verify(request(b"{}", method="GET"))


def test_another_body_is_refused() -> None:
    signed = request(b'{"events":[]}')
    other = request(b'{"events":[1]}')
    forged = type(signed)(
        method="POST",
        url=signed.url,
        headers=signed.headers,
        body=other.body,
        received_at=NOW,
    )
    with pytest.raises(SignatureInvalid):
        WebhookInbound(account()).verify(forged)


@pytest.mark.parametrize("secret", ["short", "whsec_", "whsec_AAAA", "not base64!"])
def test_a_secret_that_is_none_stops_the_start(secret: str) -> None:
    for part in (WebhookInbound, WebhookOutbound):
        with pytest.raises(ConfigError, match="signing_secret"):
            part(account(secrets=(secret,)))
