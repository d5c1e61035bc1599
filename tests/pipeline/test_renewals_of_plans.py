"""A reseller's client has a renewal: it follows his plan within the decision that changes it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bridge.domain.names import ClientId
from bridge.domain.renewing import Renewal, RenewalOwner, renewal_of_client
from bridge.domain.renewing_policy import RenewalDefault, Renewals, RenewalSchedule
from bridge.domain.reselling_events import ClientArchived, ClientRenewed, ClientSuspended
from bridge.domain.reselling_policy import Plan
from bridge.domain.spans import Span, SpanUnit
from bridge.pipeline.renewals.keeping import keep_renewals
from bridge.store import renewals as store
from bridge.store.engine import reading
from bridge.store.schema import RENEWALS
from tests.domain.reselling.building import NORTE, RITA
from tests.pipeline.reselling import add, client_of, do, refused, with_resellers
from tests.pipeline.test_mails import Post
from tests.pipeline.test_mails import post as post
from tests.pipeline.world import World

SHORT = Plan(name="Short", units=10, validity=Span(count=60, unit=SpanUnit.DAYS))
LONG = Plan(name="Long", units=10, validity=Span(count=200, unit=SpanUnit.DAYS))
OPEN = Plan(name="Open", units=10)
HOUSES = Renewals(
    resellers={NORTE: RenewalDefault(owner=RenewalOwner.PARTNER, notify=RITA)},
    schedule=RenewalSchedule(at="00:00"),
)


@pytest.fixture
def office(house: World, post: Post) -> World:
    """Early in a day, so that no day ends while a test looks."""
    now = house.parts.now()
    morning = now.replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=1)
    house.later((morning - now).total_seconds())
    plans = {"basic": SHORT, "long": LONG, "open": OPEN}
    with_resellers(house, plans=plans, time_zone="UTC")
    house.use(renewals=HOUSES)
    return house


def renewal_of(house: World, client: ClientId) -> Renewal:
    name = renewal_of_client(client)
    with reading(house.engine) as db:
        return store.by_id(db, [name])[name]


def due(house: World, client: ClientId) -> date | None:
    return renewal_of(house, client).reading.renews_on


def test_a_plans_last_day_is_the_renewal_and_its_partner_is_told(office: World, post: Post) -> None:
    """REN-05: the reseller's own user, once, and nobody of the client's."""
    client = add(office)
    assert due(office, client) == client_of(office, client).valid_until
    office.later(timedelta(days=15).total_seconds())
    for _ in range(2):
        keep_renewals(office.parts)
        office.settle()
    mine = [mail for mail in post.mails() if "Renewal of" in mail["subject"]]
    assert [mail["to"] for mail in mine] == [RITA]
    assert "paco@perez.example" not in str(mine)


def test_who_left_the_reseller_while_the_mail_waited_gets_nothing(
    office: World, post: Post
) -> None:
    """Between the decision and the mail."""
    add(office)
    office.later(timedelta(days=15).total_seconds())
    keep_renewals(office.parts)
    office.use(users={})
    office.settle()
    assert [mail for mail in post.mails() if "Renewal of" in mail["subject"]] == []


def test_a_renewed_plan_moves_the_schedule(office: World) -> None:
    client = add(office)
    before = due(office, client)
    assert refused(do(office, ClientRenewed, client, plan="long")) is None
    after = due(office, client)
    assert (before, after) == (
        office.parts.now().date() + timedelta(days=60),
        office.parts.now().date() + timedelta(days=200),
    )
    assert refused(do(office, ClientRenewed, client, "again", plan="open")) is None
    assert due(office, client) is None


def test_an_archived_client_is_reminded_of_nothing(office: World) -> None:
    client = add(office)
    do(office, ClientSuspended, client)
    do(office, ClientArchived, client)
    left = renewal_of(office, client).reading
    assert (left.gone, left.name, left.contacts) == (True, "", ())


def test_clients_who_were_there_before_renewals_were_set_up_are_taken_in(house: World) -> None:
    with_resellers(house)
    client = add(house)
    assert house.count(RENEWALS) == 0
    house.use(renewals=HOUSES)
    keep_renewals(house.parts)
    assert due(house, client) == client_of(house, client).valid_until
    rows = house.rows(RENEWALS)
    keep_renewals(house.parts)
    assert house.rows(RENEWALS) == rows


@pytest.mark.parametrize(
    ("zone", "hour"), [("America/Mexico_City", 6), ("Europe/Madrid", 23), ("Asia/Tokyo", 15)]
)
def test_notices_keep_the_resellers_own_day(small: World, zone: str, hour: int) -> None:
    """Midnight there, by the clock of the season."""
    with_resellers(small, time_zone=zone)
    small.use(renewals=HOUSES)
    client = add(small)
    row = _row(small, client)
    at: datetime = row["next_at"]
    assert at.astimezone(UTC).hour in (hour, (hour - 1) % 24)


def test_without_renewals_a_client_has_none(house: World) -> None:
    """REN-01: and nothing is written for him."""
    with_resellers(house)
    add(house)
    assert house.count(RENEWALS) == 0


def _row(house: World, client: ClientId) -> dict[str, Any]:
    (row,) = [r for r in house.rows(RENEWALS) if r["id"] == renewal_of_client(client)]
    return row
