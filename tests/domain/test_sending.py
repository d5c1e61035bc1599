"""What an employee sends: may he, from where, as what (ROL-05 to ROL-10, CHN-03, WS-03)."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.domain.changes import PutMessage
from bridge.domain.effects import SendMessage
from bridge.domain.facts import ChannelFacts, ChatFacts, Facts
from bridge.domain.messaging import ChatKind, Media, MediaKind, MessageStatus, Messenger
from bridge.domain.names import EmployeeId
from bridge.domain.pieces import Carriage
from bridge.domain.policy import Distribution, NewClients, Policy
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import ClientState, TimelineState
from bridge.domain.sending import (
    MAX_TEXT,
    Letter,
    Refused,
    Sending,
    choose,
    decide_send,
    is_first,
)
from bridge.domain.written import own_message_id
from tests.domain.building import (
    ANA,
    BRUNO,
    CARLA,
    LUIS,
    NOW,
    POLICY,
    QA,
    TEXT,
    WA,
    WA_NORTH,
    chat,
    codes,
    conversation_after,
    crm_id,
    effects,
    facts,
    kinds,
    message,
    new_chat,
    policy,
    sent,
    with_employee,
)

FIRST = policy(new_clients=NewClients(distribution=Distribution.FIRST_TO_ANSWER))
FILES = tuple(
    Media(kind=MediaKind.DOCUMENT, url=f"https://files.example/{n}", name=f"{n}.pdf")
    for n in (1, 2)
)


def attempt(
    who: EmployeeId = ANA,
    given: ChatFacts | None = None,
    by: Policy = POLICY,
    known: Facts | None = None,
    carriage: Carriage | None = None,
    **written: Any,
) -> Sending | Refused:
    given = given or chat(ANA)
    known = known or facts(given)
    states = {WA: ChannelFacts(name=WA)}
    _, choice = choose(by.employee(who), given, None, known, by, states)
    event = replace(sent("own", author=who, sent_from="bridge"), **written)
    letter = Letter(employee=by.employee(who), event=event, key="k1", chat=given)
    return decide_send(letter, choice, known, by, carriage)


def gone(*args: Any, **written: Any) -> Sending:
    sending = attempt(*args, **written)
    assert isinstance(sending, Sending)
    return sending


def sends(sending: Sending) -> list[SendMessage]:
    return [x for x in effects(sending.decision) if isinstance(x, SendMessage)]


@pytest.mark.parametrize(
    ("who", "owned_by", "may"),
    [
        (ANA, ANA, True),
        (BRUNO, ANA, False),
        (LUIS, ANA, True),
        (LUIS, None, True),
        (QA, ANA, False),
        (QA, QA, False),
        (ANA, None, True),
        (CARLA, None, False),
    ],
)
def test_who_may_write(who: EmployeeId, owned_by: EmployeeId | None, may: bool) -> None:
    """ROL-05, ROL-08, ROL-10, WS-08."""
    given = chat(owned_by)
    granted, _ = choose(POLICY.employee(who), given, None, facts(given), POLICY, {})
    assert granted.can_write is may


def test_a_reply_leaves_from_the_chats_channel_and_a_first_message_from_the_priority() -> None:
    """CHN-03."""
    by = with_employee(POLICY, ANA, priority_channel={Messenger.WHATSAPP: WA_NORTH})
    reply, first = chat(ANA), chat(ANA, last_message_at=None, last_inbound_at=None)
    left = [choose(by.employee(ANA), x, None, facts(x), by, {})[1].channel for x in (reply, first)]
    assert left == [WA, WA_NORTH]
    assert [is_first(x) for x in (reply, first)] == [False, True]


def test_the_writer_may_choose_another_channel() -> None:
    """CHN-04."""
    _, choice = choose(POLICY.employee(ANA), chat(ANA), WA_NORTH, facts(), POLICY, {})
    assert (choice.channel, choice.reason.code) == (WA_NORTH, ReasonCode.CHANNEL_CHOSEN)


def test_a_message_is_stored_sent_and_written_to_the_timeline() -> None:
    """FEED-07."""
    sending = gone()
    (effect,) = sends(sending)
    (stored,) = sending.messages
    assert (effect.message, effect.chat_id, effect.channel_id, effect.text, effect.author) == (
        stored.id,
        "chat-1",
        "id-wa",
        TEXT,
        crm_id(ANA),
    )
    assert (stored.status, stored.author, stored.sent_from) == (MessageStatus.QUEUED, ANA, "bridge")
    assert kinds(sending.decision) == ["SendMessage", "WriteTimelineEntry"]


def test_a_manager_is_the_author_in_anothers_chat() -> None:
    """ROL-08."""
    assert [x.author for x in gone(LUIS).messages] == [LUIS]


def test_text_and_files_leave_one_by_one_the_text_first() -> None:
    """WS-03."""
    sending = gone(media=FILES)
    assert [(x.text, x.media) for x in sends(sending)] == [
        (TEXT, None),
        ("", FILES[0]),
        ("", FILES[1]),
    ]
    assert len({x.key for x in sends(sending)}) == 3


def test_a_file_alone_is_one_message() -> None:
    """WS-03."""
    assert [(x.text, x.media) for x in sends(gone(text="  ", media=FILES[:1]))] == [("", FILES[0])]


@pytest.mark.parametrize(
    "text", ["", "   ", "\n", "\u200b\ufeff", "\u200f\u202e", "\x00", "\u2800 \u3164", "\ufe0f"]
)
def test_nothing_is_not_sent(text: str) -> None:
    refused = attempt(text=text)
    assert isinstance(refused, Refused)
    assert refused.reason.code is ReasonCode.MESSAGE_EMPTY


@pytest.mark.parametrize(("length", "too_long"), [(MAX_TEXT, False), (MAX_TEXT + 1, True)])
def test_a_letter_longer_than_any_is_refused(length: int, too_long: bool) -> None:
    refused = attempt(text="x" * length)
    assert isinstance(refused, Refused) is too_long


def test_a_text_longer_than_the_messenger_takes_leaves_in_parts_one_after_the_other() -> None:
    sending = gone(text="one two three", carriage=Carriage(max_text=8))
    assert [x.text for x in sends(sending)] == ["one two", "three"]
    first, second = sends(sending)
    assert (first.after, second.after) == (None, first.message)
    assert [(m.part, m.parts) for m in sending.messages] == [(1, 2), (2, 2)]
    assert ReasonCode.MESSAGE_SPLIT in codes(sending.decision)


@pytest.mark.parametrize(
    ("captions", "texts", "count"),
    [
        ({}, [TEXT, ""], 2),
        ({MediaKind.IMAGE: 1024}, [TEXT, ""], 2),
        ({MediaKind.DOCUMENT: 1}, [TEXT, ""], 2),
        ({MediaKind.DOCUMENT: 1024}, [TEXT], 1),
    ],
)
def test_a_file_bears_the_text_where_the_messenger_can(
    captions: dict[MediaKind, int], texts: list[str], count: int
) -> None:
    """WS-03: Wazzup never can."""
    sending = gone(media=FILES[:1], carriage=Carriage(captions=captions))
    assert [x.text for x in sends(sending)] == texts
    assert (len(sending.messages), sends(sending)[-1].media) == (count, FILES[0])


def test_several_files_and_a_text_never_go_together() -> None:
    sending = gone(media=FILES, carriage=Carriage(captions={MediaKind.DOCUMENT: 1024}))
    assert [x.text for x in sends(sending)] == [TEXT, "", ""]
    first, second, third = sends(sending)
    assert (second.after, third.after) == (first.message, second.message)


def test_the_same_key_gives_the_same_message() -> None:
    first, second = (gone().messages[0].id for _ in range(2))
    assert first == second


def test_the_same_key_of_another_is_another_message() -> None:
    event = gone().event
    assert own_message_id(event, 0) != own_message_id(replace(event, employee=BRUNO), 0)


def test_sending_answers_the_client() -> None:
    """WS-06."""
    after = conversation_after(gone().decision)
    assert (after.unanswered_since, after.last_message_at) == (None, NOW)


def test_a_person_sends_not_a_machine() -> None:
    """WS-05: only automatic sends leave the unanswered mark."""
    assert [x.automatic for x in sends(gone())] == [False]


def test_answering_an_open_client_claims_him() -> None:
    """WS-10: contact, deal and what waited, then the answer."""
    waiting = (message(timeline=TimelineState.WAITING),)
    known = facts(new_chat(), waiting=waiting)
    sending = gone(BRUNO, new_chat(), FIRST, known)
    assert (sending.decision.target, sending.messages[0].timeline) == (
        BRUNO,
        TimelineState.WRITTEN,
    )
    assert kinds(sending.decision) == [
        "CreateContact",
        "CreateDeal",
        "SendMessage",
        "WriteTimelineEntry",
        "WriteTimelineEntry",
    ]


@pytest.mark.parametrize("who", [LUIS, CARLA])
def test_answering_without_taking_new_clients_claims_nothing(who: EmployeeId) -> None:
    """ROL-16: no owner change happens by answering."""
    sending = gone(who, new_chat(), FIRST)
    assert (sending.decision.target, kinds(sending.decision)) == (None, ["SendMessage"])


def test_while_the_crm_is_down_a_manager_answers_and_the_entry_waits() -> None:
    """ROL-17."""
    sending = gone(LUIS, new_chat(client=ClientState.UNIDENTIFIED))
    assert kinds(sending.decision) == ["SendMessage"]
    assert sending.messages[0].timeline is TimelineState.WAITING


def test_a_message_to_a_group_is_on_no_timeline() -> None:
    """WZ-14: nor does it wait for a contact that never comes."""
    group = new_chat(client=ClientState.GROUP, kind=ChatKind.GROUP)
    sending = gone(LUIS, group)
    assert (sending.messages[0].timeline, sends(sending)[0].chat_kind) == (
        TimelineState.OFF,
        ChatKind.GROUP,
    )


def test_the_decision_says_from_where_and_what_was_passed_over() -> None:
    decision = gone().decision
    assert codes(decision)[0] is ReasonCode.CHANNEL_OF_CHAT
    assert [(x.employee, x.chosen) for x in decision.candidates] == [(ANA, True)]


def test_every_message_is_stored_before_it_leaves() -> None:
    decision = gone(media=FILES).decision
    stored = [x.message.id for x in decision.changes if isinstance(x, PutMessage)]
    assert stored == [
        x.effect.message for x in decision.effects if isinstance(x.effect, SendMessage)
    ]
