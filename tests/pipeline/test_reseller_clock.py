"""What the bridge tells of resellers' clients: by use, by the clock, once however it goes."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from bridge.domain.reseller_clients import ClientStatus, CrmLink, Told
from bridge.domain.reselling_events import (
    ClientActivated,
    ClientLinked,
    ClientRenewed,
    ClientSuspended,
    ClientUsedUnits,
)
from bridge.domain.reselling_policy import HintRules, LowUnits, Plan, Reseller, Reselling
from bridge.domain.spans import Span, SpanUnit
from bridge.pipeline.parts import Parts
from bridge.pipeline.reselling import clock, room
from bridge.pipeline.reselling.clock import tell_of_terms
from bridge.pipeline.upkeep import tick
from bridge.store.schema import DECISIONS, NOTIFICATIONS, OUTBOX
from tests.domain.reselling.building import BILLING, BY_LUIS, LINK, NORTE, RAUL, RITA
from tests.pipeline.reselling import add, adds_up, client_of, do, refused, use, with_resellers
from tests.pipeline.telling import Telling, telling
from tests.pipeline.test_send import together
from tests.pipeline.world import LUIS, World, in_another_process

DAY = 86_400.0
BOTH = Counter({RITA: 1, RAUL: 1})


@pytest.fixture
def told(house: World) -> Iterator[Telling]:
    """A house that mails, with resellers."""
    with telling(house) as made:
        with_resellers(house)
        yield made


def notices(house: World, code: str) -> Counter[str]:
    """Who of the reseller's people was told."""
    rows = house.rows(NOTIFICATIONS)
    return Counter(row["employee"] for row in rows if row["tenant"] and row["code"] == code)


def ended(house: World) -> list[str]:
    """What the clock has decided, in order."""
    rows = house.rows(DECISIONS)
    return [row["headline"] for row in rows if row["kind"] == "ClientTermTold"]


def test_the_clock_tells_of_an_end_that_is_near_and_of_the_end(told: Telling) -> None:
    """RSL-11, RSL-26, RSL-27: with mails to the reseller's people, each once."""
    house = told.house
    client = add(house, plan="pro")  # for thirty days
    tick(house.parts)
    assert ended(house) == []
    house.later(17 * DAY)
    for _ in range(3):
        tick(house.parts)
    assert ended(house) == ["client_plan.ending"]
    house.later(15 * DAY)
    for _ in range(3):
        tick(house.parts)
    assert ended(house) == ["client_plan.ending", "client_plan.expired"]
    assert notices(house, "client_plan.ending") == BOTH
    assert notices(house, "client_plan.expired") == BOTH
    house.settle()
    sent = Counter((mail["to"], mail["subject"]) for mail in told.mails())
    assert sent == {
        (RITA, "The plan of a client of yours ends soon"): 1,
        (RAUL, "The plan of a client of yours ends soon"): 1,
        (RITA, "The plan of a client of yours has expired"): 1,
        (RAUL, "The plan of a client of yours has expired"): 1,
        (LUIS, "The plan of a reseller's client ends soon"): 1,
        (LUIS, "The plan of a reseller's client has expired"): 1,
    }
    assert client_of(house, client).status(house.parts.now()) is ClientStatus.EXPIRED


def test_a_clock_that_stood_still_tells_of_the_end_alone(told: Telling) -> None:
    house = told.house
    add(house, plan="pro")
    house.later(40 * DAY)
    tick(house.parts)
    assert ended(house) == ["client_plan.expired"]


def test_a_renewed_term_is_told_of_anew(told: Telling) -> None:
    house = told.house
    client = add(house, plan="pro")
    house.later(20 * DAY)
    tick(house.parts)
    assert refused(do(house, ClientRenewed, client, plan="pro")) is None
    tick(house.parts)
    assert ended(house) == ["client_plan.ending"]
    house.later(20 * DAY)
    tick(house.parts)
    assert ended(house) == ["client_plan.ending"] * 2


def test_nothing_is_told_of_who_is_suspended_until_he_is_active(told: Telling) -> None:
    """Who activates one who has expired meanwhile sees it; the clock tells nobody then."""
    house = told.house
    client = add(house, plan="pro")
    do(house, ClientSuspended, client)
    house.later(40 * DAY)
    tick(house.parts)
    assert ended(house) == []
    do(house, ClientActivated, client)
    tick(house.parts)
    assert (ended(house), client_of(house, client).term_told) == ([], Told.EXPIRED)


def test_several_clocks_tell_once(told: Telling) -> None:
    house = told.house
    for number in range(5):
        add(house, str(number), plan="pro")
    house.later(20 * DAY)
    together([lambda: tell_of_terms(house.parts) for _ in range(4)])
    assert notices(house, "client_plan.ending") == Counter({RITA: 5, RAUL: 5})
    house.settle()
    assert Counter(mail["to"] for mail in told.mails()) == {RITA: 5, RAUL: 5, LUIS: 5}


@pytest.mark.parametrize("place", ["add", "put_clients"])
def test_a_clock_that_is_killed_tells_once(
    told: Telling, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Before its commit: nobody was told, so the next one tells."""
    house = told.house
    add(house, plan="pro")
    house.later(20 * DAY)

    def die(parts: Parts) -> None:
        monkeypatch.setattr(room, place, _strike)
        tell_of_terms(parts)

    assert in_another_process(house, die) == signal.SIGKILL
    assert ended(house) == []
    assert tell_of_terms(house.parts) == 1
    assert tell_of_terms(house.parts) == 0
    assert notices(house, "client_plan.ending") == BOTH


def test_many_are_told_of_in_batches(small: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with_resellers(small)
    monkeypatch.setattr(clock, "BATCH", 3)
    for number in range(8):
        add(small, str(number), plan="pro")
    small.later(20 * DAY)
    assert tell_of_terms(small.parts) == 8
    assert tell_of_terms(small.parts) == 0


def test_each_reseller_is_told_as_early_as_he_wants(small: World) -> None:
    with_resellers(small, hints=HintRules(low_units=LowUnits(units=5), ending=timedelta(days=3)))
    add(small, plan="pro")
    small.later(20 * DAY)
    assert tell_of_terms(small.parts) == 0
    small.later(9 * DAY)
    assert tell_of_terms(small.parts) == 1


@pytest.mark.parametrize(
    ("zone", "ends"),
    [
        ("Europe/Madrid", datetime(2026, 10, 25, 23, tzinfo=UTC)),  # the day of 25 hours
        ("America/Mexico_City", datetime(2026, 10, 26, 6, tzinfo=UTC)),
        ("UTC", datetime(2026, 10, 26, tzinfo=UTC)),
    ],
)
def test_the_last_day_counts_whole_where_the_reseller_is(
    small: World, zone: str, ends: datetime
) -> None:
    """RSL-11: to the microsecond."""
    at_noon(small, date(2026, 9, 25))
    monthly = Plan(name="Monthly", units=10, validity=Span(count=1, unit=SpanUnit.MONTHS))
    with_resellers(small, time_zone=zone, plans={"monthly": monthly})
    client = add(small, plan="monthly")
    house_until(small, ends - timedelta(microseconds=1))
    assert refused(do(small, ClientUsedUnits, client, "in-time", units=1)) is None
    tell_of_terms(small.parts)
    house_until(small, ends)
    assert refused(do(small, ClientUsedUnits, client, "late", units=1)) == "client_plan.expired"
    tell_of_terms(small.parts)
    assert ended(small) == ["client_plan.ending", "client_plan.expired"]


def test_units_that_run_out_are_told_of_by_mail_once(told: Telling) -> None:
    """RSL-10, RSL-27: whatever is sent twice."""
    house = told.house
    client = add(house, plan="forever", reference="A-1")
    uses = [use("A-1", f"u{n}") for n in range(50)]
    for _ in range(2):
        house.receives(BILLING, {"events": uses})
        house.settle()
    sent = Counter(mail["subject"] for mail in told.mails() if mail["to"] == RITA)
    assert sent == {
        "A client of yours has few units left": 1,
        "A client of yours has no units left": 1,
    }
    assert client_of(house, client).balance == 0
    assert adds_up(house)


def test_a_worker_killed_before_its_commit_uses_nothing(
    told: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one uses it once, and nobody is mailed twice."""
    house = told.house
    client = add(house, plan="forever")
    house.receives(BILLING, {"events": [use(client, "u1", units=50), use(client, "u2")]})
    house.parts = replace(house.parts, lease_seconds=1.0)

    def die(parts: Parts) -> None:
        monkeypatch.setattr(room, "add", _strike)
        house.parts = parts
        house.settle()

    assert in_another_process(house, die) == signal.SIGKILL
    assert client_of(house, client).balance == 50
    assert adds_up(house)
    house.later(30)
    house.settle()
    assert client_of(house, client).balance == 0
    assert adds_up(house)
    verdicts = [row["verdict"] for row in house.rows(DECISIONS) if row["kind"] == "UnitsUsed"]
    assert verdicts == ["applied", "rejected"]
    assert Counter(mail["to"] for mail in told.mails()) == {RITA: 1, RAUL: 1, LUIS: 1}


def test_a_user_who_is_none_any_more_gets_no_mail(told: Telling) -> None:
    """Not even one that was on its way."""
    house = told.house
    client = add(house, plan="forever")
    do(house, ClientUsedUnits, client, units=50)
    house.use(users={"reseller:norte": (RAUL,)})
    house.settle()
    assert {mail["to"] for mail in told.mails()} == {RAUL, LUIS}
    reasons = [row["reason"] for row in house.rows(OUTBOX) if row["state"] == "dropped"]
    assert reasons == ["notify.no_more: is no user of that company any more"]


def test_a_status_that_changes_stands_on_the_crms_timeline(small: World) -> None:
    """Once for each change, in the order in which they came."""
    with_resellers(small)
    client = add(small, plan="forever")
    link = CrmLink(kind=CrmKind.CONTACT, crm_id=CrmId("501"))
    assert refused(do(small, ClientLinked, client, by=BY_LUIS, link=link)) is None
    do(small, ClientUsedUnits, client, units=50)
    do(small, ClientSuspended, client)
    notes = [row for row in small.rows(OUTBOX) if row["kind"] == "WriteNote"]
    assert [row["ordering_key"] for row in notes] == ["contact:501"] * 2
    assert len({row["idempotency_key"] for row in notes}) == 2


def test_the_owner_of_the_record_is_told(small: World) -> None:
    """As the mirror knows him; a company's is not mirrored: then who looks after the reseller."""
    with_resellers(small)
    small.seed(contacts=[_contact("501", "101")])
    small.client_writes("34600111222")
    small.settle()
    client = add(small, plan="forever")
    company = do(small, ClientLinked, client, by=BY_LUIS, link=LINK)
    assert refused(company) is None
    do(small, ClientUsedUnits, client, units=45)
    contact = CrmLink(kind=CrmKind.CONTACT, crm_id=CrmId("501"))
    do(small, ClientLinked, client, by=BY_LUIS, link=contact)
    do(small, ClientUsedUnits, client, units=5)
    rows = [row for row in small.rows(NOTIFICATIONS) if not row["tenant"]]
    mine = [row for row in rows if row["code"].startswith("client_plan.")]
    assert [(row["employee"], row["code"], row["subject"]) for row in mine] == [
        (LUIS, "client_plan.units_low", f"client:{client}"),
        ("ana@acme.example", "client_plan.exhausted", ""),  # of whom she may read the record alone
    ]


def test_a_run_without_a_resellers_client_asks_the_store_nothing_of_them(small: World) -> None:
    """The way of ordinary messages is as short as ever."""
    with_resellers(small)
    said: list[str] = []
    event.listen(
        small.engine, "before_cursor_execute", lambda c, k, statement, *x: said.append(statement)
    )
    small.client_writes()
    small.settle()
    assert said
    assert not [one for one in said if "reseller_clients" in one or "unit_movements" in one]


def test_a_reseller_whom_the_configuration_dropped_is_told_of_by_the_ordinary_rules(
    small: World,
) -> None:
    with_resellers(small)
    add(small, plan="pro")
    small.use(reselling=Reselling(resellers={NORTE: Reseller()}), users={})
    small.use(reselling=Reselling())
    small.later(40 * DAY)
    assert tell_of_terms(small.parts) == 1
    assert notices(small, "client_plan.expired") == Counter()


def at_noon(house: World, day: date) -> None:
    house_until(house, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def house_until(house: World, when: datetime) -> None:
    """It is this moment, and stays it."""
    house.parts = replace(house.parts, now=lambda: when)


def _strike(*given: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _contact(number: str, owner: str) -> dict[str, Any]:
    properties = {"firstname": "Clara", "phone": "+34600111222", "hubspot_owner_id": owner}
    return {"id": number, "properties": properties}
