"""partners.yaml: what it says, and what is wrong with it, by place and with a way out."""

from datetime import timedelta
from pathlib import Path

import pytest

from bridge.domain.names import CrmId, EmployeeId, PartnerName, QueueName
from bridge.domain.partner_policy import (
    BulkMail,
    LeadMail,
    LeadRule,
    LeadTarget,
    LeadWhen,
    NewLeads,
    OnReturn,
    PartnerAccountPolicy,
    PartnersPolicy,
    PartnerUserPolicy,
    QueuePolicy,
)
from bridge.domain.principals import Person, PersonKind
from bridge.policy.codes import Code
from tests.policy.building import WHOLE, loaded, of_code, refused

PETRA, SONIA = EmployeeId("petra@north.example"), EmployeeId("sonia@south.example")
GOOD = """
partners:
  accounts:
    north: {crm_id: 001N, label: North Consulting}
    south: {crm_id: 001S}
  users:
    petra@north.example: {account: north, crm_user: 005P}
    Sonia@South.example: {account: south, crm_contact: 003S}
  queues:
    latam: {label: Latin America, members: [petra@north.example], crm_queue: 00G1}
    house: {members: [petra@north.example, sonia@south.example]}
  rules:
    - id: hot
      label: Hot ones
      when: {country: [MX, gt], source: Web, state: Jalisco, rating: Hot, product: [CRM, ERP],
             industry: Banking, property: {Tier__c: [Gold, Silver]}}
      to: [{user: petra@north.example}, {queue: latam}]
    - {id: rest, to: {round_robin: [house, sonia@south.example]}}
  default_owner: luis@acme.example
  assign: none
  accept_within: 3d
  on_return: queue
  owner_property: partner_user
  email: {notify: true, subject: "New: {name}", text: "{link} {property.Tier__c}", bulk: per_owner}
notifications: {email: mail-main}
"""
MAIL = """  mail-main:
    {connector: mail, secrets: {password: MAIL_PASSWORD}, options: {host: mail.example}}
channels:"""
SALESFORCE = "{connector: salesforce, secrets: {client_id: SF_ID, path_secret: SF_PATH}}"
HOUSE = WHOLE.replace("channels:", MAIL, 1)


def test_all_of_it_is_read(tmp_path: Path) -> None:
    assert loaded(tmp_path, a=HOUSE, partners=GOOD).policy.partners == PartnersPolicy(
        accounts={
            PartnerName("north"): PartnerAccountPolicy(
                crm_id=CrmId("001N"), label="North Consulting"
            ),
            PartnerName("south"): PartnerAccountPolicy(crm_id=CrmId("001S"), label="south"),
        },
        users={
            PETRA: PartnerUserPolicy(account=PartnerName("north"), crm_user=CrmId("005P")),
            SONIA: PartnerUserPolicy(account=PartnerName("south"), crm_contact=CrmId("003S")),
        },
        queues={
            QueueName("latam"): QueuePolicy(
                label="Latin America", members=(PETRA,), crm_queue=CrmId("00G1")
            ),
            QueueName("house"): QueuePolicy(label="house", members=(PETRA, SONIA)),
        },
        rules=(
            LeadRule(
                id="hot",
                label="Hot ones",
                when=LeadWhen(
                    countries=frozenset({"MX", "gt"}),
                    sources=frozenset({"Web"}),
                    states=frozenset({"Jalisco"}),
                    ratings=frozenset({"Hot"}),
                    products=frozenset({"CRM", "ERP"}),
                    industries=frozenset({"Banking"}),
                    properties={"Tier__c": frozenset({"Gold", "Silver"})},
                ),
                to=(LeadTarget(user=PETRA), LeadTarget(queue=QueueName("latam"))),
            ),
            LeadRule(
                id="rest",
                label="rest",
                when=LeadWhen(),
                to=(LeadTarget(round_robin=("house", SONIA)),),
            ),
        ),
        default_owner=EmployeeId("luis@acme.example"),
        assign=NewLeads.NONE,
        accept_within=timedelta(days=3),
        on_return=OnReturn.QUEUE,
        owner_property="partner_user",
        email=LeadMail(
            notify=True,
            subject="New: {name}",
            text="{link} {property.Tier__c}",
            bulk=BulkMail.PER_OWNER,
        ),
    )


def test_without_it_there_is_no_programme(tmp_path: Path) -> None:
    partners = loaded(tmp_path, a=WHOLE).policy.partners
    assert partners == PartnersPolicy()
    assert not partners.is_set


def test_its_users_are_persons_of_their_partner(tmp_path: Path) -> None:
    policy = loaded(tmp_path, a=HOUSE, partners=GOOD).policy
    assert policy.person(PersonKind.PARTNER_USER, SONIA) == Person(
        kind=PersonKind.PARTNER_USER, id=SONIA, tenant="partner:south"
    )


@pytest.mark.parametrize(
    ("good", "wrong", "code", "said"),
    [
        ("{account: north,", "{account: nort,", Code.UNKNOWN_PARTNER, "did you mean north?"),
        ("crm_id: 001S", "crm_id: 001N", Code.DUPLICATE_PARTNER, "crm_id of another entry"),
        (
            "house: {members",
            "house: {crm_queue: 00G1, members",
            Code.DUPLICATE_PARTNER,
            "crm_queue of another entry",
        ),
        (
            "members: [petra@north.example],",
            "members: [],",
            Code.EMPTY_QUEUE,
            "nobody is in it",
        ),
        (
            "[petra@north.example, sonia@south.example]",
            "[petra@north.example, sonja@south.example]",
            Code.UNKNOWN_PARTNER_USER,
            "did you mean sonia@south.example?",
        ),
        ("{queue: latam}]", "{queue: latan}]", Code.UNKNOWN_QUEUE, "did you mean latam?"),
        (
            "{user: petra@north.example}, {q",
            "{user: p@north.example}, {q",
            Code.UNKNOWN_PARTNER_USER,
            "did you mean petra@north.example?",
        ),
        ("[house, sonia", "[hous, sonia", Code.UNKNOWN_QUEUE, "did you mean house?"),
        ("id: rest", "id: hot", Code.DUPLICATE_RULE, "the id of an earlier rule too"),
        ("owner: luis@", "owner: lui@", Code.UNKNOWN_EMPLOYEE, "did you mean luis@acme"),
        ("owner: luis@", "owner: qa@", Code.CANNOT_WRITE, "role quality_control"),
        ("New: {name}", "New: {nam}", Code.UNKNOWN_LEAD_FIELD, "did you mean name?"),
        ("{property.Tier__c}", "{property.}", Code.UNKNOWN_LEAD_FIELD, "known here: name,"),
        ("accept_within: 3d", "accept_within: soon", Code.WRONG_VALUE, "is not a time such as"),
        ("on_return: queue", "on_return: nobody", Code.WRONG_VALUE, "next, queue, default"),
        (
            "to: {round_robin: [house, sonia@south.example]}",
            "to: {queue: house, user: sonia@south.example}",
            Code.WRONG_VALUE,
            "names not exactly one of user, queue, round_robin",
        ),
        ("to: {round_robin: [house, sonia@south.example]}", "to: {}", Code.WRONG_VALUE, "exactly"),
        ("label: Hot ones", "lable: Hot ones", Code.UNKNOWN_KEY, "did you mean label?"),
    ],
)
def test_a_mistake_is_told_where_it_stands(
    tmp_path: Path, good: str, wrong: str, code: Code, said: str
) -> None:
    assert good in GOOD
    text = GOOD.replace(good, wrong, 1)
    finding = of_code(refused(tmp_path, a=HOUSE, partners=text), code)
    assert said in str(finding)
    assert finding.place.startswith(f"{tmp_path}/partners.yaml:")


@pytest.mark.parametrize(
    ("good", "other", "code", "said"),
    [
        (
            "{round_robin: [house, sonia@south.example]}",
            "{user: sonia@south.example}",
            Code.UNUSED_QUEUE,
            "no rule sends leads to it",
        ),
        (
            "      when: {country: [MX, gt], source: Web, state: Jalisco, rating: Hot, "
            "product: [CRM, ERP],\n"
            "             industry: Banking, property: {Tier__c: [Gold, Silver]}}\n",
            "",
            Code.SHADOWED_RULE,
            "rule hot before it takes everything that rest would",
        ),
        ("{account: south, crm", "{account: north, crm", Code.PARTNER_WITHOUT_USERS, "no users"),
        ("  default_owner: luis@acme.example\n", "", Code.NO_LEAD_DEFAULT, "no default_owner"),
        ("notifications: {email: mail-main}\n", "", Code.NO_LEAD_MAIL, "names no account"),
        ("notify: true", "notify: false", Code.NO_PARTNER_SIDE, "knows nothing of partners"),
    ],
)
def test_what_is_doubtful_is_warned_of(
    tmp_path: Path, good: str, other: str, code: Code, said: str
) -> None:
    assert good in GOOD
    text = GOOD.replace(good, other, 1)
    finding = of_code(loaded(tmp_path, a=HOUSE, partners=text).findings, code)
    assert said in str(finding)


def test_partners_without_a_crm_are_refused(tmp_path: Path) -> None:
    text = HOUSE.replace("crm: crm-main\n", "", 1)
    findings = refused(tmp_path, a=text, partners=GOOD)
    [finding] = [one for one in findings if one.path == "partners"]
    assert finding.code is Code.CRM_MISSING


def test_an_id_that_the_crm_would_not_give_is_refused(tmp_path: Path) -> None:
    """Salesforce's pages show 15 letters, its interface gives 18."""
    text = HOUSE.replace("{connector: crm, secrets: {token: CRM_TOKEN}}", SALESFORCE, 1)
    short = "partners: {accounts: {north: {crm_id: 0015g00000Pq1rs}}}"
    finding = of_code(refused(tmp_path, a=text, partners=short), Code.WRONG_CRM_ID)
    assert finding.path == "partners.accounts.north.crm_id"
