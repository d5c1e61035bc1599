"""The safety net: what changed is told once more, whoever missed it, and read like a webhook."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.errors import ConfigError, CredentialsInvalid, DeliveryTransient, OutcomeUnknown
from bridge.domain.events import ContactsMerged, DealChanged, Event, OwnerChanged, RecordChange
from bridge.ports import Polled
from connectors.salesforce import polling
from connectors.salesforce.inbound import SalesforceInbound
from connectors.salesforce.polling import OVERLAP, SalesforcePoll
from connectors.salesforce.sandbox_org import INTEGRATION_USER
from tests.connectors.salesforce.building import ANA, LUIS, account, request
from tests.connectors.salesforce.conftest import SalesforceSandbox

STEP = timedelta(minutes=10)


@pytest.fixture
def poll(salesforce: SalesforceSandbox) -> SalesforcePoll:
    return SalesforcePoll(account(salesforce.url))


def now() -> datetime:
    return datetime.now(UTC)


def events(polled: Polled) -> list[Event]:
    inbound = SalesforceInbound(account())
    parsed = [inbound.parse(request(body)) for body in polled.bodies]
    assert not any(one.rejected or one.ignored for one in parsed)
    return [event for one in parsed for event in one.events]


def made(salesforce: SalesforceSandbox, name: str = "Contact", **fields: object) -> str:
    more = {"Company": "Acme"} if name == "Lead" else {}
    told = {"object": name, "fields": {"LastName": "Vega", **more, **fields}, "user": ANA}
    record: str = salesforce.post("change", told)
    return record


def test_an_owner_that_nobody_told_of_is_told(
    salesforce: SalesforceSandbox, poll: SalesforcePoll
) -> None:
    contact = made(salesforce)
    first = poll.changes("", now())
    salesforce.post("change", {"id": contact, "fields": {"OwnerId": LUIS}, "user": ANA})
    told = events(poll.changes(first.cursor, now()))
    assert [e.owner for e in told if isinstance(e, OwnerChanged)][-1] == LUIS
    assert all(event.account == "salesforce-main" for event in told)


def test_what_is_told_twice_has_the_same_keys_and_a_new_change_has_others(
    salesforce: SalesforceSandbox, poll: SalesforcePoll
) -> None:
    contact = made(salesforce)
    first = events(poll.changes("", now()))
    assert [e.event_key for e in first] == [e.event_key for e in events(poll.changes("", now()))]
    salesforce.post("change", {"id": contact, "fields": {"OwnerId": LUIS}, "user": ANA})
    again = events(poll.changes("", now()))
    assert len(again) == len(first)
    assert not {e.event_key for e in first} & {e.event_key for e in again}


def test_deletions_and_merges_that_no_message_tells_of_are_told(
    salesforce: SalesforceSandbox, poll: SalesforcePoll
) -> None:
    kept, merged, gone = (made(salesforce) for _ in range(3))
    salesforce.post("merge", {"primary": kept, "others": [merged]})
    salesforce.post("delete", {"id": gone})
    told = events(poll.changes("", now()))
    (merge,) = [e for e in told if isinstance(e, ContactsMerged)]
    assert (merge.survivor, merge.absorbed) == (kept, (merged,))
    assert [type(e).__name__ for e in told].count("ContactDeleted") == 1


def test_a_conversion_and_its_deal_are_told(
    salesforce: SalesforceSandbox, poll: SalesforcePoll
) -> None:
    lead = made(salesforce, "Lead")
    became = salesforce.post("convert", {"lead": lead, "opportunity": "Big", "user": LUIS})
    told = events(poll.changes("", now()))
    (merge,) = [e for e in told if isinstance(e, ContactsMerged)]
    assert (merge.survivor, merge.absorbed) == (became["Contact"], (lead,))
    (deal,) = [e for e in told if isinstance(e, DealChanged)]
    assert deal.deal == became["Opportunity"]


def test_what_we_wrote_ourselves_is_known_as_ours(
    salesforce: SalesforceSandbox, poll: SalesforcePoll
) -> None:
    deal = {"Name": "Ours", "StageName": "Prospecting", "CloseDate": "2026-12-24"}
    salesforce.call("POST", "/sobjects/Opportunity/", deal)
    (changed,) = [e for e in events(poll.changes("", now())) if isinstance(e, DealChanged)]
    assert changed.by_us
    assert changed.change is RecordChange.CREATED
    assert salesforce.held("Opportunity")[0]["LastModifiedById"] == INTEGRATION_USER


def test_the_first_poll_looks_back_a_little_and_no_further(
    salesforce: SalesforceSandbox, poll: SalesforcePoll
) -> None:
    made(salesforce)
    assert events(poll.changes("", now() + OVERLAP / 2))
    assert poll.changes("", now() + OVERLAP + timedelta(seconds=5)).bodies == ()


def test_an_org_where_nothing_happens_is_told_of_nothing(
    salesforce: SalesforceSandbox, poll: SalesforcePoll
) -> None:
    contact = made(salesforce)
    polled = poll.changes("", now())
    assert polled.bodies
    for step in (1, 2, 3):
        polled = poll.changes(polled.cursor, now() + step * STEP)
        assert polled.bodies == ()
    salesforce.post("change", {"id": contact, "fields": {"OwnerId": LUIS}, "user": ANA})
    assert events(poll.changes(polled.cursor, now()))


def test_a_change_that_comes_to_light_late_is_told(
    salesforce: SalesforceSandbox, poll: SalesforcePoll
) -> None:
    """A transaction that ends minutes after one that began later."""
    made(salesforce)
    polled = poll.changes("", now())
    late = (now() - OVERLAP + timedelta(minutes=1)).isoformat(timespec="milliseconds")
    salesforce.seed(Opportunity=[{"Name": "Late", "SystemModstamp": late}])
    assert [type(e).__name__ for e in events(poll.changes(polled.cursor, now()))].count(
        "DealChanged"
    )


@pytest.mark.parametrize("off", [timedelta(hours=-5), timedelta(hours=5)])
def test_a_clock_of_ours_that_goes_wrong_hides_nothing(
    salesforce: SalesforceSandbox, poll: SalesforcePoll, off: timedelta
) -> None:
    made(salesforce)
    polled = poll.changes("", now())
    for _ in range(3):
        made(salesforce)
        polled = poll.changes(polled.cursor, now() + off)
        assert polled.bodies


def test_more_than_a_query_gives_is_read_on_where_it_ended(
    salesforce: SalesforceSandbox, poll: SalesforcePoll, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many bear the same time: none is left out, none is told twice."""
    contacts = {made(salesforce) for _ in range(7)}
    monkeypatch.setattr(polling, "ROWS", 2)
    found: list[str] = []
    polled = Polled(bodies=(), cursor="", more=True)
    while polled.more:
        polled = poll.changes(polled.cursor, now())
        found += [e.record for e in events(polled) if isinstance(e, OwnerChanged)]
    assert len(found) >= 7
    assert set(found) == contacts


def test_many_changes_are_several_bodies(
    salesforce: SalesforceSandbox, poll: SalesforcePoll
) -> None:
    stamp = now().isoformat(timespec="milliseconds")
    salesforce.seed(Opportunity=[{"Name": f"n{n}", "SystemModstamp": stamp} for n in range(201)])
    polled = poll.changes("", now())
    assert len(polled.bodies) == 2
    assert len([e for e in events(polled) if isinstance(e, DealChanged)]) == 201


@pytest.mark.parametrize(
    "cursor", ["x", "[]", '{"Contact": 7}', '{"Contact": {"stamp": "soon"}}', "\ud800"]
)
def test_a_cursor_that_can_not_be_read_is_none(
    salesforce: SalesforceSandbox, poll: SalesforcePoll, cursor: str
) -> None:
    made(salesforce)
    assert events(poll.changes(cursor, now()))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("500", DeliveryTransient),
        ("html", OutcomeUnknown),
        ("403_quota", DeliveryTransient),
        ("reset", DeliveryTransient),
    ],
)
def test_a_failure_is_one_of_a_readers(
    salesforce: SalesforceSandbox, poll: SalesforcePoll, fault: str, error: type[Exception]
) -> None:
    salesforce.told(fault, "GET .*/queryAll")
    with pytest.raises(error):
        poll.changes("", now())


def test_tokens_that_are_refused_are_told_as_such(
    salesforce: SalesforceSandbox, poll: SalesforcePoll
) -> None:
    salesforce.settings(refuse_tokens=True)
    with pytest.raises(CredentialsInvalid):
        poll.changes("", now())


def test_how_often_is_an_option() -> None:
    assert SalesforcePoll(account()).every == timedelta(minutes=10)
    assert SalesforcePoll(account(options={"poll_minutes": "60"})).every == timedelta(hours=1)
    assert SalesforcePoll(account(options={"poll_minutes": "0"})).every is None
    for wrong in ("", "-1", "1.5", "1441", "99999999", "x", "١"):
        with pytest.raises(ConfigError, match="poll_minutes"):
            SalesforcePoll(account(options={"poll_minutes": wrong}))
