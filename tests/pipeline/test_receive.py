"""A webhook is durable before it is answered; what can not be stored is refused whole (R1, R5)."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select, text

from bridge.domain.errors import SignatureInvalid
from bridge.domain.names import AccountName
from bridge.pipeline.receive import NotStored, Received, Receiver, Unstorable, receive
from bridge.ports import Answer, Parsed, RawRequest
from bridge.store.engine import open_engine, reading
from bridge.store.inbox import NewRow
from bridge.store.schema import INBOX

NOW = datetime(2026, 3, 4, 5, 6, 7, 89, UTC)


class Bells:
    """Remembers who was rung, and how many rows were durable then."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.rung: list[tuple[str, int]] = []

    def ring(self, lane: str) -> None:
        self.rung.append((lane, stored(self._engine)))


def row(
    number: int = 0, *, account: str = "acc", url: str = "https://b.example/hooks/acc"
) -> NewRow:
    return NewRow(
        lane=f"in:{account}",
        account=AccountName(account),
        received_at=NOW,
        method="POST",
        url=url,
        headers=b"{}",
        body=b"\x00\xff%d" % number,
    )


def stored(engine: Engine) -> int:
    with reading(engine) as db:
        return db.execute(select(func.count()).select_from(INBOX)).scalar_one()


@pytest.fixture
def receivers(engine: Engine) -> Iterator[Callable[..., Receiver]]:
    made: list[Receiver] = []

    def make(**options: object) -> Receiver:
        receiver = Receiver(engine, Bells(engine), **options)  # type: ignore[arg-type]
        made.append(receiver)
        return receiver

    yield make
    for receiver in made:
        receiver.close()


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@contextmanager
def write_lock(url: str) -> Iterator[None]:
    """Somebody else writes and does not end."""
    other = open_engine(url)
    with other.connect() as db:
        if db.dialect.name == "sqlite":
            db.execute(text("BEGIN IMMEDIATE"))
        else:
            db.execute(text("LOCK TABLE inbox IN EXCLUSIVE MODE"))
        yield
        db.rollback()
    other.dispose()


def test_a_row_is_durable_when_append_returns(
    engine: Engine, receivers: Callable[..., Receiver]
) -> None:
    receivers().append(row()).result()
    with reading(engine) as db:
        found = db.execute(select(INBOX)).one()
    assert (found.lane, found.account, found.received_at) == ("in:acc", "acc", NOW)
    assert (found.method, found.url) == ("POST", "https://b.example/hooks/acc")
    assert (found.headers, found.body) == (b"{}", b"\x00\xff0")
    assert (found.state, found.attempts, found.reason) == ("pending", 0, "")
    assert found.next_attempt_at is None


def test_the_bell_rings_once_for_each_lane_after_the_commit(engine: Engine) -> None:
    bells = Bells(engine)
    receiver = Receiver(engine, bells)
    receiver.append(row()).result()
    receiver.append(row(account="other")).result()
    receiver.close()
    assert bells.rung == [("in:acc", 1), ("in:other", 2)]


def test_requests_that_wait_together_share_a_commit(
    engine: Engine, database_url: str, receivers: Callable[..., Receiver]
) -> None:
    batches: list[int] = []
    receiver = receivers(observe_batch=batches.append)
    with write_lock(database_url):
        waiting = [receiver.append(row(0))]
        wait_until(lambda: receiver.waiting == 0)  # the first one is in the committer's hands
        waiting += [receiver.append(row(n)) for n in range(1, 20)]
    for one in waiting:
        one.result()
    assert sum(batches) == 20
    assert len(batches) == 2  # the first one, and all that came while it waited
    assert stored(engine) == 20


def test_one_batch_takes_no_more_than_its_limit(
    database_url: str, receivers: Callable[..., Receiver]
) -> None:
    batches: list[int] = []
    receiver = receivers(observe_batch=batches.append, max_batch=4)
    with write_lock(database_url):
        waiting = [receiver.append(row(n)) for n in range(9)]
    for one in waiting:
        one.result()
    assert sum(batches) == 9
    assert max(batches) == 4


def test_a_store_that_stays_locked_refuses_all_and_recovers(database_url: str) -> None:
    engine = open_engine(database_url, busy_seconds=0.2)
    bells = Bells(engine)
    receiver = Receiver(engine, bells)
    with write_lock(database_url):
        refused = [receiver.append(row(n)) for n in range(5)]
        assert [type(one.exception()) for one in refused] == [NotStored] * 5
    assert stored(engine) == 0
    assert bells.rung == []
    receiver.append(row(9)).result()
    assert stored(engine) == 1
    receiver.close()
    engine.dispose()


def test_a_full_disk_refuses_and_keeps_nothing_half(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    with reading(engine) as db:
        pages = db.execute(text("PRAGMA page_count")).scalar_one()
    engine.dispose()

    def no_room(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 2}")  # type: ignore[attr-defined]

    event.listen(engine, "connect", no_room)
    receiver = Receiver(engine, Bells(engine))
    large = NewRow(
        lane="in:acc",
        account=AccountName("acc"),
        received_at=NOW,
        method="POST",
        url="u",
        headers=b"{}",
        body=b"x" * 100_000,
    )
    with pytest.raises(NotStored):
        receiver.append(large).result()
    assert stored(engine) == 0
    receiver.append(row()).result()
    assert stored(engine) == 1
    receiver.close()
    engine.dispose()


def test_a_store_that_is_down_refuses() -> None:
    engine = open_engine("postgresql://postgres@127.0.0.1:1/nowhere")
    receiver = Receiver(engine, Bells(engine))
    with pytest.raises(NotStored):
        receiver.append(row()).result()
    receiver.close()


def test_a_missing_folder_is_a_store_that_is_down(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/gone/bridge.sqlite3")
    (tmp_path / "gone").rmdir()
    receiver = Receiver(engine, Bells(engine))
    with pytest.raises(NotStored):
        receiver.append(row()).result()
    receiver.close()


def test_a_poisoned_row_does_not_fail_its_neighbours(
    engine: Engine, database_url: str, receivers: Callable[..., Receiver]
) -> None:
    receiver = receivers()
    urls = [f"https://b.example/{n}" for n in range(6)]
    urls[3] = "https://b.example/\ud83d"  # no store can hold half a surrogate pair
    with write_lock(database_url):
        waiting = [receiver.append(row(n, url=url)) for n, url in enumerate(urls)]
    errors = [type(one.exception()) for one in waiting]
    assert errors == [type(None)] * 3 + [Unstorable] + [type(None)] * 2
    assert stored(engine) == 5


def test_too_many_waiting_are_refused_at_once(
    database_url: str, receivers: Callable[..., Receiver]
) -> None:
    receiver = receivers(max_waiting=2)
    with write_lock(database_url):
        waiting = [receiver.append(row(0))]
        wait_until(lambda: receiver.waiting == 0)
        waiting += [receiver.append(row(n)) for n in (1, 2)]
        with pytest.raises(NotStored):
            receiver.append(row(3))
    assert [one.result() for one in waiting] == [None] * 3


def test_too_many_bytes_waiting_are_refused_at_once(
    database_url: str, receivers: Callable[..., Receiver]
) -> None:
    """R14: while the store is locked, what waits for it has a bound, and nobody gets all of it."""
    receiver = receivers(max_waiting_bytes=3 * len(row().body))
    with write_lock(database_url):
        waiting = [receiver.append(row(n)) for n in range(2)]
        with pytest.raises(NotStored):
            receiver.append(row(2))
    assert [one.result() for one in waiting] == [None] * 2
    wait_until(lambda: receiver.waiting_bytes == 0)
    receiver.append(row(3)).result()


@pytest.mark.parametrize(
    "bound", [{"max_waiting": 10}, {"max_waiting_bytes": 10 * len(row().body)}]
)
def test_an_account_that_floods_leaves_room_for_another(
    database_url: str, receivers: Callable[..., Receiver], bound: dict[str, int]
) -> None:
    """R14."""
    receiver = receivers(**bound)
    with write_lock(database_url):
        for number in range(20):
            with suppress(NotStored):
                receiver.append(row(number % 10, account="noisy"))
        quiet = receiver.append(row(account="quiet"))
    assert quiet.result() is None


def test_what_the_store_refuses_is_told_until_it_keeps_something_again(database_url: str) -> None:
    """R5."""
    engine = open_engine(database_url, busy_seconds=0.1)
    receiver = Receiver(engine, Bells(engine))
    assert receiver.trouble() == ""
    with write_lock(database_url), pytest.raises(NotStored):
        receiver.append(row()).result()
    assert receiver.trouble() == "OperationalError"
    receiver.append(row()).result()
    assert receiver.trouble() == ""
    receiver.close()
    engine.dispose()


def test_close_commits_what_waits_and_then_refuses(engine: Engine, database_url: str) -> None:
    receiver = Receiver(engine, Bells(engine))
    with write_lock(database_url):
        waiting = [receiver.append(row(n)) for n in range(4)]
        closing = threading.Thread(target=receiver.close)
        closing.start()
    closing.join()
    for one in waiting:
        one.result()
    assert stored(engine) == 4
    with pytest.raises(NotStored):
        receiver.append(row()).result()


def test_close_waits_no_longer_than_it_may(database_url: str) -> None:
    """R12: a process that is told to end does not wait for a store that stays locked."""
    engine = open_engine(database_url, busy_seconds=0.3)
    receiver = Receiver(engine, Bells(engine), max_batch=1)
    with write_lock(database_url):
        waiting = [receiver.append(row(n)) for n in range(20)]
        receiver.close(0.1)
        left = receiver.waiting
    assert left > 0
    receiver.close(60)
    wait(waiting)
    engine.dispose()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_leaves_nobody_waiting(engine: Engine) -> None:
    def broken(size: int) -> None:
        raise RuntimeError("bug")

    receiver = Receiver(engine, Bells(engine), observe_batch=broken)
    for _ in range(2):
        with pytest.raises(NotStored):
            receiver.append(row()).result()


class Vendor:
    """An inbound that takes the header `x-key: good`, and answers GET with a challenge."""

    def handshake(self, request: RawRequest) -> Answer | None:
        return Answer(body=b"challenge") if request.method == "GET" else None

    def verify(self, request: RawRequest) -> None:
        if request.headers.get("x-key") != "good":
            raise SignatureInvalid("vendor: key does not match")

    def parse(self, request: RawRequest) -> Parsed:
        return Parsed()

    def accepted(self, request: RawRequest) -> Answer:
        return Answer(status=202, body=b"taken")


def request(method: str = "POST", key: str = "good") -> RawRequest:
    return RawRequest(method=method, url="u", headers={"x-key": key}, body=b"", received_at=NOW)


class Kept(list[RawRequest]):
    """A store that is still at it."""

    def __call__(self, raw: RawRequest) -> Future[None]:
        self.append(raw)
        self.durable: Future[None] = Future()
        return self.durable


def test_what_is_proven_is_stored_and_its_answer_waits_for_that() -> None:
    kept = Kept()
    received = receive(Vendor(), request(), kept)
    assert received.answer == Answer(status=202, body=b"taken")
    assert received.durable is kept.durable
    assert kept == [request()]


def test_a_challenge_is_answered_and_not_stored() -> None:
    kept = Kept()
    assert receive(Vendor(), request("GET", "bad"), kept) == Received(
        answer=Answer(body=b"challenge")
    )
    assert kept == []


def test_what_is_not_proven_is_not_stored() -> None:
    kept = Kept()
    with pytest.raises(SignatureInvalid):
        receive(Vendor(), request(key="bad"), kept)
    assert kept == []


def test_nothing_is_accepted_that_was_not_stored() -> None:
    def refuse(raw: RawRequest) -> Future[None]:
        raise NotStored("locked")

    with pytest.raises(NotStored):
        receive(Vendor(), request(), refuse)


def test_rows_keep_the_order_they_came_in(
    engine: Engine, receivers: Callable[..., Receiver]
) -> None:
    receiver = receivers()
    for number in range(5):
        receiver.append(row(number)).result()
    with reading(engine) as db:
        bodies = db.execute(select(INBOX.c.body).order_by(INBOX.c.id)).scalars().all()
    assert list(bodies) == [b"\x00\xff%d" % number for number in range(5)]


@pytest.mark.postgres
def test_a_connection_that_the_server_has_ended_meanwhile_is_made_anew(postgres_url: str) -> None:
    """R5: nobody is asked to send again because PostgreSQL was started anew."""
    engine = open_engine(postgres_url, pool_size=1, only_when_free=True)
    receiver = Receiver(engine, Bells(engine))
    receiver.append(row(0)).result()
    administrator = open_engine(postgres_url)
    with administrator.connect() as other:
        others = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert len(other.execute(others).all()) >= 1
    administrator.dispose()
    receiver.append(row(1)).result()
    assert stored(engine) == 2
    receiver.close()
    engine.dispose()
