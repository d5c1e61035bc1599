"""Renewals as they live, with both CRMs and a real mail server: read, noticed, written back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from bridge.domain.crm_renewals import RenewalSource
from bridge.domain.names import AccountName
from bridge.domain.policy import AccountPolicy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.records import CrmKind
from bridge.domain.renewing import OwnerChoice, Renewal, RenewalOwner
from bridge.domain.renewing_policy import (
    CrmRenewals,
    RenewalDefault,
    Renewals,
    RenewalSchedule,
    RenewalSending,
    SendBy,
    WrittenTo,
)
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Active
from bridge.pipeline.renewals import desk
from bridge.pipeline.renewals.keeping import keep_renewals
from bridge.pipeline.renewals.reading import wish
from bridge.pipeline.renewals.viewing import Eyes
from bridge.pipeline.vendors import AccountVendors
from bridge.ports import Account
from bridge.store import mirror
from bridge.store.engine import open_engine, reading, writing
from connectors import installed
from connectors.email.sandbox import sandbox
from tests.stories.crms import HUBSPOT, SALESFORCE, AtCrm
from tests.stories.messengers import MESSENGERS
from tests.stories.town import ANA, BRUNO, CRM, LUIS, Town, activated, town

MAIL = AccountName("mail-main")
PASSWORD = "password-of-the-post"
EVA = "eva@client.example"
MANAGER = Person(kind=PersonKind.EMPLOYEE, id=LUIS)
PARTNERS = RenewalDefault(owner=RenewalOwner.PARTNER, notify=ANA)
_ACCOUNT, _CONTACT, _CONTRACT = "0015g00000Acco1AAB", "0035g00000Eva11AAB", "8005g00000Plan1AAB"


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOrigin:
    """Where a CRM keeps renewals. `plants` gives what is posted where for a client whose renewal
    is due on a day, `moves` the same for another day; `shown` reads the owner that was written."""

    at: AtCrm
    kind: CrmKind
    owner: str
    plants: Callable[[str], Mapping[str, Any]]
    moves: Callable[[str], tuple[str, Mapping[str, Any]]]
    shown: Callable[[Any], str]
    tasks: Callable[[Any], list[str]]


def _hubspot(day: str) -> Mapping[str, Any]:
    return {
        "contacts": [{"id": "900", "properties": {"firstname": "Eva", "email": EVA}}],
        "partner_clients": [
            {
                "id": "901",
                "properties": {
                    "hs_client_name": "Casa Clara",
                    "hs_next_renewal_date": day,
                    "renewal_owner": "",
                },
                "contacts": [{"id": "900", "labels": ["Primary"]}],
            }
        ],
    }


def _salesforce(day: str) -> Mapping[str, Any]:
    person = {"Id": _CONTACT, "LastName": "Eva", "Email": EVA, "AccountId": _ACCOUNT}
    plan = {"Id": _CONTRACT, "AccountId": _ACCOUNT, "Name": "Casa Clara", "EndDate": day}
    role = {"ContractId": _CONTRACT, "ContactId": _CONTACT, "Role": "X", "IsPrimary": True}
    return {
        "fields": {"Contract": ["Renewal_owner__c"]},
        "Account": [{"Id": _ACCOUNT, "Name": "Clara"}],
        "Contact": [person],
        "Contract": [plan],
        "ContractContactRole": [role],
    }


ORIGINS = {
    "hubspot": AtOrigin(
        at=HUBSPOT,
        kind=CrmKind.PARTNER_CLIENT,
        owner="renewal_owner",
        plants=_hubspot,
        moves=lambda day: ("seed", _hubspot(day)),
        shown=lambda state: str(state["partner_clients"][0]["properties"]["renewal_owner"]),
        tasks=lambda state: [x["properties"]["hs_task_subject"] for x in state["tasks"]],
    ),
    "salesforce": AtOrigin(
        at=SALESFORCE,
        kind=CrmKind.CONTRACT,
        owner="Renewal_owner__c",
        plants=_salesforce,
        moves=lambda day: ("seed", {"Contract": _salesforce(day)["Contract"]}),
        shown=lambda state: str(state["Contract"][0]["fields"].get("Renewal_owner__c") or ""),
        tasks=lambda state: [x["fields"]["Subject"] for x in state["Task"]],
    ),
}


@dataclass
class Story:
    """A partner's house beside one CRM; its mails go to a real server."""

    town: Town
    origin: AtOrigin
    post: FlaskClient
    accounts: Mapping[AccountName, Account]
    active: Active
    parts: Any = field(init=False)

    def __post_init__(self) -> None:
        self.parts = replace(
            self.town.parts,
            active=lambda: self.active,
            vendors=AccountVendors(lambda: self.active, installed()),
        )
        self.town = replace(self.town, parts=self.parts)

    @property
    def today(self) -> date:
        return self.parts.now().date()  # type: ignore[no-any-return]

    def plants(self, days: int) -> None:
        day = (self.today + timedelta(days=days)).isoformat()
        self.town.crm.does("seed", **self.origin.plants(day))
        self.reads()

    def moves(self, days: int) -> None:
        path, body = self.origin.moves((self.today + timedelta(days=days)).isoformat())
        self.town.crm.does(path, **body)
        self.reads()

    def reads(self) -> None:
        with writing(self.parts.engine) as db:
            mirror.request_refreshes(db, lane(Way.MIRROR, CRM), [wish(CRM)], self.parts.now())
        self.town.rests()

    def keeps(self) -> None:
        keep_renewals(self.parts)
        self.town.rests()

    def mails(self) -> list[tuple[str, str]]:
        found = self.post.get("/_sandbox/state").get_json()["mails"]
        return [(mail["to"], mail["subject"]) for mail in found]

    def renewal(self) -> Renewal:
        with reading(self.parts.engine) as db:
            eyes = Eyes(db, MANAGER, self.active.policy, self.parts.now())
            (one,) = eyes.calendar(None, None, None, 10)
        return one.renewal


@contextmanager
def told(engine: Engine, origin: AtOrigin, **settings: Any) -> Iterator[Story]:
    post = sandbox({"password": PASSWORD}).test_client()
    mail = Account(
        name=MAIL,
        connector="email",
        base_url=post.get("/_sandbox/address").get_json()["address"],
        secrets={"password": (PASSWORD,)},
        options={"host": "mail.acme.example", "from": "bridge@acme.example"},
    )
    with town(engine, origin.at, MESSENGERS["wazzup"]) as made:
        before = made.parts.active()
        given = {"schedule": RenewalSchedule(at="00:00"), "default": PARTNERS, **settings}
        renewals = Renewals(
            partner_of="Vendor",
            sources=(CrmRenewals(account=CRM, source=RenewalSource(kind=origin.kind)),),
            **given,
        )
        policy = replace(
            before.policy,
            accounts={**before.policy.accounts, MAIL: AccountPolicy(connector="email")},
            email=MAIL,
            renewals=renewals,
        )
        accounts = {**before.accounts, MAIL: mail}
        active = activated(engine, policy, accounts)
        yield Story(town=made, origin=origin, post=post, accounts=accounts, active=active)


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    made = open_engine(sqlite_url)
    yield made
    made.dispose()


@pytest.fixture(params=list(ORIGINS))
def origin(request: pytest.FixtureRequest) -> AtOrigin:
    return ORIGINS[request.param]


def test_a_notice_reaches_the_partners_person_and_follows_the_date(
    engine: Engine, origin: AtOrigin
) -> None:
    """REN-05, REN-11, PX-09: from the CRM's date to a mailbox, once; then the date moves."""
    with told(engine, origin) as story:
        story.plants(days=45)
        assert story.renewal().reading.contacts[0].email == EVA
        for _ in range(3):
            story.keeps()
        day = story.today + timedelta(days=45)
        assert story.mails() == [(ANA, f"Renewal of Casa Clara on {day}")]
        story.moves(days=80)
        story.keeps()
        assert story.renewal().reading.renews_on == story.today + timedelta(days=80)
        assert len(story.mails()) == 1


def test_the_owner_is_shown_in_the_crm(engine: Engine, origin: AtOrigin) -> None:
    """PX-08: where a property is named for it; what is set for one client, too."""
    with told(engine, origin, written_to=WrittenTo(owner=origin.owner)) as story:
        story.plants(days=60)
        assert story.origin.shown(story.town.crm.state()) == "partner"
        word = desk.Word(person=MANAGER, seen=0, key="one")
        name = story.renewal().id
        assert desk.set_owner(story.parts, word, name, OwnerChoice.VENDOR, None) is None
        story.town.rests()
        assert story.origin.shown(story.town.crm.state()) == "vendor"


def test_a_task_stands_in_the_crm(engine: Engine, origin: AtOrigin) -> None:
    """REN-12: for the person of this client's override."""
    with told(engine, origin, send=RenewalSending(by=SendBy.CRM_TASK)) as story:
        story.plants(days=44)
        word = desk.Word(person=MANAGER, seen=0, key="one")
        name = story.renewal().id
        assert desk.set_owner(story.parts, word, name, OwnerChoice.PARTNER, BRUNO) is None
        for _ in range(2):
            story.keeps()
        day = story.today + timedelta(days=44)
        assert story.origin.tasks(story.town.crm.state()) == [f"Renewal of Casa Clara on {day}"]
        assert story.mails() == []


def test_the_vendors_notices_leave_nothing_here(engine: Engine, origin: AtOrigin) -> None:
    """REN-04."""
    with told(engine, origin, default=RenewalDefault()) as story:
        story.plants(days=10)
        story.keeps()
        assert story.mails() == []
