"""renewals.yaml: what it means, and what of it is refused with its place and what to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.domain.crm_renewals import RenewalRole, RoleAt
from bridge.domain.records import CrmKind
from bridge.domain.renewing import RenewalOwner, RenewalState
from bridge.domain.renewing_policy import RenewalDefault, RenewalSchedule, SendBy
from bridge.policy.codes import Code
from bridge.policy.findings import Severity
from bridge.policy.reading import load
from bridge.ports import RenewalReader
from tests.policy.building import CONNECTORS, WHOLE, loaded, only, refused, written

MAIL = "mail-main: {connector: mail, secrets: {password: P}, options: {host: a.example}}"
POSTED = WHOLE.replace("accounts:\n", f"accounts:\n  {MAIL}\n", 1)
EMAIL = POSTED + "notifications: {email: mail-main}\n"
PLANS = """
plans:
  resellers:
    norte:
      users: [rita@norte.example]
      plans: {basic: {name: Basic, units: 100}}
"""


def codes(folder: Path, text: str, whole: str = EMAIL) -> list[Code]:
    return [f.code for f in refused(folder, a=whole, b=f"renewals: {text}")]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("{}", Code.RENEWAL_NO_PARTNER),
        ("{default: {owner: partner}}", Code.RENEWAL_NO_PARTNER),
        ("{partner_of: H, default: {owner: partner}}", Code.RENEWAL_NOBODY),
        ("{partner_of: H, default: {owner: partner, notify: x@y.example}}",
         Code.RENEWAL_NOT_A_USER),
        ("{partner_of: H, default: {owner: vendor, notify: x@y.example}}",
         Code.RENEWAL_NOT_A_USER),
        ("{partner_of: H, default: {owner: boss}}", Code.WRONG_VALUE),
        ("{partner_of: H, default: {owner: partner, notify: ana}}", Code.WRONG_VALUE),
        ("{partner_of: H, partners: {west: {}}}", Code.RENEWAL_NO_PARTNER),
        ("{partner_of: H, schedule: {reminders: []}}", Code.EMPTY_VALUE),
        ("{partner_of: H, schedule: {reminders: [14]}}", Code.WRONG_VALUE),
        ("{partner_of: H, schedule: {reminders: [2h]}}", Code.WRONG_VALUE),
        ("{partner_of: H, schedule: {reminders: [14d, 14d]}}", Code.WRONG_VALUE),
        ("{partner_of: H, schedule: {reminders: 150d}}", Code.RENEWAL_WINDOWS),
        ("{partner_of: H, schedule: {deadline: 90d}}", Code.RENEWAL_WINDOWS),
        ("{partner_of: H, schedule: {reminders: 7d}}", Code.RENEWAL_WINDOWS),
        ('{partner_of: H, schedule: {at: "25:00"}}', Code.WRONG_VALUE),
        ('{partner_of: H, send: {text: "Hi {clint}"}}', Code.RENEWAL_FIELD),
        ('{partner_of: H, send: {subject: "{}"}}', Code.RENEWAL_FIELD),
        ("{partner_of: H, send: {by: chat}}", Code.WRONG_VALUE),
        ("{partner_of: H, send: {by: chat, channel: wb, template: t, employee: luis@acme.example}}",
         Code.UNKNOWN_CHANNEL),
        ("{partner_of: H, send: {by: chat, channel: wa, template: t, employee: x@y.example}}",
         Code.UNKNOWN_EMPLOYEE),
        ("{partner_of: H, send: {by: chat, channel: wa, template: t, employee: qa@acme.example}}",
         Code.CANNOT_WRITE),
        ('{partner_of: H, send: {phones: {ana@acme.example: "600111222"}}}', Code.WRONG_VALUE),
        ("{partner_of: H, send: {values: [clint]}}", Code.WRONG_VALUE),
        ("{partner_of: H, sources: [{account: crm-min, kind: company}]}", Code.UNKNOWN_ACCOUNT),
        ("{partner_of: H, sources: [{account: chat-main, kind: company}]}", Code.RENEWAL_SOURCE),
        ("{partner_of: H, sources: [{account: crm-main, kind: house}]}", Code.WRONG_VALUE),
        ("{partner_of: H, sources: [{account: crm-main}]}", Code.MISSING_KEY),
        ("{partner_of: H, written_to: {owner: 'a b'}}", Code.WRONG_VALUE),
        ("{partner_of: H, remind: 3d}", Code.UNKNOWN_KEY),
    ],
)  # fmt: skip
def test_what_could_not_hold_is_refused(tmp_path: Path, given: str, code: Code) -> None:
    """REN-01, REN-07, REN-08, PX-09."""
    assert codes(tmp_path, given)[0] is code


def test_a_finding_says_where_and_what_to_do(tmp_path: Path) -> None:
    """REN-07."""
    text = (
        "renewals:\n  partner_of: HubSpot\n  default: {owner: partner, notify: anna@acme.example}\n"
    )
    finding = only(refused(tmp_path, a=EMAIL, b=text))
    assert finding.place == f"{tmp_path}/b.yaml:3:37"
    assert finding.message == "anna@acme.example is no user of this partner"
    assert finding.suggestion == "did you mean ana@acme.example?"


def test_a_reseller_needs_a_person_of_his_own(tmp_path: Path) -> None:
    """REN-08: the house's employee is none of his users."""
    text = "{partner_of: H, default: {owner: partner, notify: ana@acme.example}}"
    finding = only(refused(tmp_path, a=EMAIL + PLANS, b=f"renewals: {text}"))
    assert finding.code is Code.RENEWAL_NOT_A_USER
    assert finding.message.startswith("of reseller:norte: ")
    assert finding.suggestion == "give it an entry of its own: renewals.resellers.norte"
    own = "resellers: {norte: {owner: partner, notify: rita@norte.example}}"
    found = loaded(tmp_path, a=EMAIL + PLANS, b=f"renewals: {text[:-1]}, {own}}}")
    assert found.policy.renewals is not None
    assert found.policy.renewals.default_of("reseller:norte").notify == "rita@norte.example"


def test_with_resellers_alone_the_house_need_not_be_a_partner(tmp_path: Path) -> None:
    """REN-01."""
    text = "renewals: {resellers: {norte: {owner: partner, notify: rita@norte.example}}}"
    assert loaded(tmp_path, a=EMAIL + PLANS, b=text).findings == ()


def test_without_mails_a_partner_could_not_be_told(tmp_path: Path) -> None:
    text = "{partner_of: H, default: {owner: partner, notify: ana@acme.example}}"
    assert codes(tmp_path, text, POSTED) == [Code.RENEWAL_NO_EMAIL]
    found = loaded(tmp_path, a=POSTED, b="renewals: {partner_of: H}")
    assert [(f.code, f.severity) for f in found.findings] == [
        (Code.RENEWAL_NO_EMAIL, Severity.WARNING)
    ]


def test_who_wants_no_mails_is_no_point_of_contact(tmp_path: Path) -> None:
    salesperson = "ana@acme.example: {role: salesperson,"
    silent = "ana@acme.example: {notify: {mail: none}, role: salesperson,"
    whole = EMAIL.replace(salesperson, silent)
    text = "{partner_of: H, default: {owner: partner, notify: ana@acme.example}}"
    assert codes(tmp_path, text, whole) == [Code.RENEWAL_NOBODY]


WHOLE_TEXT = """
time_zone: Europe/Madrid
renewals:
  partner_of: HubSpot
  default: {owner: partner, notify: ANA@acme.example}
  schedule: {look_ahead: 150d, reminders: [3d, 60d], deadline: 45d, safety_notice: 0d, at: "08:30"}
  copy_partner_on_default: false
  copy_partner_on_override: true
  send:
    by: chat
    channel: wa
    template: renewal_due
    language: es
    employee: luis@acme.example
    values: [client, client, renewal_date]
    phones: {ana@acme.example: "+34600111222"}
  written_to: {owner: renewal_owner, contact: renewal_contact}
  sources:
    - account: crm-main
      kind: company
      date: renewal_date
      state: renewal_status
      states: {won: renewed}
      partner: partner_id
      contract: contract_type
      billing: role:Billing contact
"""


def no_reader(account: object) -> RenewalReader:
    raise AssertionError("a policy is read without any vendor")


def test_everything_as_it_is_meant(tmp_path: Path) -> None:
    reads = {**CONNECTORS, "crm": replace(CONNECTORS["crm"], renewals=no_reader)}
    found = load(written(tmp_path, a=EMAIL, b=WHOLE_TEXT), reads)
    assert found.findings == ()
    renewals = found.policy.renewals
    assert renewals is not None
    assert renewals.default == RenewalDefault(owner=RenewalOwner.PARTNER, notify="ana@acme.example")
    assert renewals.schedule == RenewalSchedule(
        look_ahead=150,
        reminders=(60, 3),
        deadline=45,
        safety=0,
        at="08:30",
        time_zone="Europe/Madrid",
    )
    assert (renewals.copy_partner_on_default, renewals.copy_partner_on_override) == (False, True)
    assert renewals.send.by is SendBy.CHAT
    assert renewals.send.chat is not None
    assert renewals.send.chat.values == ("client", "client", "renewal_date")
    assert renewals.written_to.owner == "renewal_owner"
    (source,) = renewals.sources
    assert (source.source.kind, source.source.date) == (CrmKind.COMPANY, "renewal_date")
    assert source.states == {"won": RenewalState.RENEWED}
    assert source.source.people == (RoleAt(role=RenewalRole.BILLING, place="role:Billing contact"),)
    assert source.source.more == ("contract_type",)


def test_defaults_are_as_the_vendors_own(tmp_path: Path) -> None:
    """REN-06, PX-09: 120 days ahead, copy on for the default and off for an override."""
    found = loaded(tmp_path, a=EMAIL, b="renewals: {partner_of: HubSpot}").policy.renewals
    assert found is not None
    assert found.default == RenewalDefault()
    assert found.schedule == RenewalSchedule()
    assert (found.copy_partner_on_default, found.copy_partner_on_override) == (True, False)
