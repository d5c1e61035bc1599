"""Whatever the order in which a chat's events come, and however often: they end alike (WZ-05)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.decisions import Verdict
from bridge.domain.messaging import ChatKind, Direction, Media, MediaKind, MessageStatus
from bridge.domain.names import EventKey
from bridge.domain.policy import OnDelete, Policy, Timeline
from bridge.domain.reactions import shown
from bridge.domain.records import ClientState
from tests.domain.building import (
    NOW,
    POLICY,
    TEXT,
    deleted,
    edited,
    policy,
    reacted,
    received,
    sent,
    status,
    where,
)
from tests.domain.lives import Life

S = MessageStatus
REDACT = policy(timeline=Timeline(on_delete=OnDelete.REDACT))
GROUP = where(kind=ChatKind.GROUP)
PICTURE = Media(kind=MediaKind.IMAGE, url="https://files.example/1", name="a.png")
OTHER = Media(kind=MediaKind.IMAGE, url="https://files.example/2", name="b.png")
TEXTS = (TEXT, "second", "third")
seconds = st.integers(min_value=0, max_value=2).map(lambda n: NOW + timedelta(seconds=n))


@st.composite
def edits(draw: st.DrawFn, number: str, direction: Direction) -> list[Any]:
    """Some within one second; some tell what they began with; some change nothing."""
    texts = draw(st.lists(st.sampled_from(TEXTS), max_size=3))
    return [
        replace(
            edited(text, number, occurred_at=draw(seconds), direction=direction),
            event_key=EventKey(f"edit:{number}:{n}"),
            old_text=draw(st.sampled_from([None, *TEXTS])),
            media=draw(st.sampled_from([(), (OTHER,)])),
            number=draw(st.sampled_from([0, n])),
        )
        for n, text in enumerate(texts)
    ]


@st.composite
def reactions(draw: st.DrawFn, number: str) -> list[Any]:
    """Put on, changed, taken back with or without an id; several people; some beside another."""
    found: list[Any] = []
    for n in range(draw(st.integers(min_value=0, max_value=3))):
        name = draw(st.sampled_from(["", f"r:{number}:{n}"]))
        found.append(
            reacted(
                draw(st.sampled_from(["👍", "❤️", ""])),
                number,
                event_key=EventKey(f"react:{number}:{n}"),
                occurred_at=draw(seconds),
                direction=draw(st.sampled_from(Direction)),
                by=draw(st.sampled_from(["", "eva"])),
                reaction_id=name,
                beside=bool(name) and draw(st.booleans()),
            )
        )
        if name and draw(st.booleans()):
            found.append(deleted(name, event_key=EventKey(f"unreact:{number}:{n}")))
    return found


@st.composite
def stories(draw: st.DrawFn) -> list[Any]:
    """A chat of up to three messages, each with all that may happen to it."""
    place = draw(st.sampled_from([where(), where(), GROUP]))
    found: list[Any] = []
    for n in range(1, draw(st.integers(min_value=1, max_value=3)) + 1):
        number, at = f"m{n}", NOW + timedelta(minutes=n)
        ours = draw(st.booleans())
        direction = Direction.OUT if ours else Direction.IN
        files = draw(st.sampled_from([(), (PICTURE,)]))
        reply = draw(st.sampled_from([None, "m1", "m2"]))
        made: Any = sent(number, sent_from="phone") if ours else received(number)
        found.append(replace(made, occurred_at=at, chat=place, media=files, reply_to=reply))
        found += draw(edits(number, direction))
        found += draw(reactions(number))
        if draw(st.booleans()):
            found.append(deleted(number, direction=direction, occurred_at=draw(seconds)))
        if ours:
            words = draw(st.lists(st.sampled_from([S.SENT, S.DELIVERED, S.READ]), unique=True))
            before = draw(st.booleans())
            found += [status(word, number, and_before=before) for word in words]
    return [replace(e, chat=place) if getattr(e, "chat", None) else e for e in found]


def state(life: Life) -> Any:
    return dict(sorted(life.messages.items())), dict(sorted(life.entries.items())), life.parked


@settings(max_examples=150)
@given(stories(), st.data(), st.sampled_from([POLICY, REDACT]))
def test_any_order_and_any_repetition_end_alike(
    events: list[Any], data: st.DataObject, by: Policy
) -> None:
    """Messages as they are stored, what is read in the CRM, and nothing left waiting."""
    again = data.draw(st.lists(st.sampled_from(events), max_size=4))
    shuffled = data.draw(st.permutations([*events, *again]))
    in_order, found = Life(policy=by).live(events), Life(policy=by).live(shuffled)
    assert state(found) == state(in_order)
    assert found.parked == {}
    assert Verdict.PARKED not in found.verdicts.values()


@pytest.mark.parametrize(
    ("changes", "text", "earlier", "note"),
    [
        ([("second", 1)], "second", (TEXT,), "edited"),
        ([("second", 1), ("third", 2)], "third", (TEXT, "second"), "edited (2)"),
        ([("third", 2), ("second", 1)], "third", (TEXT, "second"), "edited (2)"),
        ([("second", 1), (TEXT, 2)], TEXT, (TEXT, "second"), "edited (2)"),
        ([(TEXT, 1)], TEXT, (), ""),
    ],
)
def test_the_entry_says_how_often_it_was_edited(
    changes: list[tuple[str, int]], text: str, earlier: tuple[str, ...], note: str
) -> None:
    """WZ-10: the same entry, written once."""
    events = [edited(t, occurred_at=NOW + timedelta(seconds=s)) for t, s in changes]
    life = Life().live([received(), *events])
    [message] = life.messages.values()
    assert (message.text, message.edits) == (text, earlier)
    assert life.entries[message.id] == (text, (), note)


def test_of_two_edits_in_one_second_the_one_that_goes_on_is_the_later() -> None:
    """Neither the clock nor the order tells: their texts do."""
    first = edited("second", event_key=EventKey("b"), old_text=TEXT)
    then = edited("third", event_key=EventKey("a"), old_text="second")
    for events in ([first, then], [then, first]):
        [message] = Life().live([received(), *events]).messages.values()
        assert (message.text, message.edits) == ("third", (TEXT, "second"))


def test_the_vendors_number_tells_edits_of_one_second_apart() -> None:
    events = [replace(edited(text), number=n) for text, n in (("third", 8), ("second", 7))]
    [message] = Life().live([received(), *events]).messages.values()
    assert message.text == "third"


@pytest.mark.parametrize(
    ("by", "text"), [(POLICY, TEXT), (REDACT, "(deleted)")], ids=["keep", "redact"]
)
@pytest.mark.parametrize("event", [received(media=(PICTURE,)), sent("m1", media=(PICTURE,))])
def test_what_the_crm_reads_of_a_deleted_message(by: Policy, text: str, event: Any) -> None:
    """Here the text is kept either way; it is another question who is shown it."""
    direction = Direction.OUT if event == sent("m1", media=(PICTURE,)) else Direction.IN
    life = Life(policy=by).live([event, deleted(direction=direction)])
    [message] = life.messages.values()
    said, files, note = life.entries[message.id]
    assert (said, bool(files)) == (text, by is POLICY)
    assert note == f"deleted by {'us' if direction is Direction.OUT else 'contact'}"
    assert (message.text, message.media) == (TEXT, (PICTURE,))


def test_deleted_it_stays_deleted_whatever_edit_comes_late() -> None:
    late = edited("second", occurred_at=NOW - timedelta(seconds=1))
    life = Life().live([received(), deleted(), late])
    [message] = life.messages.values()
    assert message.deleted_at == NOW
    assert life.entries[message.id][2] == "deleted by contact"


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([reacted("👍")], ["👍"]),
        ([reacted("👍"), reacted("❤️", occurred_at=NOW + timedelta(seconds=1))], ["❤️"]),
        ([reacted("👍"), reacted("", occurred_at=NOW + timedelta(seconds=1))], []),
        ([reacted("", occurred_at=NOW + timedelta(seconds=1)), reacted("👍")], []),
        ([reacted("👍"), reacted("")], []),
        ([reacted("👍"), reacted("❤️", direction=Direction.OUT)], ["❤️", "👍"]),
        ([reacted("👍", by="eva"), reacted("❤️", by="leo")], ["❤️", "👍"]),
        ([reacted("👍", reaction_id="r1"), deleted("r1")], []),
        ([deleted("r1"), reacted("👍", reaction_id="r1")], []),
        (
            [
                reacted("👍", reaction_id="r1", beside=True),
                reacted("❤️", reaction_id="r2", beside=True),
                deleted("r1"),
            ],
            ["❤️"],
        ),
    ],
)
def test_reactions_stand_until_taken_back(events: list[Any], left: list[str]) -> None:
    """Of each person the last one; nothing else follows from them."""
    life = Life().live([received(), *events])
    [message] = life.messages.values()
    assert sorted(r.emoji for r in shown(message)) == sorted(left)
    assert life.entries[message.id] == (TEXT, (), "")
    assert life.chat.conversation == Life().live([received()]).chat.conversation


def test_read_up_to_here_goes_for_what_left_before() -> None:
    """Also for what we hear of only later; not for what the client wrote, nor for what failed."""
    early = [
        sent(f"m{n}", sent_from="phone", occurred_at=NOW + timedelta(minutes=n)) for n in range(4)
    ]
    failed = status(S.FAILED, "m1")
    read = status(S.READ, "m3", and_before=True)
    life = Life().live([early[0], early[1], failed, early[3], read, early[2]])
    statuses = {m.vendor_id: m.status for m in life.messages.values()}
    assert statuses == {"m0": S.READ, "m1": S.FAILED, "m2": S.READ, "m3": S.READ}


def test_what_left_afterwards_is_not_read() -> None:
    later = sent("m9", sent_from="phone", occurred_at=NOW + timedelta(hours=1))
    life = Life().live([sent(sent_from="phone"), later, status(S.READ, "m2", and_before=True)])
    assert {m.vendor_id: m.status for m in life.messages.values()} == {"m2": S.READ, "m9": S.SENT}


def test_a_late_file_brings_its_caption_and_no_earlier_text() -> None:
    """Of what was said before the channel was connected."""
    said = received(text="(a file)", earlier=True)
    whole = received(event_key=EventKey("file"), text="the plan", media=(PICTURE,), earlier=True)
    for events in ([said, whole], [whole, said]):
        [message] = Life().live(events).messages.values()
        assert (message.text, message.edits, message.media) == ("the plan", (), (PICTURE,))


def test_a_late_file_of_ours_as_well() -> None:
    said = sent(text="(a file)", earlier=True)
    whole = sent(event_key=EventKey("file"), text="the plan", media=(PICTURE,), earlier=True)
    for events in ([said, whole], [whole, said]):
        [message] = Life().live(events).messages.values()
        assert (message.text, message.edits, message.media) == ("the plan", (), (PICTURE,))


def test_a_message_of_nothing_is_kept_and_says_so_in_the_crm() -> None:
    """Bad input is no error."""
    life = Life().live([received(text="")])
    [message] = life.messages.values()
    assert (message.text, life.entries[message.id][0]) == ("", "(empty message)")


def test_in_a_group_all_is_kept_and_nothing_follows() -> None:
    """WZ-14."""
    events: list[Any] = [
        received(chat=GROUP, author_name="Eva"),
        edited("second", chat=GROUP, occurred_at=NOW + timedelta(seconds=1)),
        reacted("👍", chat=GROUP, by="leo", author_name="Leo"),
        deleted(chat=GROUP),
    ]
    life = Life(
        chat=replace(
            Life().chat,
            conversation=replace(
                Life().chat.conversation,
                kind=ChatKind.GROUP,
                client=ClientState.GROUP,
                contact=None,
            ),
        )
    )
    life.live(events)
    [message] = life.messages.values()
    assert (message.author_name, message.text, message.edits) == ("Eva", "second", (TEXT,))
    assert [r.name for r in shown(message)] == ["Leo"]
    assert (life.entries, life.parked) == ({}, {})
