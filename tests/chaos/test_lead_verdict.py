"""The comparison of leads sees every kind of damage."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.domain.names import AccountName, CrmId, EmployeeId
from bridge.domain.partner_leads import (
    Holder,
    HolderKind,
    How,
    LeadState,
    LeadSummary,
    PartnerLead,
    Passed,
    Tried,
    Written,
    lead_id,
)
from tests.chaos.crms import HUBSPOT
from tests.chaos.lead_verdict import Leads, wrong_lead_mails, wrong_leads
from tests.chaos.partners import LeadLedger, Will, will
from tests.chaos.post import Letter
from tests.chaos.programme import (
    DEFAULT_OWNER,
    IN_TURN,
    ONE_BY_ONE,
    PABLO,
    PETRA,
    SONIA,
    USERS,
    at,
    name_of,
)

AT = at(HUBSPOT)
CRM, NOW = AccountName("hubspot-main"), datetime(2026, 3, 1, tzinfo=UTC)
# In turn, out of the queue, offered one by one; each of them twice.
HOLDERS = {0: PETRA, 1: SONIA, 2: PETRA, 3: PABLO, 4: PABLO, 5: PABLO}
PASSED = {2: (SONIA, PABLO), 5: (SONIA,)}


def lead(number: int, **changed: Any) -> PartnerLead:
    passed = tuple(
        Passed(user=user, at=NOW, declined=will(user, number) is Will.DECLINE)
        for user in PASSED.get(number, ())
    )
    made = PartnerLead(
        id=lead_id(CRM, CrmId(f"{number}")),
        account=CRM,
        crm_id=CrmId(f"{number}"),
        summary=LeadSummary(name=name_of(number)),
        holder=Holder(kind=HolderKind.PARTNER, name=HOLDERS[number]),
        how=How.RULE,
        since=NOW,
        state=LeadState.ACCEPTED,
        passed=passed,
        written=Tried(state=Written.CONFIRMED),
    )
    return replace(made, **changed)


def leads(**changed: PartnerLead) -> Leads:
    """As the store has them when all is well; `n3` is what it has of the third."""
    known = {n: [changed.get(f"n{n}", lead(n))] for n in HOLDERS}
    return Leads(leads=known, turns=(PETRA, PABLO))


def ledger() -> LeadLedger:
    took = defaultdict(set, {1: {SONIA}, 4: {PABLO}})
    return LeadLedger(came=set(HOLDERS), took=took)


def in_crm(**changed: str) -> list[tuple[str, str]]:
    people = AT.people
    return [(name_of(n), changed.get(f"n{n}", people[user])) for n, user in HOLDERS.items()]


def test_those_who_are_asked_one_by_one_are_one_of_each_kind() -> None:
    for number in range(2, 30, 3):
        assert {will(user, number) for user in ONE_BY_ONE} == set(Will)


def test_what_is_right_is_found_right() -> None:
    assert list(wrong_leads(AT, ledger(), leads(), in_crm())) == []


LYING = lead(
    2,
    holder=Holder(kind=HolderKind.EMPLOYEE, name=DEFAULT_OWNER),
    state=LeadState.HELD,
    passed=tuple(Passed(user=user, at=NOW, declined=False) for user in USERS),
)


def test_one_that_everybody_let_lie_goes_to_the_default_owner() -> None:
    owned = in_crm(n2=AT.employee)
    assert list(wrong_leads(AT, ledger(), leads(n2=LYING), owned)) == []


@pytest.mark.parametrize(
    ("damaged", "crm", "word"),
    [
        (replace(leads(), leads={}), {}, "0 leads here"),
        (replace(leads(), leads={n: [lead(n)] * 2 for n in HOLDERS}), {}, "2 leads here"),
        (leads(), {"n3": "1"}, "in the CRM"),
        (leads(n0=lead(0, state=LeadState.OFFERED)), {}, "offered in the end"),
        (leads(n0=lead(0, state=LeadState.HELD)), {}, "held in the end"),
        (leads(n0=lead(0, written=Tried(state=Written.FAILED))), {}, "failed in the CRM"),
        (leads(n1=lead(1, holder=Holder(kind=HolderKind.PARTNER, name=PETRA))), {}, "taken by"),
        (leads(n2=lead(2, passed=lead(2).passed * 2)), {}, "2 times"),
        (leads(n2=lead(2, holder=Holder(kind=HolderKind.PARTNER, name=PABLO))), {}, "did not want"),
        (replace(leads(), turns=(PETRA,)), {}, "1 turns for 2 leads"),
        (replace(leads(), turns=(PETRA, PABLO, SONIA)), {}, "3 turns for 2 leads"),
        (replace(leads(), turns=(PETRA, PETRA)), {}, "turn 1 is"),
    ],
)
def test_damage_to_leads_is_seen(damaged: Leads, crm: Mapping[str, str], word: str) -> None:
    assert word in "\n".join(wrong_leads(AT, ledger(), damaged, in_crm(**crm)))


def test_a_lead_that_two_were_told_to_have_is_seen() -> None:
    told = ledger()
    told.took[1].add(PETRA)
    assert "taken by" in "\n".join(wrong_leads(AT, told, leads(), in_crm()))


def mail(user: EmployeeId, number: int) -> Letter:
    return Letter(user, f"{name_of(number)} is yours", "", f"{user}{number}")


MAILS = [mail(PETRA, 0), mail(PABLO, 3), mail(PETRA, 2), mail(PABLO, 5), mail(SONIA, 2)]


@pytest.mark.parametrize(
    ("letters", "in_doubt", "wrong"),
    [
        (MAILS, [], 0),
        (MAILS[1:], [MAILS[0].said], 0),
        (MAILS[1:], [], 1),
        ([*MAILS, MAILS[0]], [], 1),
        ([*MAILS, mail(SONIA, 0)], [], 1),
        ([*MAILS, mail(SONIA, 1)], [], 1),  # taken, not given
    ],
)
def test_damage_to_mails_of_leads_is_seen(
    letters: Sequence[Letter], in_doubt: Sequence[Letter], wrong: int
) -> None:
    assert len(list(wrong_lead_mails(leads(), letters, in_doubt))) == wrong


def test_turns_are_those_of_all_who_have_them() -> None:
    many = Leads(leads={n: [lead(n)] for n in HOLDERS}, turns=IN_TURN[:2])
    assert list(wrong_leads(AT, ledger(), many, in_crm())) == []
