"""What stands in the CRM's timeline (FEED-01 to FEED-07)."""

from dataclasses import replace

import pytest

from bridge.domain.decisions import Decision
from bridge.domain.effects import UpdateTimelineEntry, WriteTimelineEntry
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Direction, Media, MediaKind, Messenger
from bridge.domain.names import EmployeeId, RecordId
from bridge.domain.policy import Policy, Timeline
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import RecordKind, TimelineState
from tests.domain.building import (
    ANA,
    BRUNO,
    CRM,
    LUIS,
    NOW,
    TEXT,
    chat,
    codes,
    conversation,
    crm_id,
    deal,
    decide,
    effects,
    facts,
    kinds,
    lead,
    message,
    messages_after,
    new_chat,
    policy,
    received,
    sent,
    where,
)

C, D, L = RecordKind.CONTACT, RecordKind.DEAL, RecordKind.LEAD
OFF = policy(timeline=Timeline(save_messages=False))
WAITING = message(number="m0", timeline=TimelineState.WAITING)


def entries(decision: Decision) -> list[WriteTimelineEntry]:
    return [x for x in effects(decision) if isinstance(x, WriteTimelineEntry)]


@pytest.mark.parametrize(
    ("given", "write_to", "records"),
    [
        (chat(ANA), {C, D, L}, [(C, "ct_1")]),
        (
            chat(ANA, deals=(deal(),), leads=(lead(),)),
            {C, D, L},
            [(C, "ct_1"), (D, "dl_1"), (L, "ld_1")],
        ),
        (chat(ANA, deals=(deal(),), leads=(lead(),)), {C}, [(C, "ct_1")]),
        (chat(ANA, deals=(deal(),), leads=(lead(),)), {D, L}, [(D, "dl_1"), (L, "ld_1")]),
        (
            chat(ANA, deals=(deal(is_open=False),), leads=(lead(is_open=False),)),
            {C, D, L},
            [(C, "ct_1")],
        ),
        (
            chat(ANA, deals=(deal(), deal(id=RecordId("dl_2")))),
            {C, D},
            [(C, "ct_1"), (D, "dl_1"), (D, "dl_2")],
        ),
    ],
)
def test_one_entry_on_every_record_that_is_written_to(
    given: ChatFacts, write_to: set[RecordKind], records: list[tuple[RecordKind, str]]
) -> None:
    """FEED-03: never two on one record."""
    by = policy(timeline=Timeline(write_to=frozenset(write_to)))
    assert [list(x.records) for x in entries(decide(received(), facts(given), by))] == [records]


def test_nothing_is_written_where_the_client_has_no_such_record() -> None:
    by = policy(timeline=Timeline(write_to=frozenset({D})))
    decision = decide(received(), facts(chat(ANA)), by)
    assert (kinds(decision), codes(decision)[1]) == ([], ReasonCode.TIMELINE_OFF)
    assert [x.timeline for x in messages_after(decision).values()] == [TimelineState.OFF]


@pytest.mark.parametrize("channel_id", ["id-wa", "id-north", "id-tg"])
@pytest.mark.parametrize(("by", "count"), [(OFF, 0), (policy(), 1)])
def test_the_switch_holds_for_all_channels(channel_id: str, by: Policy, count: int) -> None:
    """FEED-01, FEED-02: routing goes on."""
    decision = decide(received(chat=where(channel_id=channel_id)), facts(chat(ANA)), by)
    assert (decision.target, len(entries(decision))) == (ANA, count)


@pytest.mark.parametrize(
    ("event", "direction", "head", "author"),
    [
        (received(), Direction.IN, "WhatsApp from the client · Sales", None),
        (
            sent(author=ANA, author_name="Ana"),
            Direction.OUT,
            "WhatsApp to the client by Ana · Sales",
            crm_id(ANA),
        ),
        (
            sent(author=ANA),
            Direction.OUT,
            "WhatsApp to the client by ana@acme.example · Sales",
            crm_id(ANA),
        ),
        (
            sent(sent_from="phone"),
            Direction.OUT,
            "WhatsApp to the client from the phone · Sales",
            None,
        ),
    ],
)
def test_an_entry_says_direction_author_and_channel(
    event: object, direction: Direction, head: str, author: EmployeeId | None
) -> None:
    """FEED-05, FEED-07."""
    (entry,) = entries(decide(event, facts(chat(ANA))))
    assert (entry.direction, entry.head, entry.author) == (direction, head, author)
    assert (entry.channel, entry.occurred_at) == ("Sales", NOW)


def test_the_text_is_in_the_body_and_not_in_the_head() -> None:
    """FEED-05: however long it is."""
    long = "word " * 2000
    (entry,) = entries(decide(received(text=long), facts(chat(ANA))))
    assert (entry.text, "word" in entry.head, len(entry.head) < 80) == (long, False, True)


def test_an_entry_bears_the_source_that_feeds_are_filtered_by() -> None:
    """FEED-04."""
    (entry,) = entries(decide(received(), facts(chat(ANA))))
    assert (entry.source, entry.messenger) == ("wazzup", Messenger.WHATSAPP)


def test_files_are_links() -> None:
    """FEED-06: an empty text is no error."""
    document = Media(kind=MediaKind.DOCUMENT, url="https://files.example/1", name="offer.pdf")
    (entry,) = entries(decide(received(text="", media=(document,)), facts(chat(ANA))))
    (file,) = entry.media
    assert (entry.text, file.name) == ("", "offer.pdf")
    assert file.url == f"https://bridge.example/media/of/{entry.message}/0"


def test_no_link_of_the_vendors_stands_in_the_crm() -> None:
    """FEED-06: it would end, or let in whoever has it."""
    files = (
        Media(kind=MediaKind.IMAGE, url="https://vendor.example/1?sig=secret", media_id="f1"),
        Media(kind=MediaKind.VOICE, media_id="f2"),
        Media(kind=MediaKind.LOCATION, url="geo:40.4,-3.7"),
        Media(kind=MediaKind.CONTACT_CARD),
    )
    (entry,) = entries(decide(received(text="", media=files), facts(chat(ANA))))
    assert [file.url for file in entry.media] == [
        f"https://bridge.example/media/of/{entry.message}/0",
        f"https://bridge.example/media/of/{entry.message}/1",
        "geo:40.4,-3.7",
        "",
    ]
    assert {file.media_id for file in entry.media} == {""}


def test_an_entry_leads_to_the_conversation() -> None:
    (entry,) = entries(decide(received(), facts(chat(ANA))))
    assert entry.link == f"https://bridge.example/conversations/{conversation().id}"


def test_the_crm_writes_the_entries_of_a_chat_in_order() -> None:
    (planned,) = decide(received(), facts(chat(ANA))).effects
    assert (planned.account, planned.ordering_key) == (CRM, conversation().id)


def test_a_strangers_messages_wait_for_his_contact() -> None:
    decision = decide(sent(), facts(new_chat()))
    assert (kinds(decision), codes(decision)[0]) == ([], ReasonCode.TIMELINE_WAITS)
    assert [x.timeline for x in messages_after(decision).values()] == [TimelineState.WAITING]


def test_what_waited_is_written_before_the_new_message() -> None:
    decision = decide(received(), facts(waiting=(WAITING,)))
    assert [x.message for x in entries(decision)] == [WAITING.id, message().id]
    assert messages_after(decision)[WAITING.id].timeline is TimelineState.WRITTEN


def test_what_was_edited_or_deleted_while_it_waited_reads_so() -> None:
    """WZ-10."""
    changed = replace(WAITING, text="better", edits=(TEXT,), deleted_at=NOW)
    updates = [
        x
        for x in effects(decide(received(), facts(waiting=(changed,))))
        if isinstance(x, UpdateTimelineEntry)
    ]
    assert [(x.message, x.note) for x in updates] == [(WAITING.id, "deleted by contact")]


def test_once_switched_off_what_waited_is_not_written() -> None:
    """FEED-02."""
    decision = decide(received(), facts(waiting=(WAITING,)), OFF)
    assert (entries(decision), WAITING.id in messages_after(decision)) == ([], False)


@pytest.mark.parametrize("author", [ANA, BRUNO, LUIS])
def test_whoever_wrote_is_the_author(author: EmployeeId) -> None:
    """ROL-08: also a manager in the chat of another."""
    (entry,) = entries(decide(sent(author=author), facts(chat(ANA))))
    assert entry.author == crm_id(author)
