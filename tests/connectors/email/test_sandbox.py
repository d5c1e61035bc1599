"""The stand-in for a mail server: what it asks for, what it shows, how it fails."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from bridge.domain.errors import CredentialsInvalid
from bridge.ports import Account, AccountDown, Done, Outcome, Rejected, RetryAt, Unknown
from connectors.email import CONNECTOR
from connectors.email.doctor import EmailDoctor
from connectors.email.outbound import EmailOutbound
from tests.connectors.email.building import PASSWORD, SENDER, account, delivery, mail


@pytest.fixture
def client() -> FlaskClient:
    app: Any = CONNECTOR.sandbox({"password": PASSWORD})
    client: FlaskClient = app.test_client()
    return client


@pytest.fixture
def there(client: FlaskClient) -> Account:
    return replace(account(), base_url=client.get("/_sandbox/address").get_json()["address"])


def kept(client: FlaskClient) -> list[dict[str, str]]:
    return list(client.get("/_sandbox/state").get_json()["mails"])


def sent(there: Account, **given: str) -> Outcome:
    (outcome,) = EmailOutbound(there).deliver([delivery(mail(**given))])
    return outcome


def test_a_mail_is_kept_and_shown(client: FlaskClient, there: Account) -> None:
    outcome = sent(there, subject="Ñandú <b>", text=".\nSee <there>.")
    (found,) = kept(client)
    assert isinstance(outcome, Done)
    assert found["message_id"] == outcome.vendor_ids["id"]
    assert (found["from"], found["to"], found["subject"]) == (
        SENDER,
        "ana@acme.example",
        "Ñandú <b>",
    )
    assert found["text"].splitlines() == [".", "See <there>."]
    assert "See &lt;there&gt;." in client.get("/").text
    client.post("/_sandbox/reset")
    assert kept(client) == []


def test_without_the_password_nobody_sends(client: FlaskClient, there: Account) -> None:
    wrong = replace(there, secrets={"password": ("another",)})
    assert isinstance(sent(wrong), AccountDown)
    with pytest.raises(CredentialsInvalid):
        EmailDoctor(wrong).examine("https://bridge.example")
    assert list(EmailDoctor(there).examine("https://bridge.example")) == []
    assert kept(client) == []


def test_nobody_lives_nowhere(client: FlaskClient, there: Account) -> None:
    assert isinstance(sent(there, recipient="ana@nowhere.example"), Rejected)
    assert kept(client) == []


@pytest.mark.parametrize(
    ("fault", "expected", "arrived"),
    [
        ("401", AccountDown, 0),
        ("429", AccountDown, 0),
        ("403_quota", AccountDown, 0),
        ("500", AccountDown, 0),
        ("reset", RetryAt, 0),
        ("500_after", Unknown, 1),
        ("reset_after", Unknown, 1),
    ],
)
def test_it_fails_as_told(
    client: FlaskClient, there: Account, fault: str, expected: type[Outcome], arrived: int
) -> None:
    client.post("/_sandbox/faults", json={"rules": [{"fault": fault, "times": 1}]})
    assert type(sent(there)) is expected
    assert len(kept(client)) == arrived
    assert type(sent(there)) is Done


@pytest.mark.parametrize(
    "fault", ["", "401", "429", "403_quota", "500", "reset", "html", "500_after"]
)
def test_no_outcome_and_no_log_tells_password_address_or_text(
    client: FlaskClient, there: Account, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """S14, S17."""
    caplog.set_level("DEBUG")
    if fault:
        client.post("/_sandbox/faults", json={"rules": [{"fault": fault}]})
    given = {"recipient": "eva.secreta@acme.example", "subject": "Asunto", "text": "Palabras"}
    outbound = EmailOutbound(there)
    run = [delivery(mail(**given))]
    told = f"{outbound.deliver(run)!r} {outbound.find(run)!r} {outbound!r} {there!r} {caplog.text}"
    assert not any(word in told for word in (PASSWORD, "secreta", "Asunto", "Palabras"))
