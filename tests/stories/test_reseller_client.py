"""A reseller's client from the day he is added until he is renewed, in each CRM's timeline."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bridge.domain.names import ClientId, CrmId, EventKey
from bridge.domain.records import CrmKind, RecordKind
from bridge.domain.reseller_clients import ClientDetails, ClientStatus, CrmLink
from bridge.domain.reselling_events import (
    ClientAdded,
    ClientLinked,
    ClientRenewed,
    ClientUnitsAdded,
)
from bridge.pipeline.reselling.asking import new_client
from bridge.store.engine import open_engine, reading
from bridge.store.reseller_clients import by_ids
from bridge.store.schema import DECISIONS
from tests.stories.crms import HUBSPOT, SALESFORCE, AtCrm, email
from tests.stories.messengers import TELEGRAM
from tests.stories.side import BILLING, BY_LUIS, BY_RITA, NORTE, RITA, Side, post_office
from tests.stories.town import ANA, LUIS, Town, town


def hubspot_notes(state: Any) -> list[str]:
    return [str(one["properties"]["hs_note_body"]) for one in state["notes"]]


def salesforce_notes(state: Any) -> list[str]:
    fields = (one["fields"] for one in state["Task"])
    said = (f"{one['Subject']}\n{one['Description']}" for one in fields)
    return [one for one in said if "Plan: " in one]


NOTES: Mapping[str, Callable[[Any], list[str]]] = {
    "hubspot": hubspot_notes,
    "salesforce": salesforce_notes,
}


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    opened = open_engine(sqlite_url)
    yield opened
    opened.dispose()


def add(side: Side, contact: str) -> ClientId:
    """Rita adds him with her smallest plan; the house says whose record of the CRM he is."""
    client = new_client(NORTE, EventKey("story"))
    added = side.does(
        ClientAdded,
        BY_RITA,
        client,
        reseller=NORTE,
        details=ClientDetails(legal_name="Muebles Pérez SA de CV"),
        plan="basic",
        reference="A-17",
    )
    assert added.refused is None
    link = CrmLink(kind=CrmKind.CONTACT, crm_id=CrmId(contact))
    assert side.does(ClientLinked, BY_LUIS, client, link=link).refused is None
    return client


def has_written(story: Town) -> str:
    """He is a client of Ana's already; gives his contact in the CRM."""
    story.client.writes("hello")
    story.until(lambda: len(story.crm.entries()) == 1, "his message in the timeline")
    story.rests()
    (contact,) = story.crm.records(RecordKind.CONTACT)
    return contact.id


def standing(story: Town, client: ClientId) -> tuple[ClientStatus, int, str]:
    with reading(story.parts.engine) as db:
        found = by_ids(db, [client])[client]
    return found.status(story.parts.now()), found.balance, found.shown_plan


def refusals(story: Town) -> list[str]:
    chosen = select(DECISIONS.c.headline).where(
        DECISIONS.c.account == BILLING, DECISIONS.c.verdict == "rejected"
    )
    with reading(story.parts.engine) as db:
        return list(db.scalars(chosen))


@pytest.mark.parametrize("crm", [HUBSPOT, SALESFORCE], ids=lambda crm: crm.connector)
def test_a_client_uses_up_his_units_and_is_renewed(engine: Engine, crm: AtCrm) -> None:
    """RSL-04, RSL-09, RSL-10, RSL-19, RSL-21, RSL-26, RSL-27: what becomes of him stands in the
    CRM's timeline, his reseller has a mail of it, and who owns his record in the CRM as well."""
    notes_of = NOTES[crm.connector]
    with post_office() as (post, besides), town(engine, crm, TELEGRAM, besides=besides) as story:
        side = Side(story=story, post=post)
        contact = has_written(story)
        told = story.told(ANA)
        client = add(side, contact)
        assert standing(story, client) == (ClientStatus.ACTIVE, 10, "Basic")

        side.uses("A-17", "cfdi-1", 6)
        side.uses("A-17", "cfdi-1", 6)
        side.uses(client, "cfdi-2")
        story.rests()
        assert standing(story, client) == (ClientStatus.ACTIVE, 3, "Basic")
        (hint,) = notes_of(story.crm.state())
        assert "few units left" in hint
        assert "Offer units." in hint
        assert [one.subject for one in side.mails_to(RITA)] == [
            "A client of yours has few units left"
        ]
        assert story.told(ANA) == told + 1

        for name in ("cfdi-3", "cfdi-4", "cfdi-5", "cfdi-6"):
            side.uses("A-17", name)
        story.rests()
        assert standing(story, client) == (ClientStatus.EXHAUSTED, 0, "Basic")
        assert refusals(story) == ["client_plan.exhausted"]
        assert [one for one in notes_of(story.crm.state()) if "no units left" in one]
        assert (len(side.mails_to(RITA)), story.told(ANA), story.told(LUIS)) == (2, told + 2, 0)
        assert any(f"/clients/{client}" in one.text for one in side.mails_to(RITA))
        assert not any("Muebles" in f"{one.subject}{one.text}" for one in post.letters())

        assert side.does(ClientUnitsAdded, BY_RITA, client, units=2).refused is None
        story.rests()
        assert standing(story, client) == (ClientStatus.ACTIVE, 2, "Basic")
        assert side.does(ClientRenewed, BY_RITA, client, plan="pro").refused is None
        story.rests()
        assert standing(story, client) == (ClientStatus.ACTIVE, 50, "Pro")
        (active,) = [one for one in notes_of(story.crm.state()) if "Plan: active" in one]
        assert "Units left: 2" in active
        assert len(side.mails_to(RITA)) == 2  # of what she does herself she is not told
        assert [one.subject for one in side.mails_to(email("ana"))][-3:] == [
            "A reseller's client has few units left",
            "A reseller's client has no units left",
            "The plan of a reseller's client is active again",
        ]
