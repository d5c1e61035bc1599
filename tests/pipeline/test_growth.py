"""What has been is not read again: no statement of the walk reads a whole table that grows."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Engine, event

from bridge.pipeline.drain import due_lanes
from bridge.pipeline.send import SendRequest, send
from bridge.pipeline.upkeep import tick
from bridge.store.engine import reading
from bridge.store.feed import decisions_of_messages
from bridge.store.outbox import State
from bridge.store.schema import DECISIONS, MESSAGES, METADATA, OUTBOX
from tests.pipeline.world import ANA, CHAT, CRM, World, known_clients

GROWS = (
    *("inbox", "decisions", "outbox", "messages", "notifications", "turn_log"),
    *("conversations", "contacts", "contact_phones", "records", "record_contacts", "vendor_ids"),
)
LASTING = {"ix_outbox_message"}
PARTIAL = {
    index.name
    for table in METADATA.sorted_tables
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None and index.name not in LASTING
}
"""Indexes of what is not over yet: they do not grow."""
Statements = dict[str, Any]
"""Each statement with the parameters of one of its uses."""


@contextmanager
def listening(engine: Engine) -> Iterator[Statements]:
    heard: Statements = {}

    def note(_db: Any, _cursor: Any, statement: str, values: Any, _context: Any, _m: bool) -> None:
        one = values[0] if isinstance(values, list) and values else values
        heard.setdefault(statement, one)

    event.listen(engine, "before_cursor_execute", note)
    yield heard
    event.remove(engine, "before_cursor_execute", note)


def whole_tables(db: Connection, statements: Statements) -> dict[str, str]:
    """Statements that SQLite answers by reading all rows of a table that grows, or of an index that
    grows with it."""
    return {
        statement: step
        for statement, values in statements.items()
        if statement.lstrip().split(" ")[0].strip().upper()
        in ("SELECT", "UPDATE", "DELETE", "WITH")
        for step in _steps(db, statement, values)
        if step.startswith("SCAN")
        and step.split()[1] in _named(statement)
        and step.split()[-1] not in PARTIAL
    }


def _steps(db: Connection, statement: str, values: Any) -> list[str]:
    plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    return [str(row[3]) for row in plan]


def _named(statement: str) -> set[str]:
    """The growing tables, by their names and by the aliases that a statement gives them."""
    words = statement.replace(",", " ").split()
    aliases = {following for word, following in pairwise(words) if word in GROWS}
    return {*GROWS, *aliases}


def test_no_step_of_the_walk_reads_a_whole_table(small: World) -> None:
    with listening(small.engine) as heard:
        phones = known_clients(small, 3)
        small.receives_each(phones, "again")
        small.settle()
        due_lanes(small.parts)
        tick(small.parts)
    with small.engine.connect() as db:
        assert whole_tables(db, heard) == {}
    assert len(heard) > 30


def test_nor_does_a_look_up_after_a_lost_answer(small: World) -> None:
    phones = known_clients(small, 2)
    small.fail(CRM, match="communications/batch/create", fault="500_after", times=1)
    with listening(small.engine) as heard:
        small.receives_each(phones, "again")
        small.patiently()
    with small.engine.connect() as db:
        assert whole_tables(db, heard) == {}
    assert small.count(OUTBOX, state=State.DONE.value) == small.count(OUTBOX)


def test_nor_does_a_message_whose_client_is_being_made_still(small: World) -> None:
    with listening(small.engine) as heard:
        for text in ("hello", "are you there?"):
            small.client_writes("34600111222", text)
            small.drain("in:wazzup-main")
        small.settle()
    with small.engine.connect() as db:
        assert whole_tables(db, heard) == {}
    assert len(small.entries()) == 2


def test_nor_does_the_echo_of_a_send_in_doubt_or_a_page_of_its_chat(small: World) -> None:
    [phone] = known_clients(small, 1)
    [chat] = small.conversations()
    small.fail(CHAT, match="POST /v3/message", fault="reset_after", times=1)
    with listening(small.engine) as heard:
        send(small.parts, SendRequest(employee=ANA, conversation=chat, text="good day"))
        small.settle()
        made = small.phone()["sent"][0]["message_id"]
        small.client_writes(phone, "good day", isEcho=True, status="sent", messageId=made)
        small.settle()
    messages = [row["id"] for row in small.rows(MESSAGES)]
    with listening(small.engine) as page, reading(small.engine) as db:
        assert set(decisions_of_messages(db, messages)) == set(messages)
    with small.engine.connect() as db:
        assert whole_tables(db, {**heard, **page}) == {}
    assert small.rows(DECISIONS)[-1]["headline"] == "message.settled_send"


def test_a_statement_that_reads_a_whole_table_is_seen(small: World) -> None:
    with listening(small.engine) as heard, small.engine.connect() as db:
        db.exec_driver_sql("SELECT id FROM outbox o WHERE o.state = 'pending'")
        db.exec_driver_sql("SELECT id FROM inbox WHERE lane = ? ORDER BY id", ("in:wazzup-main",))
        db.exec_driver_sql("SELECT name FROM vendor_ids WHERE name = ?", ("ct_1",))
        db.exec_driver_sql("SELECT message FROM outbox WHERE kind = 'SendMessage'")
        db.exec_driver_sql("SELECT id FROM outbox WHERE state = 'dead'")  # a small index has these
    with small.engine.connect() as db:
        assert len(whole_tables(db, heard)) == 4
