"""`bridge sync` is complete, goes on where it was interrupted, and waits for a busy vendor."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.errors import DeliveryTransient
from bridge.domain.names import AccountName
from bridge.pipeline import filling, mirror, mirroring, windows
from bridge.pipeline.mirror import Synced, sync
from bridge.pipeline.parts import Parts
from bridge.ports import Reader
from bridge.store.schema import CONTACTS, SYNCS
from tests.pipeline.world import CHAT, CRM, Limited, World, known_clients


@dataclass
class Counted:
    """The CRM's reader: counts contacts, and fails once before this many were read."""

    inner: Reader
    fails_after: int = 1_000_000
    error: BaseException = field(default_factory=KeyboardInterrupt)
    read: list[str] = field(default_factory=list)

    def contacts(self, ids: Any) -> Any:
        if len(self.read) >= self.fails_after:
            self.fails_after = 1_000_000
            raise self.error
        self.read.extend(ids)
        return self.inner.contacts(ids)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@pytest.fixture
def ten(house: World, monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Ten clients of the mirror, read by threes."""
    known_clients(house, 10)
    monkeypatch.setattr(mirror, "RUN", 3)
    return counting(house)


def counting(house: World) -> Counted:
    reader = Counted(house.vendors.reader(CRM))
    house.vendors.readers[CRM] = reader
    return reader


def synced(house: World, **more: Any) -> Synced:
    return sync(house.parts, wait=house.later, **more)


def interrupted(house: World, reader: Counted, after: int = 6) -> None:
    reader.fails_after = after
    with pytest.raises(KeyboardInterrupt):
        synced(house)


def test_one_that_was_interrupted_goes_on_where_it_was(house: World, ten: Counted) -> None:
    interrupted(house, ten)
    assert len(ten.read) == 6
    found = synced(house)
    assert len(ten.read) == len(set(ten.read)) == 10
    assert (found.resumed, found.contacts, found.channels, found.employees) == (True, 10, 3, 4)


def test_the_next_one_begins_again(house: World, ten: Counted) -> None:
    assert not synced(house).resumed
    assert not synced(house).resumed
    assert len(ten.read) == 20


def test_anew_begins_again_after_an_interruption(house: World, ten: Counted) -> None:
    interrupted(house, ten)
    found = synced(house, anew=True)
    assert (found.resumed, found.contacts, len(ten.read)) == (False, 10, 16)


def test_what_was_interrupted_long_ago_is_too_old_to_go_on_with(house: World, ten: Counted) -> None:
    interrupted(house, ten)
    house.later(timedelta(hours=25).total_seconds())
    found = synced(house)
    assert (found.resumed, found.contacts, len(ten.read)) == (False, 10, 16)


def test_progress_goes_on_as_well(house: World, ten: Counted) -> None:
    interrupted(house, ten)
    seen: list[tuple[str, int, int]] = []
    sync(house.parts, lambda what, done, total: seen.append((what, done, total)), wait=house.later)
    assert [one for one in seen if one[0] == "contacts"] == [
        ("contacts", 9, 10),
        ("contacts", 10, 10),
    ]


def test_a_kill_between_writing_and_noting_reads_that_run_again(
    house: World, ten: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = mirroring.write
    runs = 0

    def killed(*given: Any) -> None:
        nonlocal runs
        write(*given)
        runs += 1
        if runs == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(mirroring, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        synced(house)
    assert synced(house).contacts == 10
    assert set(ten.read) == {row["crm_id"] for row in house.rows(CONTACTS)}
    assert len(ten.read) == 13


def test_a_crm_that_is_busy_is_waited_for_as_long_as_it_says(house: World, ten: Counted) -> None:
    retry_at = house.parts.now() + timedelta(seconds=40)
    ten.error = DeliveryTransient("429", retry_at=retry_at, account_wide=True)
    ten.fails_after = 3
    assert synced(house).contacts == 10
    assert house.parts.now() >= retry_at
    assert len(ten.read) == 10


def test_a_crm_that_stays_down_leaves_it_to_be_gone_on_with(small: World) -> None:
    known_clients(small, 2)
    small.fail(CRM, match="contacts/batch/read", fault="429")
    with pytest.raises(DeliveryTransient):
        synced(small)
    small.mend()
    assert synced(small).resumed


def test_the_accounts_rate_is_kept(small: World) -> None:
    known_clients(small, 1)
    budgets = Limited(left=0)
    small.parts = replace(small.parts, budgets=budgets)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        budgets.left = 1000

    assert sync(small.parts, wait=wait).contacts == 1
    assert waits == [3.0]


def test_a_window_is_told_anew_once(small: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was told before the interruption is not told again."""
    known_clients(small, 3)
    anew: list[str] = []

    def telling(parts: Parts, account: AccountName) -> None:
        anew.append(account)
        windows.tell_anew(parts, account)

    def killed(*given: object) -> None:
        filling.fill(*given)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr("bridge.pipeline.mirror.tell_anew", telling)
    with monkeypatch.context() as patch:
        patch.setattr("bridge.pipeline.mirror.fill", killed)
        with pytest.raises(KeyboardInterrupt):
            synced(small)
    synced(small)
    assert anew == [CHAT]
    synced(small)
    assert anew == [CHAT, CHAT]
    parts = {row["subject"]: row["ended_at"] for row in small.rows(SYNCS)}
    assert set(parts) == {f"sync:{CRM}", f"contacts:{CRM}", f"window:{CHAT}"}
    assert all(parts.values())
