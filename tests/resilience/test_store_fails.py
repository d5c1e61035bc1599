"""The store fails between two steps of the walk: that is not the rows' fault (R5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from bridge.pipeline.drain import after, drain
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Parts
from bridge.pipeline.process import MAX_ATTEMPTS
from bridge.store.engine import is_trouble, open_engine, reading
from bridge.store.schema import INBOX
from tests.pipeline.world import CHAT, World

IN = lane(Way.IN, CHAT)
LARGE = "x" * 30_000  # no page in use has room for it


@contextmanager
def no_room_for_decisions(house: World) -> Iterator[Parts]:
    """A row can be taken, but not be decided: no page is left, or a table is locked."""
    url = house.engine.url.render_as_string(hide_password=False)
    engine = open_engine(url, busy_seconds=0.1)
    with house.engine.connect() as db:
        if db.dialect.name == "sqlite":
            _allow_few_more_pages(engine)
        else:
            db.execute(text("LOCK TABLE decisions IN EXCLUSIVE MODE"))
        try:
            yield replace(house.parts, engine=engine)
        finally:
            engine.dispose()


def _allow_few_more_pages(engine: Engine) -> None:
    with reading(engine) as db:
        pages = db.scalar(text("PRAGMA page_count"))
    engine.dispose()

    def limit(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 12}")

    event.listen(engine, "connect", limit)


def test_a_store_that_can_not_keep_decisions_buries_no_row(house: World) -> None:
    house.client_writes(text=LARGE)
    with no_room_for_decisions(house) as parts:
        for _ in range(MAX_ATTEMPTS + 2):
            with pytest.raises(OperationalError):
                drain(parts, IN, over=after(60))
        [row] = house.rows(INBOX)
        assert (row["state"], row["attempts"]) == ("pending", 0)
    house.settle()
    assert [row["state"] for row in house.rows(INBOX)] == ["done"]
    assert len(house.entries()) == 1


def test_a_row_that_no_store_can_hold_is_the_rows_own_fault() -> None:
    """Given back each time, it would hold up its lane for ever."""
    too_large = OperationalError("INSERT", {}, psycopg.errors.ProgramLimitExceeded())
    full = OperationalError("INSERT", {}, psycopg.errors.DiskFull())
    assert (is_trouble(too_large), is_trouble(full)) == (False, True)
