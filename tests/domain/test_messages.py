"""Messages from clients and from us: echoes, edits, deletions, statuses (WZ-05, WZ-09 to WZ-11)."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.changes import Park, PutMessage, SettleSend
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.effects import UpdateTimelineEntry
from bridge.domain.facts import OpenSend
from bridge.domain.messaging import Direction, MediaKind, MessageStatus
from bridge.domain.messaging import Media as File
from bridge.domain.names import MessageId
from bridge.domain.parking import PATIENCE
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import Message, TimelineState
from bridge.domain.routing import route
from tests.domain.building import (
    ANA,
    NOW,
    OTTO,
    POLICY,
    TEXT,
    chat,
    codes,
    conversation_after,
    decide,
    deleted,
    edited,
    effects,
    facts,
    kinds,
    message,
    messages_after,
    received,
    sent,
    status,
    waits,
)

S = MessageStatus
LONG_AGO = NOW - timedelta(minutes=10)
WRITTEN = message(timeline=TimelineState.WRITTEN)


def only(decision: Decision) -> Message:
    (found,) = messages_after(decision).values()
    return found


def note(decision: Decision) -> str:
    (update,) = [x for x in effects(decision) if isinstance(x, UpdateTimelineEntry)]
    return update.note


def test_a_clients_message_is_kept_as_he_wrote_it() -> None:
    """FEED-07."""
    kept = only(decide(received(reply_to="m0"), facts(chat(ANA))))
    assert (kept.direction, kept.text, kept.vendor_id, kept.reply_to, kept.status) == (
        Direction.IN,
        TEXT,
        "m1",
        "m0",
        S.RECEIVED,
    )


@pytest.mark.parametrize(("author", "known"), [(ANA, ANA), (OTTO, OTTO), (None, None)])
def test_a_message_typed_elsewhere_bears_its_author(author: Any, known: Any) -> None:
    """FEED-07, WZ-09."""
    kept = only(decide(sent(author=author, sent_from="phone"), facts(chat(ANA))))
    assert (kept.direction, kept.author, kept.sent_from) == (Direction.OUT, known, "phone")


def test_an_echo_of_a_stored_message_makes_no_second_entry() -> None:
    """WZ-09."""
    decision = decide(sent(), facts(chat(ANA), message=message(Direction.OUT, "m2")))
    assert (codes(decision), decision.changes, decision.effects) == (
        [ReasonCode.MESSAGE_ECHO],
        (),
        (),
    )


def test_an_echo_from_the_phone_makes_one_outgoing_entry() -> None:
    """WZ-09."""
    assert kinds(decide(sent(sent_from="phone"), facts(chat(ANA)))) == ["WriteTimelineEntry"]


OPEN = OpenSend(message=MessageId("ms_own"), text=TEXT, unknown=False)
LOST = OpenSend(message=MessageId("ms_own"), text=TEXT, unknown=True)


def test_an_echo_waits_while_our_send_is_open() -> None:
    """WZ-09: the vendor's answer will say whether it is ours."""
    wait = waits(sent(), facts(chat(ANA), open_sends=(OPEN,)))
    assert (wait.until > NOW, wait.reason.code) == (True, ReasonCode.MESSAGE_ECHO)


@pytest.mark.parametrize("sent_from", ["phone", "window"])
@pytest.mark.parametrize("send", [OPEN, LOST])
def test_what_was_typed_by_hand_waits_for_no_send_of_ours(sent_from: str, send: OpenSend) -> None:
    decision = decide(sent(sent_from=sent_from), facts(chat(ANA), open_sends=(send,)))
    assert len(messages_after(decision)) == 1


def test_an_echo_settles_the_send_of_unknown_outcome() -> None:
    decision = decide(sent(), facts(chat(ANA), open_sends=(LOST,)))
    assert decision.changes == (SettleSend(message=MessageId("ms_own"), vendor_id="m2"),)
    assert decision.effects == ()


def test_an_echo_with_another_text_settles_nothing() -> None:
    decision = decide(sent(text="something else"), facts(chat(ANA), open_sends=(LOST,)))
    assert not [x for x in decision.changes if isinstance(x, SettleSend)]
    assert len(messages_after(decision)) == 1


@pytest.mark.parametrize(
    ("event", "since"),
    [
        (received(), NOW - timedelta(minutes=5)),
        (sent(), None),
        (sent(occurred_at=NOW - timedelta(minutes=6)), NOW - timedelta(minutes=5)),
    ],
)
def test_only_an_answer_ends_being_unanswered(event: Any, since: Any) -> None:
    """WS-06: a message that left before the client wrote is none."""
    assert conversation_after(decide(event, facts(chat(ANA)))).unanswered_since == since


def test_after_an_answer_the_next_message_is_unanswered_anew() -> None:
    """WS-06."""
    answered = facts(chat(ANA, unanswered_since=None))
    assert conversation_after(decide(received(), answered)).unanswered_since == NOW


def test_a_late_message_moves_no_clock_back() -> None:
    late = decide(received(occurred_at=LONG_AGO), facts(chat(ANA)))
    after = conversation_after(late)
    assert (after.last_message_at, after.last_inbound_at) == (
        NOW - timedelta(minutes=5),
        NOW - timedelta(minutes=5),
    )


def test_an_edit_keeps_the_earlier_text_and_rewrites_the_entry() -> None:
    """WZ-10."""
    decision = decide(edited("better"), facts(chat(ANA), message=WRITTEN))
    assert (only(decision).text, only(decision).edits) == ("better", (TEXT,))
    assert (kinds(decision), note(decision)) == (["UpdateTimelineEntry"], "edited")


def test_a_deletion_keeps_the_text_and_rewrites_the_entry() -> None:
    """WZ-10."""
    decision = decide(deleted(), facts(chat(ANA), message=WRITTEN))
    assert (only(decision).text, only(decision).deleted_at) == (TEXT, NOW)
    assert note(decision) == "deleted by contact"


def test_our_own_deletion_says_so() -> None:
    ours = message(Direction.OUT, "m1", timeline=TimelineState.WRITTEN)
    event = deleted(direction=Direction.OUT)
    assert note(decide(event, facts(chat(ANA), message=ours))) == "deleted by us"


@pytest.mark.parametrize("timeline", [TimelineState.WAITING, TimelineState.OFF])
@pytest.mark.parametrize("event", [edited("better"), deleted()])
def test_without_an_entry_there_is_none_to_rewrite(event: Any, timeline: TimelineState) -> None:
    """FEED-02."""
    assert kinds(decide(event, facts(chat(ANA), message=message(timeline=timeline)))) == []


@pytest.mark.parametrize(
    ("event", "known"),
    [
        (deleted(), replace(WRITTEN, deleted_at=NOW)),
        (received(), WRITTEN),
        (received(), replace(WRITTEN, text="better", edits=(TEXT,))),
        (
            edited("second", old_text=TEXT),
            replace(WRITTEN, text="third", edits=(TEXT, "second")),
        ),
    ],
)
def test_what_is_known_already_changes_nothing(event: Any, known: Message) -> None:
    """WZ-05, WZ-10."""
    decision = decide(event, facts(chat(ANA), message=known))
    assert (decision.verdict, decision.changes, decision.effects) == (Verdict.IGNORED, (), ())


def test_an_edit_that_leaves_the_text_changes_nothing_to_be_seen() -> None:
    """WZ-10: a link's preview came, say. It is kept, so that no order of edits matters."""
    decision = decide(edited(TEXT), facts(chat(ANA), message=WRITTEN))
    assert (only(decision).text, only(decision).edits, decision.effects) == (TEXT, (), ())


def test_an_edit_back_to_an_earlier_text_counts() -> None:
    """WZ-10."""
    known = replace(WRITTEN, text="second", edits=(TEXT,))
    event = edited(TEXT, old_text="second")
    assert only(decide(event, facts(chat(ANA), message=known))).text == TEXT


def test_an_edit_whose_original_never_came_is_kept_as_a_message() -> None:
    """WZ-10: nothing is lost."""
    decision = decide(edited("better"), facts(chat(ANA)))
    assert (only(decision).text, kinds(decision)) == ("better", ["WriteTimelineEntry"])


def test_an_original_that_comes_after_its_edit_is_the_earlier_text() -> None:
    """WZ-10."""
    first = only(decide(edited("better"), facts(chat(ANA))))
    decision = decide(received(occurred_at=LONG_AGO), facts(chat(ANA), message=first))
    assert (only(decision).text, only(decision).edits) == ("better", (TEXT,))
    assert (only(decision).occurred_at, kinds(decision)) == (LONG_AGO, ["UpdateTimelineEntry"])


@pytest.mark.parametrize(
    "event",
    [
        deleted(),
        status(S.DELIVERED),
        edited("better", direction=Direction.OUT),
        edited("better", chat=None),
    ],
)
def test_what_is_said_of_an_unknown_message_waits_for_it(event: Any) -> None:
    """WZ-10, WZ-11: its send may be open, or it is on its way."""
    decision = decide(event, facts(chat(ANA)))
    assert (decision.verdict, codes(decision)) == (Verdict.PARKED, [ReasonCode.MESSAGE_PARKED])
    assert (decision.changes, decision.effects) == ((Park(target=event.message_id),), ())


@pytest.mark.parametrize("happened", [NOW, NOW - timedelta(days=3)], ids=["fresh", "days late"])
@pytest.mark.parametrize(
    ("waited", "verdict"),
    [
        (None, Verdict.PARKED),
        (timedelta(0), Verdict.PARKED),
        (PATIENCE - timedelta(microseconds=1), Verdict.PARKED),
        (-PATIENCE, Verdict.PARKED),  # a clock that was wrong
        (PATIENCE, Verdict.IGNORED),
        (PATIENCE * 30, Verdict.IGNORED),
    ],
)
def test_patience_counts_from_when_we_heard_of_it(
    happened: datetime, waited: timedelta | None, verdict: Verdict
) -> None:
    """A vendor who was down for days gets as much of it as any other."""
    since = None if waited is None else NOW - waited
    event = status(S.DELIVERED, occurred_at=happened)
    assert decide(event, facts(chat(ANA), parked_at=since)).verdict is verdict


def after_statuses(words: Any, start: MessageStatus = S.QUEUED) -> MessageStatus:
    """The status that these events leave, one after the other."""
    found = message(Direction.OUT, "m2", status=start)
    for word in words:
        decision = decide(status(word), facts(chat(ANA), message=found))
        found = messages_after(decision).get(found.id, found)
    return found.status


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ((S.SENT, S.DELIVERED, S.READ), S.READ),
        ((S.READ, S.DELIVERED), S.READ),
        ((S.DELIVERED, S.SENT), S.DELIVERED),
        ((S.FAILED, S.READ, S.SENT), S.FAILED),
        ((S.UNKNOWN, S.QUEUED, S.RECEIVED), S.QUEUED),
    ],
)
def test_a_status_moves_forward_only(words: tuple[MessageStatus, ...], end: MessageStatus) -> None:
    """WZ-11."""
    assert after_statuses(words) is end


@given(st.lists(st.sampled_from(list(S)), max_size=4))
def test_statuses_end_alike_in_any_order(words: list[MessageStatus]) -> None:
    """WZ-11, WZ-05."""
    assert len({after_statuses(order) for order in permutations(words)}) == 1


def test_a_clients_message_has_no_delivery_status() -> None:
    """WZ-11."""
    decision = decide(status(S.READ, "m1"), facts(chat(ANA), message=message()))
    assert codes(decision) == [ReasonCode.MESSAGE_STATUS_OLDER]


def test_a_failure_keeps_the_vendors_word() -> None:
    event = status(S.FAILED, error_code="131047")
    decision = decide(event, facts(chat(ANA), message=message(Direction.OUT, "m2")))
    assert only(decision).error.startswith("131047")


LIFE = (
    received(),
    edited("second", old_text=TEXT, occurred_at=NOW + timedelta(seconds=1)),
    deleted(occurred_at=NOW + timedelta(seconds=2)),
)


def lived(events: list[Any]) -> Message | None:
    """The message that these events leave; what waits is tried again at the end."""
    found: Message | None = None
    given = replace(facts(chat(ANA)), now=NOW + timedelta(seconds=5))
    for event in [*events, *events]:
        decision = route(event, replace(given, message=found), POLICY)
        found = _after(decision, found)
    return found


def _after(decision: Any, found: Message | None) -> Message | None:
    puts = [x.message for x in getattr(decision, "changes", ()) if isinstance(x, PutMessage)]
    return puts[-1] if puts else found


@given(st.permutations([*LIFE, *LIFE]))
def test_replays_in_any_order_leave_the_same_message(events: list[Any]) -> None:
    """WZ-05, WZ-10."""
    whole = lived(list(LIFE))
    assert whole is not None
    assert (whole.text, whole.edits, whole.deleted_at) == (
        "second",
        (TEXT,),
        NOW + timedelta(seconds=2),
    )
    assert lived(events) == whole


def test_a_file_without_text_is_a_message() -> None:
    """FEED-06."""
    picture = File(kind=MediaKind.IMAGE, url="https://files.example/1", name="a.png")
    kept = only(decide(received(text="", media=(picture,)), facts(chat(ANA))))
    assert (kept.text, kept.media) == ("", (picture,))
