"""Who reads and who writes, as a table of roles and owners (ROL-02 to ROL-18, WS-08, WS-09)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.access import access, is_unowned, owners
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import ChatKind
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.people import Directory, Role
from bridge.domain.policy import Ownership, Policy
from bridge.domain.records import ClientState, ContactState, Conversation
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
    WA,
    chat,
    contact,
    deal,
    lead,
    new_chat,
    owner,
    policy,
    with_employee,
    without,
)

DAY = timedelta(hours=24)
NOBODYS = chat(None)


def granted(
    who: EmployeeId, given: ChatFacts, by: Policy = POLICY, people: Directory = DIRECTORY
) -> tuple[bool, bool, str]:
    found = access(by.employee(who), given, people, by, NOW)
    return found.can_read, found.can_write, found.reason.code.value


def claimed(**changed: Any) -> Conversation:
    return replace(NOBODYS.conversation, claimed_by=ANA, **changed)


@pytest.mark.parametrize(
    ("who", "owned_by", "read", "write", "why"),
    [
        (ANA, ANA, True, True, "owner.contact"),
        (BRUNO, ANA, False, False, "owner.mismatch"),
        (CARLA, ANA, False, False, "owner.mismatch"),
        (LUIS, ANA, True, True, "role.manager"),
        (LUIS, LUIS, True, True, "role.manager"),
        (LUIS, None, True, True, "role.manager"),
        (QA, ANA, True, False, "role.quality_control"),
        (QA, QA, True, False, "role.quality_control"),
        (QA, None, True, False, "role.quality_control"),
        (OTTO, OTTO, False, False, "role.none"),
        (OTTO, None, False, False, "role.none"),
        (ANA, None, True, True, "new_client.visible"),
        (CARLA, None, False, False, "new_client.hidden"),
    ],
)
def test_role_and_owner_decide(
    who: EmployeeId, owned_by: EmployeeId | None, read: bool, write: bool, why: str
) -> None:
    """ROL-02, ROL-05, ROL-06, ROL-07, ROL-08, ROL-09, ROL-10, ROL-14, WS-08, WS-11."""
    assert granted(who, chat(owned_by)) == (read, write, why)


@pytest.mark.parametrize(
    ("given", "readers"),
    [
        (chat(ANA), {ANA}),
        (chat(ANA, deals=(deal(BRUNO),)), {ANA, BRUNO}),
        (chat(ANA, leads=(lead(CARLA),)), {ANA, CARLA}),
        (chat(ANA, deals=(deal(BRUNO),), leads=(lead(CARLA),)), {ANA, BRUNO, CARLA}),
        (chat(None, deals=(deal(BRUNO),)), {BRUNO}),
        (chat(ANA, deals=(deal(BRUNO, is_open=False),)), {ANA}),
        (chat(ANA, leads=(lead(CARLA, is_open=False),)), {ANA}),
        (chat(None, deals=(deal(BRUNO, is_open=False),)), {ANA, BRUNO}),
        (chat(QA), set()),
    ],
)
def test_owners_of_contact_open_deals_and_open_leads_read(
    given: ChatFacts, readers: set[EmployeeId]
) -> None:
    """WS-09; of an unowned client those who take new clients (WS-08)."""
    assert {who for who in (ANA, BRUNO, CARLA) if granted(who, given)[0]} == readers


@pytest.mark.parametrize(
    ("owned_by", "code"), [(ANA, "owner.contact"), (BRUNO, "owner.deal"), (CARLA, "owner.lead")]
)
def test_the_reason_names_what_he_owns(owned_by: EmployeeId, code: str) -> None:
    given = chat(ANA, deals=(deal(BRUNO),), leads=(lead(CARLA),))
    assert [o.reason.code for o in owners(given, DIRECTORY) if o.employee == owned_by] == [code]


def test_a_change_of_owner_moves_the_chat() -> None:
    """ROL-11."""
    before, after = chat(ANA), chat(BRUNO)
    assert [granted(who, before)[0] for who in (ANA, BRUNO)] == [True, False]
    assert [granted(who, after)[0] for who in (ANA, BRUNO)] == [False, True]


def test_a_role_taken_away_ends_all_access() -> None:
    """ROL-13: the admin's role switched off."""
    by = with_employee(POLICY, LUIS, role=Role.NONE)
    assert granted(LUIS, chat(LUIS), by) == (False, False, "role.none")


def test_classic_sales_each_sees_his_own() -> None:
    """ROL-15."""
    seen = {(who, of) for who in (ANA, BRUNO) for of in (ANA, BRUNO) if granted(who, chat(of))[0]}
    assert seen == {(ANA, ANA), (BRUNO, BRUNO)}


def test_support_desk_every_manager_answers_everybody() -> None:
    """ROL-16."""
    by = POLICY
    for agent in (ANA, BRUNO, CARLA):
        by = with_employee(by, agent, role=Role.MANAGER)
    assert all(granted(who, chat(ANA), by)[1] for who in (ANA, BRUNO, CARLA))


@pytest.mark.parametrize("client", [ClientState.UNIDENTIFIED, ClientState.AMBIGUOUS])
@pytest.mark.parametrize(
    ("who", "read", "write"), [(ANA, False, False), (LUIS, True, True), (QA, True, False)]
)
def test_who_the_client_is_must_be_known_to_salespeople_only(
    client: ClientState, who: EmployeeId, read: bool, write: bool
) -> None:
    """ROL-17: while the CRM is down managers see and answer."""
    assert granted(who, new_chat(client=client))[:2] == (read, write)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (new_chat(client=ClientState.UNIDENTIFIED), "client.unidentified"),
        (new_chat(client=ClientState.AMBIGUOUS), "client.ambiguous"),
        (new_chat(client=ClientState.GROUP, kind=ChatKind.GROUP), "client.group"),
        (replace(chat(ANA), contact=contact(ANA, state=ContactState.DELETED)), "client.deleted"),
        (replace(chat(ANA), contact=contact(ANA, state=ContactState.ERASED)), "client.deleted"),
        (replace(chat(ANA), contact=contact(ANA, state=ContactState.MERGED)), "client.deleted"),
    ],
)
def test_what_hides_a_chat_from_salespeople(given: ChatFacts, why: str) -> None:
    assert granted(ANA, given) == (False, False, why)


@pytest.mark.parametrize(
    ("channels", "read"), [(None, True), (frozenset({WA}), True), (frozenset({TG}), False)]
)
def test_a_salesperson_sees_his_channels_only(
    channels: frozenset[ChannelName] | None, read: bool
) -> None:
    by = with_employee(POLICY, ANA, channels=channels)
    assert granted(ANA, chat(ANA), by)[0] is read


@pytest.mark.parametrize(
    ("age", "why"),
    [
        (timedelta(0), "owner.contact"),
        (DAY, "owner.contact"),
        (DAY + timedelta(seconds=1), "owner.stale"),
        (-DAY, "owner.contact"),
        (-DAY - timedelta(seconds=1), "owner.stale"),
        (-400 * DAY, "owner.stale"),
    ],
)
def test_an_owner_read_too_long_ago_hides_the_chat(age: timedelta, why: str) -> None:
    """One that was "read" in the future is of a clock that was wrong, and no fresher for that."""
    given = replace(chat(ANA), contact=contact(owner=owner(ANA, age)))
    assert granted(ANA, given)[2] == why


@pytest.mark.parametrize("who", [LUIS, QA])
def test_a_stale_owner_blinds_salespeople_only(who: EmployeeId) -> None:
    """ROL-17: nobody is blind when the CRM is down."""
    given = replace(chat(ANA), contact=contact(owner=owner(ANA, 2 * DAY)))
    assert granted(who, given)[0]


def test_one_fresh_ownership_is_enough() -> None:
    given = replace(chat(ANA, deals=(deal(ANA),)), contact=contact(owner=owner(ANA, age=2 * DAY)))
    assert granted(ANA, given) == (True, True, "owner.deal")


def test_that_nobody_owns_him_grows_old_as_well() -> None:
    """By now he may belong to somebody, who alone may read."""
    given = replace(NOBODYS, contact=contact(owner=owner(None, 2 * DAY)))
    assert granted(ANA, given) == (False, False, "owner.stale")


def test_max_age_is_the_admins_choice() -> None:
    by = policy(ownership=Ownership(max_age=timedelta(hours=1)))
    given = replace(chat(ANA), contact=contact(owner=owner(ANA, timedelta(hours=2))))
    assert granted(ANA, given, by)[2] == "owner.stale"


@pytest.mark.parametrize(("who", "read"), [(ANA, True), (BRUNO, False), (CARLA, False)])
def test_a_claim_counts_at_once(who: EmployeeId, read: bool) -> None:
    """WS-10: after the first answer the rest stop seeing the chat."""
    assert granted(who, replace(NOBODYS, conversation=claimed()))[0] is read


def test_a_claim_is_our_own_fact_and_never_stale() -> None:
    old = claimed(last_message_at=NOW - 9 * DAY)
    assert granted(ANA, replace(NOBODYS, conversation=old)) == (True, True, "owner.claimed")


def test_the_crm_wins_over_a_claim() -> None:
    given = replace(chat(BRUNO), conversation=claimed())
    assert [granted(who, given)[0] for who in (ANA, BRUNO)] == [False, True]


@pytest.mark.parametrize(
    ("given", "unowned"),
    [
        (NOBODYS, True),
        (new_chat(), True),
        (chat(ANA), False),
        (chat(None, deals=(deal(ANA),)), False),
        (chat(None, deals=(deal(ANA, is_open=False),)), True),
        (replace(NOBODYS, conversation=claimed()), False),
        (new_chat(client=ClientState.AMBIGUOUS), False),
        (new_chat(client=ClientState.UNIDENTIFIED), False),
        (new_chat(client=ClientState.GROUP), False),
    ],
)
def test_who_is_unowned(given: ChatFacts, unowned: bool) -> None:
    """WS-08."""
    assert is_unowned(given) is unowned


@pytest.mark.parametrize(
    ("given", "people", "read"),
    [
        (chat(BRUNO), without(BRUNO), True),
        (chat(BRUNO), DIRECTORY, False),
        (chat(OTTO), DIRECTORY, True),
        (chat(QA), DIRECTORY, True),
        (chat(BRUNO, deals=(deal(ANA),)), without(BRUNO), False),
        (chat(None), DIRECTORY, False),
        (replace(chat(BRUNO), contact=contact(owner=owner(BRUNO, 2 * DAY))), without(BRUNO), False),
    ],
)
def test_the_fallback_stands_in_for_owners_who_cannot_answer(
    given: ChatFacts, people: Directory, read: bool
) -> None:
    by = policy(ownership=Ownership(fallback=CARLA))
    assert granted(CARLA, given, by, people)[0] is read


def test_nobody_takes_over_the_chats_of_one_who_left() -> None:
    """They are not unowned: those who take new clients don't see them."""
    assert granted(ANA, chat(BRUNO), POLICY, without(BRUNO))[2] == "owner.mismatch"
