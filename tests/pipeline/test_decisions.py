"""Decision records: the same bytes again from what was stored, and nothing private in them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from bridge import codec
from bridge.domain.decisions import Decision, Wait
from bridge.domain.events import Event, MessageReceived
from bridge.domain.facts import Facts, OpenSend
from bridge.domain.names import EventKey, MessageId
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.records import TimelineState
from bridge.domain.routing import route
from bridge.pipeline.ledger import (
    Record,
    evaluate_again,
    event_of,
    idempotency_key,
    record_of,
    stored_event,
    stored_facts,
)
from bridge.policy.reading import hash_of, policy_of
from tests.domain.building import (
    ANA,
    NAME,
    NOW,
    PHONE,
    POLICY,
    TEXT,
    chat,
    decide,
    deleted,
    edited,
    facts,
    identified,
    message,
    new_chat,
    received,
    sent,
    where,
)
from tests.domain.worlds import events, facts_of_any_kind, policies

CANARIES = (TEXT, PHONE, PHONE.removeprefix("+"), NAME, "other words", "clara_c", "chat-1")


def recorded(event: Event, given: Facts, by: Policy) -> bytes | None:
    """The stored record of this event; None when it waits. The policy is the one every process
    reads: from its canonical text."""
    read = policy_of(_canonical(by))
    decided = route(event, given, read)
    if isinstance(decided, Wait):
        return None
    return codec.encode(record_of(decided, hash_of(_canonical(by)), "people"))


def again(event: Event, given: Facts, by: Policy) -> bytes:
    return evaluate_again(
        kind=type(event).__name__,
        event=stored_event(event),
        facts=stored_facts(given),
        policy=policy_of(_canonical(by)),
        config_hash=hash_of(_canonical(by)),
        directory=given.directory,
        directory_hash="people",
    )


def _canonical(policy: Policy) -> str:
    return codec.encode(policy).decode()


@given(events(), facts_of_any_kind(), policies())
def test_the_stored_input_gives_the_stored_record(
    event: Event, known: Facts, policy: Policy
) -> None:
    """Byte for byte, whatever was decided."""
    record = recorded(event, known, policy)
    assert record is None or again(event, known, policy) == record


@given(events(), facts_of_any_kind())
def test_stored_input_is_read_back_whether_defaults_were_stored_or_not(
    event: Event, known: Facts
) -> None:
    """Before, every field was stored."""
    told, facts_told = replace(event, raw=""), replace(known, directory=Directory())
    for stored in (stored_event(event), codec.encode(told)):
        assert event_of(type(event).__name__, stored) == told
    for stored in (stored_facts(known), codec.encode(facts_told)):
        assert codec.decode(Facts, stored) == facts_told


def test_a_value_that_is_no_default_is_stored_though_it_says_no() -> None:
    known = replace(facts(), is_open_stage=False)
    assert codec.decode(Facts, stored_facts(known)).is_open_stage is False
    assert b"undecided" not in stored_facts(known)


@given(events(), facts_of_any_kind(), policies())
def test_no_record_holds_a_text_a_number_or_a_name(
    event: Event, known: Facts, policy: Policy
) -> None:
    record = (recorded(event, known, policy) or b"").decode()
    assert [word for word in CANARIES if word in record] == []


@pytest.mark.parametrize(
    ("event", "known"),
    [
        (received(chat=where(username="clara_c")), facts()),
        (received(), facts(chat(ANA))),
        (sent(author=ANA), facts(new_chat(), waiting=(message(timeline=TimelineState.WAITING),))),
        (edited("other words"), facts(chat(ANA), message=message())),
        (deleted(), facts(chat(ANA), message=message())),
        (identified(), facts(new_chat())),
    ],
)
def test_what_happened_is_told_without_what_was_said(event: Event, known: Facts) -> None:
    record = recorded(event, known, POLICY)
    assert record is not None
    assert [word for word in CANARIES if word in record.decode()] == []
    assert codec.decode(Record, record).reasons


def test_a_stored_event_goes_without_the_vendors_item() -> None:
    """The inbox keeps that; one place to erase it from."""
    assert b"vendor's item" not in stored_event(received(raw="the vendor's item"))


def test_stored_facts_name_their_people_by_hash() -> None:
    assert b"N-ana@acme.example" not in stored_facts(facts())


def test_a_record_says_by_which_configuration_and_people_it_was_decided() -> None:
    record = record_of(decide(received(), facts()), "config", "people")
    assert (record.config_hash, record.directory_hash) == ("config", "people")
    assert record.code_version


def test_another_policy_gives_another_record() -> None:
    """Else reproducing would prove nothing."""
    event, known = received(), facts()
    other = replace(POLICY, employees={ANA: POLICY.employees[ANA]})
    assert again(event, known, other) != recorded(event, known, POLICY)


def test_other_facts_give_another_record() -> None:
    event = received()
    assert again(event, facts(), POLICY) != recorded(event, facts(chat(ANA)), POLICY)


def test_what_was_never_decided_cannot_be_decided_again() -> None:
    open_send = OpenSend(message=MessageId("ms_own"), text="", unknown=False)
    with pytest.raises(LookupError):
        again(sent(), facts(open_sends=(open_send,)), POLICY)


def test_an_event_that_this_version_does_not_know_is_refused() -> None:
    with pytest.raises(LookupError, match="PigeonReceived"):
        evaluate_again(
            kind="PigeonReceived",
            event=b"{}",
            facts=stored_facts(facts()),
            policy=POLICY,
            config_hash="",
            directory=facts().directory,
            directory_hash="",
        )


def test_every_effect_has_a_key_of_its_own_and_replaying_gives_the_same() -> None:
    """NEW-08, WZ-05."""
    keys = [_keys(decide(received(), facts())) for _ in range(2)]
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == len(keys[0]) == 3


def test_another_event_has_other_keys() -> None:
    first, second = (decide(received(x), facts()) for x in ("m1", "m2"))
    assert not set(_keys(first)) & set(_keys(second))


def _keys(decision: Decision) -> list[str]:
    return [idempotency_key(decision, place) for place in range(len(decision.effects))]


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=3)])
def test_when_it_is_evaluated_again_does_not_matter(late: timedelta) -> None:
    """The stored facts bear the time at which it was decided."""
    event: MessageReceived = received(event_key=EventKey("k"), occurred_at=NOW - late)
    assert again(event, facts(), POLICY) == recorded(event, facts(), POLICY)
