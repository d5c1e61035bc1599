"""Leads of the partner programme in a whole house: given, read back, taken, let lie, undone."""

from typing import Any

import pytest
from sqlalchemy import select

from bridge import codec
from bridge.domain.changes import RefreshKind
from bridge.domain.effects import SendEmail
from bridge.domain.names import AccountName, CrmId, EmployeeId, PartnerLeadId
from bridge.domain.partner_leads import How, LeadState, Written
from bridge.domain.partner_policy import BulkMail, LeadMail, LeadRule, LeadTarget, LeadWhen
from bridge.domain.reasons import ReasonCode as Code
from bridge.pipeline.explain import explain, is_reproducible, why_not
from bridge.pipeline.partnering import acting, bulk
from bridge.pipeline.partnering.acting import Order
from bridge.pipeline.partnering.expiring import expire_leads
from bridge.ports import Delivery, Outcome, Rejected
from bridge.store import notices, partner_leads
from bridge.store.engine import reading
from bridge.store.feed import FeedWanted, feed_rows
from bridge.store.partner_leads import LeadsWanted
from bridge.store.schema import DECISIONS, OUTBOX
from tests.pipeline.partner_house import (
    IDS,
    PABLO,
    PETRA,
    Q1,
    Q2,
    Q3,
    SONIA,
    Partners,
    code,
    partner_user,
    target,
)
from tests.pipeline.world import ANA, CRM, LUIS, World

MAIL = AccountName("mail-main")


@pytest.fixture
def at(house: World) -> Partners:
    made = Partners(house)
    made.switch_on()
    return made


def mails(at: Partners) -> list[SendEmail]:
    with reading(at.house.engine) as db:
        rows = db.scalars(select(OUTBOX.c.effect).where(OUTBOX.c.kind == "SendEmail"))
        return [codec.decode(SendEmail, bytes(row)) for row in rows]


def told(at: Partners, who: EmployeeId) -> list[str]:
    with reading(at.house.engine) as db:
        found = notices.notices(db, who, unread=True, before=None, limit=50)
        return [notice.code for notice in found]


def holders(at: Partners, leads: Any) -> list[str]:
    return [at.lead(lead).holder.name for lead in leads]


class TestALead:
    def test_prm_11_given_by_hand_written_and_read_back(self, at: Partners) -> None:
        """PRM-23."""
        lead = at.has_lead()
        assert code(at.gives(lead, PETRA)) == ""
        assert at.lead(lead).written.state is Written.PENDING
        at.house.settle()
        assert at.owner_in_crm(lead) == IDS[PETRA]
        shown = at.lead(lead)
        assert (shown.holder.name, shown.how, shown.written.state) == (
            PETRA,
            How.MANUAL,
            Written.CONFIRMED,
        )

    def test_prm_13_the_second_who_takes_it_hears_that_it_is_taken(self, at: Partners) -> None:
        lead = at.has_lead()
        at.gives(lead, Q1)
        parts = at.house.parts
        first = acting.take(parts, at.asked(partner_user(PETRA)), lead)
        second = acting.take(parts, at.asked(partner_user(PABLO)), lead)
        outside = acting.take(parts, at.asked(partner_user(SONIA)), lead)
        assert (code(first), code(second), code(outside)) == (
            "",
            Code.LEAD_ALREADY_TAKEN,
            Code.LEAD_UNKNOWN,
        )
        at.house.settle()
        assert at.owner_in_crm(lead) == IDS[PETRA]
        assert at.lead(lead).written.state is Written.CONFIRMED

    def test_a_double_click_is_one_assignment(self, at: Partners) -> None:
        lead = at.has_lead()
        asked = at.asked(key="click")
        first = acting.assign(at.house.parts, asked, lead, Order(to=target(PETRA)))
        again = acting.assign(at.house.parts, asked, lead, Order(to=target(PETRA)))
        assert first.decision is not None
        assert (again.decision, code(again)) == (None, "")
        assert at.lead(lead).version == 2

    def test_prm_15_new_leads_go_by_the_rules(self, at: Partners) -> None:
        at.use(rules=(by_country("MX", PETRA), by_country("ES", Q2)))
        leads = at.comes(1) + at.comes(2, country="ES") + at.comes(3, country="FR")
        assert holders(at, leads) == [PETRA, Q2, LUIS]
        assert [at.lead(lead).how for lead in leads] == [How.RULE, How.RULE, How.DEFAULT]

    def test_prm_15_a_new_lead_whose_owner_was_told_first_goes_by_the_rules_as_well(
        self, at: Partners
    ) -> None:
        at.use(rules=(by_country("MX", PETRA),))
        lead = at.has_lead(1)
        assert holders(at, [lead]) == [ANA]
        assert at.comes(1) == [lead]
        assert holders(at, [lead]) == [PETRA]
        at.wish(RefreshKind.NEW_LEAD, "lead-1")
        at.house.settle()
        assert at.lead(lead).version == 2

    def test_prm_14_nine_new_leads_over_three_queues_are_three_each_in_order(
        self, at: Partners
    ) -> None:
        at.use(rules=(in_turn(Q1, Q2, Q3),))
        leads = at.comes(*range(9))
        assert holders(at, leads) == [Q1, Q2, Q3] * 3

    def test_px_06_leads_that_a_rule_takes_do_not_skew_the_turn(self, at: Partners) -> None:
        at.use(rules=(by_country("ES", PETRA), in_turn(Q1, Q2)))
        at.comes(1)
        at.comes(2, country="ES")
        assert holders(at, at.comes(3, 4)) == [Q2, Q1]

    def test_what_was_decided_can_be_decided_again_byte_for_byte(self, at: Partners) -> None:
        at.use(rules=(by_country("ES", SONIA), in_turn(Q1, Q2)))
        [lead] = at.comes(1)
        at.gives(lead, PETRA)
        acting.decline(at.house.parts, at.asked(partner_user(PETRA)), lead, "no")
        with reading(at.house.engine) as db:
            keys = db.scalars(select(DECISIONS.c.event_key).where(DECISIONS.c.account == "bridge"))
            assert all(is_reproducible(db, key) for key in list(keys))

    def test_explain_and_why_not_know_partners_users(self, at: Partners) -> None:
        at.use(rules=(by_country("ES", SONIA), by_country("MX", PETRA)))
        [lead] = at.comes(1)
        with reading(at.house.engine) as db:
            of_lead = select(DECISIONS.c.event_key).where(DECISIONS.c.subject == f"lead:{lead}")
            key = db.scalars(of_lead.order_by(DECISIONS.c.id)).first()
            found = explain(db, str(key))
        assert found is not None
        assert [(rule.id, rule.matched) for rule in found.record.rules] == [
            ("ES", False),
            ("MX", True),
        ]
        against = why_not(found.record, SONIA, at.house.parts.active())
        assert against.code is Code.RULE_NOT_MATCHED

    def test_why_not_of_a_lead_that_was_given_by_hand_to_somebody_else(self, at: Partners) -> None:
        given = at.gives(at.has_lead(), PETRA)
        with reading(at.house.engine) as db:
            found = explain(db, given.event.event_key)
        assert found is not None
        active = at.house.parts.active()
        assert why_not(found.record, SONIA, active).code is Code.NOT_CONSIDERED
        assert why_not(found.record, EmployeeId("no@body.example"), active).code is Code.ROLE_NONE

    def test_px_05_nobody_accepts_and_the_clock_gives_it_on_once(self, at: Partners) -> None:
        at.use(rules=(in_turn(PETRA, PABLO),))
        [lead] = at.comes(1)
        assert expire_leads(at.house.parts) == 0
        at.house.later(3 * 86400 + 1)
        assert (expire_leads(at.house.parts), expire_leads(at.house.parts)) == (1, 0)
        assert at.lead(lead).holder.name == PABLO
        assert told(at, ANA) == [Code.LEAD_EXPIRED]
        at.house.settle()
        assert at.owner_in_crm(lead) == IDS[PABLO]

    def test_declined_it_goes_on_and_both_partners_see_their_own_part(self, at: Partners) -> None:
        at.use(rules=(in_turn(PETRA, SONIA),))
        [lead] = at.comes(1)
        done = acting.decline(at.house.parts, at.asked(partner_user(PETRA)), lead, "no capacity")
        assert code(done) == ""
        assert at.lead(lead).holder.name == SONIA
        with reading(at.house.engine) as db:
            of = {
                tenant: [
                    row.kind
                    for row in feed_rows(db, FeedWanted(tenants=frozenset({tenant})), None, 9)
                ]
                for tenant in ("partner:north", "partner:south")
            }
        assert of["partner:north"][0] == "LeadDeclined"
        assert of["partner:south"][0] == "LeadDistributed"

    def test_moved_in_the_crm_by_somebody_it_is_followed(self, at: Partners) -> None:
        lead = at.has_lead()
        at.gives(lead, PETRA)
        at.house.settle()
        at.has_lead(1, owner=CrmId(IDS[SONIA]))
        moved = at.lead(lead)
        assert (moved.holder.name, moved.how) == (SONIA, How.CRM)

    def test_what_is_deleted_in_the_crm_says_nothing_any_more(self, at: Partners) -> None:
        lead = at.has_lead()
        del at.agency.leads_now["lead-1"]
        at.wish(RefreshKind.PARTNER_LEAD, "lead-1")
        at.house.settle()
        gone = at.lead(lead)
        assert (gone.state, gone.summary.name) == (LeadState.GONE, "")

    def test_what_the_crm_refuses_stands_on_the_lead_and_is_told(self, at: Partners) -> None:
        def refuses(delivery: Delivery) -> Outcome:
            return Rejected(
                reason="inactive_owner", detail="operation performed with inactive user"
            )

        lead = at.has_lead()
        at.house.script(CRM, refuses)
        at.gives(lead, PETRA)
        at.house.settle()
        failed = at.lead(lead).written
        assert failed.state is Written.FAILED
        assert "inactive_owner" in failed.detail
        at.wish(RefreshKind.PARTNER_LEAD, "lead-1")
        at.house.settle()
        assert told(at, ANA) == [Code.LEAD_WRITE_FAILED]

    def test_prm_16_lists_by_partner_and_what_is_new_to_whom(self, at: Partners) -> None:
        """PRM-24."""
        leads = [at.has_lead(number) for number in range(3)]
        at.gives(leads[0], PETRA)
        at.gives(leads[1], SONIA)
        with reading(at.house.engine) as db:
            north = partner_leads.leads(db, LeadsWanted(tenants=frozenset({"partner:north"})), 9)
            new = partner_leads.unopened(db, PETRA)
        assert [(lead.id, lead.how, lead.state) for lead in north] == [
            (leads[0], How.MANUAL, LeadState.OFFERED)
        ]
        assert new == 1


class TestMail:
    def test_prm_21_ticked_there_is_one_mail(self, at: Partners) -> None:
        at.house.use(email=MAIL)
        lead = at.has_lead()
        at.gives(lead, PETRA, notify=True)
        [letter] = mails(at)
        assert (letter.recipient, letter.leads) == (PETRA, (lead,))
        assert "Lea 1" in letter.subject

    def test_unticked_there_is_none(self, at: Partners) -> None:
        at.house.use(email=MAIL)
        at.gives(at.has_lead(), PETRA)
        assert mails(at) == []


class TestManyAtOnce:
    def test_prm_25_each_has_its_own_result(self, at: Partners) -> None:
        leads = [at.has_lead(number) for number in range(25)]
        at.gives(leads[3], PETRA)
        unknown = PartnerLeadId("pl_nowhere")
        order = Order(to=target(PETRA))
        done = bulk.assign_many(at.house.parts, at.asked(), [*leads, unknown], order)
        refused = {one.lead: one.refused.code for one in done.results if one.refused}
        assert refused == {leads[3]: Code.LEAD_SAME, unknown: Code.LEAD_UNKNOWN}
        assert set(holders(at, leads)) == {PETRA}

    def test_prm_25_a_dry_run_says_it_and_does_nothing(self, at: Partners) -> None:
        leads = [at.has_lead(number) for number in range(3)]
        order = Order(to=LeadTarget(round_robin=(Q1, Q2)))
        asked = at.asked(key="try")
        tried = bulk.assign_many(at.house.parts, asked, leads, order, dry_run=True)
        assert [one.to.name for one in tried.results if one.to] == [Q1, Q2, Q1]
        assert (tried.batch, set(holders(at, leads))) == ("", {ANA})
        done = bulk.assign_many(at.house.parts, asked, leads, order)
        assert holders(at, leads) == [Q1, Q2, Q1]
        assert done.batch

    def test_prm_25_undone_but_for_what_was_moved_since(self, at: Partners) -> None:
        leads = [at.has_lead(number) for number in range(3)]
        done = bulk.assign_many(at.house.parts, at.asked(), leads, Order(to=target(PETRA)))
        at.gives(leads[1], SONIA)
        back = bulk.undo(at.house.parts, at.asked(), done.batch)
        assert [one.lead for one in back.results] == sorted([leads[0], leads[2]])
        assert holders(at, leads) == [ANA, SONIA, ANA]
        assert at.lead(leads[0]).how is How.UNDO
        at.house.settle()
        assert [at.owner_in_crm(lead) for lead in leads] == [IDS[ANA], IDS[SONIA], IDS[ANA]]

    @pytest.mark.parametrize(
        ("by", "expected"), [(BulkMail.PER_LEAD, [1, 1, 1]), (BulkMail.PER_OWNER, [2, 1])]
    )
    def test_prm_25_a_mail_for_each_lead_or_each_owner(
        self, at: Partners, by: BulkMail, expected: list[int]
    ) -> None:
        at.use(email=LeadMail(notify=True, bulk=by))
        at.house.use(email=MAIL)
        leads = [at.has_lead(number) for number in range(3)]
        order = Order(to=LeadTarget(round_robin=(PETRA, SONIA)))
        asked = at.asked(key="many")
        bulk.assign_many(at.house.parts, asked, leads, order)
        bulk.assign_many(at.house.parts, asked, leads, order)  # the same request again
        assert [len(letter.leads) for letter in mails(at)] == expected


def by_country(country: str, to: str) -> LeadRule:
    when = LeadWhen(countries=frozenset({country}))
    return LeadRule(id=country, label=country, when=when, to=(target(to),))


def in_turn(*names: str) -> LeadRule:
    to = LeadTarget(round_robin=names)
    return LeadRule(id="all", label="all", when=LeadWhen(), to=(to,))
