"""A row that breaks whoever works on it ends as a dead letter; all others go on."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bridge.domain.events import Event, MessageReceived
from bridge.domain.routing import route
from bridge.pipeline import process, settling
from bridge.pipeline.dead import Box, dead_letters, replay
from bridge.pipeline.drain import drain, due_lanes
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Parts
from bridge.store.schema import INBOX, OUTBOX
from tests.chaos.processes import Program, fleet
from tests.pipeline.world import CHAT, CRM, World, client, in_another_process, known_clients
from tests.ports import free_port
from tests.resilience.poisoned import WORD
from tests.resilience.scene import await_that
from tests.resilience.strikes import (
    STRIKES,
    CrowdedOutbound,
    PoisonedInbound,
    PoisonedOutbound,
    Strike,
    little_memory,
    segfault,
)
from tests.resilience.test_clocks import write as send_to
from tests.resilience.upgrading import installation
from tests.resilience.upgrading import open_rows as rows_left

IN = lane(Way.IN, CHAT)
SECONDS = 120.0  # between two tries: longer than any lease, back-off and look-up's wait
ROUNDS = 30
NEIGHBOURS = 39
Place = Callable[[World, Strike], None]


def in_parse(house: World, strike: Strike) -> None:
    inner = house.vendors.inbounds[CHAT]
    house.vendors.inbounds[CHAT] = PoisonedInbound(inner, WORD.encode(), strike)


def in_decide(house: World, strike: Strike) -> None:
    def broken(happened: Event, *rest: Any) -> Any:
        if isinstance(happened, MessageReceived) and happened.text == WORD:
            strike()
        return route(happened, *rest)

    vars(process)["route"] = broken  # of the forked process only


def in_deliver(house: World, strike: Strike) -> None:
    inner = house.vendors.outbounds[CRM]
    house.vendors.outbounds[CRM] = PoisonedOutbound(inner, WORD, strike)


def in_deliver_beside_others(house: World, strike: Strike) -> None:
    inner = house.vendors.outbounds[CRM]
    house.vendors.outbounds[CRM] = CrowdedOutbound(inner, WORD, strike)


PLACES: dict[str, Place] = {"parse": in_parse, "decide": in_decide, "deliver": in_deliver}
BOX = {"parse": Box.INBOX, "decide": Box.INBOX, "deliver": Box.OUTBOX}
DEATHS = {"segfaults": -signal.SIGSEGV}


def work_on(
    house: World, place: Place, strike: Strike, meanwhile: Callable[[], None] = lambda: None
) -> list[int]:
    """One worker after the other, each on all that is due, until nothing is left to do; gives how
    each ended: its exit code, or less than nothing for a signal."""

    def work(parts: Parts) -> None:
        little_memory()
        place(house, strike)
        while names := due_lanes(parts):
            for name in names:
                drain(parts, name, over=lambda: False)

    ends = []
    for _ in range(ROUNDS):
        ends.append(os.waitstatus_to_exitcode(in_another_process(house, work)))
        house.later(SECONDS)
        if not open_rows(house):
            return ends
        meanwhile()
    raise AssertionError(f"never at rest: {open_rows(house)}")


def tries_of(box: Box, strike: str) -> int:
    if box is Box.OUTBOX:
        return settling.MAX_ATTEMPTS
    return process.MAX_DEATHS if strike in DEATHS else process.MAX_ATTEMPTS


def open_rows(house: World) -> list[Any]:
    rows = [*house.rows(INBOX), *house.rows(OUTBOX)]
    return [r["id"] for r in rows if r["state"] not in ("done", "dead", "dropped")]


def write(house: World, phones: list[str]) -> None:
    """The middle one poisoned; each a request of its own."""
    middle = len(phones) // 2
    for place, phone in enumerate(phones):
        house.client_writes(phone, WORD if place == middle else f"fine {place}")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("strike", STRIKES)
def test_it_ends_dead_within_its_tries_and_its_neighbours_are_delivered(
    small: World, place: str, strike: str
) -> None:
    """R9, R10: whatever it does, and wherever. All of them are one run, and one call."""
    phones = known_clients(small, NEIGHBOURS + 1)
    before = len(small.entries())
    write(small, phones)
    ends = work_on(small, PLACES[place], STRIKES[strike])
    with small.engine.connect() as db:
        [letter] = dead_letters(db, BOX[place])
    assert letter.attempts == tries_of(BOX[place], strike)
    assert letter.reason
    assert WORD not in letter.reason
    assert len(small.entries()) - before == NEIGHBOURS
    assert Counter(ends)[DEATHS.get(strike, 1)] == (letter.attempts if strike in DEATHS else 0)
    assert replay(small.parts, BOX[place], letter.id)
    small.patiently(3)
    assert sum(WORD in entry for entry in small.entries()) == 1
    assert not replay(small.parts, BOX[place], letter.id)


def test_beside_what_kills_its_worker_no_innocent_row_is_in_the_air(small: World) -> None:
    """R9: with more than one full batch waiting several calls are in flight. A row that may be what
    kills its worker goes alone, or those beside it would die as often as it does."""
    batch = 4
    connector = small.vendors.connector(CRM)
    small.vendors.connectors[CRM] = replace(connector, max_run=batch)
    phones = known_clients(small, 4 * batch)
    at_once, others = phones[:batch], phones[batch:]
    written: list[int] = []

    def others_write() -> None:
        """Always more than a batch, in chats of which no row is in doubt."""
        start = len(written) % 2 * (batch + 2)
        small.receives_each(others[start : start + batch + 2], f"fine {len(written)}")
        small.drain(IN)
        written.append(batch + 2)

    small.client_writes(at_once[0], WORD)
    small.receives_each(at_once[1:], "fine at once")
    others_write()
    ends = work_on(small, in_deliver_beside_others, segfault, others_write)
    with small.engine.connect() as db:
        dead = [letter.id for letter in dead_letters(db, Box.OUTBOX)]
    assert dead == [small.rows(OUTBOX)[len(phones)]["id"]]
    assert Counter(ends)[-signal.SIGSEGV] == settling.MAX_ATTEMPTS
    assert sum("fine" in entry for entry in small.entries()) == sum(written) + batch - 1


@pytest.mark.parametrize("bell", ["polling", pytest.param("redis", marks=pytest.mark.redis)])
def test_a_worker_process_that_a_row_kills_comes_back_and_does_the_rest(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str, bell: str
) -> None:
    """R9, R10: as it is run. A polling worker dies of it and is started again by whoever watches
    over it; an RQ worker loses only the job. Support sees why, mends, and replays."""
    with (
        installation(sqlite_url, tmp_path, free_port()) as home,
        fleet(tmp_path, forked=True) as processes,
    ):
        more = {"BRIDGE_LEASE_SECONDS": "1"}
        if bell == "redis":
            more["BRIDGE_REDIS_URL"] = request.getfixturevalue("redis_url")
        environ = {**home.environ, **more}
        for words in ("migrate", "sync"):
            home.run(words)
        texts = [(client(0)[0], "before"), (client(1)[0], WORD), (client(2)[0], "after")]
        send_to(home.engine, texts)
        poisoned = (sys.executable, "-m", "tests.resilience.poisoned", "segfaults", "worker")
        processes.start("worker", Program(command=poisoned, environ=environ))
        processes.start("clock", Program(command=home.bridge("clock"), environ=environ))

        def is_tried(times: int) -> bool:
            processes.look()
            with home.engine.connect() as db:
                attempts = db.scalar(select(INBOX.c.attempts).where(INBOX.c.id == 2))
            return int(attempts or 0) >= times

        def is_over() -> bool:
            processes.look()
            return not rows_left(home.engine)

        for times in range(1, process.MAX_DEATHS + 1):
            await_that(partial(is_tried, times), f"not tried {times} times")
        await_that(is_over, "never at rest")
        deaths = processes.processes["worker"].ended[-signal.SIGSEGV]
        assert deaths == (process.MAX_DEATHS if bell == "polling" else 0)
        assert [word in " ".join(home.entries()) for word in ("before", "after", WORD)] == [
            True,
            True,
            False,
        ]
        listed = home.said("dead", "list", "--json")
        assert f"its worker died {process.MAX_DEATHS} times" in listed
        assert WORD not in listed
        processes.processes["worker"].stop()
        processes.start("mended", Program(command=home.bridge("worker"), environ=environ))
        home.run("dead", "replay", "inbox:2")
        await_that(lambda: WORD in " ".join(home.entries()), "replayed, it is not delivered")
