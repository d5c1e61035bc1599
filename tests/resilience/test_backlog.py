"""However much waits to be delivered, a worker has a bounded run of it in hand (R14)."""

import tracemalloc

from sqlalchemy import insert, literal_column, select, text

from bridge.pipeline.lanes import Way, lane
from bridge.store import outgoing
from bridge.store.engine import writing
from bridge.store.schema import OUTBOX
from tests.pipeline.world import CHAT, CRM, World, known_clients

IN, OUT = lane(Way.IN, CHAT), lane(Way.OUT, CRM)
ROWS, RUN = 20_000, 100
LONG = "x" * 2_000  # so that all of them would take 40 MB


def pile_up(house: World) -> None:
    """One delivery becomes many, each of a chat of its own."""
    [phone] = known_clients(house, 1)
    house.client_writes(phone, LONG)
    house.drain(IN)
    [waiting] = [row["id"] for row in house.rows(OUTBOX) if row["state"] == "pending"]
    several = {"idempotency_key", "ordering_key"}
    kept = [column for column in OUTBOX.c if column.name not in {"id", *several}]
    numbered = (
        text(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
            " SELECT i FROM n"
        )
        .columns(literal_column("i"))
        .subquery()
    )
    copies = (
        select(
            *kept,
            OUTBOX.c.idempotency_key.concat(literal_column("CAST(i AS TEXT)")),
            OUTBOX.c.ordering_key.concat(literal_column("CAST(i AS TEXT)")),
        )
        .where(OUTBOX.c.id == waiting)
        .select_from(OUTBOX)
        .join(numbered, text("true"))
    )
    with writing(house.engine) as db:
        db.execute(insert(OUTBOX).from_select([*(c.name for c in kept), *sorted(several)], copies))


def test_a_run_is_taken_without_reading_what_waits_behind_it(house: World) -> None:
    pile_up(house)
    tracemalloc.start()
    try:
        with writing(house.engine) as db:
            taken = outgoing.take(db, OUT, house.parts.now(), RUN)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(taken) == RUN
    assert most < ROWS * len(LONG) / 5
