"""What moves in the CRM: owners count at once, late ones don't (ROL-11)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bridge.domain import changes as c
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.events import (
    AssociationChanged,
    ContactChanged,
    ContactDeleted,
    ContactErased,
    ContactsMerged,
    CrmEvent,
    DealChanged,
    LeadChanged,
    OwnerChanged,
    RecordChange,
)
from bridge.domain.facts import Facts
from bridge.domain.joining import merge_id
from bridge.domain.names import CrmId, EmployeeId, EventKey, RecordId
from bridge.domain.people import Directory
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import Contact, ContactState, Owner, RecordKind
from tests.domain.building import (
    ANA,
    BRUNO,
    CHAT,
    CRM,
    NOW,
    OTTO,
    QA,
    codes,
    contact,
    conversation,
    crm_id,
    deal,
    decide,
    facts,
    lead,
    owner,
    told_of,
    without,
)

MINUTE = timedelta(minutes=1)
KNOWN = {
    "contact:501": RecordId("ct_1"),
    "contact:502": RecordId("ct_2"),
    "deal:601": RecordId("dl_1"),
    "lead:701": RecordId("ld_1"),
}
IDS = {RecordKind.CONTACT: "501", RecordKind.DEAL: "601", RecordKind.LEAD: "701"}


def owner_changed(
    who: EmployeeId | None,
    kind: RecordKind = RecordKind.CONTACT,
    at: datetime = NOW,
    **changed: Any,
) -> OwnerChanged:
    given = OwnerChanged(
        event_key=EventKey(f"owner:{kind}:{who}:{at}"),
        occurred_at=at,
        account=CRM,
        kind=kind,
        record=CrmId(IDS[kind]),
        owner=None if who is None else crm_id(who),
    )
    return replace(given, **changed)


def known(**changed: Any) -> Facts:
    return facts(records=KNOWN, **changed)


def of_contact(given: Contact, **changed: Any) -> Facts:
    return known(contact=given, conversations=(conversation().id,), **changed)


def set_by(decision: Decision) -> list[Owner]:
    return [x.owner for x in decision.changes if isinstance(x, c.SetOwner)]


def refreshed(decision: Decision) -> list[tuple[str, str]]:
    found = [x for x in decision.changes if isinstance(x, c.RequestRefresh)]
    return [(x.kind.value, x.key) for x in found]


@pytest.mark.parametrize(
    ("kind", "record", "given"),
    [
        (RecordKind.CONTACT, "ct_1", {"contact": contact(owner=owner(ANA, MINUTE))}),
        (RecordKind.DEAL, "dl_1", {"deals": (deal(owner=owner(ANA, MINUTE)),)}),
        (RecordKind.LEAD, "ld_1", {"leads": (lead(owner=owner(ANA, MINUTE)),)}),
    ],
)
def test_a_new_owner_counts_from_the_next_request_on(
    kind: RecordKind, record: str, given: dict[str, Any]
) -> None:
    """ROL-11."""
    decision = decide(owner_changed(BRUNO, kind), known(**given))
    assert decision.changes == (
        c.SetOwner(
            kind=kind, record=RecordId(record), owner=Owner(crm_id=crm_id(BRUNO), as_of=NOW)
        ),
    )
    assert decision.target == BRUNO


def test_the_new_owner_is_told_and_the_old_one_is_not() -> None:
    """ROL-11."""
    decision = decide(owner_changed(BRUNO), of_contact(contact(ANA)))
    assert told_of(decision) == {BRUNO: ReasonCode.OWNER_CHANGED}


@pytest.mark.parametrize("who", [QA, OTTO, None])
def test_nobody_is_told_who_may_not_write(who: EmployeeId | None) -> None:
    """WS-07: quality control gets no notifications."""
    decision = decide(owner_changed(who), of_contact(contact(ANA)))
    assert (told_of(decision), decision.target) == ({}, None)
    assert len(set_by(decision)) == 1


def test_who_left_is_not_told() -> None:
    given = of_contact(contact(ANA), directory=without(BRUNO))
    assert told_of(decide(owner_changed(BRUNO), given)) == {}


def test_an_owner_whom_nobody_knows_is_asked_for() -> None:
    given = of_contact(contact(owner=owner(ANA, MINUTE)), directory=Directory())
    assert refreshed(decide(owner_changed(BRUNO), given)) == [("employees", CRM)]


@pytest.mark.parametrize(("first", "second"), [(BRUNO, QA), (QA, BRUNO)])
def test_of_two_owners_of_one_moment_the_last_to_come_counts_until_the_crm_has_said(
    first: EmployeeId, second: EmployeeId
) -> None:
    """Two owners at once: nobody can tell their order, so the record is read anew at once."""
    before = decide(owner_changed(first), of_contact(contact(owner=owner(ANA, MINUTE))))
    after = decide(owner_changed(second), of_contact(contact(owner=set_by(before)[0])))
    assert set_by(after) == [owner(second)]
    assert refreshed(after) == [("contact", "501")]


def test_a_confirmed_owner_is_fresh_again_and_nobody_is_told() -> None:
    """Our own assignment comes back as an event of the CRM."""
    given = of_contact(contact(owner=owner(ANA, age=timedelta(hours=20))))
    decision = decide(owner_changed(ANA), given)
    assert (set_by(decision), told_of(decision)) == ([owner(ANA)], {})
    assert codes(decision) == [ReasonCode.MIRROR_UPDATED]


def test_a_confirmation_makes_no_owner_older() -> None:
    decision = decide(owner_changed(ANA, at=NOW - MINUTE), of_contact(contact(ANA)))
    assert set_by(decision) == [owner(ANA)]


def test_a_late_owner_is_not_believed_but_read_anew() -> None:
    decision = decide(owner_changed(BRUNO, at=NOW - MINUTE), of_contact(contact(ANA)))
    assert (decision.verdict, codes(decision)) == (Verdict.IGNORED, [ReasonCode.MIRROR_OLDER])
    assert (set_by(decision), refreshed(decision)) == ([], [("contact", "501")])


@pytest.mark.parametrize("late", [MINUTE, timedelta(hours=1)])
def test_two_changes_that_both_come_late_count_in_their_order(late: timedelta) -> None:
    """ROL-11: an owner is as old as the CRM's word on him, not as its arrival."""
    start = of_contact(contact(owner=owner(ANA, age=late + MINUTE)))
    first = decide(owner_changed(BRUNO, at=NOW - late), start)
    then = of_contact(contact(owner=set_by(first)[0]))
    second = decide(owner_changed(QA, at=NOW - late + timedelta(seconds=5)), then)
    assert set_by(second) == [Owner(crm_id=crm_id(QA), as_of=NOW - late + timedelta(seconds=5))]


def test_two_changes_in_the_wrong_order_end_at_the_later_one() -> None:
    later = decide(owner_changed(BRUNO), of_contact(contact(owner=owner(ANA, MINUTE * 2))))
    after = of_contact(contact(owner=set_by(later)[0]))
    assert set_by(decide(owner_changed(QA, at=NOW - MINUTE), after)) == []


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (RecordKind.CONTACT, {"contact": contact(ANA)}),
        (RecordKind.DEAL, {"deals": (deal(ANA),)}),
        (RecordKind.LEAD, {"leads": (lead(ANA),)}),
    ],
)
@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(days=400)])
def test_an_owner_from_the_future_counts_from_now_and_is_read_anew(
    kind: RecordKind, given: dict[str, Any], ahead: timedelta
) -> None:
    """The vendor's clock is ahead: the owner is no fresher for it, and the order is not sure."""
    decision = decide(owner_changed(BRUNO, kind, at=NOW + ahead), known(**given))
    assert set_by(decision) == [Owner(crm_id=crm_id(BRUNO), as_of=NOW)]
    assert refreshed(decision) == [(kind.value, IDS[kind])]


def test_a_confirmation_from_the_future_is_one_of_now() -> None:
    given = of_contact(contact(owner=owner(ANA, age=MINUTE)))
    decision = decide(owner_changed(ANA, at=NOW + timedelta(days=400)), given)
    assert (set_by(decision), refreshed(decision)) == ([owner(ANA)], [])


def test_an_owner_stored_from_the_future_stands_in_nobodys_way() -> None:
    """He would be "newer" than every change to come."""
    given = of_contact(contact(owner=owner(ANA, age=-timedelta(days=400))))
    decision = decide(owner_changed(BRUNO, at=NOW - MINUTE), given)
    assert set_by(decision) == [Owner(crm_id=crm_id(BRUNO), as_of=NOW - MINUTE)]
    assert refreshed(decision) == [("contact", "501")]


@pytest.mark.parametrize(
    ("kind", "verdict", "wanted"),
    [
        (RecordKind.CONTACT, Verdict.IGNORED, []),
        (RecordKind.DEAL, Verdict.APPLIED, [("deal", "601")]),
        (RecordKind.LEAD, Verdict.APPLIED, [("lead", "701")]),
    ],
)
def test_the_owner_of_a_record_that_is_not_mirrored(
    kind: RecordKind, verdict: Verdict, wanted: list[tuple[str, str]]
) -> None:
    """A deal may belong to a client of ours: it is read; a contact without a chat is not."""
    decision = decide(owner_changed(BRUNO, kind), facts())
    assert (decision.verdict, refreshed(decision)) == (verdict, wanted)


def event(kind: type[Any], **fields: Any) -> Any:
    return kind(event_key=EventKey("e1"), occurred_at=NOW, account=CRM, **fields)


DELETED = event(ContactDeleted, contact=CrmId("501"))
CHANGED = event(ContactChanged, contact=CrmId("501"))
ERASED = event(ContactErased, contact=CrmId("501"))
MERGED = event(ContactsMerged, survivor=CrmId("502"), absorbed=(CrmId("501"),))
DEAL = event(DealChanged, deal=CrmId("601"))
LEAD = event(LeadChanged, lead=CrmId("701"))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(CHANGED, ("contact", "501")), (DEAL, ("deal", "601")), (LEAD, ("lead", "701"))],
)
def test_what_changed_is_read_anew(given: CrmEvent, wanted: tuple[str, str]) -> None:
    assert refreshed(decide(given, known())) == [wanted]


@pytest.mark.parametrize("given", [CHANGED, DELETED, ERASED, MERGED])
def test_contacts_without_a_chat_are_left_alone(given: CrmEvent) -> None:
    decision = decide(given, facts())
    assert (decision.verdict, decision.changes) == (Verdict.IGNORED, ())


def test_a_deleted_contact_is_marked() -> None:
    decision = decide(DELETED, of_contact(contact(ANA)))
    assert decision.changes == (c.PutContact(contact=contact(ANA, state=ContactState.DELETED)),)


@pytest.mark.parametrize("state", [ContactState.ERASED, ContactState.MERGED])
def test_an_erased_or_merged_contact_stays_so_when_deleted(state: ContactState) -> None:
    decision = decide(DELETED, of_contact(contact(ANA, state=state)))
    assert (decision.verdict, decision.changes) == (Verdict.IGNORED, ())


def test_the_survivor_is_not_deleted_with_the_contact_it_absorbed() -> None:
    survivor = contact(ANA, crm_id=CrmId("502"))
    assert decide(DELETED, of_contact(survivor)).changes == ()


def test_an_erased_contact_is_wiped() -> None:
    assert decide(ERASED, known()).changes == (c.EraseContact(contact=RecordId("ct_1")),)


def test_a_merged_contact_goes_to_the_survivor_which_is_read_anew() -> None:
    merged = decide(MERGED, known())
    assert merged.changes == (
        c.MergeContacts(
            survivor=RecordId("ct_2"),
            absorbed=RecordId("ct_1"),
            crm_id=CrmId("502"),
            merge=merge_id(MERGED.account, MERGED.event_key, RecordId("ct_1")),
            why="merged in the CRM",
        ),
        c.RequestRefresh(kind=c.RefreshKind.CONTACT, key=CrmId("502")),
    )
    assert merged.contact == "ct_2"


def test_where_the_survivor_is_unknown_the_absorbed_record_becomes_it() -> None:
    """The chats keep their record."""
    only = facts(records={"contact:501": RecordId("ct_1")})
    assert decide(MERGED, only).changes[0] == c.MergeContacts(
        survivor=RecordId("ct_1"), absorbed=RecordId("ct_1"), crm_id=CrmId("502")
    )


def test_all_absorbed_contacts_go_to_one() -> None:
    both = event(ContactsMerged, survivor=CrmId("900"), absorbed=(CrmId("501"), CrmId("502")))
    merges = [x for x in decide(both, known()).changes if isinstance(x, c.MergeContacts)]
    assert [(x.survivor, x.absorbed) for x in merges] == [("ct_1", "ct_1"), ("ct_1", "ct_2")]


@pytest.mark.parametrize(
    ("given", "mirrored", "change"),
    [
        (
            replace(DEAL, change=RecordChange.DELETED),
            {"deals": (deal(ANA), deal(BRUNO, crm_id=CrmId("602")))},
            c.PutDeal(deal=deal(ANA, is_open=False)),
        ),
        (
            replace(LEAD, change=RecordChange.DELETED),
            {"leads": (lead(ANA), lead(BRUNO, crm_id=CrmId("702")))},
            c.PutLead(lead=lead(ANA, is_open=False)),
        ),
    ],
)
def test_a_deleted_deal_or_lead_is_open_no_more(
    given: CrmEvent, mirrored: dict[str, Any], change: c.Change
) -> None:
    """And no other of the same client."""
    assert decide(given, known(**mirrored)).changes == (change,)


@pytest.mark.parametrize(
    ("kinds_", "wanted"),
    [
        ((RecordKind.CONTACT, RecordKind.DEAL), [("deal", "2")]),
        ((RecordKind.DEAL, RecordKind.CONTACT), [("deal", "1")]),
        ((RecordKind.LEAD, RecordKind.CONTACT), [("lead", "1")]),
        ((RecordKind.CONTACT, RecordKind.CONTACT), []),
    ],
)
@pytest.mark.parametrize("removed", [True, False])
def test_a_link_makes_the_deal_or_lead_be_read_anew(
    kinds_: tuple[RecordKind, RecordKind], wanted: list[tuple[str, str]], removed: bool
) -> None:
    """WS-09: who owns a linked deal sees the chat."""
    linked = event(
        AssociationChanged,
        from_kind=kinds_[0],
        from_record=CrmId("1"),
        to_kind=kinds_[1],
        to_record=CrmId("2"),
        removed=removed,
    )
    assert refreshed(decide(linked, known())) == wanted


LINKED = event(
    AssociationChanged,
    from_kind=RecordKind.CONTACT,
    from_record=CrmId("501"),
    to_kind=RecordKind.DEAL,
    to_record=CrmId("601"),
    removed=False,
)
CREATED = RecordChange.CREATED


@pytest.mark.parametrize(
    "given",
    [
        owner_changed(ANA),
        CHANGED,
        replace(CHANGED, change=CREATED),
        DEAL,
        replace(DEAL, change=CREATED),
        replace(DEAL, is_open=True, stage="won"),
        LEAD,
        LINKED,
    ],
)
def test_our_own_write_coming_back_is_left_alone(given: Any) -> None:
    decision = decide(replace(given, by_us=True), of_contact(contact(ANA), deals=(deal(ANA),)))
    assert (codes(decision), decision.changes) == ([ReasonCode.ECHO_OWN_WRITE], ())


@pytest.mark.parametrize(
    "given",
    [
        DELETED,
        replace(CHANGED, change=RecordChange.RESTORED),
        replace(DEAL, change=RecordChange.DELETED),
        replace(DEAL, change=RecordChange.RESTORED),
        replace(DEAL, is_open=False),
        replace(LEAD, change=RecordChange.DELETED),
        replace(LEAD, is_open=False),
        replace(LINKED, removed=True),
    ],
)
def test_what_we_never_do_counts_though_it_bears_our_name(given: Any) -> None:
    """A flow that runs within our own write is the CRM's, not ours."""
    start = of_contact(contact(ANA), deals=(deal(ANA),), leads=(lead(ANA),))
    assert decide(replace(given, by_us=True), start).changes == decide(given, start).changes
    assert decide(given, start).changes != ()


def test_an_owner_that_the_crm_put_in_the_place_of_ours_is_read_anew() -> None:
    """PX-01: an assignment rule that our write set off; until it is read our own counts."""
    decision = decide(owner_changed(BRUNO, by_us=True), of_contact(contact(ANA)))
    assert (codes(decision), set_by(decision)) == ([ReasonCode.ECHO_OWN_WRITE], [])
    assert refreshed(decision) == [("contact", "501")]


def test_a_persons_change_right_after_ours_is_not_swallowed() -> None:
    ours = decide(owner_changed(ANA, by_us=True), of_contact(contact(ANA)))
    assert ours.changes == ()
    theirs = decide(owner_changed(BRUNO), of_contact(contact(owner=owner(ANA, MINUTE))))
    assert set_by(theirs) == [owner(BRUNO)]


OPEN, CLOSED, UNSAID = True, False, None


@pytest.mark.parametrize("kind", ["deal", "lead"])
@pytest.mark.parametrize(
    ("told", "of_stage", "closes"),
    [
        (CLOSED, OPEN, True),
        (CLOSED, UNSAID, True),
        (UNSAID, CLOSED, True),
        (OPEN, CLOSED, False),
        (UNSAID, OPEN, False),
        (UNSAID, UNSAID, False),
    ],
)
def test_what_is_closed_counts_at_once_and_all_else_is_read_first(
    kind: str, told: bool | None, of_stage: bool | None, closes: bool
) -> None:
    """Lost, won, converted, disqualified: who saw the chat by it does so no more (ROL-11)."""
    given = replace({"deal": DEAL, "lead": LEAD}[kind], is_open=told, stage="s-9")
    start = known(deals=(deal(ANA),), leads=(lead(ANA),), is_open_stage=of_stage)
    decision = decide(given, start)
    put = [x for x in decision.changes if isinstance(x, c.PutDeal | c.PutLead)]
    assert len(put) == closes
    assert refreshed(decision) == [(kind, {"deal": "601", "lead": "701"}[kind])]


def test_a_deal_that_is_closed_has_the_stage_and_the_owner_that_it_closed_with() -> None:
    decision = decide(replace(DEAL, stage="s-9", is_open=False), known(deals=(deal(ANA),)))
    assert decision.changes[0] == c.PutDeal(deal=deal(ANA, stage="s-9", is_open=False))


@pytest.mark.parametrize("turned", [False, True])
def test_who_is_parted_from_a_deal_is_so_at_once(turned: bool) -> None:
    ends = ((RecordKind.CONTACT, CrmId("501")), (RecordKind.DEAL, CrmId("601")))
    (from_kind, from_record), (to_kind, to_record) = reversed(ends) if turned else ends
    given = event(
        AssociationChanged,
        from_kind=from_kind,
        from_record=from_record,
        to_kind=to_kind,
        to_record=to_record,
        removed=True,
    )
    other = RecordId("ct_2")
    start = known(deals=(deal(ANA, contacts=(RecordId("ct_1"), other)),))
    decision = decide(given, start)
    assert decision.changes[0] == c.PutDeal(deal=deal(ANA, contacts=(other,)))
    assert refreshed(decision) == [("deal", "601")]


def test_who_is_linked_to_a_deal_is_so_when_it_has_been_read() -> None:
    decision = decide(LINKED, known(deals=(deal(ANA, contacts=()),)))
    assert refreshed(decision) == [("deal", "601")]
    assert len(decision.changes) == 1


@pytest.mark.parametrize("given", [owner_changed(BRUNO), DELETED, ERASED, MERGED, DEAL])
def test_only_the_crm_of_the_house_is_believed(given: Any) -> None:
    decision = decide(replace(given, account=CHAT), of_contact(contact(ANA)))
    assert (codes(decision), decision.changes) == ([ReasonCode.EVENT_IGNORED], ())
