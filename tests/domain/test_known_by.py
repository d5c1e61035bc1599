"""What a client is known by joins his chats; nothing joins two people (NEW-03, NEW-08, WZ-13)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.adopting import record_id
from bridge.domain.changes import Notify, PutContact, PutIdentity, RefreshKind, RequestRefresh
from bridge.domain.decisions import Decision
from bridge.domain.events import ClientChosen, ContactDeleted
from bridge.domain.facts import ChatFacts, Facts, Lookup
from bridge.domain.identities import KnownIdentity, identities_of, replaced
from bridge.domain.messaging import ChatKind, Identity, IdentityKind, Messenger
from bridge.domain.names import AccountName, ConversationId, CrmId, EventKey, RecordId
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import (
    ClientState,
    Contact,
    ContactState,
    RecordKind,
    TimelineState,
)
from tests.domain.building import (
    ANA,
    BRUNO,
    CARLA,
    CHAT,
    CRM,
    LUIS,
    NOW,
    PHONE,
    chat,
    codes,
    contact,
    conversation,
    conversation_after,
    crm_contact,
    deal,
    decide,
    facts,
    found,
    identified,
    kinds,
    message,
    messages_after,
    new_chat,
    owner,
    received,
    told_of,
    where,
)

BSUID = "ES.13491208655302741918"
NAME = f"scoped:{CHAT}:{BSUID}"
PHONE_NAME = f"phone::{PHONE}"
DOWN = Lookup(available=False)
ONE, TWO, THREE = RecordId("ct_1"), RecordId("ct_2"), RecordId("ct_3")
FIRST, SECOND = contact(ANA, phones=()), contact(BRUNO, id=TWO, crm_id=CrmId("502"), phones=())
GONE = replace(FIRST, state=ContactState.DELETED)
JOINED = replace(FIRST, state=ContactState.MERGED, merged_into=TWO)


def known(name: str, of: RecordId = ONE, **changed: object) -> KnownIdentity:
    given = KnownIdentity(name=name, contact=of, conversation=ConversationId("cv_other"), since=NOW)
    return replace(given, **changed)  # type: ignore[arg-type]


def scoped(value: str = BSUID) -> Identity:
    return Identity(kind=IdentityKind.SCOPED, value=value)


def by_id() -> object:
    """A message of somebody of whom only his business-scoped id is told."""
    return received(chat=where(phone=None, identities=(scoped(),)))


def by_both() -> object:
    phone = Identity(kind=IdentityKind.PHONE, value=PHONE)
    return received(chat=where(identities=(phone, scoped())))


def learned(decision: Decision) -> dict[str, RecordId]:
    found = [x.identity for x in decision.changes if isinstance(x, PutIdentity)]
    return {x.name: x.contact for x in found if not x.former}


@pytest.mark.parametrize(
    ("identity", "messenger", "name"),
    [
        (Identity(kind=IdentityKind.PHONE, value="+5215512345678"), Messenger.WHATSAPP, PHONE_NAME),
        (Identity(kind=IdentityKind.USER, value="77"), Messenger.TELEGRAM, "user:telegram:77"),
        (
            Identity(kind=IdentityKind.USER, value="@a:b.example"),
            Messenger.MATRIX,
            "user:matrix:@a:b.example",
        ),
        (scoped(), Messenger.WHATSAPP, NAME),
        (
            Identity(kind=IdentityKind.PARENT_SCOPED, value="ES.ENT.1"),
            Messenger.WHATSAPP,
            "parent_scoped:whatsapp:ES.ENT.1",
        ),
    ],
)
def test_each_identity_says_of_whom_it_is(
    identity: Identity, messenger: Messenger, name: str
) -> None:
    there = where(phone=None, messenger=messenger, identities=(identity,))
    assert identities_of(CHAT, there) == (name,)


def test_the_same_scoped_id_of_another_business_is_another_person() -> None:
    there = where(phone=None, identities=(scoped(),))
    assert identities_of(CHAT, there) != identities_of(AccountName("another"), there)


def test_a_user_name_and_a_group_prove_nothing() -> None:
    assert identities_of(CHAT, where(phone=None, username="clara")) == ()
    assert identities_of(CHAT, where(kind=ChatKind.GROUP, identities=(scoped(),))) == ()


@pytest.mark.parametrize(
    ("lookup", "holders", "kin", "client", "linked"),
    [
        # Known to be of one contact: his, whether the CRM can be asked or not.
        (found(), [known(NAME)], [FIRST], ClientState.KNOWN, ONE),
        (DOWN, [known(NAME)], [FIRST], ClientState.KNOWN, ONE),
        (None, [known(NAME)], [FIRST], ClientState.KNOWN, ONE),
        (found(), [known(NAME)], [JOINED, SECOND], ClientState.KNOWN, TWO),
        (DOWN, [known(NAME)], [JOINED, SECOND], ClientState.KNOWN, TWO),
        # Of two: nobody is guessed.
        (found(), [known(NAME), known(NAME, TWO)], [FIRST, SECOND], ClientState.AMBIGUOUS, None),
        (DOWN, [known(NAME), known(NAME, TWO)], [FIRST, SECOND], ClientState.UNIDENTIFIED, None),
        # No proof: its vendor says that it moved, or the contact is gone.
        (DOWN, [known(NAME, former=True)], [FIRST], ClientState.UNIDENTIFIED, None),
        (DOWN, [known(NAME)], [GONE], ClientState.UNIDENTIFIED, None),
        (DOWN, [known(NAME)], [], ClientState.UNIDENTIFIED, None),
    ],
)
def test_whom_a_messengers_id_is_known_to_be_of(
    lookup: Lookup | None,
    holders: list[KnownIdentity],
    kin: list[Contact],
    client: ClientState,
    linked: RecordId | None,
) -> None:
    given = facts(lookup=lookup, identities=tuple(holders), kin=tuple(kin))
    after = conversation_after(decide(by_id(), given))
    assert (after.client, after.contact) == (client, linked)


@pytest.mark.parametrize("gone", [known(NAME, former=True), known("scoped:chat-main:x")])
def test_an_id_that_proves_nothing_makes_a_new_client(gone: KnownIdentity) -> None:
    decision = decide(by_id(), facts(identities=(gone,), kin=(GONE,)))
    assert "CreateContact" in kinds(decision)


def test_one_contact_is_made_of_an_id_alone() -> None:
    """The phone is optional: the scoped id is the key, and is learned."""
    decision = decide(by_id(), facts())
    after = conversation_after(decision)
    assert kinds(decision) == ["CreateContact", "CreateDeal", "WriteTimelineEntry"]
    assert learned(decision) == {NAME: after.contact}
    assert after.identities == (NAME,)


def test_the_number_that_comes_later_is_learned_and_makes_no_second_contact() -> None:
    decision = decide(by_both(), facts(identities=(known(NAME),), kin=(FIRST,)))
    assert (conversation_after(decision).contact, "CreateContact" in kinds(decision)) == (
        ONE,
        False,
    )
    assert learned(decision) == {PHONE_NAME: ONE}


def test_a_client_known_by_id_comes_with_his_deals() -> None:
    """His deal's owner answers for him."""
    given = facts(identities=(known(NAME),), kin=(contact(None),), kin_deals=(deal(CARLA),))
    assert decide(by_id(), given).target == CARLA


def test_number_and_id_of_two_contacts_go_by_the_number_and_a_manager_is_asked() -> None:
    lookup = found(crm_contact(BRUNO, "502"))
    given = facts(
        lookup=lookup, identities=(known(NAME),), kin=(FIRST,), records={"contact:502": TWO}
    )
    decision = decide(by_both(), given)
    after = conversation_after(decision)
    assert (after.client, after.contact, after.candidates) == (ClientState.KNOWN, TWO, (ONE, TWO))
    asked = [x for x in decision.changes if isinstance(x, Notify) and x.message is None]
    assert [(x.employee, x.code) for x in asked] == [(LUIS, ReasonCode.CLIENT_DUPLICATE)]


def test_of_two_contacts_with_his_number_the_id_says_which() -> None:
    lookup = found(crm_contact(ANA), crm_contact(BRUNO, "502"))
    given = facts(
        lookup=lookup,
        identities=(known(NAME),),
        kin=(FIRST,),
        records={"contact:501": ONE, "contact:502": TWO},
    )
    assert conversation_after(decide(by_both(), given)).contact == ONE


def test_a_contact_that_was_joined_to_another_is_that_other() -> None:
    given = facts(
        lookup=found(crm_contact(ANA)), kin=(JOINED, SECOND), records={"contact:501": ONE}
    )
    decision = decide(received(), given)
    assert (conversation_after(decision).contact, decision.target) == (TWO, BRUNO)
    assert not [x for x in decision.changes if isinstance(x, PutContact)]


@pytest.mark.parametrize(
    ("holder", "client"),
    [
        (FIRST, ClientState.KNOWN),  # the CRM has no number of his: it can't find him by it
        (contact(ANA, owner=owner(ANA, timedelta(hours=3))), ClientState.KNOWN),
    ],
)
def test_a_number_learned_from_a_chat(holder: Contact, client: ClientState) -> None:
    """One whom the CRM would have found by it and did not is lost: a new contact is made."""
    given = facts(identities=(known(PHONE_NAME),), kin=(holder,))
    decision = decide(received(), given)
    assert conversation_after(decision).client is client
    assert ("CreateContact" in kinds(decision)) is bool(holder.phones)


def test_a_number_that_two_are_known_by_is_never_guessed() -> None:
    given = facts(identities=(known(PHONE_NAME), known(PHONE_NAME, TWO)), kin=(FIRST, SECOND))
    after = conversation_after(decide(received(), given))
    assert (after.client, after.candidates) == (ClientState.AMBIGUOUS, (ONE, TWO))


def test_an_ordinary_message_teaches_nothing() -> None:
    given = facts(chat(ANA, identities=(PHONE_NAME,)))
    assert learned(decide(received(), given)) == {}


def test_what_a_known_client_is_newly_known_by_is_learned_once() -> None:
    first = decide(by_both(), facts(chat(ANA, identities=(PHONE_NAME,))))
    assert learned(first) == {NAME: ONE}
    again = decide(by_both(), facts(chat(ANA, identities=(PHONE_NAME, NAME))))
    assert learned(again) == {}


def test_candidates_are_kept_with_the_message_and_managers_are_told_once() -> None:
    lookup = found(crm_contact(ANA), crm_contact(BRUNO, "502"))
    first = decide(received(), facts(lookup=lookup))
    after = conversation_after(first)
    put = [x.contact.crm_id for x in first.changes if isinstance(x, PutContact)]
    assert (after.client, len(after.candidates), put) == (ClientState.AMBIGUOUS, 2, ["501", "502"])
    assert [x.timeline for x in messages_after(first).values()] == [TimelineState.WAITING]
    given = facts(ChatFacts(conversation=after), lookup=lookup)
    second = decide(received("m2"), given)
    asked = [
        [x for x in d.changes if isinstance(x, Notify) and x.code is ReasonCode.CLIENT_AMBIGUOUS]
        for d in (first, second)
    ]
    assert [len(told) for told in asked] == [1, 0]


def ambiguous(**changed: object) -> Facts:
    asked = new_chat(client=ClientState.AMBIGUOUS, candidates=(ONE, TWO), identities=(NAME,))
    given = facts(asked, kin=(FIRST, SECOND), waiting=(message(timeline=TimelineState.WAITING),))
    return replace(given, **changed)  # type: ignore[arg-type]


def chosen(contact: RecordId | None) -> ClientChosen:
    return ClientChosen(
        event_key=EventKey("chosen:1"),
        occurred_at=NOW,
        account=CHAT,
        conversation=conversation().id,
        contact=contact,
        employee=LUIS,
        why="he said so on the phone",
    )


def test_a_manager_chooses_and_what_waited_is_written() -> None:
    decision = decide(chosen(TWO), ambiguous())
    after = conversation_after(decision)
    assert (after.client, after.contact, after.candidates) == (ClientState.KNOWN, TWO, ())
    assert (decision.target, kinds(decision)) == (BRUNO, ["WriteTimelineEntry"])
    assert (learned(decision), BRUNO in told_of(decision)) == ({NAME: TWO}, True)
    assert codes(decision)[0] is ReasonCode.CLIENT_CHOSEN


def test_none_of_them_makes_a_new_client_under_a_key_of_his_own() -> None:
    """The number is another's in the CRM: by it the new contact would be that one."""
    decision = decide(chosen(None), ambiguous())
    assert kinds(decision) == ["CreateContact", "CreateDeal", "WriteTimelineEntry"]
    keys = [getattr(x.effect, "key", None) for x in decision.effects][:1]
    assert keys != [PHONE]


def test_what_a_chat_taught_of_the_wrong_contact_is_forgotten() -> None:
    taught = known(NAME, conversation=conversation().id)
    given = facts(chat(ANA, identities=(NAME,)), kin=(FIRST, SECOND), identities=(taught,))
    decision = decide(chosen(TWO), given)
    former = [x.identity for x in decision.changes if isinstance(x, PutIdentity)]
    assert {(x.contact, x.former) for x in former} == {(TWO, False), (ONE, True)}
    assert conversation_after(decision).candidates == ()


@pytest.mark.parametrize("kin", [(), (GONE,)])
def test_a_contact_that_is_gone_is_not_chosen(kin: tuple[Contact, ...]) -> None:
    decision = decide(chosen(ONE), ambiguous(kin=kin))
    assert (decision.verdict, decision.changes) == ("ignored", ())


def test_once_the_crm_names_one_the_question_is_settled() -> None:
    decision = decide(identified(crm_contact(ANA)), ambiguous(records={"contact:501": ONE}))
    assert (conversation_after(decision).contact, decision.target) == (ONE, ANA)


def test_news_of_a_candidate_asks_the_crm_again() -> None:
    event = ContactDeleted(
        event_key=EventKey("d"),
        occurred_at=NOW,
        account=AccountName("crm-main"),
        contact=CrmId("501"),
    )
    where_asked = conversation().id
    decision = decide(event, facts(contact=contact(ANA), undecided=(where_asked,)))
    assert RequestRefresh(kind=RefreshKind.IDENTITY, key=where_asked) in decision.changes


@pytest.mark.parametrize(
    ("before", "now", "gone"),
    [
        (("phone::+1",), ("phone::+2",), ("phone::+1",)),
        (("phone::+1", NAME), ("phone::+2",), ("phone::+1",)),
        (("phone::+1", NAME), ("phone::+1", f"scoped:{CHAT}:x"), (NAME,)),
        ((NAME,), (f"scoped:another:{BSUID}",), ()),
        (("user:matrix:@a:b",), ("user:matrix:@a:b",), ()),
    ],
)
def test_what_a_new_identity_replaces(
    before: tuple[str, ...], now: tuple[str, ...], gone: tuple[str, ...]
) -> None:
    assert replaced(before, now) == gone


OTHER = f"scoped:{CHAT}:ES.999"
FOUND = record_id(CRM, RecordKind.CONTACT, CrmId("501"))


@pytest.mark.parametrize(
    ("otherwise", "phone", "client"),
    [
        # Nothing says that the name has changed hands (NEW-03, WZ-13).
        ([], None, ClientState.KNOWN),
        ([known(NAME, FOUND)], None, ClientState.KNOWN),
        ([known(f"user:telegram:{BSUID}", FOUND)], None, ClientState.KNOWN),
        ([known(OTHER, FOUND, former=True)], None, ClientState.KNOWN),
        ([known(OTHER, FOUND), known(NAME, FOUND)], None, ClientState.KNOWN),
        # The messenger knows him who had this name by another id.
        ([known(OTHER, FOUND)], None, ClientState.AMBIGUOUS),
        # His number is his number.
        ([known(OTHER, FOUND)], PHONE, ClientState.KNOWN),
    ],
)
def test_a_user_name_that_has_changed_hands_links_nobody(
    otherwise: list[KnownIdentity], phone: str | None, client: ClientState
) -> None:
    in_crm = replace(crm_contact(ANA), phones=(PHONE,) if phone else (), usernames=("clara",))
    given = facts(lookup=found(in_crm), known_otherwise=tuple(otherwise))
    there = where(phone=phone, username="clara", identities=(scoped(),))
    after = conversation_after(decide(received(chat=there), given))
    assert after.client is client
    assert after.candidates == ((FOUND,) if client is ClientState.AMBIGUOUS else ())
