"""Among many chats those of a sieve are found by indices, as PostgreSQL's planner has it."""

import pytest
from sqlalchemy import Connection, Engine, select, text

from bridge.domain.names import CrmId, EmployeeId
from bridge.store.engine import reading, self_committing, writing
from bridge.store.schema import CONVERSATIONS
from bridge.store.sieving import (
    Able,
    Sieve,
    StandIn,
    chats_within,
    comes_through,
    owners_but,
    settled,
)
from tests.store.conftest import shared_postgres

__all__ = ("shared_postgres",)
pytestmark = pytest.mark.postgres

ANA = EmployeeId("ana@acme.example")
ABLE = frozenset(CrmId(f"o{n}") for n in range(8))
CHATS = 6000
_FILL = """
INSERT INTO contacts (id, account, owner, as_of, state, value)
SELECT 'rc_' || n, 'crm', CASE WHEN n % 1000 = 1 THEN 'gone' WHEN n % 2 = 0 THEN 'o' || n % 8 END,
1, 'active', convert_to(repeat('x', 400), 'UTF8') FROM generate_series(1, {chats}) n;
INSERT INTO records (id, kind, account, owner, is_open, value)
SELECT 'rd_' || n, 'deal', 'crm', CASE WHEN n % 1000 = 2 THEN 'left' ELSE 'o' || n % 8 END, true,
convert_to(repeat('x', 400), 'UTF8') FROM generate_series(1, {chats}) n;
INSERT INTO record_contacts SELECT 'rc_' || n, 'rd_' || n FROM generate_series(1, {chats}) n;
INSERT INTO conversations
(id, account, contact, client, last_message_at, undecided, value, unowned)
SELECT 'cv_' || n, 'wa', 'rc_' || n, 'known', n, false, convert_to(repeat('x', 400), 'UTF8'),
n % 1000 = 3 FROM generate_series(1, {chats}) n
"""


@pytest.fixture(scope="module")
def crowded(shared_postgres: Engine) -> Engine:
    """Half of the contacts are nobody's and have deals that are somebody's; six chats are
    nobody's, and twelve theirs who left."""
    with writing(shared_postgres) as db:
        for statement in _FILL.format(chats=CHATS).split(";"):
            db.execute(text(statement))
    with self_committing(shared_postgres).connect() as db:
        db.execute(text("ANALYZE"))
    return shared_postgres


def plan(db: Connection, sieve: Sieve) -> str:
    sql = str(chats_within(sieve).compile(db.engine, compile_kwargs={"literal_binds": True}))
    return "\n".join(db.scalars(text(f"EXPLAIN {sql}")))


def test_new_clients_are_found_by_the_index_of_what_is_nobodys(crowded: Engine) -> None:
    sieve = Sieve(employee=ANA, crm_ids=(), unowned=True)
    with reading(crowded) as db:
        assert "Seq Scan" not in plan(db, sieve)
        assert "ix_conversations_unowned" in plan(db, sieve)
        assert len(db.scalars(chats_within(sieve)).all()) == 6


def test_who_stands_in_for_those_who_left_reads_their_chats_alone(crowded: Engine) -> None:
    with reading(crowded) as db:
        others = owners_but(db, ABLE)
        able = Able(crm_ids=tuple(sorted(ABLE)))
        sieve = Sieve(employee=ANA, crm_ids=(), stands_in=StandIn(owners=others, able=(able,)))
        assert others == ("gone", "left")
        assert "Seq Scan" not in plan(db, sieve)
        assert len(db.scalars(chats_within(sieve)).all()) == 12
        few = settled(db, sieve)
        assert len(few.chats or ()) == 12
        # Each of these has another owner, who can answer.
        assert db.scalars(select(CONVERSATIONS.c.id).where(comes_through(few))).all() == []


def test_the_planner_is_free_to_read_a_table_of_which_most_is_wanted(crowded: Engine) -> None:
    """Else the tests above would prove nothing."""
    with reading(crowded) as db:
        assert "Seq Scan" in plan(db, Sieve(employee=ANA, crm_ids=tuple(sorted(ABLE))))


def test_owners_are_told_by_leaps_through_their_index(crowded: Engine) -> None:
    with reading(crowded) as db:
        assert owners_but(db, frozenset()) == ("gone", "left", *sorted(ABLE))
