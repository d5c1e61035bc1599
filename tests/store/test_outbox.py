"""Which effect goes next, and what may still be changed about one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, update

from bridge.domain.effects import ChangeOwner, CreateContact, CreateDeal
from bridge.domain.names import AccountName, CrmId, EventKey, RecordId
from bridge.domain.records import RecordKind
from bridge.store import outbox, outgoing
from bridge.store.engine import writing
from bridge.store.outbox import Need, NewRow, State
from bridge.store.schema import OUTBOX

CRM = AccountName("crm")
LANE = "out:crm"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def db(engine: Engine) -> Iterator[Connection]:
    with writing(engine) as opened:
        yield opened


def row(key: str, chat: str | None = None, **more: Any) -> NewRow:
    effect = ChangeOwner(kind=RecordKind.CONTACT, record=RecordId("ct"), owner=CrmId("1"))
    given: dict[str, Any] = {
        "lane": LANE,
        "account": CRM,
        "effect": effect,
        "idempotency_key": key,
        "ordering_key": chat or key,
        "urgent": False,
        "makes": None,
        "needs": (),
        "event_account": CRM,
        "event_key": EventKey(key),
        "conversation": None,
        "message": None,
        **more,
    }
    return NewRow(**given)


def contact(key: str = "contact") -> NewRow:
    made = CreateContact(contact=RecordId("ct"), key="k", name="n", owner=None)
    return row(key, effect=made, makes="ct")


def deal(key: str = "deal") -> NewRow:
    made = CreateDeal(
        deal=RecordId("dl"), contact=RecordId("ct"), name="n", pipeline="p", stage="s", owner=None
    )
    return row(key, effect=made, makes="dl", needs=(Need(name="ct", hard=True),))


def entry(key: str = "entry") -> NewRow:
    return row(key, needs=(Need(name="ct", hard=True), Need(name="dl", hard=False)))


def taken(db: Connection, now: datetime = NOW, limit: int = 10) -> list[str]:
    return [found.idempotency_key for found in outgoing.take(db, LANE, now, limit)]


def states(db: Connection) -> dict[str, str]:
    found = db.execute(select(OUTBOX.c.idempotency_key, OUTBOX.c.state).order_by(OUTBOX.c.id))
    return {key: state for key, state in found}


def ids(db: Connection, key: str) -> int:
    return int(db.scalars(select(OUTBOX.c.id).where(OUTBOX.c.idempotency_key == key)).one())


def settle(db: Connection, key: str, state: State, at: datetime | None = None) -> bool:
    return outgoing.settle(db, ids(db, key), state, "because", at)


def test_a_row_of_the_same_key_is_added_once(db: Connection) -> None:
    outbox.add(db, [row("a"), row("a"), row("b")], NOW)
    outbox.add(db, [row("b", chat="other")], NOW)
    assert taken(db) == ["a", "b"]


def test_urgent_rows_go_first_then_the_oldest(db: Connection) -> None:
    outbox.add(db, [row("a"), row("b", chat="x"), row("c", chat="y", urgent=True)], NOW)
    assert taken(db, limit=2) == ["c", "a"]


def test_one_row_of_each_chat_at_a_time(db: Connection) -> None:
    outbox.add(db, [row("a1", "a"), row("a2", "a"), row("b1", "b"), row("b2", "b")], NOW)
    assert taken(db) == ["a1", "b1"]
    assert taken(db) == []


def test_a_run_that_would_be_too_short_is_left_alone(db: Connection) -> None:
    outbox.add(db, [row("a1", "a"), row("a2", "a"), row("b1", "b"), row("c1", "c")], NOW)
    assert outgoing.take(db, LANE, NOW, 10, at_least=4) == []
    assert set(states(db).values()) == {"pending"}
    assert len(outgoing.take(db, LANE, NOW, 2, at_least=2)) == 2


def test_a_full_run_is_found_behind_busy_chats(db: Connection) -> None:
    """Looked at are first as many rows as are wanted, then more."""
    outbox.add(db, [row(f"a{n}", "a") for n in range(7)], NOW)
    outbox.add(db, [row("b1", "b")], NOW)
    assert taken(db, limit=2) == ["a0", "b1"]


@pytest.mark.parametrize(
    ("state", "at", "follows"),
    [
        (State.PENDING, LATER, False),
        (State.LEASED, None, False),
        (State.UNKNOWN, LATER, False),
        (State.UNKNOWN, NOW, False),
        (State.UNKNOWN, None, True),
        (State.HELD, None, True),
        (State.DEAD, None, True),
        (State.DROPPED, None, True),
        (State.DONE, None, True),
    ],
)
def test_who_follows_in_the_chat_waits_for_what_may_still_happen(
    db: Connection, state: State, at: datetime | None, follows: bool
) -> None:
    outbox.add(db, [row("first", "a"), row("second", "a"), row("other", "b")], NOW)
    settle(db, "first", state, at)
    assert taken(db) == (["second", "other"] if follows else ["other"])


def test_a_row_tried_twice_is_taken_alone(db: Connection) -> None:
    outbox.add(db, [row("a", "a"), row("b", "b"), row("c", "c")], NOW)
    db.execute(update(OUTBOX).where(OUTBOX.c.idempotency_key == "b").values(attempts=2))
    assert taken(db) == ["a"]
    assert taken(db) == ["b"]
    assert taken(db) == ["c"]


def test_what_needs_another_waits_for_it(db: Connection) -> None:
    outbox.add(db, [contact(), deal(), entry()], NOW)
    assert taken(db) == ["contact"]
    outgoing.finish(db, [ids(db, "contact")], ["ct"], NOW)
    assert taken(db) == ["deal"]
    outgoing.finish(db, [ids(db, "deal")], ["dl"], NOW)
    assert taken(db) == ["entry"]


def test_a_failed_maker_holds_who_cannot_do_without(db: Connection) -> None:
    outbox.add(db, [contact(), deal(), entry()], NOW)
    settle(db, "contact", State.DEAD)
    outbox.give_up_on(db, "ct", NOW)
    assert states(db) == {"contact": "dead", "deal": "held", "entry": "held"}
    outbox.add(db, [entry("later")], NOW)
    assert states(db)["later"] == "held"
    settle(db, "contact", State.PENDING)
    outbox.expect_again(db, "ct")
    assert set(states(db).values()) == {"pending"}


def test_a_dropped_maker_drops_who_cannot_do_without(db: Connection) -> None:
    outbox.add(db, [contact(), deal(), entry()], NOW)
    outbox.drop(db, ids(db, "contact"), NOW)
    outbox.add(db, [entry("later")], NOW)
    assert set(states(db).values()) == {"dropped"}


def test_a_drop_by_hand_is_taken_back_with_what_was_pointless_without_it(db: Connection) -> None:
    outbox.add(db, [contact(), deal(), entry()], NOW)
    settle(db, "contact", State.DEAD)
    outbox.give_up_on(db, "ct", NOW)
    outbox.drop(db, ids(db, "contact"), NOW, by_hand=True)
    outbox.add(db, [entry("later")], NOW)
    assert outbox.take_back(db, ids(db, "contact"))
    assert states(db) == {"contact": "dead", "deal": "held", "entry": "held", "later": "held"}
    settle(db, "contact", State.PENDING)
    outbox.expect_again(db, "ct")
    outgoing.finish(db, [ids(db, "contact")], ["ct"], NOW)
    outbox.put_vendor_ids(db, CRM, {"ct": "501"})
    assert taken(db) == ["deal"], "entries go on the deal as well"
    outgoing.finish(db, [ids(db, "deal")], ["dl"], NOW)
    assert taken(db) == ["entry", "later"]


def test_who_can_do_without_what_stays_dropped_does_not_wait_for_it(db: Connection) -> None:
    outbox.add(db, [contact(), row("deal", makes="dl"), entry()], NOW)
    outbox.drop(db, ids(db, "contact"), NOW, by_hand=True)
    outbox.drop(db, ids(db, "deal"), NOW, by_hand=True)
    assert outbox.take_back(db, ids(db, "contact"))
    outbox.expect_again(db, "ct")
    outgoing.finish(db, [ids(db, "contact")], ["ct"], NOW)
    assert taken(db) == ["entry"]


def test_what_else_was_dropped_keeps_it_dropped(db: Connection) -> None:
    both = (Need(name="ct", hard=True), Need(name="other", hard=True))
    outbox.add(db, [contact(), row("other", makes="other"), row("both", needs=both)], NOW)
    outbox.drop(db, ids(db, "other"), NOW, by_hand=True)
    outbox.drop(db, ids(db, "contact"), NOW, by_hand=True)
    assert outbox.take_back(db, ids(db, "contact"))
    assert states(db) == {"contact": "dead", "other": "dropped", "both": "dropped"}
    assert outbox.take_back(db, ids(db, "other"))
    assert states(db)["both"] == "held"


def test_what_the_house_dropped_itself_is_not_taken_back(db: Connection) -> None:
    outbox.add(db, [contact(), deal(), entry()], NOW)
    outbox.drop(db, ids(db, "contact"), NOW)
    assert not outbox.take_back(db, ids(db, "contact"))
    assert not outbox.take_back(db, ids(db, "deal"))
    assert not outbox.take_back(db, 999)
    assert set(states(db).values()) == {"dropped"}


def test_what_is_kept_no_longer_is_not_taken_back(db: Connection) -> None:
    outbox.add(db, [contact(), deal()], NOW)
    outbox.drop(db, ids(db, "contact"), NOW, by_hand=True)
    db.execute(update(OUTBOX).values(effect=outbox.WIPED))
    assert not outbox.take_back(db, ids(db, "contact"))
    assert set(states(db).values()) == {"dropped"}


def test_who_can_do_without_a_dropped_maker_goes_on(db: Connection) -> None:
    outbox.add(db, [contact(), deal(), entry()], NOW)
    outbox.drop(db, ids(db, "deal"), NOW)
    outbox.add(db, [entry("later")], NOW)
    outgoing.finish(db, [ids(db, "contact")], ["ct"], NOW)
    outbox.put_vendor_ids(db, CRM, {"ct": "501"})
    assert taken(db) == ["entry", "later"]


def test_nobody_waits_for_what_was_done_without_a_vendor_id(db: Connection) -> None:
    outbox.add(db, [contact()], NOW)
    outgoing.finish(db, [ids(db, "contact")], ["ct"], NOW)
    outbox.add(db, [deal(), row("soft", needs=(Need(name="ct", hard=False),))], NOW)
    assert taken(db) == ["soft"]
    assert states(db)["deal"] == "held"


@pytest.mark.parametrize("ended", [State.DONE, State.DROPPED])
@pytest.mark.parametrize("new", [State.PENDING, State.UNKNOWN, State.DEAD])
def test_what_has_ended_stays_ended(db: Connection, ended: State, new: State) -> None:
    """A look-up may come back after an echo or a person has settled the row."""
    outbox.add(db, [row("a")], NOW)
    assert settle(db, "a", ended)
    assert not settle(db, "a", new, LATER)
    assert states(db) == {"a": ended.value}


def test_given_back_an_attempt_never_was_but_a_doubt_stays(db: Connection) -> None:
    outbox.add(db, [row("a"), row("b", "b")], NOW)
    db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.idempotency_key == "b")
        .values(attempts=1, in_doubt_since=NOW - timedelta(hours=1))
    )
    taken(db)
    outgoing.give_back(db, [ids(db, "a"), ids(db, "b")], "the rate", None)
    found = db.execute(select(OUTBOX.c.attempts, OUTBOX.c.in_doubt_since).order_by(OUTBOX.c.id))
    assert found.all() == [(0, None), (1, NOW - timedelta(hours=1))]


def test_what_a_dead_holder_had_in_hand_is_unknown(db: Connection) -> None:
    outbox.add(db, [row("a"), row("b", "b")], NOW)
    taken(db, limit=1)
    assert outgoing.orphaned(db, LANE, LATER) == 1
    assert states(db) == {"a": "unknown", "b": "pending"}
    assert outgoing.due_unknown(db, LANE, NOW, 10) == []
    assert [found.idempotency_key for found in outgoing.due_unknown(db, LANE, LATER, 10)] == ["a"]
