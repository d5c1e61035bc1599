"""Who may sign in as which client, and what is said of it (RSL-25)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.decisions import Decision, Verdict
from bridge.domain.facts import Facts
from bridge.domain.helping_events import HelpEnd, HelpingEvent, SignInAsEnded, SignInAsStarted
from bridge.domain.names import ClientId, EventKey, ResellerName
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reseller_clients import ClientDetails, ResellerClient
from bridge.domain.reselling_facts import ResellingFacts
from bridge.domain.routing import route
from bridge.domain.subjects import Subject, SubjectKind
from tests.domain.building import ANA, DIRECTORY, LUIS, NOW, OTTO, POLICY, QA

CLIENT = ResellerClient(
    id=ClientId("cl_1"),
    reseller=ResellerName("factura"),
    details=ClientDetails(legal_name="A private name"),
    created_at=NOW,
    plan="basic",
    plan_name="Basic",
    plan_units=10,
    balance=3,
)
SUSPENDED, ARCHIVED = replace(CLIENT, is_suspended=True), replace(CLIENT, is_archived=True)
ROSA = Person(kind=PersonKind.RESELLER_USER, id="rosa@factura.example", tenant="reseller:factura")
OMAR = Person(kind=PersonKind.RESELLER_USER, id="omar@other.example", tenant="reseller:other")
PETRA = Person(kind=PersonKind.PARTNER_USER, id="petra@north.example", tenant="partner:north")
CARLOS = Person(kind=PersonKind.CLIENT, id=CLIENT.id, tenant="reseller:factura", client=CLIENT.id)
SERVICE = Person(kind=PersonKind.SERVICE, id="warehouse")


def employee(name: str) -> Person:
    return Person(kind=PersonKind.EMPLOYEE, id=name)


def decided(event: HelpingEvent, client: ResellerClient | None) -> Decision:
    facts = Facts(now=NOW, directory=DIRECTORY, reselling=ResellingFacts(client=client))
    found = route(event, facts, POLICY)
    assert isinstance(found, Decision)
    return found


def started(by: Person) -> SignInAsStarted:
    return SignInAsStarted(
        event_key=EventKey("hp_1:started"),
        occurred_at=NOW,
        by=by,
        client=CLIENT.id,
        help="hp_1",
        until=NOW + timedelta(minutes=30),
    )


@pytest.mark.parametrize(
    ("by", "client", "why"),
    [
        (ROSA, CLIENT, "access.signed_in_as"),
        (ROSA, SUSPENDED, "access.signed_in_as"),
        (employee(LUIS), CLIENT, "access.signed_in_as"),
        (ROSA, ARCHIVED, "client_plan.archived"),
        (employee(LUIS), ARCHIVED, "client_plan.archived"),
        (ROSA, None, "request.not_found"),
        (OMAR, CLIENT, "request.not_found"),
        (OMAR, ARCHIVED, "request.not_found"),  # that it is archived is not told either
        (PETRA, CLIENT, "request.not_found"),
        (employee(ANA), CLIENT, "request.not_found"),
        (employee(OTTO), CLIENT, "request.not_found"),
        (employee(QA), CLIENT, "request.forbidden"),
        (SERVICE, CLIENT, "request.forbidden"),
        (CARLOS, CLIENT, "request.forbidden"),
    ],
)
def test_who_may(by: Person, client: ResellerClient | None, why: str) -> None:
    found = decided(started(by), client)
    assert found.reasons[0].code == why
    expected = Verdict.APPLIED if why == "access.signed_in_as" else Verdict.REJECTED
    assert (found.verdict, found.changes, found.effects) == (expected, (), ())


def test_both_names_are_said_and_no_word_about_the_client() -> None:
    found = decided(started(ROSA), CLIENT)
    detail = found.reasons[0].detail
    assert detail == (
        "reseller:rosa@factura.example is signed in as the client cl_1, "
        "until 2026-03-05T14:50+00:00"
    )
    assert found.subject == CLIENT.subject


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (HelpEnd.HIMSELF, "he ended it"),
        (HelpEnd.TIME, "the time was over"),
        (HelpEnd.LOST, "the client is archived or gone, or he may not act for him any more"),
    ],
)
@pytest.mark.parametrize("client", [CLIENT, ARCHIVED, None])
def test_every_end_is_recorded(client: ResellerClient | None, why: HelpEnd, words: str) -> None:
    event = SignInAsEnded(
        event_key=EventKey("hp_1:ended"),
        occurred_at=NOW,
        by=ROSA.principal,
        client=CLIENT.id,
        help="hp_1",
        why=why,
    )
    found = decided(event, client)
    assert found.verdict is Verdict.APPLIED
    assert found.reasons[0].detail == (
        f"reseller:rosa@factura.example is not signed in as the client cl_1 any more: {words}"
    )
    gone = Subject(kind=SubjectKind.CLIENT, id=CLIENT.id)
    assert found.subject == (gone if client is None else CLIENT.subject)
