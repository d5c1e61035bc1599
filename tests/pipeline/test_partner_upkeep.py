"""The partner side looked after: what doctor says of it, and what erasure leaves of it."""

from dataclasses import replace

import pytest

from bridge.domain.names import AccountName, CrmId, conversation_id
from bridge.domain.reasons import ReasonCode as Code
from bridge.pipeline.doctor.partners import check_partners
from bridge.pipeline.erasing import erase
from bridge.pipeline.partnering import acting
from bridge.pipeline.partnering.reading import old_leads
from bridge.pipeline.refusals import Refusal
from bridge.pipeline.upkeep import tick
from bridge.store import mirror, notices, partner_leads, partners
from bridge.store.engine import reading
from tests.pipeline.partner_house import IDS, PETRA, SONIA, Partners, partner_user
from tests.pipeline.test_erasure import traces
from tests.pipeline.world import ANA, BRUNO, CHAT, CRM, LUIS, World

NAME = "Zebulon"  # what `traces` looks for
PHONE = "34666123987"


@pytest.fixture
def at(house: World) -> Partners:
    made = Partners(house)
    made.switch_on()
    return made


class TestDoctor:
    def _points(self, at: Partners) -> list[tuple[str, str]]:
        with reading(at.house.engine) as db:
            state, people = partners.partner_state(db), mirror.directory(db, CRM)
            leads = partner_leads.open_by_user(db)
        found = check_partners(at.house.active().policy, state, people, leads)
        return [(point.health.value, point.detail) for point in found]

    def test_all_is_well(self, at: Partners) -> None:
        assert self._points(at) == [("ok", "all of partners.yaml can be given leads")]

    def test_before_it_was_read_or_switched_on(self, house: World) -> None:
        at = Partners(house)
        assert self._points(at) == [("wrong", "the CRM's partner side was never read")]
        at.read_side()
        assert self._points(at) == [("skipped", "the partner programme is not switched on")]

    def test_who_gets_no_leads_and_whose_account_has_no_manager(self, at: Partners) -> None:
        """PRM-18 to PRM-20."""
        at.agency.users[SONIA] = replace(at.agency.users[SONIA], has_signed_in=False)
        at.agency.accounts["acc-s"] = replace(at.agency.accounts["acc-s"], owner=None)
        at.read_side()
        assert self._points(at) == [
            ("wrong", "South has no channel manager: its account has no active owner"),
            ("wrong", f"{SONIA} gets no leads: has never signed in"),
            ("wrong", "nobody of queue q2 could take the lead"),
        ]

    def test_leads_of_somebody_who_left(self, at: Partners) -> None:
        """His channel manager hears of it at once."""
        at.gives(at.has_lead(), SONIA)
        at.agency.users[SONIA] = replace(at.agency.users[SONIA], active=False)
        at.read_side()
        with reading(at.house.engine) as db:
            told = notices.notices(db, BRUNO, unread=True, before=None, limit=9)
        assert [notice.code for notice in told] == [Code.PARTNER_INACTIVE]
        said = f"1 open leads are with {SONIA}: is not active in the CRM"
        assert ("wrong", said) in self._points(at)


def test_who_is_erased_for_privacy_leaves_nothing_among_the_leads(at: Partners) -> None:
    """His lead's name, why it was declined, the mail about it, what was decided on."""
    house = at.house
    house.use(email=AccountName("mail-main"))
    contact = {"firstname": NAME, "phone": f"+{PHONE}", "hubspot_owner_id": "101"}
    lead = {"hs_lead_name": NAME, "hubspot_owner_id": "101"}
    house.seed(
        contacts=[{"id": "777001", "properties": contact}],
        leads=[{"id": "lead-1", "properties": lead, "contacts": ["777001"]}],
    )
    house.client_writes(PHONE, f"I am {NAME}")
    house.settle()
    known = at.has_lead(1, name=NAME)
    at.gives(known, PETRA, notify=True)
    why = f"{NAME} is rude"
    acting.decline(house.parts, at.asked(partner_user(PETRA)), known, why)
    assert {"partner_leads.value", "outbox.effect", "decisions.event"} <= set(traces(house))
    erased = erase(house.parts, LUIS, conversation_id(CHAT, "chan-sales", PHONE))
    assert not isinstance(erased, Refusal)
    left = {x.partition(".")[0] for x in traces(house)}
    assert left & {"partner_leads", "outbox", "decisions"} == set()


def test_a_move_that_no_webhook_told_of_is_seen_by_the_clock(at: Partners) -> None:
    lead, same = at.has_lead(1), at.has_lead(2)
    at.agency.leads_now["lead-1"] = replace(at.agency.leads_now["lead-1"], owner=CrmId(IDS[SONIA]))
    tick(at.house.parts)
    at.house.settle()
    assert at.lead(lead).holder.name == ANA
    at.house.later(13 * 3600)
    for _ in range(2):  # people and contacts that are as old come first
        tick(at.house.parts)
        at.house.settle()
    assert (at.lead(lead).holder.name, at.lead(same).version) == (SONIA, 1)
    assert old_leads(at.house.parts) == []
