"""What holds for every chat, policy and event that there may be."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.access import access, is_unowned, owners
from bridge.domain.changes import PutMessage, TakeTurn
from bridge.domain.decisions import Decision
from bridge.domain.effects import CreateContact, CreateDeal, CreateLead, SendMessage
from bridge.domain.events import Event
from bridge.domain.facts import ChatFacts, Facts
from bridge.domain.notifications import Mark, mark, told
from bridge.domain.people import Directory, Role
from bridge.domain.policy import Policy
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import ClientState, TimelineState
from bridge.domain.routing import route
from bridge.domain.telling import has_left
from tests.domain.building import (
    NOW,
    chat_after,
    conversation_after,
    decide,
    received,
    told_of,
)
from tests.domain.worlds import PEOPLE, chats, directories, events, facts_of_any_kind, policies

READS = {
    Role.MANAGER: (True, True),
    Role.QUALITY_CONTROL: (True, False),
    Role.NONE: (False, False),
}


@given(chats(), policies(), directories)
def test_roles_above_ownership(chat: ChatFacts, policy: Policy, people: Directory) -> None:
    """ROL-07 to ROL-10, ROL-14: quality control never writes, none never reads, managers do all."""
    for who in map(policy.employee, PEOPLE):
        granted = access(who, chat, people, policy, NOW)
        expected = READS.get(who.role, (granted.can_read, granted.can_write))
        assert (granted.can_read, granted.can_write) == expected


@given(chats(), policies(), directories)
def test_access_is_one_answer(chat: ChatFacts, policy: Policy, people: Directory) -> None:
    """ROL-02: total, deterministic, with a reason; nobody writes where he does not read."""
    for who in map(policy.employee, PEOPLE):
        granted = access(who, chat, people, policy, NOW)
        assert granted == access(who, chat, people, policy, NOW)
        assert granted.can_read or not granted.can_write
        assert granted.reason.detail


@given(chats(), policies(), directories)
def test_a_salesperson_reads_iff_he_answers_for_the_client(
    chat: ChatFacts, policy: Policy, people: Directory
) -> None:
    """ROL-05, ROL-06, WS-08, WS-09, spelled out a second time and in another way."""
    sales = [e for e in map(policy.employee, PEOPLE) if e.role is Role.SALESPERSON]
    readable = _is_open_to_salespeople(chat)
    for who in sales:
        granted = access(who, chat, people, policy, NOW).can_read
        responsible = _answers_for(chat, policy, people, who.id)
        takes = is_unowned(chat) and who.gets_new_clients and _is_fresh(chat, policy)
        seen = readable and who.has_channel(chat.conversation.channel)
        assert granted is (seen and (responsible or takes))


def _is_open_to_salespeople(chat: ChatFacts) -> bool:
    identified = chat.conversation.client in (ClientState.NEW, ClientState.KNOWN)
    return identified and (chat.contact is None or chat.contact.state == "active")


def _answers_for(chat: ChatFacts, policy: Policy, people: Directory, who: str) -> bool:
    owned = owners(chat, people)
    fresh = [
        o
        for o in owned
        if NOW - o.as_of <= policy.ownership.max_age or o.reason.code is ReasonCode.OWNER_CLAIMED
    ]
    if any(o.employee == who for o in owned):
        return any(o.employee == who for o in fresh)
    return _stands_in(chat, policy, people, who)


def _stands_in(chat: ChatFacts, policy: Policy, people: Directory, who: str) -> bool:
    """`ownership.fallback`, where somebody owns the client and none of those can answer."""
    records = [r for r in (chat.contact, *chat.deals, *chat.leads) if r is not None]
    owned = [r.owner for r in records if getattr(r, "is_open", True) and r.owner.crm_id]
    entries = [policy.employee(o.employee) for o in owners(chat, people)]
    channel = chat.conversation.channel
    answer = [
        e
        for e in entries
        if e.role is Role.MANAGER or (e.role is Role.SALESPERSON and e.has_channel(channel))
    ]
    fresh = all(NOW - o.as_of <= policy.ownership.max_age for o in owned)
    return bool(owned) and not answer and fresh and who == policy.ownership.fallback


def _is_fresh(chat: ChatFacts, policy: Policy) -> bool:
    known = chat.contact
    return known is None or NOW - known.owner.as_of <= policy.ownership.max_age


@given(chats(), policies(), directories)
def test_marks_follow_access(chat: ChatFacts, policy: Policy, people: Directory) -> None:
    """WS-07, NOT-06: no mark without reading, and only red is told."""
    heard = {x.employee for x in told(chat, people, policy, NOW)}
    for who in map(policy.employee, PEOPLE):
        tone, _ = mark(who, chat, people, policy, NOW)
        granted = access(who, chat, people, policy, NOW)
        assert (tone is Mark.NONE) is not granted.can_read
        assert tone is not Mark.RED or granted.can_write
        assert who.id not in heard or tone is Mark.RED


@given(chats(), policies(), directories)
def test_everybody_whose_mark_is_red_is_told(
    chat: ChatFacts, policy: Policy, people: Directory
) -> None:
    """NOT-01: whoever is weighed, nobody is left out but those who have left."""
    red = [
        who.id
        for who in policy.employees.values()
        if mark(who, chat, people, policy, NOW)[0] is Mark.RED and not has_left(who.id, people)
    ]
    assert [x.employee for x in told(chat, people, policy, NOW)] == red


@given(events(), facts_of_any_kind(), policies())
def test_route_is_pure(event: Event, facts: Facts, policy: Policy) -> None:
    """The same input gives the same decision, and stays as it was."""
    before = deepcopy((event, facts, policy))
    assert route(event, facts, policy) == route(event, facts, policy)
    assert (event, facts, policy) == before


@given(events(), facts_of_any_kind(), policies())
def test_every_decision_has_reasons_of_the_closed_list(
    event: Event, facts: Facts, policy: Policy
) -> None:
    decided = route(event, facts, policy)
    reasons = decided.reasons if isinstance(decided, Decision) else (decided.reason,)
    assert reasons
    assert all(reason.code in ReasonCode and reason.detail for reason in reasons)


@given(st.one_of(st.none(), chats()), facts_of_any_kind(), policies())
def test_nobody_is_told_of_a_message_that_he_may_not_read(
    chat: ChatFacts | None, facts: Facts, policy: Policy
) -> None:
    """ROL-06: one function decides access, for notifications alike."""
    known = replace(facts, message=None, same_phone=(), kin=(), identities=(), **_of(chat))
    decided = decide(received(), known, policy)
    after = _after(decided, known)
    for employee in told_of(decided):
        person = policy.employee(employee)
        assert access(person, after, facts.directory, policy, NOW).can_read


def _of(chat: ChatFacts | None) -> dict[str, Any]:
    names = ("conversation", "contact", "deals", "leads")
    empty: dict[str, Any] = {"conversation": None, "contact": None, "deals": (), "leads": ()}
    return empty if chat is None else {name: getattr(chat, name) for name in names}


def _after(decided: Decision, facts: Facts) -> ChatFacts:
    """The chat as stored; records of a contact that it left behind don't count."""
    conversation = conversation_after(decided)
    stays = facts.contact is not None and conversation.contact == facts.contact.id
    before = ChatFacts(
        conversation=conversation,
        contact=facts.contact if stays else None,
        deals=facts.deals if stays else (),
        leads=facts.leads if stays else (),
    )
    return chat_after(decided, before)


@given(events(), facts_of_any_kind(), policies())
def test_a_turn_moves_only_with_a_real_assignment(
    event: Event, facts: Facts, policy: Policy
) -> None:
    decided = route(event, facts, policy)
    changes = decided.changes if isinstance(decided, Decision) else ()
    turns = [x.employee for x in changes if isinstance(x, TakeTurn)]
    assert turns in ([], [getattr(decided, "target", None)])


@given(events(), facts_of_any_kind(), policies())
def test_nothing_is_sent_to_a_client_by_itself(event: Event, facts: Facts, policy: Policy) -> None:
    decided = route(event, facts, policy)
    planned = decided.effects if isinstance(decided, Decision) else ()
    assert not [x for x in planned if isinstance(x.effect, SendMessage)]


@given(events(), facts_of_any_kind(), policies())
def test_at_most_one_of_each_is_created(event: Event, facts: Facts, policy: Policy) -> None:
    """NEW-08."""
    decided = route(event, facts, policy)
    planned = decided.effects if isinstance(decided, Decision) else ()
    made = [type(x.effect) for x in planned]
    assert made.count(CreateContact) <= 1
    assert made.count(CreateDeal) + made.count(CreateLead) <= 1


@given(events(), facts_of_any_kind(), policies())
def test_switched_off_nothing_is_written(event: Event, facts: Facts, policy: Policy) -> None:
    """FEED-02: no message is marked as written without an entry of its own."""
    decided = route(event, facts, policy)
    changes = decided.changes if isinstance(decided, Decision) else ()
    planned = decided.effects if isinstance(decided, Decision) else ()
    old = {x.id for x in (facts.message,) if x and x.timeline is TimelineState.WRITTEN}
    written = {
        x.message.id
        for x in changes
        if isinstance(x, PutMessage) and x.message.timeline is TimelineState.WRITTEN
    }
    entered = {getattr(x.effect, "message", None) for x in planned}
    assert written - old <= entered
