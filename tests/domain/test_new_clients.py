"""New clients: recognised, given to somebody, created in the CRM (NEW-01 to NEW-08, WZ-07)."""

from dataclasses import replace

import pytest

from bridge.domain.changes import Notify, TakeTurn
from bridge.domain.distribution import EVERYBODY
from bridge.domain.effects import ChangeOwner, CreateContact, CreateDeal, CreateLead
from bridge.domain.facts import Facts, Lookup
from bridge.domain.names import EmployeeId
from bridge.domain.policy import (
    ClientCondition,
    Creation,
    Distribution,
    NewClients,
    OnClosedDeal,
    Rule,
    Target,
    When,
)
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import ClientState, Deal, RecordKind
from tests.domain.building import (
    ANA,
    BRUNO,
    CARLA,
    LUIS,
    NAME,
    PHONE,
    POLICY,
    chat,
    chat_after,
    codes,
    contact,
    conversation_after,
    crm_contact,
    crm_deal,
    crm_id,
    deal,
    decide,
    effects,
    facts,
    found,
    kinds,
    lead,
    messages_after,
    new_chat,
    policy,
    received,
    sent,
    told_of,
    turns_after,
    with_employee,
    without,
)

FIRST = policy(new_clients=NewClients(distribution=Distribution.FIRST_TO_ANSWER))
NEW_DEAL = policy(new_clients=NewClients(on_closed_deal=OnClosedDeal.NEW_DEAL))


@pytest.mark.parametrize(
    ("create", "made"),
    [
        (Creation.DEAL, ["CreateContact", "CreateDeal", "WriteTimelineEntry"]),
        (Creation.LEAD, ["CreateContact", "CreateLead", "WriteTimelineEntry"]),
    ],
)
def test_a_contact_and_a_deal_or_a_lead_are_made(create: Creation, made: list[str]) -> None:
    """NEW-04, NEW-05."""
    assert kinds(decide(received(), facts(), policy(new_clients=NewClients(create=create)))) == made


def test_contact_and_deal_carry_the_chosen_owner() -> None:
    """NEW-02."""
    his, owned, _ = effects(decide(received(), facts()))
    assert isinstance(his, CreateContact)
    assert isinstance(owned, CreateDeal)
    assert (his.owner, owned.owner, owned.contact) == (crm_id(ANA), crm_id(ANA), his.contact)


def test_contact_and_lead_carry_the_chosen_owner() -> None:
    """NEW-02."""
    by = policy(new_clients=NewClients(create=Creation.LEAD))
    his, owned, _ = effects(decide(received(), facts(), by))
    assert isinstance(his, CreateContact)
    assert isinstance(owned, CreateLead)
    assert (owned.owner, owned.contact) == (crm_id(ANA), his.contact)


def test_the_deal_stands_in_the_pipeline_and_stage_that_are_set() -> None:
    """NEW-06."""
    by = policy(new_clients=NewClients(pipeline="p7", stage="s3"))
    made = [x for x in effects(decide(received(), facts(), by)) if isinstance(x, CreateDeal)]
    assert [(x.pipeline, x.stage) for x in made] == [("p7", "s3")]


def test_the_contact_is_known_by_phone_and_called_by_name() -> None:
    made = effects(decide(received(), facts()))[0]
    assert isinstance(made, CreateContact)
    assert (made.key, made.phone, made.name, made.source) == (
        PHONE,
        PHONE,
        NAME,
        "Sales",
    )


def test_a_client_without_phone_is_known_by_his_chat() -> None:
    """WZ-13."""
    event = received(chat=replace(received().chat, phone=None))
    made = effects(decide(event, facts()))[0]
    assert isinstance(made, CreateContact)
    assert (made.key, made.phone) == ("whatsapp:id-wa:chat-1", None)


@pytest.mark.parametrize("owned_by", [ANA, BRUNO])
def test_a_client_of_the_crm_is_not_created_again(owned_by: EmployeeId) -> None:
    """NEW-03."""
    decision = decide(received(), facts(lookup=found(crm_contact(owned_by))))
    assert (decision.target, kinds(decision)) == (owned_by, ["WriteTimelineEntry"])


def test_a_client_of_the_crm_comes_with_his_deals() -> None:
    """NEW-03."""
    lookup = found(crm_contact(ANA), deals=(crm_deal(BRUNO),))
    assert decide(received(), facts(lookup=lookup)).target == BRUNO


def test_the_second_message_creates_nothing() -> None:
    """NEW-08: two messages in one second."""
    first = decide(received("m1"), facts())
    second = decide(received("m2"), facts(chat_after(first)))
    assert (second.target, kinds(second)) == (ANA, ["WriteTimelineEntry"])
    assert turns_after(second, {}) == {}


def test_a_second_channel_finds_the_contact_that_is_being_made() -> None:
    """NEW-08."""
    made = chat_after(decide(received("m1"), facts()))
    assert made.contact is not None
    known = facts(
        same_phone=(made.contact,), same_phone_deals=made.deals, same_phone_leads=made.leads
    )
    second = decide(received("m2"), known)
    assert (second.contact, second.target) == (made.contact.id, ANA)
    assert kinds(second) == ["WriteTimelineEntry"]


def test_the_same_message_decided_twice_names_the_same_records() -> None:
    """NEW-08, WZ-05."""
    assert decide(received(), facts()) == decide(received(), facts())


def test_who_is_chosen_takes_the_turn() -> None:
    decision = decide(received(), facts(turns={EVERYBODY: ANA}))
    assert decision.target == BRUNO
    (taken,) = (x for x in decision.changes if isinstance(x, TakeTurn))
    assert (taken.pool, taken.employee, taken.after.last) == (EVERYBODY, BRUNO, BRUNO)


def test_one_is_chosen_and_the_others_never_see_the_chat() -> None:
    """WS-10, mode in turn."""
    assert told_of(decide(received(), facts())) == {ANA: ReasonCode.NOTIFY_RESPONSIBLE}


def test_with_nobody_to_take_him_the_message_is_kept_with_a_note() -> None:
    """NEW-07."""
    decision = decide(received(), facts(directory=without(ANA, BRUNO)))
    assert (decision.target, kinds(decision)) == (None, [])
    assert codes(decision)[0] is ReasonCode.TARGET_NOBODY
    assert len(messages_after(decision)) == 1
    assert told_of(decision) == {LUIS: ReasonCode.NOTIFY_NOBODY}


def test_the_default_gets_whom_nobody_takes() -> None:
    """NEW-07."""
    by = policy(default=LUIS)
    decision = decide(received(), facts(directory=without(ANA, BRUNO)), by)
    assert (decision.target, codes(decision)[0]) == (LUIS, ReasonCode.TARGET_DEFAULT)
    assert told_of(decision) == {LUIS: ReasonCode.NOTIFY_RESPONSIBLE}


def test_first_to_answer_tells_all_who_take_new_clients() -> None:
    """WS-10: nothing is created until somebody answers."""
    decision = decide(received(), facts(), FIRST)
    assert (decision.target, kinds(decision)) == (None, [])
    assert told_of(decision) == {
        ANA: ReasonCode.NOTIFY_NEW_CLIENT,
        BRUNO: ReasonCode.NOTIFY_NEW_CLIENT,
    }


def test_who_answers_first_gets_the_client() -> None:
    """WZ-07, case 1: contact and deal are his, and what waited is written."""
    first = decide(received("m1"), facts(), FIRST)
    waiting = tuple(messages_after(first).values())
    answer = decide(sent("m2", BRUNO), facts(chat_after(first), waiting=waiting), FIRST)
    assert (answer.target, conversation_after(answer).claimed_by) == (BRUNO, BRUNO)
    assert kinds(answer) == [
        "CreateContact",
        "CreateDeal",
        "WriteTimelineEntry",
        "WriteTimelineEntry",
    ]


def test_of_two_who_answer_at_the_same_moment_one_wins() -> None:
    """WS-10: decided one after the other."""
    first = decide(sent("m2", BRUNO), facts(new_chat()), FIRST)
    second = decide(sent("m3", ANA), facts(chat_after(first)), FIRST)
    assert (first.target, second.target) == (BRUNO, None)
    assert "CreateContact" not in kinds(second)
    assert conversation_after(second).claimed_by == BRUNO


@pytest.mark.parametrize("author", [CARLA, LUIS, None])
def test_answering_claims_nothing_for_others(author: EmployeeId | None) -> None:
    """ROL-16 without `gets_new_clients`; WZ-07: a reply typed on the phone has no author."""
    answer = decide(sent("m2", author), facts(new_chat()), FIRST)
    assert (answer.target, kinds(answer)) == (None, [])
    assert conversation_after(answer).claimed_by is None


def test_answering_claims_nothing_where_clients_are_given_in_turn() -> None:
    """WZ-07, case 2."""
    answer = decide(sent("m2", BRUNO), facts(new_chat()))
    assert (answer.target, kinds(answer)) == (None, [])


def test_answering_an_owned_client_claims_nothing() -> None:
    answer = decide(sent("m2", BRUNO), facts(chat(ANA)), FIRST)
    assert (answer.target, kinds(answer)) == (None, ["WriteTimelineEntry"])


def test_answering_a_known_client_whom_nobody_owns_changes_the_owner() -> None:
    """WZ-07, WS-10."""
    answer = decide(sent("m2", BRUNO), facts(chat(None)), FIRST)
    moved = ChangeOwner(kind=RecordKind.CONTACT, record=contact().id, owner=crm_id(BRUNO))
    assert (answer.effects[0].effect, answer.effects[0].urgent) == (moved, True)


@pytest.mark.parametrize(("author", "claims"), [(BRUNO, True), (ANA, False)])
def test_a_pool_is_claimed_by_its_members_only(author: EmployeeId, claims: bool) -> None:
    """WZ-07: also where all other clients go in turn."""
    first = Target(pool="north", method=Distribution.FIRST_TO_ANSWER)
    north = Rule(id="n", label="North", when=When(), to=(first,))
    by = policy(rules=(north,), pools={"north": (BRUNO, CARLA)})
    answer = decide(sent("m2", author), facts(new_chat()), by)
    assert (answer.target == author) is claims


def test_a_rule_may_give_a_known_client_whom_nobody_owns() -> None:
    known = Rule(
        id="k",
        label="Known",
        when=When(client=ClientCondition.KNOWN),
        to=(Target(employee=CARLA),),
    )
    decision = decide(received(), facts(chat(None)), policy(rules=(known,)))
    assert (decision.target, kinds(decision)) == (CARLA, ["ChangeOwner", "WriteTimelineEntry"])
    assert told_of(decision) == {CARLA: ReasonCode.NOTIFY_RESPONSIBLE}


def test_a_known_client_whom_nobody_owns_is_everybodys_who_takes_new_ones() -> None:
    """WS-08."""
    decision = decide(received(), facts(chat(None)))
    assert (decision.target, codes(decision)[0]) == (None, ReasonCode.TARGET_NOBODY)
    assert told_of(decision).keys() == {ANA, BRUNO}


@pytest.mark.parametrize(
    ("deals", "made"),
    [
        ((deal(ANA, is_open=False),), True),
        ((deal(ANA),), False),
        ((deal(ANA, is_open=False), deal(ANA)), False),
        ((), False),
    ],
)
def test_where_set_a_client_with_closed_deals_only_gets_a_new_one(
    deals: tuple[Deal, ...], made: bool
) -> None:
    """WZ-08."""
    given = replace(chat(ANA), deals=deals)
    assert ("CreateDeal" in kinds(decide(received(), facts(given), NEW_DEAL))) is made


def test_by_default_a_closed_deal_makes_no_new_one() -> None:
    """WZ-08."""
    given = chat(ANA, deals=(deal(ANA, is_open=False),))
    assert kinds(decide(received(), facts(given))) == ["WriteTimelineEntry"]


def test_the_new_deal_belongs_to_who_answers_now() -> None:
    """WZ-08: not to an owner who left."""
    given = chat(ANA, deals=(deal(ANA, is_open=False),), leads=(lead(BRUNO),))
    decision = decide(received(), facts(given, directory=without(ANA)), NEW_DEAL)
    made = [x.owner for x in effects(decision) if isinstance(x, CreateDeal)]
    assert (decision.target, made) == (BRUNO, [crm_id(BRUNO)])


def test_the_new_deal_is_made_once() -> None:
    """WZ-08."""
    given = chat(ANA, deals=(deal(ANA, is_open=False),))
    first = decide(received("m1"), facts(given), NEW_DEAL)
    second = decide(received("m2"), facts(chat_after(first, given)), NEW_DEAL)
    assert ["CreateDeal" in kinds(x) for x in (first, second)] == [True, False]


@pytest.mark.parametrize(
    "given", [facts(), facts(chat(ANA)), facts(lookup=Lookup(available=False))]
)
def test_everybody_is_told_at_most_once(given: Facts) -> None:
    notes = [x for x in decide(received(), given).changes if isinstance(x, Notify)]
    assert len({x.employee for x in notes}) == len(notes) > 0


def test_a_setting_counts_as_a_whole_from_the_next_message_on() -> None:
    """ROL-18: a decision looks at the one policy that it is given, and at nothing else."""
    later = with_employee(POLICY, ANA, gets_new_clients=False)
    assert [decide(received(), facts(), by).target for by in (POLICY, later)] == [ANA, BRUNO]


def test_a_new_clients_conversation_becomes_known() -> None:
    after = conversation_after(decide(received(), facts()))
    assert (after.client, after.contact is not None) == (ClientState.KNOWN, True)
