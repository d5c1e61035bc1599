"""What a search finds is what one may read and see of what fits, no more and no less."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bridge.codec import decode
from bridge.domain.changes import AddNote
from bridge.domain.messaging import Media, MediaKind
from bridge.domain.names import ConversationId
from bridge.domain.people import Employee, Role
from bridge.domain.policy import OnDelete
from bridge.domain.records import Message
from bridge.domain.searching import fold, sought
from bridge.domain.showing import names_of, names_of_contact, said
from bridge.pipeline.indexing import index, step
from bridge.store import notes, search_index
from bridge.store.engine import reading, writing
from bridge.store.listing import Wanted
from bridge.store.records import put_messages
from bridge.store.schema import MESSAGES, NOTES
from bridge.store.search_index import NOTED
from bridge.web.chatlist import Part, Place, list_chats
from bridge.web.viewer import Viewer, viewer
from tests.access.companies import Company, companies, fresh_world
from tests.access.planting import Chat, Planted, chats, directory, plant, some_of_everything
from tests.access.test_filters import found
from tests.web.world import ANA, BRUNO, LUIS, WA, World

TEXTS = (
    "Hola, buenos días, ¿quién me llama?",
    "El número de pedido es 4711-0815",
    "call me at +34 600 11 22 33 please",
    "HOLA otra vez",
    "你好世界",
    "naïve Straße İstanbul",
    "👨‍👩‍👧 la familia",
    "\u202eשלום עליכם\u202c",
    "",
    "x" * 10_000,
)
QUERIES = (
    "hola", "HOLA", "hol", "ho", "dias", "días quien", "4711", "0815", "600112", "+34 600",
    "你好", "好世", "strasse", "istanbul", "👨‍👩‍👧", "שלום", "xxxx", "photo", "haystack",
    "ms_0", "answer",
    "needle", "eedle", "user00", "3460000", "Client", "rc_00", "factura.pdf", "AND", "zzz",
    "\"", "*", "hola AND dias", "hola*", "text:hola", "(hola", "NEAR(a b)", "%", "_", "\\",
)  # fmt: skip


def say(world: World, planted: Iterable[Planted], seed: int) -> None:
    """Other texts, some with a file, some deleted or edited."""
    chosen = random.Random(seed)
    with writing(world.engine) as db:
        values = db.scalars(select(MESSAGES.c.value)).all()
        changed = []
        for value in values:
            message = decode(Message, bytes(value))
            text = chosen.choice(TEXTS)
            kind = chosen.randrange(6)
            changed.append(
                replace(
                    message,
                    text=text,
                    edits=("an earlier text",) if kind == 1 else (),
                    deleted_at=world.now if kind == 2 else None,
                    media=(Media(kind=MediaKind.DOCUMENT, url="", name="Factura.PDF"),)
                    if kind == 3
                    else message.media,
                )
            )
        put_messages(db, {message.id: WA for message in changed}, changed)
        added = chosen.sample([*planted], 5)
        notes.add(db, [noted(one, chosen.choice(TEXTS), world) for one in added])


def noted(one: Planted, text: str, world: World) -> AddNote:
    return AddNote(conversation=one.conversation, author=LUIS, at=world.now, text=text)


def expected(world: World, eyes: Viewer, planted: Iterable[Planted], words: str) -> set[str]:
    """By looking at everything there is."""
    wanted = sought(words)
    with reading(world.engine) as db:
        readable = eyes.readable(db, [one.conversation for one in planted])
        messages = [decode(Message, bytes(v)) for v in db.scalars(select(MESSAGES.c.value))]
        noted = notes.after(db, 0, 10_000)
    hits: set[str] = {
        note.conversation
        for note in noted
        if note.conversation in readable and wanted.in_text(fold(note.text))
    }
    for message in messages:
        texts = said(eyes.shown(message), world.policy)
        if message.conversation in readable and wanted.in_text(fold(*texts)):
            hits.add(message.conversation)
    for name, chat in readable.items():
        names = [names_of(chat.conversation)]
        names += [names_of_contact(chat.contact)] if chat.contact else []
        if any(wanted.in_name(fold(*one)) for one in names):
            hits.add(name)
    return hits


def check(world: World, company: Company, planted: list[Planted], queries: Iterable[str]) -> None:
    with reading(world.engine) as db:
        eyes = viewer(db, company.ana, world.policy, world.now)
    for words in queries:
        listed = found(world, Wanted(words=words), company.ana, page=4)
        wanted = expected(world, eyes, planted, words)
        assert ({*listed}, len(listed)) == (wanted, len(wanted)), words


@settings(
    max_examples=8,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    wanted=st.lists(chats, min_size=20, max_size=40),
    company=companies,
    seed=st.integers(0, 1000),
    redacts=st.booleans(),
    steps=st.integers(0, 4),
)
def test_a_search_finds_what_may_be_read_and_holds_the_words(
    sqlite_template: Path,
    wanted: list[Chat],
    company: Company,
    seed: int,
    redacts: bool,
    steps: int,
) -> None:
    """However far the index is."""
    with fresh_world(sqlite_template) as world:
        on_delete = OnDelete.REDACT if redacts else OnDelete.KEEP
        timeline = replace(world.policy.timeline, on_delete=on_delete)
        world.policy = replace(world.policy, timeline=timeline)
        directory(world)
        planted = plant(world, wanted)
        for _ in range(steps):
            step(world.parts)
        say(world, planted, seed)
        company.moves_into(world)
        check(world, company, planted, QUERIES[::3])
        index(world.parts, 60)
        check(world, company, planted, QUERIES)


@pytest.mark.parametrize("role", [Role.SALESPERSON, Role.MANAGER])
@pytest.mark.parametrize("few", [0, 2000])
def test_searches_answer_alike_on_both_stores(
    any_world: World, role: Role, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are called so, and whichever block they stand in."""
    monkeypatch.setattr("bridge.web.chatsearch.FEW", few)
    monkeypatch.setattr("bridge.web.chatsearch._BATCH", 7)
    for module in ("search_index", "search_lookup"):
        monkeypatch.setattr(f"bridge.store.{module}.BLOCK", 8)
    company = Company(
        ana=Employee(id=ANA, role=role, gets_new_clients=True),
        bruno=Employee(id=BRUNO, role=Role.SALESPERSON),
        fallback=LUIS,
    )
    directory(any_world)
    planted = plant(any_world, some_of_everything(40))
    say(any_world, planted, 1)
    index(any_world.parts, 60)
    say(any_world, planted, 2)
    company.moves_into(any_world)
    check(any_world, company, planted, QUERIES[::4])
    index(any_world.parts, 60)
    check(any_world, company, planted, QUERIES)


def test_the_newest_message_with_the_words_is_shown(any_world: World) -> None:
    """Each conversation once, by its newest; the one in which it was said last stands first."""
    names: dict[str, ConversationId] = {}
    for number, text in enumerate(("lost parcel", "parcel again", "thanks", "PARCEL here")):
        phone = "+34600990001" if number != 1 else "+34600990002"
        any_world.client("Somebody", phone, ANA)
        names[text] = any_world.writes(phone, text)
        any_world.later(minutes=1)
    for _ in range(2):
        luis = any_world.policy.employee(LUIS)
        listed = lines(any_world, "parcel", luis)
        assert [*listed.items()] == [
            (names["PARCEL here"], ("PARCEL here", [("PARCEL", True), (" here", False)])),
            (names["parcel again"], ("parcel again", [("parcel", True), (" again", False)])),
        ]
        index(any_world.parts, 60)


def lines(
    world: World, words: str, employee: Employee
) -> Mapping[ConversationId, tuple[str, list[tuple[str, bool]]]]:
    with reading(world.engine) as db:
        eyes = viewer(db, employee, world.policy, world.now)
        page = list_chats(db, eyes, Wanted(words=words), Place(part=Part.ALL), 10)
    return {
        line.chat.conversation.id: (
            line.found.text if line.found else "",
            [(piece.text, piece.is_found) for piece in line.snippet],
        )
        for line in page.lines
    }


def test_nothing_is_left_to_do_in_the_end(any_world: World) -> None:
    plant(any_world, some_of_everything(30))
    index(any_world.parts, 60)
    with reading(any_world.engine) as db:
        newest = db.scalar(select(MESSAGES.c.seq).order_by(MESSAGES.c.seq.desc()).limit(1))
        assert search_index.marks(db).high == newest
        newest_note = db.scalar(select(func.coalesce(func.max(NOTES.c.id), 0)))
        assert search_index.marks(db, NOTED).high == newest_note
    assert step(any_world.parts) is False
