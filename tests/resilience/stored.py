"""A store in the middle of its work: `python -m tests.resilience.stored FILE` writes it as SQL.

Run once for each released schema, by the code of that release, before the next one is made; the
file is `data/<revision>.sql`. It holds a row in every state that a restart may find.
"""

import sqlite3
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import Messenger
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.mirror import sync
from bridge.pipeline.send import SendRequest, Sent, send
from bridge.ports import Delivery, Outcome, Rejected, RetryAt, Unknown
from bridge.store import lanes, outgoing, work
from bridge.store.engine import open_engine, writing
from bridge.store.migrations import migrate
from bridge.store.schema import INBOX, OUTBOX
from tests.pipeline.world import ANA, CHAT, CRM, World, known_clients, sandboxes, world

KNOWN = 8  # clients 100000, 100001 … of the CRM
CREATE = "communications/batch/create"
OUT, IN = lane(Way.OUT, CRM), lane(Way.IN, CHAT)
LOST, STORED, CAUGHT, LATER, FRESH, TORN, EARLY, WRITTEN = range(KNOWN)
STRANGER, REFUSED = "34699000001", "34699000002"
DEAD_BODY = b"{"


def phone(number: int) -> str:
    return f"34600{number:06d}"


def fill(house: World) -> None:
    """Leaves rows of every state behind, as a stop or a kill would."""
    sync(house.parts)
    known_clients(house, KNOWN)
    _unknown_for_a_person(house)
    _unknown(house)
    _refused(house)
    _waits_for_its_time(house)
    _wait_for_others(house)
    _caught_by_a_kill(house)
    _not_decided(house)


def _unknown(house: World) -> None:
    """Answers got lost: of one the entry was not written, of the other it was."""
    house.fail(CRM, match=CREATE, fault="500", times=1)
    house.client_writes(phone(LOST), "lost before it was stored")
    house.settle()
    house.client_writes(phone(LOST), "behind what was lost")
    house.settle()
    house.fail(CRM, match=CREATE, fault="500_after", times=1)
    house.client_writes(phone(STORED), "stored but not answered")
    house.settle()


def _refused(house: World) -> None:
    """A contact that could not be made is dead, and what needs it is held. The answers that got
    lost hold the lane; by the store's clock, which did not go on with ours, for long."""
    with writing(house.engine) as db:
        lanes.resume(db, OUT)
    _while_it_says(
        house,
        {"CreateContact": lambda delivery: Rejected(reason="refused", detail="by the test")},
        lambda: house.client_writes(REFUSED, "of one whom the CRM refused"),
    )


def _waits_for_its_time(house: World) -> None:
    _while_it_says(
        house,
        {
            "WriteTimelineEntry": lambda delivery: RetryAt(
                when=house.parts.now().replace(microsecond=0), reason="locked"
            )
        },
        lambda: house.client_writes(phone(LATER), "to be tried later"),
        lanes_to_drain=(IN, OUT),
    )


def _unknown_for_a_person(house: World) -> None:
    """A message to a client whose answer got lost, and whose key has run out."""
    house.script(CHAT, lambda delivery: _if_sent(delivery))
    request = SendRequest(
        employee=ANA, to_phone=f"+{phone(WRITTEN)}", messenger=Messenger.WHATSAPP, text="did it go?"
    )
    sent = send(house.parts, request)
    assert isinstance(sent, Sent), sent
    house.settle()
    house.later(90)
    house.settle()


def _if_sent(delivery: Delivery) -> Outcome | None:
    return Unknown(reason="time-out") if isinstance(delivery.effect, SendMessage) else None


def _caught_by_a_kill(house: World) -> None:
    """Taken by workers that were killed: their leases stand, their rows are leased."""
    house.client_writes(phone(CAUGHT), "caught on its way out")
    house.drain(IN)
    with writing(house.engine) as db:
        lanes.acquire(db, OUT, "a worker that was killed", 15)
        outgoing.take(db, OUT, house.parts.now(), 1)
    house.client_writes(phone(TORN), "caught while it was decided")
    with writing(house.engine) as db:
        lanes.acquire(db, IN, "another one", 15)
        work.take(db, IN, house.parts.now(), 1)


def _wait_for_others(house: World) -> None:
    """A status for its message, a stranger for the CRM, what nobody can read for a person."""
    moment = house.parts.now().isoformat()
    status = {"messageId": "m-early", "timestamp": moment, "status": "delivered"}
    house.receives(CHAT, {"statuses": [status]})
    house.fail(CRM, match="/search", fault="500")
    house.client_writes(STRANGER, "of one whom nobody knows")
    house.receives(CHAT, DEAD_BODY)
    house.settle()


def _not_decided(house: World) -> None:
    house.client_writes(phone(EARLY), "its status came first", messageId="m-early", isEcho=True)
    house.client_writes(phone(FRESH), "just arrived")


def _while_it_says(
    house: World,
    answers: Mapping[str, Callable[[Delivery], Outcome]],
    deed: Callable[[], object],
    lanes_to_drain: tuple[str, ...] = (),
) -> None:
    before = house.vendors.outbound(CRM)

    def says(delivery: Delivery) -> Outcome | None:
        answer = answers.get(type(delivery.effect).__name__)
        return None if answer is None else answer(delivery)

    house.script(CRM, says)
    deed()
    for name in lanes_to_drain:
        house.drain(name)
    if not lanes_to_drain:
        house.settle()
    house.vendors.outbounds[CRM] = before


def states(house: World) -> set[str]:
    rows = [("inbox", row) for row in house.rows(INBOX)]
    rows += [("outbox", row) for row in house.rows(OUTBOX)]
    return {f"{box} {row['state']}" for box, row in rows}


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, sandboxes() as vendors:
        path = Path(folder) / "bridge.sqlite3"
        url = f"sqlite:///{path}"
        migrate(url)
        engine = open_engine(url)
        with world(engine, vendors) as house:
            fill(house)
            sys.stderr.write(f"{', '.join(sorted(states(house)))}\n")
        engine.dispose()
        with closing(sqlite3.connect(path)) as database:
            target.write_text("\n".join(database.iterdump()) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
