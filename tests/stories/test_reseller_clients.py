"""A reseller's client, from his first units to his last, as every CRM reads of him."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from bridge.domain.names import HOUSE, ClientId, CrmId, EmployeeId, ResellerName
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.records import CrmKind, RecordKind
from bridge.domain.reseller_clients import ClientDetails, CrmLink
from bridge.domain.reselling_events import (
    ClientActivated,
    ClientAdded,
    ClientLinked,
    ClientRenewed,
    ClientSuspended,
    ClientUsedUnits,
)
from bridge.domain.reselling_policy import Plan, Reseller, Reselling
from bridge.pipeline.house import decide_here
from bridge.pipeline.reselling.asking import asked_key, new_client
from bridge.store.engine import open_engine
from tests.stories.crms import CRMS, Json
from tests.stories.messengers import MESSENGERS
from tests.stories.town import ANA, LUIS, Besides, Town, town

NORTE, RITA = ResellerName("norte"), EmployeeId("rita@norte.example")
BY_RITA = Person(kind=PersonKind.RESELLER_USER, id=RITA, tenant="reseller:norte")
BY_LUIS = Person(kind=PersonKind.EMPLOYEE, id=LUIS)
NAME = "Muebles Pérez SA de CV"
SELLING = Reselling(
    resellers={NORTE: Reseller(label="Norte", plans={"basic": Plan(name="Basic", units=100)})}
)


def _hubspot_notes(state: Json) -> list[str]:
    return [one["properties"]["hs_note_body"] for one in state["notes"]]


def _salesforce_notes(state: Json) -> list[str]:
    fields = [one["fields"] for one in state["Task"]]
    return [f"{x['Subject']}\n{x['Description']}" for x in fields if "Plan:" in x["Subject"]]


def _webhook_notes(state: Json) -> list[str]:
    return [f"{one['subject']}\n{one['text']}" for one in state["notes"]]


NOTES: Mapping[str, Callable[[Json], list[str]]] = {
    "hubspot": _hubspot_notes,
    "salesforce": _salesforce_notes,
    "webhook": _webhook_notes,
}


STEPS: tuple[tuple[type[Any], dict[str, Any]], ...] = (
    (ClientUsedUnits, {"units": 80}),
    (ClientUsedUnits, {"units": 20}),
    (ClientSuspended, {}),
    (ClientActivated, {}),
    (ClientRenewed, {"plan": "basic"}),
)


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    opened = open_engine(sqlite_url)
    yield opened
    opened.dispose()


def selling(policy: Policy) -> Policy:
    return replace(policy, reselling=SELLING, users={"reseller:norte": (RITA,)})


def does(story: Town, kind: type[Any], client: ClientId, by: Person = BY_RITA, **more: Any) -> None:
    event = kind(
        event_key=asked_key(kind.__name__, by),
        occurred_at=datetime.now(UTC),
        account=HOUSE,
        by=by,
        client=client,
        **more,
    )
    (outcome,) = decide_here(story.parts, [event])
    assert outcome.refused is None, outcome.refused


def add(story: Town) -> ClientId:
    client = new_client(NORTE, asked_key("add", BY_RITA, "first"))
    details = ClientDetails(legal_name=NAME, email="paco@perez.example")
    does(story, ClientAdded, client, reseller=NORTE, details=details, plan="basic")
    return client


@pytest.mark.parametrize("crm", CRMS)
def test_the_crm_reads_how_a_client_fares(engine: Engine, crm: str) -> None:
    """RSL-12, RSL-21, RSL-26, RSL-27: each change of status and each hint is a note, once."""
    with town(engine, CRMS[crm], MESSENGERS["webhook"], besides=Besides(policy=selling)) as story:
        story.client.writes("hello")
        story.until(lambda: bool(story.crm.records(RecordKind.CONTACT)), "a contact")
        story.rests()
        (contact,) = story.crm.records(RecordKind.CONTACT)
        before = story.told(ANA)
        client = add(story)
        link = CrmLink(kind=CrmKind.CONTACT, crm_id=CrmId(contact.id))
        does(story, ClientLinked, client, BY_LUIS, link=link)
        for kind, more in STEPS:
            does(story, kind, client, **more)
            story.rests()
        notes = sorted(NOTES[crm](story.crm.state()))
        heads = ["active", "few units left", "no units left", "no units left", "suspended"]
        assert len(notes) == len(heads)
        assert all(f"Plan: {head}" in note for head, note in zip(heads, notes, strict=True))
        assert all("Reseller: Norte" in note for note in notes)
        assert sum("Offer units." in note for note in notes) == 3
        assert NAME not in "".join(notes)
        assert story.told(ANA) - before == len(heads)
