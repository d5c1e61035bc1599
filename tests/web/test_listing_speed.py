"""Lists go by an index, whatever is asked: nothing is sorted that could be read in order."""

from dataclasses import replace

import pytest

from bridge.domain.names import ConversationId, CrmId, RecordId
from bridge.store.engine import reading
from bridge.store.feed import FeedWanted, feed_rows
from bridge.store.listing import Position, Wanted, conversations
from bridge.store.sieving import Sieve, settled
from tests.web.world import ANA, NOW, World

SIEVE = Sieve(employee=ANA, crm_ids=(CrmId("o1"),), unowned=True)
FEW = replace(SIEVE, chats=(ConversationId("cv_1"),))


def plan(world: World, wanted: Wanted | FeedWanted | Sieve) -> str:
    """SQLite's plan of the statement that reads such a list, or settles a sieve."""
    made: list[str] = []
    with reading(world.engine) as db:
        driver = db.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(made.append)
        if isinstance(wanted, Wanted):
            conversations(db, wanted, Position(at=NOW, id=ConversationId("cv_1")), 50)
        elif isinstance(wanted, Sieve):
            settled(db, wanted)
        else:
            feed_rows(db, wanted, 10_000, 50)
        driver.set_trace_callback(None)
        last = made[-1 if isinstance(wanted, FeedWanted) else 0]
        return "\n".join(str(row[3]) for row in driver.execute(f"EXPLAIN QUERY PLAN {last}"))


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(), "ix_conversations_recent ("),
        (Wanted(unanswered=True), "ix_conversations_unanswered ("),
        (SIEVE, "ix_contacts_owner (owner=?)"),
        (Wanted(sieve=FEW), "sqlite_autoindex_conversations_1 (id=?)"),
        (Wanted(sieve=SIEVE), "ix_conversations_recent ("),
        (FeedWanted(), "INTEGER PRIMARY KEY (rowid<?)"),
        (FeedWanted(subjects_only=True), "ix_decisions_business"),
        (FeedWanted(contacts=frozenset({RecordId("rc_1")})), "ix_decisions_contact"),
    ],
)
def test_a_list_goes_by_an_index(
    world: World, wanted: Wanted | FeedWanted | Sieve, index: str
) -> None:
    assert index in plan(world, wanted)


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(unanswered=True), FeedWanted()])
def test_what_all_may_read_is_not_sorted(world: World, wanted: Wanted | FeedWanted) -> None:
    assert "TEMP B-TREE" not in plan(world, wanted)
