"""Who is behind a chat: found, new, several, gone, or not to be asked now (ROL-17, WZ-13)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.facts import ChatFacts, Lookup
from bridge.domain.intake import needs_identifying
from bridge.domain.messaging import ChatKind, Direction
from bridge.domain.names import CrmId, EmployeeId, RecordId
from bridge.domain.policy import Distribution, NewClients, OnClosedDeal, Ownership, Policy
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import ClientState, Contact, ContactState, TimelineState
from tests.domain.building import (
    ANA,
    BRUNO,
    CARLA,
    LUIS,
    NOW,
    POLICY,
    chat,
    chat_after,
    codes,
    contact,
    conversation,
    conversation_after,
    crm_contact,
    crm_deal,
    deal,
    decide,
    facts,
    found,
    identified,
    kinds,
    lead,
    message,
    messages_after,
    new_chat,
    owner,
    policy,
    received,
    sent,
    told_of,
    where,
)

DOWN = Lookup(available=False)
OLD = timedelta(hours=3)
FALLBACK = policy(ownership=Ownership(fallback=LUIS))
UNKNOWN = new_chat(client=ClientState.UNIDENTIFIED)


def gone(state: ContactState) -> ChatFacts:
    return replace(chat(ANA), contact=contact(ANA, state=state))


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (None, True),
        (new_chat(), True),
        (UNKNOWN, True),
        (new_chat(client=ClientState.AMBIGUOUS), True),
        (chat(ANA), False),
        (chat(None), False),
        (gone(ContactState.DELETED), True),
        (gone(ContactState.ERASED), True),
        (gone(ContactState.MERGED), True),
        (new_chat(client=ClientState.KNOWN), True),
        (new_chat(client=ClientState.GROUP), False),
    ],
)
def test_when_the_crm_is_asked(given: ChatFacts | None, asked: bool) -> None:
    known = (None, None) if given is None else (given.conversation, given.contact)
    assert needs_identifying(*known) is asked


def test_of_several_contacts_none_is_guessed() -> None:
    lookup = found(crm_contact(ANA), crm_contact(BRUNO, "502"))
    decision = decide(received(), facts(lookup=lookup), FALLBACK)
    after = conversation_after(decision)
    assert (after.client, after.contact) == (ClientState.AMBIGUOUS, None)
    assert (decision.target, kinds(decision)) == (LUIS, [])
    assert told_of(decision) == {LUIS: ReasonCode.NOTIFY_TARGET}
    assert [x.timeline for x in messages_after(decision).values()] == [TimelineState.WAITING]


def test_the_same_contact_found_twice_is_one() -> None:
    lookup = found(crm_contact(ANA), crm_contact(ANA))
    assert decide(received(), facts(lookup=lookup)).target == ANA


def test_a_fallback_who_may_not_read_is_not_told() -> None:
    """Managers are: an ambiguous client's chat is hidden from salespeople."""
    by = policy(ownership=Ownership(fallback=CARLA))
    lookup = found(crm_contact(ANA), crm_contact(BRUNO, "502"))
    assert told_of(decide(received(), facts(lookup=lookup), by)) == {LUIS: ReasonCode.NOTIFY_NOBODY}


def test_once_one_contact_is_left_the_chat_is_his() -> None:
    given = facts(new_chat(client=ClientState.AMBIGUOUS), lookup=found(crm_contact(ANA)))
    assert decide(received(), given).target == ANA


@pytest.mark.parametrize("state", [ContactState.DELETED, ContactState.ERASED, ContactState.MERGED])
def test_a_client_whose_contact_is_gone_is_taken_in_anew(state: ContactState) -> None:
    decision = decide(received(), facts(gone(state)))
    assert kinds(decision) == ["CreateContact", "CreateDeal", "WriteTimelineEntry"]
    assert decision.contact == conversation_after(decision).contact != RecordId("ct_1")


def test_a_merged_contact_leads_to_its_survivor() -> None:
    given = facts(gone(ContactState.MERGED), lookup=found(crm_contact(BRUNO, "502")))
    assert decide(received(), given).target == BRUNO


def test_the_claim_on_a_client_who_is_gone_ends() -> None:
    given = replace(gone(ContactState.DELETED), conversation=chat(ANA, claimed_by=ANA).conversation)
    first = policy(new_clients=NewClients(distribution=Distribution.FIRST_TO_ANSWER))
    after = conversation_after(decide(received(), facts(given), first))
    assert (after.client, after.claimed_by) == (ClientState.NEW, None)


def test_after_an_erasure_replies_reach_the_client_again() -> None:
    wiped = replace(
        gone(ContactState.ERASED), conversation=replace(chat().conversation, chat_id="", phone=None)
    )
    assert conversation_after(decide(received(), facts(wiped))).chat_id == "chat-1"


@pytest.mark.parametrize(("by", "target"), [(POLICY, None), (FALLBACK, LUIS)])
def test_while_the_crm_is_down_a_stranger_waits(by: Policy, target: EmployeeId | None) -> None:
    """ROL-17: kept, shown to managers, asked for soon; nothing is written to the CRM."""
    decision = decide(received(), facts(lookup=DOWN), by)
    assert (decision.target, kinds(decision)) == (target, [])
    assert codes(decision)[0] is ReasonCode.CRM_UNAVAILABLE
    assert conversation_after(decision).client is ClientState.UNIDENTIFIED
    assert LUIS in told_of(decision)
    assert [x for x in decision.changes if isinstance(x, RequestRefresh)] == [
        RequestRefresh(kind=RefreshKind.IDENTITY, key=conversation().id)
    ]


def test_while_the_crm_is_down_known_clients_are_served() -> None:
    """ROL-17: the CRM write waits in the outbox."""
    decision = decide(received(), facts(chat(ANA), lookup=DOWN))
    assert (decision.target, kinds(decision)) == (ANA, ["WriteTimelineEntry"])


@pytest.mark.parametrize(
    ("mirrored", "client"),
    [
        ((contact(ANA),), ClientState.KNOWN),
        ((contact(ANA), contact(BRUNO, id=RecordId("ct_2"))), ClientState.UNIDENTIFIED),
        ((contact(ANA, state=ContactState.DELETED),), ClientState.UNIDENTIFIED),
        ((), ClientState.UNIDENTIFIED),
    ],
)
def test_while_the_crm_is_down_the_mirror_is_asked(
    mirrored: tuple[Contact, ...], client: ClientState
) -> None:
    decision = decide(received(), facts(lookup=DOWN, same_phone=mirrored))
    assert conversation_after(decision).client is client


def test_a_contact_of_the_mirror_comes_with_his_deals_and_leads() -> None:
    """Else an owned client would pass for one whom nobody owns."""
    known = facts(
        lookup=DOWN,
        same_phone=(contact(None),),
        same_phone_deals=(deal(BRUNO), deal(CARLA, id=RecordId("dl_2"), contacts=())),
        same_phone_leads=(lead(None),),
    )
    decision = decide(received(), known)
    assert (decision.target, told_of(decision)) == (BRUNO, {BRUNO: ReasonCode.NOTIFY_RESPONSIBLE})


def test_without_any_crm_nothing_is_asked_for() -> None:
    decision = decide(received(), facts(lookup=DOWN), policy(crm=None))
    assert codes(decision)[0] is ReasonCode.CRM_MISSING
    assert not [x for x in decision.changes if isinstance(x, RequestRefresh)]


@pytest.mark.parametrize(
    ("mirrored", "created"),
    [
        (contact(ANA, crm_id=None, owner=owner(ANA, OLD)), False),
        (contact(ANA, owner=owner(ANA, timedelta(seconds=30))), False),
        (contact(ANA, owner=owner(ANA, OLD)), True),
    ],
)
def test_a_contact_that_the_search_cannot_find_yet_is_not_made_again(
    mirrored: Contact, created: bool
) -> None:
    """NEW-08: being made, or made a moment ago; one that the CRM knew and lost is another thing."""
    decision = decide(received(), facts(same_phone=(mirrored,)))
    assert ("CreateContact" in kinds(decision)) is created


def test_what_the_crm_finds_wins_over_what_is_being_made() -> None:
    """They are one as soon as the CRM has answered; two chats of one client stay together."""
    being_made = contact(BRUNO, id=RecordId("ct_9"), crm_id=None)
    given = facts(lookup=found(crm_contact(ANA)), same_phone=(being_made,))
    assert (decide(received(), given).target, kinds(decide(received(), given))) == (
        ANA,
        ["WriteTimelineEntry"],
    )


def test_a_record_keeps_the_id_that_it_has_here() -> None:
    given = facts(
        lookup=found(crm_contact(ANA), deals=(crm_deal(ANA),)),
        records={"contact:501": RecordId("ct_1"), "deal:601": RecordId("dl_1")},
    )
    after = chat_after(decide(received(), given))
    assert (after.conversation.contact, after.deals[0].id) == ("ct_1", "dl_1")


def test_once_the_crm_answers_what_waited_is_decided() -> None:
    """ROL-17: creation, timeline and notice, as if it had never been away."""
    waiting = (message(timeline=TimelineState.WAITING),)
    decision = decide(identified(), facts(UNKNOWN, waiting=waiting))
    assert (decision.target, told_of(decision)) == (ANA, {ANA: ReasonCode.NOTIFY_RESPONSIBLE})
    assert kinds(decision) == ["CreateContact", "CreateDeal", "WriteTimelineEntry"]
    assert messages_after(decision)[waiting[0].id].timeline is TimelineState.WRITTEN


def test_once_the_crm_names_the_contact_his_owner_is_told() -> None:
    decision = decide(identified(crm_contact(BRUNO)), facts(UNKNOWN))
    assert (decision.target, told_of(decision)) == (
        BRUNO,
        {BRUNO: ReasonCode.NOTIFY_RESPONSIBLE},
    )


def test_what_was_answered_meanwhile_needs_no_notice() -> None:
    """ROL-17: a manager answered while the CRM was down."""
    answered = replace(UNKNOWN, conversation=replace(UNKNOWN.conversation, unanswered_since=None))
    assert told_of(decide(identified(crm_contact(BRUNO)), facts(answered))) == {}


def test_who_answered_while_the_crm_was_down_gets_the_client() -> None:
    """WS-10."""
    first = policy(new_clients=NewClients(distribution=Distribution.FIRST_TO_ANSWER))
    waiting = (message(), message(Direction.OUT, "m2", author=BRUNO))
    assert decide(identified(), facts(UNKNOWN, waiting=waiting), first).target == BRUNO


def test_a_stranger_who_was_only_written_to_is_given_to_nobody() -> None:
    """WZ-07: in turn begins with the first incoming message."""
    silent = replace(UNKNOWN, conversation=conversation(client=ClientState.UNIDENTIFIED))
    silent = replace(
        silent,
        conversation=replace(silent.conversation, last_inbound_at=None, unanswered_since=None),
    )
    decision = decide(identified(), facts(silent))
    assert (decision.target, kinds(decision)) == (None, [])
    assert codes(decision) == [ReasonCode.ANSWER_NOT_NEEDED]


def test_a_closed_deal_found_late_makes_a_new_one() -> None:
    """WZ-08."""
    by = policy(new_clients=NewClients(on_closed_deal=OnClosedDeal.NEW_DEAL))
    event = identified(crm_contact(ANA), deals=(crm_deal(ANA, is_open=False),))
    assert kinds(decide(event, facts(UNKNOWN), by)) == ["CreateDeal"]


@pytest.mark.parametrize("given", [chat(ANA), new_chat(), None])
def test_an_answer_that_comes_too_late_changes_nothing(given: ChatFacts | None) -> None:
    decision = decide(identified(crm_contact(BRUNO)), facts(given))
    assert (decision.verdict, decision.changes, decision.effects) == ("ignored", (), ())


def test_what_is_typed_on_the_phone_to_a_stranger_makes_nothing() -> None:
    """WZ-07."""
    decision = decide(sent(), facts())
    assert kinds(decision) == []
    assert conversation_after(decision).client is ClientState.NEW


def test_a_later_phone_number_is_kept() -> None:
    """WZ-13: Telegram tells it once the client allows."""
    given = new_chat(phone=None)
    assert conversation_after(decide(received(), facts(given))).phone == "+525512345678"


@pytest.mark.parametrize("event", [received(), sent()])
def test_a_group_is_never_a_client(event: object) -> None:
    """WZ-14: kept and shown; no contact, no deal, no distribution, no timeline."""
    group = replace(event, chat=where(kind=ChatKind.GROUP))  # type: ignore[type-var]
    decision = decide(group, facts())
    assert (kinds(decision), told_of(decision), decision.target) == ([], {}, None)
    assert conversation_after(decision).client is ClientState.GROUP
    assert [x.timeline for x in messages_after(decision).values()] == [TimelineState.OFF]


def test_the_first_message_opens_the_conversation() -> None:
    after = conversation_after(decide(received(), facts()))
    assert (after.channel, after.chat_id, after.last_inbound_at, after.unanswered_since) == (
        "wa",
        "chat-1",
        NOW,
        NOW,
    )


def test_a_channel_that_is_not_in_the_configuration_is_served() -> None:
    """WZ-16: it is named after its account until accounts.yaml names it."""
    event = received(chat=where(channel_id="id-new", chat_id="c9"))
    decision = decide(event, facts())
    assert (conversation_after(decision).channel, decision.target) == ("chat-main:id-new", ANA)


def test_ids_of_the_crm_are_no_ids_of_ours() -> None:
    after = chat_after(decide(received(), facts(lookup=found(crm_contact(ANA)))))
    assert after.contact is not None
    assert (after.contact.crm_id, after.contact.id != "501") == (CrmId("501"), True)
