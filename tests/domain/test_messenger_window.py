"""To whom a messenger's own window shows a client: to nobody who may not see him here (WS-09)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.access import access
from bridge.domain.facts import ChatFacts
from bridge.domain.messenger_window import (
    responsible_for,
    window_client,
    window_deal,
    window_employees,
)
from bridge.domain.names import CrmId, EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import Ownership
from bridge.domain.records import ContactState
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
    contact,
    crm_id,
    deal,
    lead,
    policy,
    with_employee,
    without,
)

URL = "https://bridge.example"
CARLA_STANDS_IN = policy(ownership=Ownership(fallback=CARLA))


def of(owner: EmployeeId | None, **changed: Any) -> ChatFacts:
    return replace(chat(owner), **changed)


@pytest.mark.parametrize(
    ("given", "gone", "by", "who"),
    [
        (of(ANA), (), POLICY, ANA),
        (of(ANA, deals=(deal(BRUNO),)), (), POLICY, ANA),
        (of(None, deals=(deal(BRUNO),)), (), POLICY, BRUNO),
        (of(None, leads=(lead(BRUNO),)), (), POLICY, BRUNO),
        (of(ANA, deals=(deal(BRUNO),)), (ANA,), POLICY, BRUNO),
        (of(ANA), (ANA,), CARLA_STANDS_IN, CARLA),
        (of(ANA), (ANA, CARLA), CARLA_STANDS_IN, LUIS),
        (of(ANA), (ANA,), POLICY, LUIS),
        (of(OTTO), (), POLICY, LUIS),
        (of(QA), (), POLICY, LUIS),
        (of(ANA), (), with_employee(POLICY, ANA, channels=frozenset({TG})), LUIS),
        (of(ANA), (ANA, LUIS), POLICY, ANA),
        (of(None, deals=(deal(BRUNO, is_open=False),)), (), POLICY, None),
        (of(None), (), POLICY, None),
    ],
)
def test_responsible_is_the_first_who_may_see_and_answer(
    given: ChatFacts, gone: tuple[EmployeeId, ...], by: Any, who: EmployeeId | None
) -> None:
    found = responsible_for([given], without(*gone), by)
    assert found == (None if who is None else crm_id(who))


PEOPLE = (ANA, BRUNO, CARLA, LUIS, QA, OTTO)
OWNER = st.sampled_from((None, *PEOPLE))


@settings(max_examples=80, deadline=None)
@given(
    owner=OWNER,
    of_deal=OWNER,
    of_lead=OWNER,
    is_open=st.booleans(),
    gone=st.sets(st.sampled_from(PEOPLE)),
    role=st.sampled_from(Role),
    fallback=OWNER,
)
def test_nobody_sees_there_what_he_may_not_see_here(
    owner: EmployeeId | None,
    of_deal: EmployeeId | None,
    of_lead: EmployeeId | None,
    is_open: bool,
    gone: set[EmployeeId],
    role: Role,
    fallback: EmployeeId | None,
) -> None:
    by = replace(with_employee(POLICY, ANA, role=role), ownership=Ownership(fallback=fallback))
    people = without(*gone)
    facts = of(owner, deals=(deal(of_deal, is_open=is_open),), leads=(lead(of_lead),))
    client = window_client([facts], people, by, URL)
    there = {person.crm_id for person in window_employees(people, by)}
    shown = [] if client is None else [client.responsible]
    if client is not None:
        order = window_deal(facts.deals[0], [(client, facts)], people, by)
        shown += [order.responsible] if order else []
    for named in there.intersection(shown):
        person = people.by_crm_id(named)
        assert person is not None
        assert access(by.employee(person.email), facts, people, by, NOW).can_read


@pytest.mark.parametrize("state", [s for s in ContactState if s is not ContactState.ACTIVE])
def test_who_is_gone_from_the_crm_is_gone_there(state: ContactState) -> None:
    facts = of(ANA, contact=contact(ANA, state=state))
    assert window_client([facts], DIRECTORY, POLICY, URL) is None


def test_who_is_not_in_the_crm_yet_is_not_told() -> None:
    facts = of(ANA, contact=contact(ANA, crm_id=None))
    assert window_client([facts], DIRECTORY, POLICY, URL) is None
    assert window_client([], DIRECTORY, POLICY, URL) is None


def test_only_who_works_and_has_a_role_is_a_user() -> None:
    """ROL-14, WS-11"""
    found = {person.email for person in window_employees(without(BRUNO), POLICY)}
    assert found == {ANA, CARLA, LUIS, QA}


def test_a_deal_is_shown_with_those_of_its_clients_that_the_window_knows() -> None:
    facts = of(ANA)
    client = window_client([facts], DIRECTORY, POLICY, URL)
    assert client is not None
    assert window_deal(deal(BRUNO), [], DIRECTORY, POLICY) is None
    shown = window_deal(deal(BRUNO), [(client, facts)], DIRECTORY, POLICY)
    assert shown is not None
    assert (shown.responsible, shown.clients) == (crm_id(BRUNO), (CrmId("501"),))
