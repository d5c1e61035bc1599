"""Renewals, their partners and what happens to them, in a line each."""

from dataclasses import replace
from datetime import date
from typing import Any

from bridge.domain.crm_renewals import RenewalRole
from bridge.domain.decisions import Decision, Wait
from bridge.domain.events import Event
from bridge.domain.facts import Facts
from bridge.domain.names import HOUSE, AccountName, CrmId, EventKey
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.records import CrmKind
from bridge.domain.renewing import (
    ClientContact,
    Override,
    OwnerChoice,
    Renewal,
    RenewalId,
    RenewalOrigin,
    RenewalOwner,
    RenewalReading,
    RenewalWord,
)
from bridge.domain.renewing_changes import PutRenewal
from bridge.domain.renewing_events import RenewalDue, RenewalOwnerSet, RenewalWordGiven
from bridge.domain.renewing_facts import RenewingFacts
from bridge.domain.renewing_policy import RenewalDefault, Renewals
from bridge.domain.routing import route
from tests.domain.building import ANA, BRUNO, CRM, DIRECTORY, LUIS, NOW, policy

DUE = date(2026, 6, 30)
PETRA, PAUL = "petra@north.example", "paul@north.example"
RITA = "rita@norte.example"
PRIMARY, BILLING, BOSS = "pri@client.example", "bil@client.example", "boss@client.example"
CONTACTS = (
    ClientContact(role=RenewalRole.PRIMARY, email=PRIMARY),
    ClientContact(role=RenewalRole.BILLING, email=BILLING),
    ClientContact(role=RenewalRole.DECISION_MAKER, email=BOSS),
)
USERS = {"partner:north": (PETRA, PAUL), "reseller:norte": (RITA,)}
MANAGER = Person(kind=PersonKind.EMPLOYEE, id=LUIS)
OF_NORTH = Person(kind=PersonKind.PARTNER_USER, id=PETRA, tenant="partner:north")
OF_NORTE = Person(kind=PersonKind.RESELLER_USER, id=RITA, tenant="reseller:norte")
MAIL = AccountName("mail-main")
VENDORS = RenewalDefault(owner=RenewalOwner.VENDOR, notify=ANA)
PARTNERS = RenewalDefault(owner=RenewalOwner.PARTNER, notify=ANA)


def renewals(default: RenewalDefault = VENDORS, **more: Any) -> Renewals:
    return Renewals(partner_of="HubSpot", default=default, **more)


def rules(default: RenewalDefault = VENDORS, **more: Any) -> Policy:
    """A house that is a partner itself and has a partner account and a reseller."""
    return policy(renewals=renewals(default, **more), users=USERS, email=MAIL)


def reading(**changed: Any) -> RenewalReading:
    base = RenewalReading(
        id=RenewalId("rn_1"),
        tenant="",
        name="Casa Clara",
        renews_on=DUE,
        origin=RenewalOrigin.CRM,
        ref="500",
        account=CRM,
        kind=CrmKind.COMPANY,
        record=CrmId("500"),
        contacts=CONTACTS,
    )
    return replace(base, **changed)


def renewal(
    choice: OwnerChoice = OwnerChoice.DEFAULT, notify: str | None = None, **changed: Any
) -> Renewal:
    return Renewal(
        reading=reading(**changed),
        state_of=changed.get("renews_on", DUE),
        override=Override(choice=choice, notify=notify),
        revision=1,
    )


def facts(known: Renewal | None, **changed: Any) -> Facts:
    directory: Directory = changed.pop("directory", DIRECTORY)
    return Facts(
        now=NOW,
        directory=directory,
        public_url="https://bridge.example",
        renewing=RenewingFacts(renewal=known, **changed),
    )


def sets(
    choice: OwnerChoice, notify: str | None = None, *, seen: int = 0, by: Person = MANAGER
) -> RenewalOwnerSet:
    return RenewalOwnerSet(
        event_key=EventKey(f"owner:{choice}:{notify}:{seen}"),
        occurred_at=NOW,
        account=HOUSE,
        renewal=RenewalId("rn_1"),
        choice=choice,
        notify=notify,
        seen=seen,
        by=by,
    )


def says(word: RenewalWord, *, of: date = DUE, seen: int = 0, by: Person = MANAGER) -> Event:
    return RenewalWordGiven(
        event_key=EventKey(f"word:{word}:{seen}"),
        occurred_at=NOW,
        account=HOUSE,
        renewal=RenewalId("rn_1"),
        word=word,
        renews_on=of,
        seen=seen,
        by=by,
    )


def due(step: str = "45d", *, of: date = DUE, day: date | None = None) -> RenewalDue:
    return RenewalDue(
        event_key=EventKey(f"due:{step}"),
        occurred_at=NOW,
        account=HOUSE,
        renewal=RenewalId("rn_1"),
        renews_on=of,
        step=step,
        day=day or date(2026, 5, 16),
    )


def decide(event: Event, given: Facts, by: Policy) -> Decision:
    decided = route(event, given, by)
    assert not isinstance(decided, Wait)
    return decided


def after(decision: Decision, before: Renewal) -> Renewal:
    """The renewal once this is carried out."""
    puts = [x.renewal for x in decision.changes if isinstance(x, PutRenewal)]
    return puts[-1] if puts else before


def codes(decision: Decision) -> list[str]:
    return [str(reason.code) for reason in decision.reasons]


EMPLOYEES = (ANA, BRUNO, LUIS)
