"""What is read from an org: users, queues, pipelines, contacts and leads, opportunities."""

from collections.abc import Mapping
from typing import Any

import pytest

from bridge.domain.errors import CredentialsInvalid, DeliveryTransient
from bridge.domain.messaging import Messenger
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployeeKind
from bridge.domain.records import RecordKind
from bridge.ports import Account, IdentityQuery
from connectors.salesforce.ids import long_id
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.sandbox_org import INTEGRATION_USER
from connectors.salesforce.staff import queues
from tests.connectors.salesforce.building import ANA, LUIS, OLD, QUEUE, account
from tests.connectors.salesforce.conftest import SalesforceSandbox

PHONE = "+34600000001"
LUZ, EVA, ZOE, BOB = (CrmId(long_id(f"0035g00000{one}00")) for one in ("Luz", "Eva", "Zoe", "Bob"))
PIA, IVO = (CrmId(long_id(f"00Q5g00000{one}00")) for one in ("Pia", "Ivo"))
DEAL, PLAIN = (CrmId(long_id(f"0065g00000{one}00")) for one in ("Sal", "Pla"))


@pytest.fixture
def reader(at_sandbox: Account) -> SalesforceReader:
    return SalesforceReader(at_sandbox)


def contact(**fields: Any) -> Mapping[str, Any]:
    return {"LastName": "Vega", "OwnerId": ANA, **fields}


def lead(**fields: Any) -> Mapping[str, Any]:
    return {"LastName": "Pia", "Company": "-", "OwnerId": LUIS, **fields}


def found(reader: SalesforceReader, *queries: IdentityQuery) -> list[list[str]]:
    return [[one.crm_id for one in some] for some in reader.contacts_by_identity(queries)]


def by_phone(phone: str = PHONE) -> IdentityQuery:
    return IdentityQuery(phones=(phone,))


def test_all_users_are_read_also_those_who_left_and_what_they_are(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    profile = {"Name": "Salesforce API Only System Integrations", "UserType": "Standard"}
    made = salesforce.seed(Profile=[profile])["Profile"][0]
    salesforce.seed(
        User=[
            {"LastName": "Partner", "Email": "p@partner.example", "UserType": "PowerPartner"},
            {"LastName": "Bot", "Email": "bot@acme.example", "ProfileId": made},
            {"LastName": "Auto", "Email": "auto@acme.example", "UserType": "AutomatedProcess"},
            {"Id": INTEGRATION_USER, "LastName": "Bridge", "Email": "b@acme.example"},
            {"LastName": "Copy", "Email": "copy@acme.example.invalid"},
        ]
    )
    people = {str(one.email): one for one in reader.employees()}
    assert (people["ana@acme.example"].crm_id, people["ana@acme.example"].name) == (ANA, "Ana Ruiz")
    assert [one for one, person in people.items() if not person.active] == ["old@acme.example"]
    assert people["old@acme.example"].crm_id == OLD
    kinds = {one: person.kind for one, person in people.items()}
    machines = ("bot@acme.example", "auto@acme.example", "b@acme.example")
    assert {kinds[one] for one in machines} == {CrmEmployeeKind.MACHINE}
    assert kinds["p@partner.example"] is CrmEmployeeKind.PARTNER
    assert kinds["ana@acme.example"] is CrmEmployeeKind.PERSON
    assert "copy@acme.example" in people


def test_queues_are_read_with_all_who_take_from_them(
    salesforce: SalesforceSandbox, at_sandbox: Account
) -> None:
    inner, outer = "00G5g00000Inner", "00G5g00000Outer"
    salesforce.seed(
        Group=[
            {"Id": inner, "Name": "Inner", "Type": "Regular"},
            {"Id": outer, "Name": "Outer", "Type": "Regular"},
        ],
        QueueSobject=[
            {"QueueId": QUEUE, "SobjectType": "Opportunity"},
            {"QueueId": outer, "SobjectType": "Case"},
        ],
        GroupMember=[
            {"GroupId": QUEUE, "UserOrGroupId": outer},
            {"GroupId": outer, "UserOrGroupId": inner},
            {"GroupId": inner, "UserOrGroupId": outer},
            {"GroupId": inner, "UserOrGroupId": ANA},
        ],
    )
    (queue,) = queues(at_sandbox)
    assert (queue.crm_id, queue.name) == (QUEUE, "Lead inbox")
    assert queue.kinds == {RecordKind.LEAD, RecordKind.DEAL}
    assert sorted(queue.members) == sorted([ANA, LUIS])


def test_stages_and_statuses_are_pipelines(reader: SalesforceReader) -> None:
    deals, leads = reader.pipelines()
    assert (deals.id, deals.kind, leads.id, leads.kind) == (
        "default",
        RecordKind.DEAL,
        "default",
        RecordKind.LEAD,
    )
    assert [one.id for one in deals.stages if not one.is_open] == ["Closed Won", "Closed Lost"]
    assert deals.stages[0].id == "Prospecting"
    closed = [one.id for one in leads.stages if not one.is_open]
    assert closed == ["Closed - Converted", "Closed - Not Converted"]


def test_each_record_type_of_opportunities_is_a_pipeline(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    kind = {"Name": "Renewals", "SobjectType": "Opportunity"}
    other = {"Name": "Old", "SobjectType": "Lead"}
    made = salesforce.seed(RecordType=[kind, other])["RecordType"][0]
    salesforce.seed(Opportunity=[opportunity(RecordTypeId=made), opportunity(Id=PLAIN)])
    labels = [(one.id, one.label) for one in reader.pipelines() if one.kind is RecordKind.DEAL]
    assert labels == [("default", "Opportunities"), (made, "Renewals")]
    pipelines = {one: deal.pipeline for one, deal in reader.deals([DEAL, PLAIN]).items()}
    assert pipelines == {DEAL: made, PLAIN: "default"}


def test_an_org_without_record_types_is_asked_for_them_once(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    salesforce.seed(Opportunity=[opportunity()])
    salesforce.settings(missing_fields=["Opportunity.RecordTypeId"])
    for _ in range(2):
        assert [one.pipeline for one in reader.deals([DEAL]).values()] == ["default"]
    assert salesforce.state()["calls_today"] == 2 + 3  # deals and roles; once in vain


def test_without_leads_there_are_only_deals(
    salesforce: SalesforceSandbox, at_sandbox: Account
) -> None:
    reader = SalesforceReader(at_sandbox)
    salesforce.seed(Contact=[contact(Id=LUZ, Phone=PHONE)])
    salesforce.settings(hidden_objects=["Lead", "LeadStatus"])
    assert [one.kind for one in reader.pipelines()] == [RecordKind.DEAL]
    assert reader.leads_of([LUZ]) == []
    assert found(reader, by_phone()) == [[LUZ]]


def opportunity(**fields: Any) -> Mapping[str, Any]:
    return {
        "Id": DEAL,
        "Name": "Luz Vega",
        "StageName": "Prospecting",
        "CloseDate": "2026-12-31",
        "OwnerId": ANA,
        **fields,
    }


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        ("+34600000001", ""),
        ("34600000001", ""),
        ("0034600000001", ""),
        ("+34 600 00 00 01", ""),
        ("+34-600-00-00-01", ""),
        ("600 00 00 01", "ES"),
        ("600000001", "ES"),
        ("600-00-00-01", "ES"),
    ],
)
def test_people_are_found_however_their_phone_was_typed(
    salesforce: SalesforceSandbox, typed: str, country: str
) -> None:
    salesforce.seed(Contact=[contact(Id=LUZ, Phone=typed), contact(Id=EVA, Phone="+34600000002")])
    salesforce.seed(Lead=[lead(Id=PIA, MobilePhone=typed)])
    reader = SalesforceReader(account(salesforce.url, {"default_country": country}))
    assert found(reader, by_phone()) == [[LUZ, PIA]]
    (one, _), *_ = reader.contacts_by_identity([by_phone()])
    assert one.phones == (PHONE if country or typed[0] in "+0" else "34600000001",)


def test_a_number_of_another_country_written_without_it_is_another_number(
    salesforce: SalesforceSandbox,
) -> None:
    salesforce.seed(Contact=[contact(Id=LUZ, Phone="600000001")])
    at_home = SalesforceReader(account(salesforce.url, {"default_country": "FR"}))
    assert found(at_home, by_phone()) == [[]]
    assert found(SalesforceReader(account(salesforce.url)), by_phone()) == [[]]


def test_a_mexican_number_is_found_with_and_without_its_old_prefix(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    salesforce.seed(
        Contact=[contact(Id=LUZ, Phone="+5215512345678"), contact(Id=EVA, Phone="+52 55 1234 5678")]
    )
    query = IdentityQuery(phones=("+525512345678", "+5215512345678"))
    assert found(reader, query) == [[LUZ, EVA]]


def test_people_are_found_by_our_key_and_by_their_username(salesforce: SalesforceSandbox) -> None:
    salesforce.seed(
        fields={"Contact": ["Telegram__c"], "Lead": ["Telegram__c"]},
        Contact=[contact(Id=LUZ, Bridge_Key__c="key-1"), contact(Id=EVA, Telegram__c="@LuzVega")],
        Lead=[lead(Id=PIA, Telegram__c="luzvega"), lead(Id=IVO, Bridge_Key__c="key-2")],
    )
    options = {"telegram_username_field": "Telegram__c"}
    reader = SalesforceReader(account(salesforce.url, options))
    asked = (
        IdentityQuery(key="key-1"),
        IdentityQuery(key="KEY-1"),
        IdentityQuery(messenger=Messenger.TELEGRAM, username="LuzVega"),
        IdentityQuery(messenger=Messenger.WHATSAPP, username="LuzVega"),
        IdentityQuery(key="key-2", phones=(PHONE,)),
        IdentityQuery(),
    )
    assert found(reader, *asked) == [[LUZ], [], [EVA, PIA], [], [IVO], []]
    (_, pia), *_ = reader.contacts_by_identity(asked[2:3])
    assert pia.usernames == ("luzvega",)


def test_an_org_without_our_field_is_searched_by_phone(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    salesforce.seed(Contact=[contact(Id=LUZ, Phone=PHONE)])
    salesforce.settings(missing_fields=["Contact.Bridge_Key__c", "Lead.Bridge_Key__c"])
    assert found(reader, IdentityQuery(phones=(PHONE,), key="key-1")) == [[LUZ]]


def test_a_converted_lead_answers_with_the_contact_it_became(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    salesforce.seed(Lead=[lead(Id=PIA, Phone=PHONE, Bridge_Key__c="key-1")])
    assert found(reader, by_phone()) == [[PIA]]
    (before,) = reader.leads_of([PIA])
    assert (before.crm_id, before.contacts, before.is_open) == (PIA, (PIA,), True)
    became = salesforce.post("convert", {"lead": PIA, "opportunity": "Luz"})
    contact_id, deal_id = became["Contact"], became["Opportunity"]
    assert found(reader, by_phone(), IdentityQuery(key="key-1")) == [[contact_id], [contact_id]]
    assert {one: c.crm_id for one, c in reader.contacts([PIA]).items()} == {PIA: contact_id}
    for asked in ([PIA], [contact_id]):
        (after,) = reader.leads_of(asked)
        assert (after.crm_id, after.contacts, after.is_open) == (PIA, (contact_id,), False)
    (deal,) = reader.deals_of([contact_id])
    assert (deal.crm_id, deal.contacts, deal.is_open) == (deal_id, (contact_id,), True)


def test_whoever_was_merged_answers_under_the_id_that_is_asked_for(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    salesforce.seed(
        Contact=[contact(Id=one, LastName="Vega") for one in (LUZ, EVA, ZOE, BOB)],
        Lead=[lead(Id=PIA), lead(Id=IVO)],
    )
    salesforce.post("merge", {"primary": EVA, "others": [LUZ]})
    salesforce.post("merge", {"primary": ZOE, "others": [EVA]})
    salesforce.post("merge", {"primary": IVO, "others": [PIA]})
    turned = salesforce.post("convert", {"lead": IVO})["Contact"]
    salesforce.post("delete", {"id": BOB})
    answers = reader.contacts([LUZ, EVA, ZOE, BOB, PIA, IVO])
    assert {one: known.crm_id for one, known in answers.items()} == {
        LUZ: ZOE,
        EVA: ZOE,
        ZOE: ZOE,
        PIA: turned,
        IVO: turned,
    }


def test_deals_are_read_with_all_their_contacts(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    roles = [
        {"OpportunityId": DEAL, "ContactId": LUZ},
        {"OpportunityId": DEAL, "ContactId": EVA},
        {"OpportunityId": DEAL, "ContactId": LUZ, "Role": "Decision Maker"},
        {"OpportunityId": PLAIN, "ContactId": LUZ},
    ]
    salesforce.seed(
        Contact=[contact(Id=LUZ), contact(Id=EVA)],
        Opportunity=[opportunity(), opportunity(Id=PLAIN, StageName="Closed Won")],
        OpportunityContactRole=roles,
    )
    by_id = reader.deals([DEAL, PLAIN, CrmId(long_id("0065g00000Gone0"))])
    assert {one: (d.is_open, d.contacts) for one, d in by_id.items()} == {
        DEAL: (True, (LUZ, EVA)),
        PLAIN: (False, (LUZ,)),
    }
    assert sorted(one.crm_id for one in reader.deals_of([LUZ, PIA])) == sorted([DEAL, PLAIN])
    assert [one.crm_id for one in reader.deals_of([EVA])] == [DEAL]
    assert reader.deals_of([PIA]) == []


def test_what_is_no_id_is_not_asked_for(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    odd = [CrmId(one) for one in ("", "//evil.example/x", "00Q/../x", "' OR Id != '", "12345")]
    assert reader.contacts(odd) == {}
    assert (reader.deals(odd), reader.leads(odd), reader.leads_of(odd)) == ({}, {}, [])
    assert salesforce.state()["calls_today"] == 0


def test_many_people_are_read_in_few_calls(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    people = [contact(Phone=f"+346000{n:05d}") for n in range(150)]
    ids = [CrmId(one) for one in salesforce.seed(Contact=people)["Contact"]]
    assert list(reader.contacts(ids)) == ids
    assert salesforce.state()["calls_today"] == 1
    queries = [by_phone(f"+346000{n:05d}") for n in range(100)]
    assert found(reader, *queries) == [[one] for one in ids[:100]]
    assert salesforce.state()["calls_today"] < 20


def test_a_query_of_many_pages_is_read_to_its_end(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    salesforce.settings(page_size=200)
    salesforce.seed(User=[{"LastName": f"U{n}", "Email": f"u{n}@acme.example"} for n in range(450)])
    assert len({one.crm_id for one in reader.employees()}) >= 450


def test_a_name_loses_what_cannot_be_seen(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    salesforce.seed(Contact=[contact(Id=LUZ, FirstName="Lu\u202ez\u0007", LastName="Vega")])
    assert reader.contacts([LUZ])[LUZ].name == "Luz Vega"


def test_a_right_that_is_missing_pauses_the_account(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    salesforce.settings(missing_fields=["Opportunity.StageName"])
    with pytest.raises(CredentialsInvalid, match="permission set"):
        reader.deals([DEAL])


def test_a_daily_quota_that_is_used_up_holds_the_account(
    salesforce: SalesforceSandbox, reader: SalesforceReader
) -> None:
    salesforce.told("403_quota", "/query")
    with pytest.raises(DeliveryTransient) as raised:
        reader.employees()
    assert raised.value.account_wide
    assert raised.value.retry_at is not None


@pytest.mark.parametrize("fault", ["500", "reset", "reset_after", "500_after"])
def test_a_read_that_fails_may_be_made_again(
    salesforce: SalesforceSandbox, reader: SalesforceReader, fault: str
) -> None:
    salesforce.told(fault, "/query")
    with pytest.raises(DeliveryTransient):
        reader.employees()
