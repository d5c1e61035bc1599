"""Who is told and which mark an unanswered chat bears (NOT-01 to NOT-07, WS-07, WS-08)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.facts import ChatFacts
from bridge.domain.names import EmployeeId
from bridge.domain.notifications import Mark, mark, told
from bridge.domain.people import Directory, Role
from bridge.domain.policy import Ownership, Policy
from bridge.domain.records import ClientState
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
    chat,
    contact,
    deal,
    new_chat,
    owner,
    policy,
    with_employee,
    without,
)

ON = policy(managers_hear_all_chats=True)


def marked(who: EmployeeId, given: ChatFacts, by: Policy = POLICY) -> Mark:
    return mark(by.employee(who), given, DIRECTORY, by, NOW)[0]


def heard(
    given: ChatFacts, by: Policy = POLICY, people: Directory = DIRECTORY
) -> dict[EmployeeId, str]:
    return {x.employee: x.reason.code.value for x in told(given, people, by, NOW)}


@pytest.mark.parametrize(
    ("who", "owned_by", "off", "on"),
    [
        (LUIS, LUIS, Mark.RED, Mark.RED),
        (LUIS, ANA, Mark.GREY, Mark.RED),
        (LUIS, None, Mark.GREY, Mark.RED),
        (ANA, ANA, Mark.RED, Mark.RED),
        (ANA, BRUNO, Mark.NONE, Mark.NONE),
        (ANA, None, Mark.RED, Mark.RED),
        (CARLA, None, Mark.NONE, Mark.NONE),
        (QA, ANA, Mark.GREY, Mark.GREY),
        (QA, QA, Mark.GREY, Mark.GREY),
        (OTTO, OTTO, Mark.NONE, Mark.NONE),
    ],
)
def test_colour_of_an_unanswered_chat(
    who: EmployeeId, owned_by: EmployeeId | None, off: Mark, on: Mark
) -> None:
    """NOT-03, NOT-04, NOT-05, WS-07, WS-11; by `managers_hear_all_chats`."""
    assert (marked(who, chat(owned_by)), marked(who, chat(owned_by), ON)) == (off, on)


@pytest.mark.parametrize(
    ("given", "by", "expected"),
    [
        (chat(ANA), POLICY, {ANA: "notify.responsible"}),
        (chat(LUIS), POLICY, {LUIS: "notify.responsible"}),
        (chat(ANA), ON, {ANA: "notify.responsible", LUIS: "notify.managers_hear_all_chats"}),
        (chat(LUIS), ON, {LUIS: "notify.responsible"}),
        (chat(QA), POLICY, {}),
        (chat(OTTO), POLICY, {}),
        (
            chat(ANA, deals=(deal(BRUNO),)),
            POLICY,
            {ANA: "notify.responsible", BRUNO: "notify.responsible"},
        ),
        (new_chat(), POLICY, {ANA: "notify.new_client", BRUNO: "notify.new_client"}),
        (chat(None), POLICY, {ANA: "notify.new_client", BRUNO: "notify.new_client"}),
        (new_chat(client=ClientState.AMBIGUOUS), POLICY, {}),
        (
            new_chat(client=ClientState.UNIDENTIFIED),
            ON,
            {LUIS: "notify.managers_hear_all_chats"},
        ),
    ],
)
def test_who_is_told(given: ChatFacts, by: Policy, expected: dict[EmployeeId, str]) -> None:
    """NOT-01, NOT-02, NOT-05, NOT-06, WS-08."""
    assert heard(given, by) == expected


def test_the_setting_concerns_managers_only() -> None:
    """NOT-06: neither another salesperson nor quality control hears more."""
    assert heard(chat(ANA), ON).keys() - heard(chat(ANA)).keys() == {LUIS}


def test_the_setting_has_no_effect_without_managers() -> None:
    """NOT-07."""
    assert heard(chat(ANA), with_employee(ON, LUIS, role=Role.NONE)) == {ANA: "notify.responsible"}


def test_a_manager_who_takes_new_clients_is_told_of_them() -> None:
    by = with_employee(POLICY, LUIS, gets_new_clients=True)
    assert heard(new_chat(), by)[LUIS] == "notify.new_client"


def test_who_left_is_not_told() -> None:
    assert heard(chat(ANA), ON, without(ANA, LUIS)) == {}


def test_a_stale_owner_is_not_told() -> None:
    """He may own the client no more; one function decides who may read."""
    given = replace(chat(ANA), contact=contact(owner=owner(ANA, timedelta(days=2))))
    assert heard(given) == {}


@pytest.mark.parametrize("fallback", [CARLA, LUIS])
def test_the_fallback_is_responsible_where_no_owner_can_answer(fallback: EmployeeId) -> None:
    by = policy(ownership=Ownership(fallback=fallback))
    assert heard(chat(ANA), by, without(ANA)) == {fallback: "notify.responsible"}


@pytest.mark.parametrize("by", [POLICY, ON])
@pytest.mark.parametrize("given", [chat(ANA), chat(None), new_chat(), chat(LUIS), chat(QA)])
def test_only_red_marks_are_told(given: ChatFacts, by: Policy) -> None:
    """WS-07: notifications for red only."""
    assert set(heard(given, by)) == {who for who in by.employees if marked(who, given, by) == "red"}


TAKES = with_employee(POLICY, LUIS, gets_new_clients=True)
TAKER, PLAIN = (ANA, POLICY), (CARLA, POLICY)
BOSS, TAKING_BOSS, CONTROL, NOBODY = (LUIS, POLICY), (LUIS, TAKES), (QA, POLICY), (OTTO, POLICY)
R, G, N = Mark.RED, Mark.GREY, Mark.NONE


@pytest.mark.parametrize(
    ("who", "own", "others", "unowned"),
    [  # each: with the setting off, and on
        (TAKER, (R, R), (N, N), (R, R)),
        (PLAIN, (R, R), (N, N), (N, N)),
        (BOSS, (R, R), (G, R), (G, R)),
        (TAKING_BOSS, (R, R), (G, R), (R, R)),
        (CONTROL, (G, G), (G, G), (G, G)),
        (NOBODY, (N, N), (N, N), (N, N)),
    ],
)
def test_every_role_by_whose_client_and_by_the_setting(
    who: tuple[EmployeeId, Policy],
    own: tuple[Mark, Mark],
    others: tuple[Mark, Mark],
    unowned: tuple[Mark, Mark],
) -> None:
    """NOT-03 to NOT-06, WS-07, WS-08, ROL-14, whole; a notification for each red one, no other."""
    employee, off = who
    cases = ((chat(employee), own), (chat(BRUNO), others), (chat(None), unowned))
    for given, expected in (*cases, (new_chat(), unowned)):
        for by, tone in zip(
            (off, replace(off, managers_hear_all_chats=True)), expected, strict=True
        ):
            assert marked(employee, given, by) is tone
            assert (employee in heard(given, by)) is (tone is Mark.RED)
