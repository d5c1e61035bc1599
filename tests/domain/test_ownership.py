"""Whose chat a known client's message is: precedence, those who left, the fallback (ROL-11)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.facts import ChatFacts
from bridge.domain.names import CrmId, EmployeeId, RecordId
from bridge.domain.people import Directory
from bridge.domain.policy import Ownership, Policy
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import RecordKind
from tests.domain.building import (
    ANA,
    BRUNO,
    CARLA,
    DIRECTORY,
    LUIS,
    NOW,
    OTTO,
    POLICY,
    QA,
    TG,
    chat,
    codes,
    contact,
    deal,
    decide,
    facts,
    kinds,
    lead,
    owner,
    policy,
    received,
    told_of,
    turns_after,
    with_employee,
    without,
)

ALL_THREE = chat(ANA, deals=(deal(BRUNO),), leads=(lead(CARLA),))
FALLBACK = policy(ownership=Ownership(fallback=LUIS))


def target(
    given: ChatFacts, by: Policy = POLICY, people: Directory = DIRECTORY
) -> tuple[EmployeeId | None, str]:
    decision = decide(received(), facts(given, directory=people), by)
    return decision.target, decision.reasons[0].code.value


@pytest.mark.parametrize(
    ("precedence", "expected"),
    [
        ("deal contact lead", BRUNO),
        ("contact deal lead", ANA),
        ("lead deal contact", CARLA),
        ("lead", CARLA),
    ],
)
def test_the_owner_by_precedence(precedence: str, expected: EmployeeId) -> None:
    by = policy(ownership=Ownership(precedence=tuple(RecordKind(x) for x in precedence.split())))
    assert target(ALL_THREE, by) == (expected, "owner")


@pytest.mark.parametrize(
    ("given", "people", "expected"),
    [
        (ALL_THREE, without(BRUNO), (ANA, "owner")),
        (ALL_THREE, without(BRUNO, ANA), (CARLA, "owner")),
        (ALL_THREE, without(BRUNO, ANA, CARLA), (LUIS, "fallback")),
        (chat(ANA), without(ANA), (LUIS, "fallback")),
        (chat(OTTO), DIRECTORY, (LUIS, "fallback")),
        (chat(QA), DIRECTORY, (LUIS, "fallback")),
        (chat(ANA), Directory(), (LUIS, "fallback")),
        (chat(ANA, deals=(deal(BRUNO, is_open=False),)), DIRECTORY, (ANA, "owner")),
    ],
)
def test_an_owner_who_cannot_answer_is_passed_over(
    given: ChatFacts, people: Directory, expected: tuple[EmployeeId, str]
) -> None:
    assert target(given, FALLBACK, people) == expected


def test_an_owner_without_the_channel_is_passed_over() -> None:
    """He would not see the chat, so nobody would."""
    by = with_employee(FALLBACK, ANA, channels=frozenset({TG}))
    decision = decide(received(), facts(chat(ANA)), by)
    assert (decision.target, told_of(decision)) == (LUIS, {LUIS: ReasonCode.NOTIFY_RESPONSIBLE})
    assert decision.candidates[0].reason.code is ReasonCode.NO_CHANNEL_ACCESS


def test_without_a_fallback_managers_are_told() -> None:
    decision = decide(received(), facts(chat(ANA), directory=without(ANA)))
    assert (decision.target, codes(decision)[0]) == (None, ReasonCode.TARGET_NOBODY)
    assert told_of(decision) == {LUIS: ReasonCode.NOTIFY_NOBODY}


def test_those_passed_over_are_named_with_the_cause() -> None:
    decision = decide(received(), facts(ALL_THREE, directory=without(BRUNO)))
    said = {x.employee: (x.chosen, x.reason.code) for x in decision.candidates}
    assert said == {
        BRUNO: (False, ReasonCode.INACTIVE_IN_CRM),
        ANA: (True, ReasonCode.TARGET_OWNER),
    }


OLD = deal(ANA, id=RecordId("dl_old"), crm_id=CrmId("601"), active_at=NOW - timedelta(days=9))
NEW = deal(BRUNO, id=RecordId("dl_new"), crm_id=CrmId("602"), active_at=NOW - timedelta(days=2))
MADE = deal(CARLA, id=RecordId("dl_made"), crm_id=None)


def pinned(given: ChatFacts, which: str) -> ChatFacts:
    return replace(given, conversation=replace(given.conversation, pinned_deal=RecordId(which)))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (chat(OTTO, deals=(OLD, NEW)), BRUNO),
        (chat(OTTO, deals=(NEW, OLD)), BRUNO),
        # What somebody did last week to the older deal makes it the one that counts.
        (chat(OTTO, deals=(replace(OLD, active_at=NOW - timedelta(days=1)), NEW)), ANA),
        # One whose time is not known is older than all, one that is being made newer.
        (chat(OTTO, deals=(OLD, replace(NEW, active_at=None))), ANA),
        (chat(OTTO, deals=(OLD, NEW, MADE)), CARLA),
        # Equal times: the greater id.
        (chat(OTTO, deals=(replace(OLD, active_at=NEW.active_at), NEW)), BRUNO),
        (pinned(chat(OTTO, deals=(OLD, NEW, MADE)), "dl_old"), ANA),
        # A pin on a deal that was closed or is gone means nothing.
        (pinned(chat(OTTO, deals=(replace(OLD, is_open=False), NEW)), "dl_old"), BRUNO),
        (pinned(chat(OTTO, deals=(NEW,)), "dl_gone"), BRUNO),
        # Whose owner can't answer is passed over, pinned or not.
        (pinned(chat(OTTO, deals=(replace(OLD, owner=owner(QA)), NEW)), "dl_old"), BRUNO),
    ],
)
def test_which_of_several_open_deals_counts(given: ChatFacts, expected: EmployeeId) -> None:
    assert target(given)[0] == expected


def test_the_reason_says_that_a_deal_is_pinned() -> None:
    given = pinned(chat(OTTO, deals=(OLD, NEW)), "dl_old")
    said = decide(received(), facts(given)).reasons[0].detail
    assert said.endswith("of 2 open deals a manager has pinned this one")


def test_of_several_open_deals_the_newest_counts() -> None:
    old, new = deal(ANA, crm_id=CrmId("99")), deal(BRUNO, crm_id=CrmId("100"))
    assert target(chat(CARLA, deals=(old, new)))[0] == BRUNO
    assert target(chat(CARLA, deals=(new, old)))[0] == BRUNO
    said = decide(received(), facts(chat(CARLA, deals=(old, new)))).reasons[0].detail
    assert "of 2 open deals the one counts in which something happened last" in said


def test_a_deal_that_is_being_made_is_the_newest() -> None:
    old, new = deal(ANA, crm_id=CrmId("99")), deal(BRUNO, crm_id=None)
    assert target(chat(CARLA, deals=(new, old)))[0] == BRUNO


def test_an_owned_client_takes_no_turn_and_creates_nothing() -> None:
    """NEW-03."""
    decision = decide(received(), facts(chat(ANA)))
    assert (turns_after(decision, {}), kinds(decision)) == ({}, ["WriteTimelineEntry"])


@pytest.mark.parametrize("days", [2, 40])
def test_a_stale_owner_is_named_and_read_anew(days: int) -> None:
    given = replace(chat(ANA), contact=contact(owner=owner(ANA, timedelta(days=days))))
    decision = decide(received(), facts(given), FALLBACK)
    assert decision.target == ANA
    assert ReasonCode.OWNER_STALE in codes(decision)
    wanted = RequestRefresh(kind=RefreshKind.CONTACT, key=CrmId("501"))
    assert [x for x in decision.changes if isinstance(x, RequestRefresh)] == [wanted]


def test_a_stale_owner_is_not_told_but_managers_are() -> None:
    """ROL-17: somebody knows, and he may read."""
    given = replace(chat(ANA), contact=contact(owner=owner(ANA, timedelta(days=2))))
    assert told_of(decide(received(), facts(given))) == {LUIS: ReasonCode.NOTIFY_NOBODY}


def test_the_facts_used_bear_their_age() -> None:
    given = replace(chat(ANA), contact=contact(owner=owner(ANA, timedelta(minutes=90))))
    used = decide(received(), facts(given)).facts[0]
    assert (used.name, used.value, used.as_of, used.age_seconds) == (
        "owner of contact",
        "crm-ana",
        NOW - timedelta(minutes=90),
        5400,
    )


def test_a_claim_that_the_crm_has_not_confirmed_keeps_the_client() -> None:
    """WS-10: no rule takes him away again."""
    given = chat(None, claimed_by=BRUNO)
    decision = decide(received(), facts(given))
    assert (decision.target, codes(decision)[0]) == (BRUNO, ReasonCode.TARGET_CLAIMED)
    assert told_of(decision) == {BRUNO: ReasonCode.NOTIFY_RESPONSIBLE}
