"""Renewals in a house: read in the background, noticed once, mailed by a real server."""

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bridge.codec import decode
from bridge.domain.crm_events import ClientChanged
from bridge.domain.crm_renewals import CrmRenewal, RenewalPerson, RenewalRole, RenewalSource
from bridge.domain.names import HOUSE, CrmId, EventKey
from bridge.domain.people import CrmEmployee, Directory
from bridge.domain.principals import Person, PersonKind
from bridge.domain.records import CrmKind
from bridge.domain.renewing import (
    OwnerChoice,
    Renewal,
    RenewalId,
    RenewalOrigin,
    RenewalOwner,
    RenewalState,
    RenewalWord,
    renewal_id,
)
from bridge.domain.renewing_policy import (
    ChatSending,
    CrmRenewals,
    RenewalDefault,
    Renewals,
    RenewalSchedule,
    RenewalSending,
    SendBy,
)
from bridge.pipeline.house import decide_here
from bridge.pipeline.ledger import Record, evaluate_again
from bridge.pipeline.parts import Parts
from bridge.pipeline.renewals import desk
from bridge.pipeline.renewals.keeping import keep_renewals
from bridge.pipeline.renewals.viewing import Eyes
from bridge.pipeline.upkeep import tick
from bridge.policy.reading import policy_of
from bridge.store import configs, mirror
from bridge.store import renewals as store
from bridge.store.engine import open_engine, reading, writing
from bridge.store.erased_renewals import erase_renewals
from bridge.store.renewals import RenewalsWanted
from bridge.store.schema import (
    DECISIONS,
    NOTIFICATIONS,
    OUTBOX,
    RENEWAL_CHATS,
    RENEWAL_STEPS,
    RENEWALS,
)
from tests.pipeline.test_mails import Post
from tests.pipeline.test_mails import post as post
from tests.pipeline.test_templates import GREETING, WABA, opened
from tests.pipeline.world import ANA, BRUNO, CRM, LUIS, WA_SALES, World, in_another_process

VENDORS = RenewalDefault(owner=RenewalOwner.VENDOR, notify=ANA)
PARTNERS = RenewalDefault(owner=RenewalOwner.PARTNER, notify=ANA)
SOURCE = CrmRenewals(
    account=CRM,
    source=RenewalSource(kind=CrmKind.COMPANY, date="renewal_date", state="renewal_status"),
    states={"won": RenewalState.RENEWED, "churned": RenewalState.CANCELLED},
)
CLIENTS = CrmRenewals(account=CRM, source=RenewalSource(kind=CrmKind.PARTNER_CLIENT))
MANAGER = Person(kind=PersonKind.EMPLOYEE, id=LUIS)
PRIMARY = "pri@client.example"


@dataclass
class Crm:
    """A CRM's renewals, as a connector reads them; `asked` counts."""

    held: dict[str, CrmRenewal] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def due(self, source: RenewalSource, first: date, last: date) -> Sequence[CrmRenewal]:
        self.asked.append("due")
        return [
            x
            for x in self.held.values()
            if x.kind is source.kind and x.due is not None and first <= x.due <= last
        ]

    def changed(self, source: RenewalSource, since: datetime) -> Sequence[CrmRenewal]:
        raise AssertionError("the due ones are read")

    def read(self, source: RenewalSource, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmRenewal]:
        self.asked.append("read")
        return {CrmId(x): self.held[x] for x in ids if x in self.held}

    def has(self, crm_id: str, due: date | None, **more: Any) -> None:
        given: dict[str, Any] = {
            "kind": CrmKind.COMPANY,
            "crm_id": CrmId(crm_id),
            "name": f"Casa {crm_id}",
            "due": due,
            "people": (RenewalPerson(role=RenewalRole.PRIMARY, email=PRIMARY),),
        }
        self.held[crm_id] = CrmRenewal(**{**given, **more})


@dataclass(frozen=True)
class Office:
    """A house that is a partner, with its mail server and its CRM."""

    house: World
    post: Post
    crm: Crm

    def uses(self, default: RenewalDefault = PARTNERS, **more: Any) -> None:
        given: dict[str, Any] = {
            "schedule": RenewalSchedule(at="00:00"),
            "sources": (SOURCE,),
        }
        renewals = Renewals(partner_of="HubSpot", default=default, **{**given, **more})
        self.house.use(renewals=renewals)

    def reads(self) -> None:
        tick(self.house.parts)
        self.house.settle()

    def later(self, **time: float) -> None:
        self.house.later(timedelta(**time).total_seconds())

    def keeps(self) -> None:
        keep_renewals(self.house.parts)
        self.house.settle()

    def mails(self) -> list[tuple[str, str]]:
        """The earliest first."""
        return [(mail["to"], mail["subject"]) for mail in reversed(self.post.mails())]

    def steps(self) -> list[tuple[str, str]]:
        return sorted((row["step"], row["outcome"]) for row in self.house.rows(RENEWAL_STEPS))

    def renewal(self, crm_id: str, kind: CrmKind = CrmKind.COMPANY) -> Renewal:
        name = name_of(crm_id, kind)
        with self.house.engine.connect() as db:
            return store.by_id(db, [name])[name]

    def today(self) -> date:
        return self.house.parts.now().date()

    def told(self, kind: str) -> list[str]:
        """The headlines of the decisions of this kind."""
        return [row["headline"] for row in self.house.rows(DECISIONS) if row["kind"] == kind]


def name_of(crm_id: str, kind: CrmKind = CrmKind.COMPANY) -> RenewalId:
    return renewal_id(RenewalOrigin.CRM, CRM, kind, crm_id)


@pytest.fixture
def office(house: World, post: Post) -> Office:
    """In the morning, so that no day ends while a test looks."""
    crm = Crm()
    made = Office(house, post, crm)
    now = house.parts.now()
    morning = now.replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=1)
    house.later((morning - now).total_seconds())
    house.vendors.renewal_readers[CRM] = crm
    made.uses()
    return made


def word(seen: int, key: str, person: Person = MANAGER) -> desk.Word:
    return desk.Word(person=person, seen=seen, key=key)


def test_a_notice_is_due_and_the_partners_person_has_one_mail(office: Office) -> None:
    """REN-05: sent by the bridge; never twice, however often clocks look."""
    office.crm.has("1", office.today() + timedelta(days=46))
    office.reads()
    office.keeps()
    assert office.mails() == []
    office.later(days=1)
    for _ in range(3):
        office.keeps()
    day = office.renewal("1").reading.renews_on
    assert office.mails() == [(ANA, f"Renewal of Casa 1 on {day}")]
    assert office.steps() == [("45d", "sent")]
    assert PRIMARY not in str(office.post.mails())


def test_the_vendors_notices_are_logged_and_nothing_leaves(office: Office) -> None:
    """REN-04."""
    office.uses(VENDORS)
    office.crm.has("1", office.today() + timedelta(days=45))
    office.reads()
    office.keeps()
    assert (office.mails(), office.steps()) == ([], [("45d", "logged")])
    assert office.told("RenewalDue") == ["renewal.contact_missing"]


def test_all_steps_of_a_renewal_in_their_time(office: Office) -> None:
    """The safety notice goes to managers, as nobody has reacted."""
    office.crm.has("1", office.today() + timedelta(days=50))
    office.reads()
    for _ in range(54):
        office.keeps()
        office.later(days=1)
    assert office.steps() == [
        ("14d", "sent"),
        ("3d", "sent"),
        ("45d", "sent"),
        ("safety-7d", "warned"),
    ]
    to = [to for to, _ in office.mails()]
    assert to == [ANA, ANA, LUIS, ANA]


def test_reminders_stop_once_the_client_renewed_or_wants_to_leave(office: Office) -> None:
    """PX-09."""
    office.crm.has("1", office.today() + timedelta(days=45))
    office.crm.has("2", office.today() + timedelta(days=45))
    office.reads()
    office.keeps()
    office.crm.has("1", office.crm.held["1"].due, state="won")
    renewal = office.renewal("2")
    due = renewal.reading.renews_on
    assert due is not None
    leaves = RenewalWord.CANCELLATION_REQUESTED
    assert desk.say(office.house.parts, word(0, "w1"), renewal.id, leaves, due) is None
    office.later(hours=2)
    office.reads()
    for _ in range(50):
        office.keeps()
        office.later(days=1)
    assert office.steps() == [("45d", "sent"), ("45d", "sent")]


def test_when_the_date_moves_the_schedule_follows(office: Office) -> None:
    office.crm.has("1", office.today() + timedelta(days=46))
    office.reads()
    office.crm.has("1", office.today() + timedelta(days=400))  # beyond what is read by itself
    office.later(hours=2)
    office.reads()
    assert office.renewal("1").reading.renews_on == office.today() + timedelta(days=400)
    office.later(days=1)
    office.keeps()
    assert office.steps() == []
    office.later(days=354)
    office.keeps()
    assert office.steps() == [("45d", "sent")]
    assert office.told("RenewalRead") == ["renewal.followed", "renewal.followed"]


def test_a_client_who_left_is_reminded_of_nothing(office: Office) -> None:
    """And nothing of his people is kept."""
    office.crm.has("1", office.today() + timedelta(days=46))
    office.reads()
    del office.crm.held["1"]
    office.later(hours=2)
    office.reads()
    office.later(days=2)
    office.keeps()
    assert office.steps() == []
    left = office.renewal("1").reading
    assert (left.gone, left.name, left.contacts) == (True, "", ())
    refused = desk.set_owner(
        office.house.parts, word(0, "k"), name_of("1"), OwnerChoice.VENDOR, None
    )
    assert refused is not None
    assert (refused.status, refused.reason.code) == (409, "renewal.client_gone")


def test_a_source_that_is_taken_out_of_the_yaml_reminds_no_more(office: Office) -> None:
    office.crm.has("1", office.today() + timedelta(days=46))
    office.reads()
    office.keeps()
    office.uses(sources=())
    office.keeps()
    office.later(days=2)
    office.keeps()
    assert office.renewal("1").reading.gone
    assert office.steps() == []


def test_the_default_that_holds_is_the_active_configurations(office: Office) -> None:
    """REN-15, REN-17: a change is on the feed once, with whoever edited it here."""
    office.keeps()
    office.uses(VENDORS)
    with writing(office.house.engine) as db:
        store.note_edit(db, office.house.active().hash, f"employee:{LUIS}", datetime.now(UTC))
    office.keeps()
    office.keeps()
    office.uses(PARTNERS)
    office.keeps()
    office.keeps()
    assert office.told("RenewalDefaultSet") == ["renewal.default_changed"] * 3
    details = [
        decode(Record, row["record"]).reasons[0].detail
        for row in office.house.rows(DECISIONS)
        if row["kind"] == "RenewalDefaultSet"
    ]
    assert details[1].startswith(f"employee:{LUIS} sets the default renewal owner")
    assert details[2].startswith("the configuration sets")


def test_a_changed_default_moves_those_who_follow_it_and_no_other(office: Office) -> None:
    """REN-10, REN-14; the next notice goes by it."""
    for number in ("1", "2"):
        office.crm.has(number, office.today() + timedelta(days=46))
    office.reads()
    answer = desk.set_owner(
        office.house.parts, word(0, "o1"), name_of("1"), OwnerChoice.PARTNER, BRUNO
    )
    assert answer is None
    office.uses(VENDORS)
    office.keeps()
    office.later(days=1)
    office.keeps()
    assert [to for to, _ in office.mails()] == [BRUNO]
    assert office.steps() == [("45d", "logged"), ("45d", "sent")]


def test_the_same_order_twice_is_one_and_a_second_admin_hears_of_the_first(
    office: Office,
) -> None:
    """A double click, and two at once."""
    office.crm.has("1", office.today() + timedelta(days=46))
    office.reads()
    parts, name = office.house.parts, name_of("1")
    for _ in range(2):
        assert desk.set_owner(parts, word(0, "a"), name, OwnerChoice.PARTNER, BRUNO) is None
    late = desk.set_owner(parts, word(0, "b"), name, OwnerChoice.VENDOR, None)
    assert late is not None
    assert (late.status, late.reason.code) == (409, "renewal.changed_meanwhile")
    assert office.renewal("1").version == 1
    assert office.told("RenewalOwnerSet") == ["renewal.owner_changed"]


def test_a_refusal_leaves_no_trace(office: Office) -> None:
    office.crm.has("1", office.today() + timedelta(days=46))
    office.reads()
    before = office.house.count(DECISIONS)
    refused = desk.set_owner(
        office.house.parts, word(0, "x"), name_of("1"), OwnerChoice.PARTNER, "no@body.example"
    )
    assert refused is not None
    assert (refused.status, refused.reason.code) == (422, "renewal.not_a_user")
    assert office.house.count(DECISIONS) == before


def test_what_can_reach_nobody_is_told_to_managers_once(office: Office) -> None:
    """REN-16."""
    office.uses(VENDORS)
    office.crm.has("1", office.today() + timedelta(days=45), people=())
    office.reads()
    for _ in range(3):
        office.keeps()
    assert office.steps() == [("45d", "flagged")]
    notices = office.house.rows(NOTIFICATIONS)
    assert [(n["employee"], n["code"], n["about"]) for n in notices] == [
        (LUIS, "renewal.no_recipient", name_of("1"))
    ]


def _people(*, ana: bool) -> Directory:
    return Directory(
        people=tuple(
            CrmEmployee(crm_id=CrmId(n), email=e, name=e, active=ana or e != ANA)
            for n, e in (("101", ANA), ("103", LUIS))
        ),
        as_of=datetime.now(UTC),
    )


def test_a_person_who_left_gets_no_notice(office: Office) -> None:
    office.crm.has("1", office.today() + timedelta(days=45))
    office.reads()
    with writing(office.house.engine) as db:
        mirror.put_directory(db, CRM, _people(ana=False), office.house.parts.now())
    office.keeps()
    assert office.steps() == [("45d", "flagged")]
    assert [to for to, _ in office.mails()] == [LUIS]


def test_who_lost_his_role_while_the_mail_waited_gets_nothing(office: Office) -> None:
    """Between the decision and the mail."""
    office.crm.has("1", office.today() + timedelta(days=45))
    office.reads()
    keep_renewals(office.house.parts)
    employees = office.house.active().policy.employees
    office.house.use(employees={k: v for k, v in employees.items() if k != ANA})
    office.house.vendors.renewal_readers[CRM] = office.crm
    office.house.settle()
    assert office.mails() == []
    (row,) = [r for r in office.house.rows(OUTBOX) if r["kind"] == "SendEmail"]
    assert row["state"] == "dropped"


def test_a_partner_client_that_changed_is_read_anew(office: Office) -> None:
    """PX-07: its date follows within a moment, whatever else is read when."""
    office.uses(sources=(CLIENTS,))
    due = office.today() + timedelta(days=46)
    office.crm.has("77", due, kind=CrmKind.PARTNER_CLIENT)
    event = ClientChanged(
        event_key=EventKey("c1"),
        occurred_at=office.house.parts.now(),
        account=CRM,
        client=CrmId("77"),
    )
    decide_here(office.house.parts, [event])
    office.house.settle()
    assert office.crm.asked == ["read"]
    assert office.renewal("77", CrmKind.PARTNER_CLIENT).reading.renews_on == due


def test_what_has_not_changed_makes_no_decision(office: Office) -> None:
    office.crm.has("1", office.today() + timedelta(days=100))
    for _ in range(4):
        office.reads()
        office.later(hours=2)
    assert office.told("RenewalRead") == ["renewal.followed"]
    assert office.crm.asked.count("due") >= 3


def test_the_preview_says_what_the_sending_then_does(office: Office) -> None:
    """One function for both."""
    for number, days in (("1", 50), ("2", 20), ("3", 200)):
        office.crm.has(number, office.today() + timedelta(days=days))
    office.reads()
    active = office.house.active()
    with reading(office.house.engine) as db:
        found = Eyes(db, MANAGER, active.policy, office.house.parts.now()).preview(20)
    said = [
        (n.renewal.reading.ref, n.due.step.name, [p.email for p in n.addressed.recipients.people])
        for n in found.notices
    ]
    assert said == [
        ("2", "45d", [ANA]),  # was missed, and is made up for at once
        ("1", "45d", [ANA]),
        ("2", "14d", [ANA]),
        ("2", "3d", [ANA]),
    ]
    for _ in range(21):
        office.keeps()
        office.later(days=1)
    assert [s for s in office.steps() if not s[0].startswith("safety")] == [
        ("14d", "sent"),
        ("3d", "sent"),
        ("45d", "sent"),
        ("45d", "sent"),
    ]


def test_a_stored_notice_decides_again_byte_for_byte(office: Office) -> None:
    office.crm.has("1", office.today() + timedelta(days=45))
    office.reads()
    office.keeps()
    ours = ("RenewalDue", "RenewalRead", "RenewalDefaultSet")
    rows = [row for row in office.house.rows(DECISIONS) if row["kind"] in ours]
    assert {row["kind"] for row in rows} == set(ours)
    for row in rows:
        with reading(office.house.engine) as db:
            config = configs.config(db, row["config_hash"])
            people = mirror.directory_by_hash(db, row["directory_hash"])
        assert config is not None
        again = evaluate_again(
            row["kind"],
            row["event"],
            row["facts"],
            policy_of(config.canonical),
            row["config_hash"],
            people,
            row["directory_hash"],
        )
        assert again == row["record"]


# Killed anywhere.


def _kill_after(decisions: int) -> Any:
    """A clock that dies once so many transactions have begun to be decided."""

    def work(parts: Parts) -> None:
        left = [decisions]

        class Bell:
            def ring(self, lane: str) -> None:
                left[0] -= 1
                if left[0] <= 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        keep_renewals(replace(parts, bell=Bell()))

    return work


def test_a_clock_that_is_killed_after_the_decision_mails_once(office: Office) -> None:
    """What was decided leaves, and is not decided again by the next clock."""
    office.crm.has("1", office.today() + timedelta(days=45))
    office.reads()
    status = in_another_process(office.house, _kill_after(1))
    assert os.WIFSIGNALED(status)
    for _ in range(2):
        office.keeps()
    assert [to for to, _ in office.mails()] == [ANA]
    assert office.steps() == [("45d", "sent")]


def test_two_clocks_at_once_notice_once(office: Office) -> None:
    for number in range(5):
        office.crm.has(str(number), office.today() + timedelta(days=45))
    office.reads()
    pid = os.fork()
    if pid == 0:
        try:
            url = office.house.engine.url.render_as_string(hide_password=False)
            keep_renewals(replace(office.house.parts, engine=open_engine(url)))
        finally:
            os._exit(0)
    keep_renewals(office.house.parts)
    os.waitpid(pid, 0)
    office.house.settle()
    assert len(office.mails()) == 5
    assert office.steps() == [("45d", "sent")] * 5


def test_a_chat_notice_leaves_by_the_desk_and_not_twice_when_the_clock_dies(
    office: Office,
) -> None:
    """Refused by the desk, as there is no such template: managers are told, once."""
    chat = ChatSending(
        channel=WA_SALES, template="renewal_due", employee=LUIS, phones={ANA: "+34600111222"}
    )
    office.uses(send=RenewalSending(by=SendBy.CHAT, chat=chat))
    office.crm.has("1", office.today() + timedelta(days=45))
    office.reads()
    office.keeps()
    office.keeps()
    assert office.house.count(RENEWAL_CHATS) == 0
    assert office.told("RenewalChatRefused") == ["renewal.notice_not_sent"]
    assert [to for to, _ in office.mails()] == [LUIS]


class _Died(Exception):
    pass


def test_a_chat_notice_leaves_once_wherever_the_clock_dies(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a template of the messenger, to the partner's person; it dies when that has left."""
    opened(office.house, GREETING)
    chat = ChatSending(
        channel=WABA,
        template="Greeting",
        employee=LUIS,
        values=("client",),
        phones={ANA: "+34600111222"},
    )
    office.uses(send=RenewalSending(by=SendBy.CHAT, chat=chat))
    office.crm.has("1", office.today() + timedelta(days=45))
    office.reads()

    def dies(db: Connection, key: str) -> None:
        raise _Died

    with monkeypatch.context() as dying:
        dying.setattr(store, "drop_chat", dies)
        with pytest.raises(_Died):
            keep_renewals(office.house.parts)
    for _ in range(2):
        office.keeps()
    sent = office.house.phone()["sent"]
    assert [(one["template_id"], one["text"]) for one in sent] == [("t-1", "Hola Casa 1")]
    assert office.house.count(RENEWAL_CHATS) == 0
    assert office.mails() == []


def test_a_house_without_renewals_does_nothing(house: World) -> None:
    """REN-01."""
    keep_renewals(house.parts)
    tick(house.parts)
    assert house.count(DECISIONS, account=HOUSE) == 0
    with reading(house.engine) as db:
        assert store.listed(db, RenewalsWanted(), None, 10) == ()


def test_who_is_erased_is_in_no_renewal_any_more(office: Office) -> None:
    """Neither in what is known, nor in what was decided on, nor in what was sent."""
    eva, ben = CrmId("900"), CrmId("901")
    office.crm.has(
        "1",
        office.today() + timedelta(days=45),
        people=(
            RenewalPerson(role=RenewalRole.PRIMARY, email=PRIMARY, name="Eva", contact=eva),
            RenewalPerson(role=RenewalRole.BILLING, email="ben@x.example", contact=ben),
        ),
    )
    office.reads()
    office.keeps()
    with writing(office.house.engine) as db:
        erase_renewals(db, eva, office.house.parts.now())
    assert [x.email for x in office.renewal("1").reading.contacts] == ["ben@x.example"]
    kept = office.house.rows(DECISIONS) + office.house.rows(OUTBOX) + office.house.rows(RENEWALS)
    assert PRIMARY not in str(kept)
    assert "Eva" not in str(kept)
    assert [row["event"] for row in office.house.rows(DECISIONS) if row["subject"]][-1] is None


def test_a_contact_whose_renewal_it_was_leaves_no_name(office: Office) -> None:
    office.uses(sources=(replace(SOURCE, source=RenewalSource(kind=CrmKind.CONTACT, date="d")),))
    office.crm.has("900", office.today() + timedelta(days=45), kind=CrmKind.CONTACT)
    office.reads()
    office.keeps()
    assert "Casa 900" in str(office.house.rows(OUTBOX))
    with writing(office.house.engine) as db:
        erase_renewals(db, CrmId("900"), office.house.parts.now())
    left = office.renewal("900", CrmKind.CONTACT).reading
    assert (left.name, left.contacts) == ("", ())
    kept = office.house.rows(DECISIONS) + office.house.rows(OUTBOX) + office.house.rows(RENEWALS)
    assert "Casa 900" not in str(kept)
