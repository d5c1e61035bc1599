"""PostgreSQL is killed while rows are in hand: that is not the rows' fault (R5, R9)."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from bridge.pipeline import lease
from bridge.pipeline.drain import after, drain
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.lease import Lease
from bridge.pipeline.mirror import sync
from bridge.ports import Answer, Delivery, Inbound, Outcome, Parsed, RawRequest
from bridge.store.engine import open_engine, writing
from bridge.store.migrations import migrate
from bridge.store.schema import INBOX, OUTBOX
from tests.chaos.place import PREFIX
from tests.chaos.plan import Aim
from tests.chaos.postgres import postgres_program
from tests.chaos.processes import Fleet, fleet
from tests.pipeline.conftest import fresh_sqlite, small, vendors
from tests.pipeline.world import CHAT, CRM, Sandboxes, World, client, holding, world
from tests.services import Postgres

__all__ = ("fresh_sqlite", "small", "vendors")
LONG_SECONDS = 60.0
IN, OUT = lane(Way.IN, CHAT), lane(Way.OUT, CRM)


@dataclass(frozen=True, slots=True)
class Mortal:
    """A server that can be killed, and comes back when it is called."""

    fleet: Fleet
    server: Postgres

    def die(self) -> None:
        self.fleet.strike("postgres", Aim.ALL, LONG_SECONDS)

    def rise(self) -> None:
        self.fleet.all_go_on()
        end = time.monotonic() + LONG_SECONDS
        while not self.server.ready():
            assert time.monotonic() < end, "PostgreSQL does not come back"
            time.sleep(0.05)
            self.fleet.look()


@dataclass(frozen=True, slots=True)
class FatalInbound:
    """The store dies whenever something is read."""

    inner: Inbound
    mortal: Mortal

    def handshake(self, request: RawRequest) -> Answer | None:
        return self.inner.handshake(request)

    def verify(self, request: RawRequest) -> None:
        self.inner.verify(request)

    def parse(self, request: RawRequest) -> Parsed:
        self.mortal.die()
        return self.inner.parse(request)

    def accepted(self, request: RawRequest) -> Answer:
        return self.inner.accepted(request)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Mortal]:
    with TemporaryDirectory(prefix=PREFIX) as short, fleet(tmp_path) as processes:
        place = Path(short)
        place.chmod(0o711)
        server = Postgres(directory=place / "postgres", pid=0)
        processes.start("postgres", postgres_program(server.directory, {}))
        while not server.ready():
            time.sleep(0.05)
        yield Mortal(processes, server)


@pytest.fixture
def late_help(mortal: Mortal, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes back after a worker has found once that it can't give back what it has."""
    give_back, tried = lease._give_back_now, []

    def give_back_twice(engine: Engine, held: Lease, store_failed: bool) -> None:
        tried.extend([held] * store_failed)
        if store_failed and len(tried) % 2 == 0:
            mortal.rise()
        give_back(engine, held, store_failed)

    monkeypatch.setattr(lease, "_give_back_now", give_back_twice)


@pytest.fixture
def frail(mortal: Mortal, vendors: Sandboxes) -> Iterator[World]:
    url = mortal.server.create("bridge")
    migrate(url)
    engine = open_engine(url)
    with world(engine, vendors) as made:
        sync(made.parts)
        yield made
    engine.dispose()


@pytest.mark.postgres
def test_a_store_that_dies_with_a_row_in_hand_counts_no_attempt(
    frail: World, mortal: Mortal, late_help: None
) -> None:
    frail.client_writes(text="hello")
    healthy = frail.vendors.inbounds[CHAT]
    frail.vendors.inbounds[CHAT] = FatalInbound(healthy, mortal)
    for _ in range(2):
        with pytest.raises(OperationalError):
            drain(frail.parts, IN, over=after(60))
        [row] = frail.rows(INBOX)
        assert (row["state"], row["attempts"]) == ("pending", 0)
    frail.vendors.inbounds[CHAT] = healthy
    frail.settle()
    assert [row["state"] for row in frail.rows(INBOX)] == ["done"]
    assert len(frail.entries()) == 1


@pytest.mark.postgres
def test_a_store_that_dies_during_a_call_counts_no_attempt_and_doubles_nothing(
    frail: World, mortal: Mortal, late_help: None
) -> None:
    frail.seed(contacts=[client(1)[1]])
    frail.client_writes(client(1)[0], "hello")
    frail.drain(IN)
    died: list[Delivery] = []

    def die_at_first(delivery: Delivery) -> Outcome | None:
        if not died:
            died.append(delivery)
            [outcome] = script.inner.deliver([delivery])
            mortal.die()
            return outcome
        return None

    script = frail.script(CRM, die_at_first)
    with pytest.raises(OperationalError):
        drain(frail.parts, OUT, over=after(60))
    assert [row["attempts"] for row in frail.rows(OUTBOX)] == [0]
    frail.patiently(4)
    assert [row["state"] for row in frail.rows(OUTBOX)] == ["done"]
    assert len(frail.entries()) == 1


def test_a_lease_is_ours_until_another_could_have_it(small: World) -> None:
    with holding(small.engine, "in:somewhere", 0.2) as held:
        time.sleep(0.3)
        assert not held.is_ours()
        held.seconds = LONG_SECONDS
        with writing(small.engine) as db:
            held.keep(db)
        assert held.is_ours()
