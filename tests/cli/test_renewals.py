"""`bridge renewals`: what is coming, who gets what and why, and whose word counts."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.crm_renewals import RenewalRole
from bridge.domain.names import HOUSE, EventKey
from bridge.domain.renewing import ClientContact, RenewalId, RenewalOrigin, RenewalReading
from bridge.domain.renewing_events import RenewalRead
from bridge.pipeline.house import decide_here
from bridge.settings import Settings
from bridge.wiring import built
from tests.cli.commands import Installation

YAML = """renewals:
  partner_of: HubSpot
  default: {owner: vendor, notify: ana@acme.example}
"""


@pytest.fixture
def office(house: Installation) -> Installation:
    """A partner's house with a client whose renewal is near."""
    (house.config / "renewals.yaml").write_text(YAML)
    house.run("migrate")
    reading = RenewalReading(
        id=RenewalId("rn_1"),
        tenant="",
        name="Casa Clara",
        renews_on=(datetime.now(UTC) + timedelta(days=50)).date(),
        origin=RenewalOrigin.RESELLER_CLIENT,
        ref="1",
        contacts=(ClientContact(role=RenewalRole.PRIMARY, email="clara@client.example"),),
    )
    with built(Settings.of(house.environ), house.environ) as parts:
        event = RenewalRead(
            event_key=EventKey("r1"), occurred_at=parts.now(), account=HOUSE, reading=reading
        )
        decide_here(parts, [event])
    return house


def test_what_is_coming_and_who_gets_it(office: Installation) -> None:
    """REN-04: the same as the sending."""
    (listed,) = office.json("renewals", "list")["renewals"]
    assert (listed["renewal"]["reading"]["name"], listed["source"]) == ("Casa Clara", "default")
    (notice,) = office.json("renewals", "preview", "--days", "10")["notices"]
    people = [p["email"] for p in notice["addressed"]["recipients"]["people"]]
    assert people == ["clara@client.example", "ana@acme.example"]
    said = office.run("renewals", "preview", "--days", "10").stdout
    assert "copy ana@acme.example: the partner's point of contact, in copy" in said
    assert "no notice is due" in office.run("renewals", "preview", "--days", "1").stdout


def test_an_override_by_command(office: Installation) -> None:
    """REN-09, REN-12."""
    said = office.run("renewals", "override", "rn_1", "partner", "--notify", "bruno@acme.example")
    assert "partner, bruno@acme.example (client)" in said.stdout
    again = office.run("renewals", "override", "rn_1", "vendor", "--seen", "0", code=1)
    assert "somebody was faster" in again.stderr
    assert "(renewal.changed_meanwhile)" in again.stderr
    found = office.json("renewals", "show", "rn_1")
    assert found["seen"]["renewal"]["override"]["by"] == "employee:luis@acme.example"
    back = office.run("renewals", "override", "rn_1", "default").stdout
    assert "vendor, ana@acme.example (default)" in back


def test_what_can_not_be_is_told(office: Installation) -> None:
    """REN-07, REN-08."""
    for words, said in (
        (("override", "rn_1", "partner"), "names nobody to be notified"),
        (("override", "rn_1", "partner", "--notify", "x@y.example"), "is no user of this partner"),
        (("override", "rn_9", "vendor"), "there is no renewal rn_9"),
        (("override", "rn_1", "vendor", "--by", "qa@acme.example"), "quality control"),
        (("default", "--of", "partner:west"), "is no partner account"),
    ):
        assert said in office.run("renewals", *words, code=1).stderr


def test_a_word_stops_what_was_to_come(office: Installation) -> None:
    office.run("renewals", "say", "rn_1", "renewed")
    assert office.json("renewals", "preview", "--days", "60")["notices"] == []
    assert ": renewed;" in office.run("renewals", "list").stdout


def test_the_default_is_set_in_the_yaml(office: Installation) -> None:
    """REN-03, REN-15."""
    assert office.run("renewals", "default").stdout == "vendor, ana@acme.example\n"
    office.run("renewals", "default", "vendor", "--notify", "bruno@acme.example")
    assert "notify: bruno@acme.example" in (office.config / "renewals.yaml").read_text()
    assert office.run("renewals", "default").stdout == "vendor, bruno@acme.example\n"


def test_doctor_tells_of_a_person_who_can_not_be_told(office: Installation) -> None:
    """A deactivated person is an error there, before a notice is due."""
    office.run("renewals", "override", "rn_1", "partner", "--notify", "qa@acme.example")
    assert _points(office) == ["every notice that is coming can reach somebody"]
    office.rewrite("roles.yaml", "role: quality_control", "role: none")
    office.run("migrate")
    assert _points(office) == ["qa@acme.example is no user of this partner; 1 clients"]


def _points(office: Installation) -> list[str]:
    said = office.json("doctor", "--offline", code=1)
    return [point["detail"] for point in said["points"] if point["check"] == "renewals"]
