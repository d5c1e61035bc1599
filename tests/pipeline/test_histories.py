"""What a vendor lists and we never heard of walks the one walk; vendors without a list say so."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bridge.domain.errors import DeliveryTransient
from bridge.pipeline.reconcile.asking import Task
from bridge.pipeline.reconcile.findings import About, Finding, State
from bridge.pipeline.reconcile.run import Wishes, reconcile
from bridge.ports import Account, Recalled
from bridge.store.schema import DECISIONS, INBOX, MESSAGES, OUTBOX
from connectors.hubspot.doctor import HubSpotDoctor
from tests.pipeline.world import CHAT, CRM, World

AGO = timedelta(minutes=10)


@dataclass
class Listed:
    """A messenger's list of what happened, of which a test says what is on it."""

    bodies: list[bytes] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)

    def add(self, **body: Any) -> None:
        self.bodies.append(json.dumps(body).encode())

    def recall(self, since: datetime, until: datetime) -> Sequence[Recalled]:
        self.asked.append((since, until))
        if self.errors:
            raise self.errors.pop(0)
        return [Recalled(body=body, at=until - AGO) for body in self.bodies]


@pytest.fixture
def listed(house: World) -> Listed:
    return on(house)


def on(house: World) -> Listed:
    found = Listed()

    def history(account: Account) -> Listed:
        return found

    connector = house.vendors.connectors[CHAT]
    house.vendors.connectors[CHAT] = replace(connector, history=history)
    return found


def compared(house: World, *, dry_run: bool = False) -> list[Finding]:
    now = house.parts.now()
    task = Task(
        parts=house.parts,
        since=now - timedelta(hours=1),
        until=now,
        account=CHAT,
        dry_run=dry_run,
        wait=house.later,
    )
    report = reconcile(task, Wishes())
    return [finding for finding in report.findings if finding.about is About.MESSAGE]


def texts(house: World) -> list[str]:
    rows = [json.loads(bytes(row["value"])) for row in house.rows(MESSAGES)]
    return [str(row.get("text", "")) for row in rows]


def test_what_never_came_is_taken_in_and_what_came_is_left(house: World, listed: Listed) -> None:
    came = house.message(text="came")
    house.receives(CHAT, {"messages": [came]})
    house.settle()
    listed.add(messages=[came])
    for text in ("lost one", "lost two"):
        listed.add(messages=[house.message(text=text)])
    decided = house.count(DECISIONS, account=CHAT)
    findings = compared(house)
    assert [finding.state for finding in findings] == [State.MENDED, State.MENDED]
    assert all("never came" in finding.detail for finding in findings)
    assert texts(house) == ["came", "lost one", "lost two"]
    assert house.count(DECISIONS, account=CHAT) == decided + 2
    assert house.count(INBOX, method="HISTORY") == 2


def test_a_second_comparison_finds_nothing_more(house: World, listed: Listed) -> None:
    listed.add(messages=[house.message(text="lost")])
    assert len(compared(house)) == 1
    rows = house.count(INBOX)
    assert compared(house) == []
    assert house.count(INBOX) == rows


def test_what_was_lost_is_written_into_the_crm_like_all_else(house: World, listed: Listed) -> None:
    listed.add(messages=[house.message(text="lost")])
    compared(house)
    house.settle()
    assert len(house.entries()) == 1


def test_a_dry_run_takes_nothing_in(house: World, listed: Listed) -> None:
    listed.add(messages=[house.message(text="lost")])
    [finding] = compared(house, dry_run=True)
    assert finding.state is State.WOULD_MEND
    assert (house.count(INBOX), house.count(MESSAGES)) == (0, 0)


def test_the_same_twice_on_the_list_is_taken_in_once(house: World, listed: Listed) -> None:
    lost = house.message(text="lost")
    listed.add(messages=[lost])
    listed.add(messages=[lost])
    assert len(compared(house)) == 1
    assert texts(house) == ["lost"]


def test_statuses_of_messages_that_others_sent_on_the_account_say_nothing(small: World) -> None:
    listed = on(small)
    at = small.parts.now().isoformat()
    listed.add(statuses=[{"messageId": "of-others", "timestamp": at, "status": "delivered"}])
    assert compared(small) == []
    assert small.count(INBOX) == 0


def test_it_does_not_ask_for_what_may_be_under_way(small: World) -> None:
    listed = on(small)
    compared(small)
    [(since, until)] = listed.asked
    assert small.parts.now() - until >= timedelta(minutes=2)
    assert until - since > timedelta(minutes=50)


def test_a_busy_vendor_is_asked_again_when_it_says(small: World) -> None:
    listed = on(small)
    listed.add(messages=[small.message(text="lost")])
    retry_at = small.parts.now() + timedelta(seconds=30)
    listed.errors = [DeliveryTransient("busy", retry_at=retry_at, account_wide=True)]
    assert [finding.state for finding in compared(small)] == [State.MENDED]
    assert len(listed.asked) == 2
    assert small.parts.now() >= retry_at


def test_what_cannot_be_read_is_told_and_keeps_no_other_out(small: World) -> None:
    listed = on(small)
    listed.bodies.append(b"{broken")
    listed.add(messages=[small.message(text="lost")])
    assert sorted(finding.state for finding in compared(small)) == [State.MENDED, State.OPEN]
    assert texts(small) == ["lost"]


def test_a_kill_before_it_was_decided_loses_nothing(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = on(small)
    listed.add(messages=[small.message(text="lost")])

    def killed(*given: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bridge.pipeline.reconcile.histories.drain", killed)
    with pytest.raises(KeyboardInterrupt):
        compared(small)
    small.settle()
    assert texts(small) == ["lost"]


def test_a_vendor_without_a_list_says_so(small: World) -> None:
    [finding] = compared(small)
    assert (finding.state, finding.subject) == (State.LEFT, CHAT)
    assert "keeps no list" in finding.detail


def webhooks(house: World) -> list[Finding]:
    now = house.parts.now()
    task = Task(parts=house.parts, since=now - timedelta(hours=4), until=now, account=CRM)
    found = reconcile(task, Wishes()).findings
    return [one for one in found if one.about is About.WEBHOOKS and one.subject == "silence"]


@pytest.mark.parametrize(
    ("minutes", "method", "silent"),
    [
        (60, None, True),  # a contact was made an hour ago, and HubSpot has not called since
        (60, "POST", False),
        (60, "POLL", True),  # we asked; nobody called
        (5, None, False),  # it may still be coming
    ],
)
def test_silence_after_what_it_was_to_tell_is_told(
    house: World, minutes: int, method: str | None, silent: bool
) -> None:
    HubSpotDoctor(house.active().accounts[CRM]).fix("https://bridge.example", take_over=False)
    house.client_writes()
    house.settle()
    house.later(60 * minutes)
    if method is not None:
        house.receives(CRM, [])
        with house.engine.begin() as db:
            db.execute(INBOX.update().where(INBOX.c.account == CRM).values(method=method))
    assert house.count(OUTBOX, kind="CreateContact", state="done") == 1
    assert [one.state for one in webhooks(house)] == ([State.OPEN] if silent else [])
