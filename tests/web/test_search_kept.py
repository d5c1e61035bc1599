"""What a search goes by follows what is said, and what is taken away is gone from it at once."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from bridge.domain.events import MessageDeleted, MessageEdited, MessageStatusChanged
from bridge.domain.messaging import Direction, MessageStatus
from bridge.domain.names import ConversationId, EventKey
from bridge.domain.policy import OnDelete, Retention
from bridge.pipeline import indexing
from bridge.pipeline.erasing import Erased, erase
from bridge.pipeline.indexing import index, step
from bridge.pipeline.noting import NoteRequest, note
from bridge.pipeline.retention import forget
from bridge.store import search_index
from bridge.store.engine import open_engine, reading, writing
from bridge.store.schema import MESSAGES, SEARCH_DUE, SEARCH_NAMES, SEARCH_WORDS
from bridge.store.search_index import NAMES, NOTED, TEXTS, Marks
from tests.resilience.upgrading import downgrade_to, upgrade_to
from tests.web.asking import api
from tests.web.world import ANA, LUIS, WA, World

PHONE, OTHER = "+34600990001", "+34600990002"
LONG = 60.0


def words(world: World, part: int = TEXTS) -> set[str]:
    """Everything that the index holds."""
    with reading(world.engine) as db:
        found = db.scalars(select(SEARCH_WORDS.c.word).where(SEARCH_WORDS.c.part == part))
        return {bytes(word).decode() for word in found}


def writes(world: World, text: str, phone: str = PHONE, name: str = "Zacarias") -> ConversationId:
    world.client(name, phone, ANA)
    return world.writes(phone, text)


def finds(world: World, what: str) -> list[str]:
    return [item["id"] for item in api(world, LUIS).all("/conversations", q=what)]


def edited(world: World, text: str) -> None:
    world.happens(
        MessageEdited(
            event_key=EventKey(f"edit-{text}"),
            occurred_at=world.now,
            account=WA,
            message_id="m-1",
            direction=Direction.IN,
            text=text,
        )
    )


def deleted(world: World) -> None:
    world.happens(
        MessageDeleted(
            event_key=EventKey("gone"),
            occurred_at=world.now,
            account=WA,
            message_id="m-1",
            direction=Direction.IN,
        )
    )


def redacts(world: World) -> None:
    timeline = replace(world.policy.timeline, on_delete=OnDelete.REDACT)
    world.policy = replace(world.policy, timeline=timeline)


def test_what_is_said_is_indexed_by_the_clock_and_found_before(any_world: World) -> None:
    where = writes(any_world, "about the quetzal")
    assert words(any_world) == set()
    assert finds(any_world, "quetz") == [where]
    index(any_world.parts, LONG)
    assert words(any_world) == {"about", "the", "quetzal"}
    assert {"zacarias", "arias", "#0990001"} <= words(any_world, NAMES)
    assert finds(any_world, "quetz") == finds(any_world, "carias") == [where]
    assert step(any_world.parts) is False


def test_an_edit_takes_the_old_words_away(any_world: World) -> None:
    where = writes(any_world, "a quetzal today")
    index(any_world.parts, LONG)
    edited(any_world, "a parrot today")
    assert (finds(any_world, "quetzal"), finds(any_world, "parrot")) == ([], [where])
    index(any_world.parts, LONG)
    assert words(any_world) == {"a", "parrot", "today"}
    assert (finds(any_world, "quetzal"), finds(any_world, "parrot")) == ([], [where])


def test_what_was_deleted_is_found_as_long_as_its_text_is_kept(any_world: World) -> None:
    where = writes(any_world, "a quetzal")
    index(any_world.parts, LONG)
    deleted(any_world)
    assert finds(any_world, "quetzal") == [where]
    redacts(any_world)
    assert finds(any_world, "quetzal") == []


def test_deleting_with_redact_takes_the_words_away(any_world: World) -> None:
    redacts(any_world)
    writes(any_world, "a quetzal")
    index(any_world.parts, LONG)
    deleted(any_world)
    assert finds(any_world, "quetzal") == []
    index(any_world.parts, LONG)
    assert words(any_world) == set()


def keeps(world: World) -> None:
    timeline = replace(world.policy.timeline, on_delete=OnDelete.KEEP)
    world.policy = replace(world.policy, timeline=timeline)


def test_what_was_deleted_before_follows_the_rule_of_now(any_world: World) -> None:
    """Whoever keeps what is deleted finds also what was deleted while he did not, and the other
    way round its words are in no index."""
    redacts(any_world)
    where = writes(any_world, "a quetzal")
    kept = writes(any_world, "a parrot", OTHER, "Basilio")
    deleted(any_world)
    index(any_world.parts, LONG)
    assert words(any_world) == {"a", "parrot"}
    keeps(any_world)
    index(any_world.parts, LONG)
    assert words(any_world) == {"a", "parrot", "quetzal"}
    assert (finds(any_world, "quetzal"), finds(any_world, "parrot")) == ([where], [kept])
    redacts(any_world)
    index(any_world.parts, LONG)
    assert words(any_world) == {"a", "parrot"}
    assert finds(any_world, "quetzal") == []
    assert step(any_world.parts) is False


def test_a_rule_that_changes_halfway_is_begun_anew(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "BATCH", 1)
    writes(any_world, "a quetzal")
    for number in range(4):
        writes(any_world, f"word{number}", OTHER, "Basilio")
    deleted(any_world)
    index(any_world.parts, LONG)
    redacts(any_world)
    for _ in range(2):
        step(any_world.parts)
    keeps(any_world)
    for _ in range(2):
        step(any_world.parts)
    redacts(any_world)
    index(any_world.parts, LONG)
    assert "quetzal" not in words(any_world)


def test_a_status_is_no_new_wording(any_world: World) -> None:
    writes(any_world, "a quetzal")
    index(any_world.parts, LONG)
    any_world.happens(
        MessageStatusChanged(
            event_key=EventKey("read"),
            occurred_at=any_world.now,
            account=WA,
            message_id="m-1",
            status=MessageStatus.READ,
        )
    )
    with reading(any_world.engine) as db:
        assert db.scalar(select(func.count()).select_from(SEARCH_DUE)) == 0


def test_a_new_name_takes_the_place_of_the_old_one(any_world: World) -> None:
    where = writes(any_world, "hello")
    any_world.client("Yolanda", PHONE, ANA)
    index(any_world.parts, LONG)
    assert "yolanda" in words(any_world, NAMES)
    any_world.client("Ximena", PHONE, ANA)
    assert (finds(any_world, "yolanda"), finds(any_world, "ximena")) == ([], [where])
    index(any_world.parts, LONG)
    assert "yolanda" not in words(any_world, NAMES)
    assert (finds(any_world, "yolanda"), finds(any_world, "ximena")) == ([], [where])


def erases(world: World, where: ConversationId) -> None:
    assert isinstance(erase(world.parts, LUIS, where), Erased)


@pytest.mark.parametrize("first", ["indexed", "edited since", "not indexed"])
def test_whoever_is_forgotten_is_gone_from_the_index_at_once(any_world: World, first: str) -> None:
    """Words that others have used as well stay theirs."""
    where = writes(any_world, "a quetzal and a dog")
    kept = writes(any_world, "a dog", OTHER, "Basilio")
    if first != "not indexed":
        index(any_world.parts, LONG)
    if first == "edited since":
        edited(any_world, "an ocelot")
    erases(any_world, where)
    left = words(any_world) | words(any_world, NAMES)
    assert not {"quetzal", "ocelot", "zacarias", "#34600990001", "and"} & left
    index(any_world.parts, LONG)
    left = words(any_world) | words(any_world, NAMES)
    assert not {"quetzal", "ocelot", "zacarias", "#34600990001", "and"} & left
    assert {"dog", "basilio"} <= left
    for what in ("quetzal", "ocelot", "zacarias", "600990001"):
        assert finds(any_world, what) == []
    assert finds(any_world, "dog") == [kept]


def test_what_was_erased_stands_nowhere_in_the_file(world: World) -> None:
    where = writes(world, "a quetzal and a dog")
    index(world.parts, LONG)
    assert "quetzal" in words(world)
    erases(world, where)
    with world.engine.connect() as db:
        db.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    path = Path(str(world.engine.url.database))
    whole = path.read_bytes() + Path(f"{path}-wal").read_bytes()
    told = (b"quetzal", b"zacarias", b"Zacarias", b"acarias", b"#34600990001", b"#0990001")
    assert [word for word in told if word in whole] == []


def test_what_is_wiped_for_its_age_is_gone_from_the_index(any_world: World) -> None:
    writes(any_world, "a quetzal")
    any_world.later(days=9)
    kept = writes(any_world, "a parrot", OTHER)
    index(any_world.parts, LONG)
    any_world.later(days=2)
    retention = Retention(messages=timedelta(days=10), decisions=None)
    any_world.policy = replace(any_world.policy, retention=retention)
    assert forget(any_world.parts) >= 1
    assert words(any_world) == {"a", "parrot"}
    assert (finds(any_world, "quetzal"), finds(any_world, "parrot")) == ([], [kept])


def between_reading_and_writing(
    world: World, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]
) -> None:
    """Something happens while a clock folds what it has read."""
    fold, pending = indexing._terms, [happens]

    def slowly(*given: object) -> object:
        terms = fold(*given)  # type: ignore[arg-type]
        if pending:
            pending.pop()()
        return terms

    monkeypatch.setattr(indexing, "_terms", slowly)
    index(world.parts, LONG)


def test_whoever_is_forgotten_while_the_clock_reads_is_not_written(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = writes(any_world, "a quetzal")
    between_reading_and_writing(any_world, monkeypatch, lambda: erases(any_world, where))
    assert "quetzal" not in words(any_world)


def test_an_edit_while_the_clock_reads_is_what_counts(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = writes(any_world, "a quetzal")
    between_reading_and_writing(any_world, monkeypatch, lambda: edited(any_world, "a parrot"))
    assert words(any_world) == {"a", "parrot"}
    assert finds(any_world, "parrot") == [where]


def test_two_clocks_write_nothing_twice(any_world: World) -> None:
    for number in range(30):
        any_world.writes(PHONE, f"word{number} common")
    failed: list[BaseException] = []

    def clock() -> None:
        try:
            index(any_world.parts, LONG)
        except BaseException as error:
            failed.append(error)

    clocks = [threading.Thread(target=clock) for _ in range(3)]
    for one in clocks:
        one.start()
    for one in clocks:
        one.join()
    assert failed == []
    with reading(any_world.engine) as db:
        common = db.scalars(
            select(SEARCH_WORDS.c.places).where(SEARCH_WORDS.c.word == b"common")
        ).one()
    places = common.strip(",").split(",")
    assert len(places) == len(set(places)) == 30


def dies_in_the_middle(world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    """Of a process of its own; gives its wait status."""
    url = world.engine.url.render_as_string(hide_password=False)
    pid = os.fork()
    if pid == 0:
        try:
            monkeypatch.setattr(search_index, "put_marks", lambda *_: os.kill(os.getpid(), 9))
            index(replace(world.parts, engine=open_engine(url)), LONG)
        finally:
            os._exit(0)
    return os.waitpid(pid, 0)[1]


def test_a_clock_that_is_killed_leaves_nothing_half_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = writes(world, "a quetzal")
    assert dies_in_the_middle(world, monkeypatch) == signal.SIGKILL
    assert words(world) == set()
    index(world.parts, LONG)
    assert words(world) == {"a", "quetzal"}
    assert finds(world, "quetzal") == [where]


def test_a_store_of_before_is_filled_from_the_newest_on(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step at a time; what is there by then is found, and it goes on where it stood."""
    monkeypatch.setattr(indexing, "BATCH", 2)
    where = [writes(any_world, f"quetzal{n}", f"+3460099000{n}", f"N{n}") for n in range(5)]
    with writing(any_world.engine) as db:
        newest = db.scalar(select(func.max(MESSAGES.c.seq)))
        search_index.looked_at(db, [str(one) for one in db.scalars(select(SEARCH_DUE.c.id))])
        search_index.put_marks(db, Marks(low=newest, high=newest))
    assert finds(any_world, "quetzal") == []
    found = []
    while step(any_world.parts):
        found.append(sorted(finds(any_world, "quetzal")))
    assert found[:3] == [sorted(where[3:]), sorted(where[1:]), sorted(where)]
    assert all(later == sorted(where) for later in found[3:])


def test_the_migration_leaves_everything_to_be_indexed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/older.sqlite3"
    upgrade_to("head", url)
    engine = open_engine(url)
    world = World(engine)
    where = writes(world, "a quetzal")
    index(world.parts, LONG)
    engine.dispose()
    downgrade_to("0005", url)
    upgrade_to("head", url)
    assert (words(world), words(world, NAMES)) == (set(), set())
    index(world.parts, LONG)
    assert words(world) == {"a", "quetzal"}
    assert finds(world, "quetzal") == finds(world, "zacari") == [where]
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(SEARCH_NAMES)) == 2
    engine.dispose()


def notes(world: World, where: ConversationId, text: str) -> None:
    assert note(world.parts, NoteRequest(employee=LUIS, conversation=where, text=text)) is None


def test_what_was_noted_is_found_before_and_after_the_clock(any_world: World) -> None:
    where = writes(any_world, "hello")
    notes(any_world, where, "likes the quetzal")
    assert words(any_world, NOTED) == set()
    assert finds(any_world, "quetz") == [where]
    index(any_world.parts, LONG)
    assert words(any_world, NOTED) == {"likes", "the", "quetzal"}
    assert finds(any_world, "quetz") == [where]
    assert step(any_world.parts) is False


def test_words_of_an_erased_clients_notes_are_in_no_index(any_world: World) -> None:
    """Words that others' notes hold as well stay theirs."""
    where = writes(any_world, "hello")
    kept = writes(any_world, "hello", OTHER, "Basilio")
    notes(any_world, where, "a quetzal and a dog")
    notes(any_world, kept, "a dog")
    index(any_world.parts, LONG)
    notes(any_world, where, "an ocelot")
    erases(any_world, where)
    assert words(any_world, NOTED) == {"a", "dog"}
    index(any_world.parts, LONG)
    assert words(any_world, NOTED) == {"a", "dog"}
    assert (finds(any_world, "quetzal"), finds(any_world, "ocelot")) == ([], [])
    assert finds(any_world, "dog") == [kept]


def test_an_erased_note_stands_nowhere_in_the_file(world: World) -> None:
    where = writes(world, "hello")
    notes(world, where, "a quetzal")
    index(world.parts, LONG)
    assert "quetzal" in words(world, NOTED)
    erases(world, where)
    with world.engine.connect() as db:
        db.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    path = Path(str(world.engine.url.database))
    assert b"quetzal" not in path.read_bytes() + Path(f"{path}-wal").read_bytes()


def test_notes_wiped_for_their_age_are_gone_from_the_index(any_world: World) -> None:
    where = writes(any_world, "hello")
    notes(any_world, where, "a quetzal")
    any_world.later(days=9)
    notes(any_world, where, "a parrot")
    index(any_world.parts, LONG)
    any_world.later(days=2)
    retention = Retention(messages=timedelta(days=10), decisions=None)
    any_world.policy = replace(any_world.policy, retention=retention)
    assert forget(any_world.parts) >= 1
    assert words(any_world, NOTED) == {"a", "parrot"}
    assert (finds(any_world, "quetzal"), finds(any_world, "parrot")) == ([], [where])


def test_a_note_that_was_committed_after_a_later_one_is_indexed(any_world: World) -> None:
    where = writes(any_world, "hello")
    notes(any_world, where, "a quetzal")
    with writing(any_world.engine) as db:
        search_index.put_marks(db, Marks(high=1_000_000), NOTED)
    assert finds(any_world, "quetzal") == [where]
    index(any_world.parts, LONG)
    assert words(any_world, NOTED) == {"a", "quetzal"}
    assert finds(any_world, "quetzal") == [where]


def test_notes_of_a_store_of_before_are_indexed(any_world: World) -> None:
    where = writes(any_world, "hello")
    for number in range(120):
        notes(any_world, where, f"quetzal{number}")
    with writing(any_world.engine) as db:
        search_index.looked_at(db, [str(one) for one in db.scalars(select(SEARCH_DUE.c.id))])
    index(any_world.parts, LONG)
    assert words(any_world, NOTED) == {f"quetzal{number}" for number in range(120)}
    assert finds(any_world, "quetzal7") == [where]


def test_a_clock_that_is_killed_among_notes_indexes_them_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = writes(world, "hello")
    index(world.parts, LONG)
    notes(world, where, "a quetzal")
    assert dies_in_the_middle(world, monkeypatch) == signal.SIGKILL
    assert words(world, NOTED) == set()
    index(world.parts, LONG)
    assert words(world, NOTED) == {"a", "quetzal"}
