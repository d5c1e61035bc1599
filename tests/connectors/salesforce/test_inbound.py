"""S1, S3: who is let in, what is refused before it is stored, and what is answered."""

from collections.abc import Mapping

import pytest

from bridge.domain.errors import ConfigError, SignatureInvalid
from bridge.ports import RawRequest
from connectors.salesforce.inbound import SalesforceInbound
from connectors.salesforce.soap import ACK
from connectors.standard_webhooks import sign
from tests.connectors.salesforce.telling import (
    AT_SECRET,
    JSON,
    NOW,
    ORGANIZATION,
    PATH_SECRET,
    SIGNING_SECRET,
    URL,
    XML,
    account,
    body_of,
    inbound,
    item,
    lead,
    message,
    notification,
    request,
)

SOAP = message(notification(1, "Lead", lead()))
OTHER_ORGANIZATION = "00D5g000004ztXEEA0"
SIGNED = {"signing_secret": (SIGNING_SECRET,)}


def refused(told: RawRequest, why: str, door: SalesforceInbound | None = None) -> str:
    """What it is refused with: `why`, and not the secret."""
    with pytest.raises(SignatureInvalid, match=why) as error:
        (door or inbound()).verify(told)
    assert PATH_SECRET not in str(error.value)
    return str(error.value)


def signed(body: bytes) -> Mapping[str, str]:
    return sign([SIGNING_SECRET], "msg_1", body, NOW)


@pytest.mark.parametrize("kind", ["text/xml", XML, 'application/xml; charset="utf-8"'])
def test_a_message_with_the_secret_in_its_address_is_let_in(kind: str) -> None:
    inbound().verify(request(SOAP, kind))


def test_json_with_the_secret_in_its_address_is_let_in() -> None:
    inbound().verify(request(body_of(item()), JSON))


def test_a_query_behind_the_secret_changes_nothing() -> None:
    inbound().verify(request(SOAP, url=f"{AT_SECRET}?x=1"))


def test_both_secrets_open_while_one_takes_the_others_place() -> None:
    door = SalesforceInbound(account(secrets={"path_secret": ("new one", "old")}))
    for secret in ("new%20one", "old"):
        door.verify(request(SOAP, url=f"{URL}/{secret}"))
    assert refused(request(SOAP, url=f"{URL}/older"), "path_secret", door)


@pytest.mark.parametrize(
    "url",
    [
        URL,
        f"{URL}/",
        f"{AT_SECRET}/",
        f"{AT_SECRET}x",
        AT_SECRET[:-1],
        f"{URL}/{PATH_SECRET}, {PATH_SECRET}",
        f"{URL}?{PATH_SECRET}",
        f"{URL}#{PATH_SECRET}",
        f"https://bridge.acme.example/hooks/another/{PATH_SECRET}",
        f"{URL}/é",
        f"{URL}/\ud800",
        f"{URL}/%ff",
        "https://[broken",
        "",
    ],
)
def test_another_address_is_refused(url: str) -> None:
    assert refused(request(SOAP, url=url), "path_secret")
    assert refused(request(body_of(item()), JSON, url=url), "path_secret")


@pytest.mark.parametrize("method", ["GET", "PUT", ""])
def test_only_what_is_posted_is_let_in(method: str) -> None:
    assert refused(request(SOAP, method=method), "posted")


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/soap+xml",
        "text/xml, text/xml",
        "text/xml; charset=utf-16",
        "application/json; charset=latin-1",
        "multipart/form-data",
        "\ud800",
    ],
)
def test_another_content_type_is_refused(kind: str) -> None:
    for body in (SOAP, body_of(item())):
        assert refused(request(body, kind), "text/xml nor application/json")


def test_neither_poses_as_the_other() -> None:
    assert refused(request(SOAP, JSON), "not JSON")
    assert refused(request(body_of(item()), XML), "XML")
    assert refused(request(b"org_id=00D5g000004ZtXE&event_id=1", JSON), "not JSON")


def test_the_organization_may_be_told_in_15_characters() -> None:
    short = ORGANIZATION[:15]
    inbound().verify(request(message(notification(1, "Lead", lead()), organization=short)))
    inbound(organization_id=short).verify(request(SOAP))
    inbound(organization_id=short).verify(request(body_of(item()), JSON))


@pytest.mark.parametrize(
    "organization",
    [OTHER_ORGANIZATION, OTHER_ORGANIZATION[:15], ORGANIZATION.lower(), ORGANIZATION[:14], "x"],
)
def test_another_organization_is_refused_its_case_counts(organization: str) -> None:
    assert refused(request(message(organization=organization)), "another organization")
    assert refused(request(body_of(item(org_id=organization)), JSON), "another organization")
    assert refused(
        request(body_of(item(), item(org_id=organization)), JSON), "another organization"
    )


def test_no_organization_is_refused() -> None:
    for body in (message(organization=""), SOAP.replace(b"OrganizationId", b"Organization")):
        assert refused(request(body), "no organization")
    for body in (b"[]", body_of(item(org_id=""))):
        assert refused(request(body, JSON), "no organization")
    for body in (b"{}", body_of(item(org_id=None)), body_of(item(org_id=7))):
        assert refused(request(body, JSON), "org_id")


def test_two_organizations_are_refused() -> None:
    twice = message(f"<OrganizationId>{OTHER_ORGANIZATION}</OrganizationId>")
    assert refused(request(twice), "more than one organization")


def test_without_the_option_nobody_is_believed() -> None:
    door = SalesforceInbound(account({"organization_id": ""}))
    assert refused(request(SOAP), "set option organization_id", door)
    assert refused(request(body_of(item()), JSON), "set option organization_id", door)


def test_a_signature_is_enough_for_json() -> None:
    body = body_of(item())
    door = SalesforceInbound(account(secrets=SIGNED))
    door.verify(request(body, JSON, URL, signed(body)))
    door.verify(request(body, JSON, AT_SECRET, signed(body)))
    door.verify(request(body, JSON, AT_SECRET))


def test_a_signature_that_does_not_fit_is_not_saved_by_the_address() -> None:
    body = body_of(item())
    door = SalesforceInbound(account(secrets=SIGNED))
    assert refused(request(body + b" ", JSON, AT_SECRET, signed(body)), "does not fit", door)
    assert refused(request(body, JSON, AT_SECRET, {"webhook-signature": ""}), "webhook-id", door)
    assert refused(request(body, JSON, f"{URL}/wrong", signed(body)), "path_secret", door)
    assert refused(request(body, JSON, AT_SECRET, signed(body)), "no signing_secret")


def test_a_signature_does_not_open_the_door_to_a_message() -> None:
    """Salesforce signs none: who signs one is somebody else."""
    door = SalesforceInbound(account(secrets=SIGNED))
    assert refused(request(SOAP, XML, URL, signed(SOAP)), "path_secret", door)


CERTIFICATE = {
    "client_certificate_header": "X-Client-Fingerprint",
    "client_certificate": "AB:CD:" * 9 + "AB:CD|CN=proxy-api.salesforce.com, O=Salesforce",
}


@pytest.mark.parametrize(
    "given", ["abcd" * 10, "AB:CD:" * 9 + "AB:CD", "CN=proxy-api.salesforce.com, O=Salesforce"]
)
def test_the_certificate_that_the_proxy_saw_is_let_in(given: str) -> None:
    inbound(**CERTIFICATE).verify(request(SOAP, headers={"x-client-fingerprint": given}))


@pytest.mark.parametrize(
    "given", ["", "abcd" * 9, "abcd" * 10 + ", " + "abcd" * 10, "é", "\ud800", "CN=PROXY"]
)
def test_another_certificate_is_refused(given: str) -> None:
    door = inbound(**CERTIFICATE)
    assert refused(request(SOAP, headers={"x-client-fingerprint": given}), "certificate", door)
    assert refused(request(SOAP), "certificate", door)


@pytest.mark.parametrize(
    "options",
    [
        {"client_certificate_header": "x-client"},
        {"client_certificate": "abcd"},
        {"client_certificate": " | ", "client_certificate_header": "x-client"},
        {"client_certificate_header": "x client", "client_certificate": "abcd"},
        {"organization_id": "acme"},
        {"organization_id": "0055g000001AnaaAAC"},
        {"integration_user": "bot@acme.example"},
        {"integration_user": ORGANIZATION},
    ],
)
def test_options_that_can_not_be_meant_stop_the_start(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="account salesforce-main: "):
        SalesforceInbound(account(options))


@pytest.mark.parametrize("secret", [(), ("",), ("whsec_x",)])
def test_a_signing_secret_that_is_none_closes_the_door(secret: tuple[str, ...]) -> None:
    given = {"signing_secret": secret} if secret else {"path_secret": ()}
    with pytest.raises(ConfigError, match="secret"):
        SalesforceInbound(account(secrets=given))


def test_a_message_is_answered_with_exactly_this_ack() -> None:
    """Whatever else is answered, Salesforce sends the message again for 24 hours."""
    answer = inbound().accepted(request(SOAP))
    assert answer.status == 200
    assert answer.content_type.startswith("text/xml")
    assert (
        answer.body
        == ACK
        == (
            b'<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv='
            b'"http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse '
            b'xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
            b"</soapenv:Body></soapenv:Envelope>"
        )
    )


def test_a_message_without_notifications_is_let_in_and_acknowledged() -> None:
    empty = request(message())
    inbound().verify(empty)
    assert inbound().accepted(empty).body == ACK


def test_json_is_answered_with_an_object_that_a_flow_can_read() -> None:
    answer = inbound().accepted(request(body_of(item()), JSON))
    assert (answer.status, answer.body, answer.content_type) == (200, b"{}", "application/json")
