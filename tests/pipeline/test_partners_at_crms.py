"""A lead's way with the real connectors: read, given by a rule, taken, written, moved there."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.names import AccountName, CrmId, EmployeeId, PartnerName, QueueName
from bridge.domain.partner_leads import How, LeadState, PartnerLead, Written, lead_id
from bridge.domain.partner_policy import (
    LeadRule,
    LeadTarget,
    LeadWhen,
    PartnerAccountPolicy,
    PartnersPolicy,
    PartnerUserPolicy,
    QueuePolicy,
)
from bridge.domain.policy import AccountPolicy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.programme_switching import CONFIRMATION
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.mirror import sync
from bridge.pipeline.partnering import acting
from bridge.pipeline.partnering.acting import Asked, Order
from bridge.store import mirror, partner_leads, partners
from bridge.store.engine import reading, writing
from connectors.salesforce.sandbox import sandbox
from tests.connectors.salesforce import test_partners as org_of_partners
from tests.connectors.salesforce.building import LUIS as LUIS_THERE
from tests.connectors.salesforce.building import QUEUE, SECRETS, account
from tests.connectors.salesforce.conftest import QUEUES, USERS, SalesforceSandbox
from tests.pipeline.world import CRM, LUIS, World
from tests.serving import served

SALESFORCE = AccountName("salesforce-main")
NORTH, LATAM = PartnerName("north"), QueueName("latam")
PIA = EmployeeId("pia@norte.example")
TENANT = {"partner:north": (PIA,)}
MANAGER = Person(kind=PersonKind.EMPLOYEE, id=LUIS)


class Programme:
    """What is asked of the house, whichever CRM it has."""

    def __init__(self, house: World, crm: AccountName, settings: PartnersPolicy) -> None:
        self.house, self.crm = house, crm
        accounts = {
            **house.active().policy.accounts,
            crm: AccountPolicy(connector=crm.partition("-")[0]),
        }
        house.use(crm=crm, accounts=accounts, partners=settings, users=TENANT)
        sync(house.parts)
        with reading(house.engine) as db:
            named = partners.partner_state(db).side.organisation
        name = "" if named is None else named.name
        outcome = acting.switch_on(house.parts, self.asked("on"), CONFIRMATION, name)
        assert outcome.refused is None

    def asked(self, key: str, by: Person = MANAGER) -> Asked:
        return Asked(by=by, key=key)

    def by_pia(self, key: str) -> Asked:
        return self.asked(key, Person(kind=PersonKind.PARTNER_USER, id=PIA, tenant="partner:north"))

    def reads(self, lead: str, kind: RefreshKind = RefreshKind.PARTNER_LEAD) -> PartnerLead:
        wish = RequestRefresh(kind=kind, key=CrmId(lead))
        with writing(self.house.engine) as db:
            mirror.request_refreshes(db, lane(Way.MIRROR, self.crm), [wish], self.house.parts.now())
        self.house.settle()
        return self.lead(lead)

    def lead(self, lead: str) -> PartnerLead:
        name = lead_id(self.crm, CrmId(lead))
        with reading(self.house.engine) as db:
            return partner_leads.leads_by_id(db, [name])[name]


def settings(account_id: str, to: LeadTarget, **more: Any) -> PartnersPolicy:
    rule = LeadRule(
        id="mx", label="Mexico", when=LeadWhen(countries=frozenset({"MX", "méxico"})), to=(to,)
    )
    return PartnersPolicy(
        accounts={NORTH: PartnerAccountPolicy(crm_id=CrmId(account_id), label="Norte")},
        users={PIA: PartnerUserPolicy(account=NORTH)},
        rules=(rule,),
        default_owner=LUIS,
        **more,
    )


@pytest.fixture
def org() -> Iterator[SalesforceSandbox]:
    with served(sandbox(SECRETS)) as url:
        told = SalesforceSandbox(url)
        told.seed(User=USERS, **QUEUES)
        yield told


def test_salesforce_from_the_rule_over_the_queue_to_who_takes_it(
    small: World, org: SalesforceSandbox
) -> None:
    """PRM-11 to PRM-13, PRM-15, PRM-23, PX-01: also with a rule of the org's own that is active."""
    org_of_partners.org.__wrapped__(org)  # type: ignore[attr-defined]
    small.has_account(replace(account(org.url), name=SALESFORCE))
    queue = QueuePolicy(label="LatAm", members=(PIA,), crm_queue=QUEUE)
    to = LeadTarget(queue=LATAM)
    at = Programme(small, SALESFORCE, settings(org_of_partners.PARTNER, to, queues={LATAM: queue}))
    lead = org_of_partners.LEAD
    owner = {"OwnerId": org_of_partners.PIA}
    org.seed(Lead=[{"Id": lead, "LastName": "Lea", "Company": "Lemon", "Country": "México"}])
    org.settings(assignment_rule_owner=LUIS_THERE)
    given = at.reads(lead, RefreshKind.NEW_LEAD)
    assert (given.holder.name, given.how, given.rule) == (LATAM, How.RULE, "mx")
    at.house.patiently(rounds=2)
    assert org.held("Lead")[0]["OwnerId"] == QUEUE
    assert at.lead(lead).written.state is Written.CONFIRMED
    taken = acting.take(small.parts, at.by_pia("take"), given.id)
    assert taken.refused is None
    at.house.patiently(rounds=2)
    assert org.held("Lead")[0]["OwnerId"] == owner["OwnerId"]
    assert at.lead(lead).state is LeadState.ACCEPTED
    org.call("PATCH", f"/sobjects/Lead/{lead}", {"OwnerId": LUIS_THERE}, Sforce_Auto_Assign="FALSE")
    moved = at.reads(lead)
    assert (moved.holder.name, moved.how) == (LUIS, How.CRM)


def test_hubspot_where_a_contact_of_the_partner_can_not_own_a_lead(small: World) -> None:
    """His address goes into the property that partners.yaml names."""
    small.seed(
        companies=[{"id": "5001", "properties": {"name": "Norte", "hubspot_owner_id": "101"}}],
        contacts=[
            {"id": "6001", "properties": {"email": PIA, "associatedcompanyid": "5001"}},
        ],
        leads=[
            {
                "id": "7001",
                "properties": {
                    "hs_lead_name": "Lea",
                    "hubspot_owner_id": "101",
                    "partner_user": "",
                },
                "contacts": ["6001"],
            }
        ],
    )
    own = settings("5001", LeadTarget(user=PIA), owner_property="partner_user")
    at = Programme(small, CRM, own)
    assert at.reads("7001").holder.name == "ana@acme.example"
    order = Order(to=LeadTarget(user=PIA))
    given = acting.assign(small.parts, at.asked("give"), lead_id(CRM, CrmId("7001")), order)
    assert given.refused is None
    at.house.patiently(rounds=2)
    kept = next(one for one in small.crm()["leads"] if one["id"] == "7001")
    assert kept["properties"]["partner_user"] == PIA
    assert kept["properties"]["hubspot_owner_id"] == "101"
    assert (at.lead("7001").holder.name, at.lead("7001").written.state) == (PIA, Written.CONFIRMED)
