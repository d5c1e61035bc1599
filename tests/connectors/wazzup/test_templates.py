"""WABA templates as Wazzup lists them, and which of them the bridge can fill in (WS-04)."""

from typing import Any

import pytest
import responses

from bridge.domain.errors import CredentialsInvalid, DeliveryTransient, OutcomeUnknown
from bridge.ports import Account, TemplateReading
from connectors.wazzup.templates import PAGE, templates
from tests.connectors.wazzup.building import account
from tests.connectors.wazzup.phone import Phone

URL = "https://api.wazzup24.com/v3/templates/whatsapp"
BODY = {"type": "BODY", "text": "Hola {{1}}, su cita es el {{2}}"}


def listed(*components: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "templateGuid": "t-1",
        "title": "Cita",
        "name": "cita_1",
        "language": "es",
        "status": "approved",
        "category": "MARKETING",
        "channels": ["waba"],
        "components": list(components or (BODY,)),
        **changed,
    }


@responses.activate
def read(*items: dict[str, Any]) -> list[TemplateReading]:
    responses.get(URL, json=list(items))
    return list(templates(account()))


def test_a_template_tells_its_text_places_category_and_channels() -> None:
    footer = {"type": "FOOTER", "text": "Acme"}
    found = read(listed(BODY, footer, channels=["waba", "waba-2"]))
    assert [(t.template_id, t.channel_id) for t in found] == [("t-1", "waba"), ("t-1", "waba-2")]
    assert found[0] == TemplateReading(
        template_id="t-1",
        name="Cita",
        language="es",
        text="Hola {{1}}, su cita es el {{2}}\nAcme",
        usable=True,
        places=2,
        channel_id="waba",
        detail="approved",
        category="marketing",
    )


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        ({"status": "REJECTED", "rejected_reason": "SCAM"}, "rejected: SCAM"),
        ({"status": "archived"}, "archived"),
        ({"components": [{"type": "HEADER", "format": "IMAGE"}]}, "its header is a file"),
        ({"components": [{"type": "HEADER", "text": "{{1}}"}]}, "its header has a place"),
        ({"components": [{"type": "BODY", "text": "{{name}}"}]}, "its places have names"),
        (
            {"components": [{"type": "BUTTONS", "buttons": [{"url": "https://a.example/{{1}}"}]}]},
            "a button of it wants a value",
        ),
    ],
)
def test_what_can_not_be_sent_says_why(changed: dict[str, Any], detail: str) -> None:
    [found] = read(listed(**changed))
    assert not found.usable
    assert detail in found.detail


def test_a_template_of_no_channel_is_for_all_of_them() -> None:
    [found] = read(listed(channels=None, components=None, title=None))
    assert (found.channel_id, found.name, found.text) == ("", "cita_1", "")


@responses.activate
def test_every_page_is_read() -> None:
    responses.get(URL, json=[listed(templateGuid=f"t-{n}") for n in range(PAGE)])
    responses.get(URL, json=[listed(templateGuid="last")])
    found = templates(account())
    assert (len(found), found[-1].template_id) == (PAGE + 1, "last")
    assert "offset=100" in str(responses.calls[1].request.url)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, "{}", CredentialsInvalid),
        (429, "{}", DeliveryTransient),
        (500, "{}", OutcomeUnknown),
        (200, "{}", OutcomeUnknown),
        (200, '[{"title": "x"}]', OutcomeUnknown),
    ],
)
def test_every_failure_has_one_of_our_names(status: int, body: str, error: type[Exception]) -> None:
    with responses.RequestsMock() as vendor:
        vendor.get(URL, status=status, body=body)
        with pytest.raises(error, match="wazzup: GET /v3/templates/whatsapp"):
            templates(account())


def test_the_stand_in_lists_what_it_was_given(at_sandbox: Account, phone: Phone) -> None:
    phone.steer("seed", templates=[listed()])
    [found] = templates(at_sandbox)
    assert (found.name, found.usable) == ("Cita", True)
