"""Missing entries are written again and nothing else is touched; what is stuck is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from bridge.domain.effects import WriteTimelineEntry
from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName
from bridge.pipeline import dead
from bridge.pipeline.dead import Box
from bridge.pipeline.reconcile.asking import Task
from bridge.pipeline.reconcile.findings import About, Finding, Report, State
from bridge.pipeline.reconcile.run import Wishes, reconcile
from bridge.ports import Delivery, Found, Outcome, Rejected
from bridge.store import reconciling
from bridge.store.schema import OUTBOX, VENDOR_IDS
from tests.pipeline.world import CHAT, CRM, Limited, Scripted, World, known_clients

ENTRY = WriteTimelineEntry.__name__
LATER = 3600.0


def compared(house: World, hours: float = 24, **wishes: bool) -> Report:
    dry_run = wishes.pop("dry_run", False)
    now = house.parts.now()
    task = Task(
        parts=house.parts,
        since=now - timedelta(hours=hours),
        until=now,
        account=CRM,
        dry_run=dry_run,
        wait=lambda seconds: house.later(seconds),
    )
    report = reconcile(task, Wishes(**wishes))
    others = tuple(one for one in report.findings if one.about is not About.WEBHOOKS)
    return replace(report, findings=others)


def of_entries(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.about is About.ENTRY]


def entries(house: World) -> dict[str, dict[str, Any]]:
    return {str(entry["id"]): entry for entry in house.crm()["communications"]}


def texts(house: World) -> list[str]:
    bodies = [e["properties"]["hs_communication_body"] for e in entries(house).values()]
    return sorted(
        word for body in bodies for word in ("one", "two", "three", "four") if word in body
    )


def written(house: World, *words: str) -> list[str]:
    """The client writes; gives the ids of his entries in their order."""
    for text in words:
        house.client_writes(text=text)
        house.settle()
    house.later(LATER)
    return sorted(entries(house), key=lambda one: (len(one), one))


def lose(house: World, *ids: str) -> None:
    for one in ids:
        house.in_crm("delete", kind="communications", id=one)


def note_of_a_person(house: World) -> None:
    """On the same client's timeline."""
    properties = {
        "hs_communication_channel_type": "WHATS_APP",
        "hs_communication_logged_from": "CRM",
        "hs_communication_body": "somebody else's note",
        "hs_timestamp": "1700000000000",
    }
    [contact] = house.crm()["contacts"]
    house.seed(communications=[{"properties": properties, "contacts": [contact["id"]]}])


def writes(house: World) -> int:
    return house.calls("communications/batch/create")


def test_three_missing_and_one_foreign_creates_three_and_touches_none(house: World) -> None:
    """Peers 12: what is there, of ours or of others, is left as it is."""
    ids = written(house, "one", "two", "three", "four")
    note_of_a_person(house)
    lose(house, *ids[:3])
    before = entries(house)
    report = compared(house)
    assert [(f.state, f.detail) for f in of_entries(report)] == [
        (State.MENDED, "was missing in the CRM: written again")
    ] * 3
    assert report.ok
    assert report.looked_at == {About.ENTRY: 4}
    after = entries(house)
    assert texts(house) == ["four", "one", "three", "two"]
    assert len(after) == 5
    assert {one: after[one] for one in before} == before


def test_what_is_all_there_is_not_touched(house: World) -> None:
    written(house, "one", "two")
    before, calls = entries(house), writes(house)
    report = compared(house)
    assert report.findings == ()
    assert (entries(house), writes(house)) == (before, calls)


def test_a_second_comparison_finds_nothing(house: World) -> None:
    lose(house, written(house, "one")[0])
    assert of_entries(compared(house))[0].state is State.MENDED
    house.later(LATER)
    assert compared(house).findings == ()
    assert texts(house) == ["one"]


def test_a_dry_run_says_so_and_changes_nothing(house: World) -> None:
    lose(house, written(house, "one")[0])
    rows = house.rows(OUTBOX), house.rows(VENDOR_IDS)
    [finding] = of_entries(compared(house, dry_run=True))
    assert (finding.state, finding.detail) == (State.WOULD_MEND, "is not in the CRM any more")
    assert (house.rows(OUTBOX), house.rows(VENDOR_IDS)) == rows
    assert entries(house) == {}


def test_what_is_older_than_asked_for_is_left(house: World) -> None:
    lose(house, written(house, "one")[0])
    house.later(3 * LATER)
    assert compared(house, hours=1).findings == ()
    assert entries(house) == {}


def test_an_entry_just_written_may_not_be_seen_yet(house: World) -> None:
    house.client_writes(text="one")
    house.settle()
    lose(house, *entries(house))
    assert compared(house).findings == ()


def test_an_edit_is_carried_over_to_the_new_entry(house: World) -> None:
    """The new entry reads as the message does now, under the old one's mark."""
    message = house.client_writes(text="one")
    house.settle()
    house.receives(
        CHAT, {"messages": [house.message(text="two", messageId=message, isEdited=True)]}
    )
    house.settle()
    house.later(LATER)
    [before] = entries(house).values()
    lose(house, *entries(house))
    compared(house)
    house.settle()
    [after] = entries(house).values()
    told = [e["properties"]["hs_communication_body"] for e in (before, after)]
    assert "two" in told[0]
    assert told[0] == told[1]


def refused(house: World) -> Scripted:
    """From now on the CRM takes no entries."""

    def says(delivery: Delivery) -> Outcome | None:
        entry = isinstance(delivery.effect, WriteTimelineEntry)
        return Rejected(reason="refused", detail="not today") if entry else None

    return house.script(CRM, says)


def test_an_entry_that_never_came_is_written_when_the_crm_takes_it(house: World) -> None:
    scripted = refused(house)
    written(house, "one")
    assert entries(house) == {}
    [still] = of_entries(compared(house))
    assert (still.state, still.detail) == (State.OPEN, "refused: not today")
    assert still.todo.startswith("bridge dead show outbox:")
    house.vendors.outbounds[CRM] = scripted.inner
    house.later(LATER)
    [mended] = of_entries(compared(house))
    assert (mended.state, texts(house)) == (State.MENDED, ["one"])
    with house.engine.connect() as db:
        assert dead.dead_letters(db, Box.OUTBOX) == []


def test_a_dead_entry_that_is_there_after_all_is_done(house: World) -> None:
    written(house, "one")
    before = entries(house)
    died(house, ENTRY)
    [finding] = of_entries(compared(house))
    assert (finding.state, finding.detail) == (State.MENDED, "is in the CRM after all")
    assert entries(house) == before
    assert house.count(OUTBOX, state="dead") == 0


def died(house: World, kind: str, state: str = "dead") -> None:
    with house.engine.begin() as db:
        db.execute(
            update(OUTBOX)
            .where(OUTBOX.c.kind == kind)
            .values(state=state, reason="a test said so", done_at=None)
        )


@pytest.mark.parametrize(("dropped", "state"), [(False, State.LEFT), (True, State.MENDED)])
def test_what_a_person_dropped_is_written_only_when_asked(
    small: World, dropped: bool, state: State
) -> None:
    lose(small, written(small, "one")[0])
    died(small, ENTRY, "dropped")
    [finding] = of_entries(compared(small, dropped=dropped))
    assert finding.state is state
    assert len(entries(small)) == (1 if dropped else 0)


def test_a_client_who_is_no_contact_any_more_gets_no_entry(small: World) -> None:
    known_clients(small, 1)
    with small.hooks():
        small.in_crm("delete", kind="contacts", id="100000")
        small.hears(CRM, 1)
        small.settle()
    died(small, ENTRY)
    small.later(LATER)
    [finding] = of_entries(compared(small))
    assert finding.state is State.OPEN
    assert "no contact" in finding.detail


def test_ten_thousand_rows_of_one_moment_come_to_an_end(small: World) -> None:
    """Peers 12: pages go by id, for a moment may be that of more rows than a page holds."""
    written(small, "one")
    [first] = [row for row in small.rows(OUTBOX) if row["kind"] == ENTRY]
    count = 10_050
    copied = ", ".join(sorted(first.keys() - {"id", "idempotency_key", "message"}))
    with small.engine.begin() as db:
        db.exec_driver_sql(
            f"INSERT INTO outbox (idempotency_key, message, {copied}) "
            "WITH RECURSIVE counted (n) AS "
            f"(SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count}) "
            f"SELECT 'copy-' || n, 'm-' || n, {copied} FROM counted, outbox "
            f"WHERE outbox.id = {first['id']}"
        )
    asked: list[Delivery] = []
    small.vendors.outbounds[CRM] = Silent(asked)
    seen: list[tuple[int, int]] = []
    task = Task(
        parts=small.parts,
        since=first["created_at"],
        until=small.parts.now(),
        account=CRM,
        progress=lambda what, done, total: seen.append((done, total)),
    )
    report = reconcile(task, Wishes())
    assert of_entries(report) == []
    assert len({delivery.idempotency_key for delivery in asked}) == count + 1
    assert seen[-1][0] == seen[-1][1]


class Silent:
    """A CRM that has everything."""

    def __init__(self, asked: list[Delivery]) -> None:
        self._asked = asked

    def deliver(self, run: Any) -> Any:
        raise AssertionError("nothing is to be written")

    def find(self, run: Any) -> Any:
        self._asked.extend(run)
        return [Found(vendor_ids={"id": "1"})] * len(run)


@pytest.mark.parametrize("place", [0, 1, 2, 5, 9])
def test_the_first_row_of_a_moment_is_found_by_halves(small: World, place: int) -> None:
    written(small, "one")
    [first] = [row for row in small.rows(OUTBOX) if row["kind"] == ENTRY]
    start = first["created_at"] + timedelta(hours=2)
    rows = [
        {**first, "idempotency_key": f"copy-{n}", "created_at": start + timedelta(minutes=n)}
        for n in range(10)
    ]
    for row in rows:
        del row["id"]
    with small.engine.begin() as db:
        db.execute(insert(OUTBOX), rows)
    ids = [row["id"] for row in small.rows(OUTBOX)][-10:]
    with small.engine.connect() as db:
        span = reconciling.span(db, start + timedelta(minutes=place))
    assert (span.after, span.last) == (ids[place] - 1, ids[-1])


def test_another_comparison_at_the_same_time_writes_nothing_twice(house: World) -> None:
    """Both have found it missing; the first has it written, the second sees that it was touched."""
    lose(house, written(house, "one")[0])
    with house.engine.connect() as db:
        span = reconciling.span(db, house.parts.now() - timedelta(hours=24))
        [standing] = reconciling.page(db, CRM, [ENTRY], span, 10)
    compared(house)
    with house.engine.connect() as db:
        assert not reconciling.as_it_was(db, standing)
    assert texts(house) == ["one"]


def test_a_kill_between_ordering_and_writing_loses_nothing(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(house, written(house, "one")[0])

    def killed(*given: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bridge.pipeline.reconcile.entries.drain", killed)
    with pytest.raises(KeyboardInterrupt):
        compared(house)
    house.settle()
    assert texts(house) == ["one"]


def test_a_crm_that_cannot_tell_is_asked_again_and_then_told(small: World) -> None:
    lose(small, written(small, "one")[0])
    small.fail(CRM, match="batch/read", fault="500")
    [finding] = of_entries(compared(small))
    assert finding.state is State.OPEN
    assert writes(small) == 1
    small.mend()
    assert of_entries(compared(small))[0].state is State.MENDED


def test_the_accounts_rate_is_waited_for(small: World) -> None:
    lose(small, written(small, "one")[0])
    waits: list[float] = []
    budgets = Limited(left=0)
    small.parts = replace(small.parts, budgets=budgets)

    def wait(seconds: float) -> None:
        waits.append(seconds)
        budgets.left = 1000

    now = small.parts.now()
    task = Task(parts=small.parts, since=now - timedelta(days=1), until=now, account=CRM, wait=wait)
    assert of_entries(reconcile(task, Wishes()))[0].state is State.MENDED
    assert waits == [3.0]


@pytest.mark.parametrize("kind", ["CreateContact", "CreateDeal"])
def test_a_record_whose_effect_is_dead_is_settled_or_told(house: World, kind: str) -> None:
    written(house, "one")
    died(house, kind)
    [finding] = compared(house).findings
    assert (finding.about, finding.state) == (About.RECORD, State.MENDED)
    assert house.count(OUTBOX, state="dead") == 0


def test_a_deal_that_is_not_there_is_told_with_what_to_do(house: World) -> None:
    written(house, "one")
    died(house, "CreateDeal")
    [deal] = house.crm()["deals"]
    house.in_crm("delete", kind="deals", id=deal["id"])
    report = compared(house)
    [finding] = [f for f in report.findings if f.about is About.RECORD]
    assert (finding.state, finding.detail) == (State.OPEN, "CreateDeal: a test said so")
    assert "bridge dead replay outbox:" in finding.todo
    assert not report.ok


def test_a_dry_run_settles_no_record(house: World) -> None:
    written(house, "one")
    died(house, "CreateDeal")
    rows = house.rows(OUTBOX)
    [finding] = compared(house, dry_run=True).findings
    assert finding.state is State.WOULD_MEND
    assert house.rows(OUTBOX) == rows


def test_an_account_that_is_not_there_is_named(small: World) -> None:
    now = small.parts.now()
    task = Task(parts=small.parts, since=now, until=now, account=AccountName("nobody"))
    with pytest.raises(ConfigError, match="there is no account nobody"):
        reconcile(task, Wishes())


def test_entries_of_known_ids_are_asked_for_a_hundred_a_call(small: World) -> None:
    written(small, *("one" for _ in range(5)))
    before = small.crm()["calls"]
    assert compared(small).looked_at == {About.ENTRY: 5}
    after = small.crm()["calls"]
    asked = {line: n - before.get(line, 0) for line, n in after.items() if "communic" in line}
    assert [n for n in asked.values() if n] == [1]


def test_an_entry_whose_id_was_never_told_is_known_by_its_mark(small: World) -> None:
    written(small, "one")
    before = entries(small)
    with small.engine.begin() as db:
        gone = db.execute(VENDOR_IDS.delete().where(VENDOR_IDS.c.name.like("ms%")))
        assert gone.rowcount == 1
    died(small, ENTRY)
    assert of_entries(compared(small))[0].state is State.MENDED
    assert entries(small) == before


def test_a_crm_that_tells_nothing_is_not_asked_for_ever(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(small, *("one" for _ in range(6)))
    connector = small.vendors.connectors[CRM]
    small.vendors.connectors[CRM] = replace(connector, max_run=1)
    small.fail(CRM, match="communications/batch/read", fault="500")
    report = compared(small)
    assert len(of_entries(report)) == 2
    [told] = [finding for finding in report.findings if finding.about is About.VENDOR]
    assert (told.state, told.account) == (State.OPEN, CRM)
    assert report.looked_at == {About.ENTRY: 2}
