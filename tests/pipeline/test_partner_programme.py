"""The partner programme is switched on knowingly; accounts and users are enabled in the CRM."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.domain.crm_partners import Organisation
from bridge.domain.names import AccountName, CrmId, EmployeeId, PartnerName
from bridge.domain.partner_leads import How, LeadState, lead_id
from bridge.domain.programme import Details, ReviewState
from bridge.domain.programme_switching import CONFIRMATION
from bridge.domain.reasons import ReasonCode as Code
from bridge.pipeline.partnering import acting
from bridge.pipeline.partnering.refusing import refusal_of
from bridge.store import notices, partners
from bridge.store.engine import reading
from bridge.store.feed import FeedWanted, feed_rows
from tests.pipeline.partner_house import (
    IDS,
    NORTH,
    PETRA,
    Partners,
    a_lead,
    code,
    manager,
    partner_user,
)
from tests.pipeline.world import ANA, BRUNO, CRM, LUIS, QA, World

MAIL = AccountName("mail-main")


@pytest.fixture
def at(house: World) -> Partners:
    made = Partners(house)
    made.switch_on()
    return made


def told(at: Partners, who: EmployeeId) -> list[str]:
    with reading(at.house.engine) as db:
        found = notices.notices(db, who, unread=True, before=None, limit=50)
        return [notice.code for notice in found]


class TestTheProgramme:
    def test_prm_01_off_at_first_and_no_partner_gets_anything(self, house: World) -> None:
        at = Partners(house)
        at.read_side()
        asked = acting.ask_to_enable_account(house.parts, at.asked(), NORTH)
        assert code(asked) == Code.PROGRAMME_OFF

    def test_prm_02_it_is_confirmed_by_typing_and_stays_on(self, house: World) -> None:
        at = Partners(house)
        at.read_side()
        for typed in ("", "yes"):
            unsure = acting.switch_on(house.parts, at.asked(), typed)
            assert code(unsure) == Code.PROGRAMME_UNCONFIRMED
        assert code(acting.switch_on(house.parts, at.asked(), "Not Reversible ")) == ""
        again = acting.switch_on(house.parts, at.asked(), CONFIRMATION)
        assert code(again) == Code.PROGRAMME_ALREADY
        off = acting.switch_off(house.parts, at.asked())
        assert code(off) == Code.PROGRAMME_STAYS
        assert off.refused is not None
        assert refusal_of(off.refused).status == 409

    def test_prm_03_a_production_organisation_is_named_a_second_time(self, house: World) -> None:
        at = Partners(house)
        at.agency.organisation_now = Organisation(id="00D", name="Acme SA", is_sandbox=False)
        at.read_side()
        parts = house.parts
        for typed in ("", "Acme"):
            once = acting.switch_on(parts, at.asked(), CONFIRMATION, typed)
            assert code(once) == Code.PROGRAMME_PRODUCTION
        assert code(acting.switch_on(parts, at.asked(), CONFIRMATION, "Acme SA")) == ""

    def test_before_the_crm_was_asked_it_can_not_be_switched_on(self, house: World) -> None:
        at = Partners(house)
        asked = acting.switch_on(house.parts, at.asked(), CONFIRMATION)
        assert code(asked) == Code.PROGRAMME_UNKNOWN

    @pytest.mark.parametrize("who", [ANA, QA])
    def test_only_managers_switch_it_on(self, house: World, who: EmployeeId) -> None:
        at = Partners(house)
        at.read_side()
        asked = acting.switch_on(house.parts, at.asked(manager(who)), CONFIRMATION)
        assert code(asked) == Code.REQUEST_FORBIDDEN

    @pytest.mark.parametrize(
        ("changed", "ends"), [(True, ReviewState.FINISHED), (False, ReviewState.CANCELLED)]
    )
    def test_prm_04_what_is_open_to_partners_is_reviewed(
        self, at: Partners, changed: bool, ends: ReviewState
    ) -> None:
        with reading(at.house.engine) as db:
            programme = partners.partner_state(db).programme
        assert programme.review.state is ReviewState.OPEN
        assert [one.name for one in programme.review.sharing.settings] == ["Prices"]
        parts, seen = at.house.parts, programme.version
        late = acting.end_review(parts, at.asked(), changed=changed, seen=seen - 1)
        assert code(late) == Code.CHANGED_SINCE
        assert code(acting.end_review(parts, at.asked(), changed=changed, seen=seen)) == ""
        again = acting.end_review(parts, at.asked(), changed=changed, seen=seen + 1)
        assert code(again) == Code.REVIEW_OVER
        with reading(at.house.engine) as db:
            assert partners.partner_state(db).programme.review.state is ends

    def test_leads_that_the_bridge_knew_before_are_in_it_at_once(self, house: World) -> None:
        contact = {"firstname": "Lea", "phone": "+34600999888", "hubspot_owner_id": "101"}
        lead = {"hs_lead_name": "Lea", "hubspot_owner_id": "101"}
        house.seed(
            contacts=[{"id": "777001", "properties": contact}],
            leads=[{"id": "7001", "properties": lead, "contacts": ["777001"]}],
        )
        house.client_writes("34600999888", "hello")
        house.settle()
        at = Partners(house)
        at.agency.leads_now["7001"] = replace(a_lead(), crm_id=CrmId("7001"))
        at.switch_on()
        house.settle()
        known = at.lead(lead_id(CRM, CrmId("7001")))
        assert (known.holder.name, known.how, known.state) == (ANA, How.CRM, LeadState.HELD)


class TestEnabling:
    DETAILS = Details(first_name="Petra", last_name="P", email=PETRA, profile="Partner User")

    def test_prm_08_an_account_is_asked_for_done_in_the_crm_and_seen(self, at: Partners) -> None:
        plain = replace(at.agency.accounts["acc-n"], is_partner=False)
        at.agency.accounts["acc-n"] = plain
        at.read_side()
        lead = at.has_lead()
        assert code(at.gives(lead, PETRA)) == Code.PARTNER_NOT_ENABLED
        asked = acting.ask_to_enable_account(at.house.parts, at.asked(), NORTH)
        assert code(asked) == ""
        assert asked.decision is not None
        assert [type(p.effect).__name__ for p in asked.decision.effects] == ["CreateTask"]
        assert told(at, LUIS) == [Code.PARTNER_ENABLING]
        at.agency.accounts["acc-n"] = replace(plain, is_partner=True)
        at.read_side()
        assert told(at, LUIS)[0] == Code.PARTNER_ENABLED
        assert code(at.gives(lead, PETRA)) == ""
        again = acting.ask_to_enable_account(at.house.parts, at.asked(), NORTH)
        assert code(again) == Code.PARTNER_ALREADY

    def test_prm_09_users_are_contacts_of_a_partner_account(self, at: Partners) -> None:
        at.agency.accounts["acc-n"] = replace(at.agency.accounts["acc-n"], is_partner=False)
        at.read_side()
        asked = self._ask(at, confirmed=True)
        assert code(asked) == Code.PARTNER_NOT_ENABLED
        elsewhere = acting.ask_to_enable_user(
            at.house.parts, at.asked(), PartnerName("south"), PETRA, self.DETAILS, confirmed=True
        )
        assert code(elsewhere) == Code.PARTNER_USER_UNKNOWN

    def test_prm_10_details_are_confirmed_first_and_no_password_is_kept(self, at: Partners) -> None:
        contact = replace(at.agency.users[PETRA], crm_id=None, active=False)
        at.agency.users[PETRA] = contact
        at.read_side()
        assert code(self._ask(at, confirmed=False)) == Code.PARTNER_UNCONFIRMED
        incomplete = acting.ask_to_enable_user(
            at.house.parts, at.asked(), NORTH, PETRA, Details(email=PETRA), confirmed=True
        )
        assert code(incomplete) == Code.PARTNER_UNCONFIRMED
        asked = self._ask(at, confirmed=True)
        assert code(asked) == ""
        with reading(at.house.engine) as db:
            [enabling] = partners.partner_state(db).enablings
        assert (enabling.user, enabling.is_open) == (PETRA, True)
        at.agency.users[PETRA] = replace(contact, crm_id=CrmId(IDS[PETRA]), active=True)
        at.read_side()
        with reading(at.house.engine) as db:
            [seen] = partners.partner_state(db).enablings
        assert not seen.is_open

    def test_prm_06_another_owner_of_the_account_is_the_channel_manager(self, at: Partners) -> None:
        north = at.agency.accounts["acc-n"]
        at.agency.accounts["acc-n"] = replace(north, owner=CrmId("102"))
        at.read_side()
        lead = at.has_lead()
        at.gives(lead, PETRA)
        acting.decline(at.house.parts, at.asked(partner_user(PETRA)), lead, "no time")
        assert told(at, BRUNO) == [Code.LEAD_DECLINED]
        with reading(at.house.engine) as db:
            rows = feed_rows(db, FeedWanted(tenants=frozenset({"partner:north"})), None, 20)
        assert "PartnerAccountRead" in [row.kind for row in rows]

    def _ask(self, at: Partners, *, confirmed: bool) -> Any:
        return acting.ask_to_enable_user(
            at.house.parts, at.asked(), NORTH, PETRA, self.DETAILS, confirmed=confirmed
        )
