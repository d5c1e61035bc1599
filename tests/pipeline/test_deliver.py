"""Effects go out in batches, in order, and each waits only for what it needs."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.effects import CreateContact, CreateDeal, WriteTimelineEntry
from bridge.pipeline.dead import Box, dead_letters, drop, replay, take_back_drop
from bridge.pipeline.drain import due_lanes
from bridge.pipeline.lanes import Way, lane
from bridge.ports import Absent, CannotTell, Delivery, Done, Found, Outcome, Rejected, RetryAt
from bridge.store.schema import LANES, NEEDS, OUTBOX
from tests.pipeline.world import CRM, Limited, World, client, known_clients

OUT = lane(Way.OUT, CRM)
CREATE = "communications/batch/create"
REFUSED = Rejected(reason="refused", detail="the vendor says no")


def effects(house: World) -> list[tuple[str, str]]:
    return [(row["kind"], row["state"]) for row in house.rows(OUTBOX)]


def dead(house: World) -> list[int]:
    with house.engine.connect() as db:
        return [letter.id for letter in dead_letters(db, Box.OUTBOX)]


def refusing(kind: type) -> Any:
    return lambda delivery: REFUSED if isinstance(delivery.effect, kind) else None


def texted(delivery: Delivery, text: str) -> bool:
    return isinstance(delivery.effect, WriteTimelineEntry) and delivery.effect.text == text


def test_a_hundred_messages_of_known_clients_are_one_call(small: World) -> None:
    phones = known_clients(small, 100)
    before = small.calls(CREATE)
    small.receives_each(phones, "second")
    small.settle()
    assert small.calls(CREATE) - before == 1
    assert len(small.entries()) == 200


def test_leads_cost_one_call_more(small: World) -> None:
    made = [client(number) for number in range(20)]
    leads = [
        {
            "id": str(700_000 + n),
            "properties": {"hs_lead_name": f"Lead {n}", "hubspot_owner_id": "101"},
            "contacts": [contact["id"]],
        }
        for n, (_, contact) in enumerate(made)
    ]
    small.seed(contacts=[contact for _, contact in made], leads=leads)
    small.receives_each([phone for phone, _ in made], "first")
    small.settle()
    assert small.calls(CREATE) == 1
    assert small.calls("/associate/default") == 1
    assert all(len(e["associations"]["leads"]) == 1 for e in small.crm()["communications"])


def test_contact_then_deal_then_entry(house: World) -> None:
    """Nothing names a record that is not there yet."""
    house.client_writes()
    house.settle()
    crm = house.crm()
    [contact], [deal], [entry] = crm["contacts"], crm["deals"], crm["communications"]
    assert deal["associations"]["contacts"] == [contact["id"]]
    assert entry["associations"] == {"contacts": [contact["id"]], "deals": [deal["id"]]}
    done = [row["done_at"] for row in house.rows(OUTBOX)]
    assert done == sorted(done)
    assert house.count(NEEDS) == 0


def test_a_dead_deal_does_not_hold_up_the_entry(house: World) -> None:
    house.script(CRM, refusing(CreateDeal))
    house.client_writes()
    house.settle()
    assert effects(house) == [
        ("CreateContact", "done"),
        ("CreateDeal", "dead"),
        ("WriteTimelineEntry", "done"),
    ]
    [entry] = house.crm()["communications"]
    assert set(entry["associations"]) == {"contacts"}


def test_a_dead_contact_holds_what_needs_it_until_it_is_replayed(house: World) -> None:
    script = house.script(CRM, refusing(CreateContact))
    house.client_writes(text="one")
    house.settle()
    house.client_writes(text="two")
    house.settle()
    states = [state for _, state in effects(house)]
    assert states == ["dead", "held", "held", "held"]
    assert house.crm()["communications"] == []
    script.says = lambda delivery: None
    [letter] = dead(house)
    assert replay(house.parts, Box.OUTBOX, letter)
    house.settle()
    assert {state for _, state in effects(house)} == {"done"}
    assert ["one" in house.entries()[0], "two" in house.entries()[1]] == [True, True]
    assert len(house.crm()["contacts"]) == 1


def test_dropping_a_dead_contact_drops_what_is_pointless_without_it(house: World) -> None:
    house.script(CRM, refusing(CreateContact))
    house.client_writes(text="one")
    house.settle()
    [letter] = dead(house)
    assert drop(house.parts, Box.OUTBOX, letter)
    assert {state for _, state in effects(house)} == {"dropped"}
    house.client_writes(text="two")
    house.settle()
    last = house.rows(OUTBOX)[-1]
    assert (last["state"], last["done_at"] is not None) == ("dropped", True)
    assert "was dropped" in last["reason"]
    assert not drop(house.parts, Box.OUTBOX, letter)


def test_a_drop_taken_back_and_replayed_writes_all_once(house: World) -> None:
    """A person may change his mind: what was pointless comes after what it needs."""
    script = house.script(CRM, refusing(CreateContact))
    house.client_writes(text="one")
    house.settle()
    [letter] = dead(house)
    assert drop(house.parts, Box.OUTBOX, letter)
    house.client_writes(text="two")
    house.settle()
    assert take_back_drop(house.parts, Box.OUTBOX, letter)
    assert not take_back_drop(house.parts, Box.OUTBOX, letter)
    assert [state for _, state in effects(house)] == ["dead", "held", "held", "held"]
    script.says = lambda delivery: None
    assert replay(house.parts, Box.OUTBOX, letter)
    house.settle()
    assert {state for _, state in effects(house)} == {"done"}
    assert ["one" in house.entries()[0], "two" in house.entries()[1]] == [True, True]
    assert (len(house.crm()["contacts"]), house.count(NEEDS)) == (1, 0)


def test_dropping_a_dead_deal_leaves_contact_and_entry(small: World) -> None:
    small.script(CRM, refusing(CreateDeal))
    small.client_writes()
    small.settle()
    assert drop(small.parts, Box.OUTBOX, dead(small)[0])
    assert [state for _, state in effects(small)] == ["done", "dropped", "done"]
    small.client_writes(text="two")
    small.settle()
    assert len(small.entries()) == 2


def test_a_row_that_fails_holds_its_own_chat_only(house: World) -> None:
    """R3: the order within a chat survives retries; other chats go on."""
    ana, bruno = known_clients(house, 2)
    script = house.script(
        CRM,
        lambda d: RetryAt(when=d.now, reason="busy") if texted(d, "a1") and d.attempt < 3 else None,
    )
    for phone, text in ((ana, "a1"), (ana, "a2"), (bruno, "b1"), (ana, "a3"), (bruno, "b2")):
        house.client_writes(phone, text)
    house.settle()
    written = [e.split("</p>")[0] for e in house.entries()]
    assert len(written) == 4
    assert due_lanes(house.parts) == ()
    house.patiently(4)
    tried = [d.effect.text for run in script.runs for d in run if d.effect.text != "first"]  # type: ignore[union-attr]
    assert [text for text in tried if text.startswith("a")] == ["a1", "a1", "a1", "a2", "a3"]
    assert [text for text in tried if text.startswith("b")] == ["b1", "b2"]
    assert len(house.entries()) == 7


def test_a_dead_row_does_not_stop_those_that_merely_follow(house: World) -> None:
    [phone] = known_clients(house, 1)
    house.script(CRM, lambda d: REFUSED if texted(d, "bad") else None)
    for text in ("bad", "good"):
        house.client_writes(phone, text)
    house.settle()
    assert [state for _, state in effects(house)] == ["done", "dead", "done"]
    assert "good" in house.entries()[-1]


def test_a_row_is_given_up_after_its_attempts(small: World) -> None:
    [phone] = known_clients(small, 1)
    small.script(CRM, lambda d: RetryAt(when=d.now, reason="locked"))
    small.client_writes(phone, "never")
    small.patiently(10, 1000)
    row = small.rows(OUTBOX)[-1]
    assert (row["state"], row["attempts"]) == ("dead", 8)
    assert row["reason"] == "given up after 8 attempts: locked"


def test_waiting_costs_no_time(small: World) -> None:
    """Waits stand in `next_attempt_at`; no worker sleeps them out."""
    [phone] = known_clients(small, 1)
    in_an_hour = timedelta(hours=1)
    small.script(CRM, lambda d: RetryAt(when=d.now + in_an_hour, reason="locked"))
    small.client_writes(phone)
    small.drain("in:wazzup-main")
    assert small.drain(OUT) == ()
    assert small.rows(OUTBOX)[-1]["next_attempt_at"] > small.parts.now()


def test_a_used_up_budget_holds_the_lane_and_counts_no_attempt(small: World) -> None:
    [phone] = known_clients(small, 1)
    small.parts = replace(small.parts, budgets=Limited(left=0))
    small.client_writes(phone)
    small.settle()
    row = small.rows(OUTBOX)[-1]
    assert (row["state"], row["attempts"], row["in_doubt_since"]) == ("pending", 0, None)
    held = next(row for row in small.rows(LANES) if row["name"] == OUT)
    assert "budget" in held["held_cause"]
    assert due_lanes(small.parts) == ()
    small.parts = replace(small.parts, budgets=Limited(left=10))
    small.later(3.1)
    small.settle()
    assert len(small.entries()) == 2


@dataclass
class Slow:
    """Notes which chats are under way together; a call lasts until `enough` are."""

    enough: int
    together: list[list[str]] = field(default_factory=list)
    clashes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._open: list[str] = []
        self._calls = 0
        self._turn = threading.Condition()

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        chats = [str(d.effect.link) for d in run if isinstance(d.effect, WriteTimelineEntry)]
        with self._turn:
            self.clashes += [chat for chat in chats if chat in self._open]
            self._open += chats
            self._calls += 1
            self.together.append(list(self._open))
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._calls >= self.enough, timeout=60)
            for chat in chats:
                self._open.remove(chat)
        return [Done(vendor_ids={"id": d.idempotency_key}) for d in run]

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        return [CannotTell(reason="never asked")] * len(run)


def slow(house: World, enough: int, max_run: int) -> Slow:
    made = Slow(enough=enough)
    house.vendors.outbounds[CRM] = made
    house.vendors.connectors[CRM] = replace(house.vendors.connectors[CRM], max_run=max_run)
    return made


def test_several_calls_are_under_way_with_different_chats(small: World) -> None:
    phones = known_clients(small, 4)
    vendor = slow(small, enough=2, max_run=2)
    for text in ("x", "y"):
        small.receives_each(phones, text)
    small.settle()
    assert vendor.clashes == []
    assert len(vendor.together[1]) == 4
    assert {state for _, state in effects(small)} == {"done"}


def test_four_calls_are_under_way_when_as_many_batches_wait(small: World) -> None:
    phones = known_clients(small, 10)
    vendor = slow(small, enough=4, max_run=2)
    small.receives_each(phones, "x")
    small.settle()
    assert len(vendor.together[3]) == 8
    assert vendor.clashes == []


def test_runs_taken_together_are_given_back_together_when_the_budget_ends(small: World) -> None:
    phones = known_clients(small, 6)
    vendor = slow(small, enough=1, max_run=2)
    small.parts = replace(small.parts, budgets=Limited(left=1))
    small.receives_each(phones, "x")
    small.settle()
    rows = small.rows(OUTBOX)[-6:]
    assert [row["state"] for row in rows] == ["done"] * 2 + ["pending"] * 4
    assert [row["attempts"] for row in rows] == [1, 1, 0, 0, 0, 0]
    assert len(vendor.together) == 1


def test_a_further_call_starts_only_when_a_full_batch_waits(small: World) -> None:
    phones = known_clients(small, 3)
    vendor = slow(small, enough=1, max_run=2)
    small.receives_each(phones, "x")
    small.settle()
    assert [len(chats) for chats in vendor.together] == [2, 1]


@pytest.mark.parametrize("answers", ["raises", "too few"])
def test_a_bug_in_a_connector_never_stops_the_lane(small: World, answers: str) -> None:
    one, other = known_clients(small, 2)
    real = small.vendors.outbound(CRM)
    broken = _Broken(real, answers)
    small.vendors.outbounds[CRM] = broken
    small.client_writes(one, "poison")
    small.client_writes(other, "fine")
    small.patiently(40)
    states = {row["message"]: row["state"] for row in small.rows(OUTBOX)[-2:]}
    assert list(states.values()) == ["dead", "done"]
    assert len(small.entries()) == 3
    reason = small.rows(OUTBOX)[-2]["reason"]
    assert "poison" not in reason
    assert "attempts" in reason


@dataclass
class _Broken:
    inner: Any
    answers: str

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        if any(texted(delivery, "poison") for delivery in run):
            if self.answers == "raises":
                raise KeyError("poison")
            return []
        outcomes: Sequence[Outcome] = self.inner.deliver(run)
        return outcomes

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        found: Sequence[Found | Absent | CannotTell] = self.inner.find(run)
        return found
