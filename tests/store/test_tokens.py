"""Tokens of accounts: sealed, shared by all workers, signed in for by one, ever more seldom when
it goes wrong."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from bridge.domain.errors import CredentialsInvalid, DeliveryTransient
from bridge.ports import Account, Token, Tokens
from bridge.store import tokens as kept
from bridge.store.engine import open_engine, reading, writing
from bridge.store.schema import TOKENS
from bridge.store.tokens import LEASE, LONGEST_PAUSE, NoTokens, tokens_of

KEY = "k" * 32
MINUTE = timedelta(minutes=1)


def account(name: str = "crm", secret: str = "one", **more: Any) -> Account:
    return Account(name=name, connector="acme", secrets={"client_secret": (secret,)}, **more)


def worker(engine: Engine, of: Account | None = None, key: str = KEY) -> Tokens:
    """What another process would have: nothing of it is shared but the store."""
    return tokens_of(engine, key)(of or account())


def token(value: str = "t1", lasts: timedelta = MINUTE * 600) -> Token:
    return Token(value=value, expires_at=datetime.now(UTC) + lasts, url="https://acme.example")


class Vendor:
    """Gives t1, t2 … or raises what it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sign_ins = 0

    def __call__(self) -> Token:
        self.sign_ins += 1
        if self.error is not None:
            raise self.error
        return token(f"t{self.sign_ins}")


def row(engine: Engine) -> Mapping[str, Any]:
    with reading(engine) as db:
        return dict(db.execute(select(TOKENS)).mappings().one())


def change(engine: Engine, **values: Any) -> None:
    with writing(engine) as db:
        db.execute(update(TOKENS).values(**values))


class Clock:
    """The store's, which stands until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def goes_on(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(kept, "store_clock", lambda db: made.now)
    monkeypatch.setattr(kept, "_WAIT_SECONDS", 120.0)
    return made


def test_who_comes_second_takes_the_token_that_is_there(engine: Engine) -> None:
    vendor = Vendor()
    assert worker(engine).current() is None
    first = worker(engine).renewed(None, vendor)
    assert first.value == "t1"
    assert worker(engine).current() == first
    assert worker(engine).renewed(None, vendor) == first
    assert vendor.sign_ins == 1


def test_a_token_that_is_refused_is_replaced_once_for_all(engine: Engine) -> None:
    vendor = Vendor()
    one, other = worker(engine), worker(engine)
    old = one.renewed(None, vendor)
    assert other.current() == old
    new = one.renewed(old, vendor)
    assert (new.value, vendor.sign_ins) == ("t2", 2)
    assert other.current() == old, "it has not heard of it yet"
    assert other.renewed(old, vendor) == new
    assert other.current() == new
    assert vendor.sign_ins == 2


def test_a_token_that_has_run_out_is_none(engine: Engine) -> None:
    short = token(lasts=-MINUTE)
    worker(engine).renewed(None, lambda: short)
    assert worker(engine).current() is None
    assert worker(engine).renewed(None, Vendor()).value == "t1"


def test_in_the_store_a_token_cannot_be_read_or_moved(engine: Engine) -> None:
    vendor = Vendor()
    worker(engine).renewed(None, lambda: token("very-secret-token"))
    held = row(engine)
    assert b"very-secret-token" not in held["sealed"]
    assert "one" not in held["bound_to"]
    for stranger in (account("other"), account(secret="two"), account(base_url="http://x")):
        assert worker(engine, stranger).current() is None
    assert worker(engine, key="x" * 32).current() is None
    worker(engine, account("other")).renewed(None, vendor)
    with writing(engine) as db:
        db.execute(update(TOKENS).where(TOKENS.c.account == "other").values(sealed=held["sealed"]))
    assert worker(engine, account("other")).current() is None


def test_another_secret_has_another_token_and_two_who_differ_do_not_race(
    engine: Engine, clock: Clock
) -> None:
    vendor = Vendor()
    worker(engine).renewed(None, vendor)
    changed = worker(engine, account(secret="two"))
    with pytest.raises(DeliveryTransient) as raised:
        changed.renewed(None, vendor)
    assert raised.value.retry_at is not None
    clock.goes_on(timedelta(seconds=11))
    assert changed.renewed(None, vendor).value == "t2"
    assert worker(engine).current() is None


def test_many_at_once_sign_in_once(engine: Engine) -> None:
    vendor, found = Vendor(), []
    ready = threading.Barrier(8)

    def work() -> None:
        mine = worker(engine)
        ready.wait(30)
        found.append(mine.renewed(None, vendor))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (vendor.sign_ins, {one.value for one in found}, len(found)) == (1, {"t1"}, 8)


def test_threads_of_one_process_sign_in_once(engine: Engine) -> None:
    vendor, shared = Vendor(), worker(engine)
    old = shared.renewed(None, vendor)
    threads = [threading.Thread(target=shared.renewed, args=(old, vendor)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (vendor.sign_ins, row(engine)["refusals"]) == (2, 1)


@pytest.mark.parametrize(
    "error", [CredentialsInvalid("no"), DeliveryTransient("down", account_wide=True)]
)
def test_after_failures_sign_ins_come_ever_more_seldom(
    engine: Engine, clock: Clock, error: Exception
) -> None:
    vendor, pauses = Vendor(error), []
    for _ in range(12):
        with pytest.raises(type(error)):
            worker(engine).renewed(None, vendor)
        tried = vendor.sign_ins
        with pytest.raises(DeliveryTransient) as raised:
            worker(engine).renewed(None, vendor)
        assert (vendor.sign_ins, raised.value.account_wide) == (tried, True)
        assert raised.value.retry_at == row(engine)["pause_until"]
        assert raised.value.retry_at is not None
        pauses.append((raised.value.retry_at - clock.now).total_seconds())
        clock.goes_on(LONGEST_PAUSE)
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]
    vendor.error = None
    assert worker(engine).renewed(None, vendor).value == "t13"
    assert row(engine)["failures"] == 0


def test_a_vendor_that_names_a_time_is_not_asked_before(engine: Engine) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + MINUTE * 60
    vendor = Vendor(DeliveryTransient("too many", retry_at=until, account_wide=True))
    for _ in range(2):
        with pytest.raises(DeliveryTransient) as raised:
            worker(engine).renewed(None, vendor)
        assert raised.value.retry_at == until
    assert vendor.sign_ins == 1


def test_tokens_refused_when_new_come_ever_more_seldom(engine: Engine, clock: Clock) -> None:
    vendor = Vendor()
    last = worker(engine).renewed(None, vendor)
    last = worker(engine).renewed(last, vendor)
    assert vendor.sign_ins == 2, "one may have been ended in Setup at that very moment"
    for refusals in (2, 3, 4):
        with pytest.raises(DeliveryTransient) as raised:
            worker(engine).renewed(last, vendor)
        held = row(engine)
        assert (held["refusals"], held["sealed"]) == (refusals, None)
        assert raised.value.retry_at == held["signed_in_at"] + timedelta(
            seconds=2 ** (refusals - 1)
        )
        with pytest.raises(DeliveryTransient):
            worker(engine).renewed(last, vendor)
        assert vendor.sign_ins == refusals
        clock.goes_on(timedelta(seconds=30))
        last = worker(engine).renewed(last, vendor)
    clock.goes_on(MINUTE * 2)
    assert worker(engine).renewed(last, vendor).value == "t6"
    assert row(engine)["refusals"] == 0, "the last one was good for a while"


def test_a_token_that_ran_out_was_good(engine: Engine) -> None:
    vendor = Vendor()
    worker(engine).renewed(worker(engine).renewed(None, vendor), vendor)
    assert row(engine)["refusals"] == 1
    change(engine, expires_at=datetime.now(UTC) - MINUTE)
    worker(engine).renewed(None, vendor)
    assert row(engine)["refusals"] == 0


def test_who_is_killed_while_signing_in_is_waited_for_no_longer_than_his_lease(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_WAIT_SECONDS", 0.1)

    def killed() -> Token:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        worker(engine).renewed(None, killed)
    vendor = Vendor()
    with pytest.raises(DeliveryTransient, match="another worker is signing in") as raised:
        worker(engine).renewed(None, vendor)
    assert raised.value.retry_at == row(engine)["lease_until"]
    assert vendor.sign_ins == 0
    clock.goes_on(LEASE)
    assert worker(engine).renewed(None, vendor).value == "t1"


def test_who_signs_in_for_too_long_does_not_undo_what_another_has_done(
    engine: Engine, clock: Clock
) -> None:
    def slow() -> Token:
        clock.goes_on(LEASE)
        worker(engine).renewed(None, lambda: token("of the quick one"))
        return token("of the slow one")

    assert worker(engine).renewed(None, slow).value == "of the slow one"
    found = worker(engine).current()
    assert found is not None
    assert found.value == "of the quick one"


def test_a_store_that_is_gone_is_a_pause_and_no_sign_in(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/empty.sqlite3")
    vendor = Vendor()
    asked: tuple[Callable[[], object], ...] = (
        worker(engine).current,
        lambda: worker(engine).renewed(None, vendor),
    )
    for ask in asked:
        with pytest.raises(DeliveryTransient, match="the store of tokens") as raised:
            ask()
        assert raised.value.account_wide
    assert vendor.sign_ins == 0
    engine.dispose()


def test_without_a_secret_key_nobody_signs_in(engine: Engine) -> None:
    vendor = Vendor()
    without = tokens_of(engine, None)(account())
    assert isinstance(without, NoTokens)
    assert without.current() is None
    with pytest.raises(CredentialsInvalid, match="BRIDGE_SECRET_KEY is missing"):
        without.renewed(None, vendor)
    assert vendor.sign_ins == 0
