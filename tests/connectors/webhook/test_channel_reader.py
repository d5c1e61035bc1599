"""Partners and renewals of any system, asked for in the words of the generic webhook."""

from datetime import UTC, date, datetime

import pytest
import responses

from bridge.domain.crm_partners import NamedValue, Openness
from bridge.domain.crm_renewals import RenewalPerson, RenewalRole, RenewalSource, RoleAt
from bridge.domain.effects import AssignRecord
from bridge.domain.errors import CredentialsInvalid, OutcomeUnknown
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from bridge.ports import Account, Done
from connectors.webhook.channel_reader import WebhookPartners, WebhookRenewals
from connectors.webhook.outbound import WebhookOutbound
from tests.connectors.webhook.building import account, delivery

URL = "https://erp.example/bridge"
COMPANY, LEAD = CrmId("co1"), CrmId("l1")
SOURCE = RenewalSource(
    kind=CrmKind.COMPANY,
    date="ends",
    people=(RoleAt(role=RenewalRole.BILLING, place="role:billing"),),
)


def test_prm_03_the_organisation_says_what_it_is(at_system: Account) -> None:
    found = WebhookPartners(at_system).organisation()
    assert (found.id, found.name, found.is_sandbox, found.has_partners) == (
        "o1",
        "Acme",
        True,
        True,
    )


def test_prm_03_one_that_says_nothing_counts_as_a_real_one() -> None:
    found = WebhookPartners(account()).organisation()
    assert (found.name, found.is_sandbox) == ("erp", False)


def test_partner_accounts_and_their_people(at_system: Account) -> None:
    """PRM-06, PRM-20."""
    read = WebhookPartners(at_system).partners([COMPANY, CrmId("gone")], ["x@y.example"])
    assert [(one.crm_id, one.is_partner, one.owner) for one in read.accounts] == [
        (COMPANY, True, "7")
    ]
    ((pia),) = read.users
    assert (pia.email, pia.account, pia.active) == ("pia@norte.example", COMPANY, True)
    assert (pia.has_signed_in, pia.is_member) == (True, None)
    assert WebhookPartners(at_system).partners([], []).users == ()


def test_prm_04_what_is_open_to_people_from_outside(at_system: Account) -> None:
    review = WebhookPartners(at_system).sharing()
    assert [(one.kind, one.name) for one in review.settings] == [(Openness.FOLDER, "Prices")]
    assert WebhookPartners(account()).sharing().unread != ()


def test_a_lead_shows_the_owner_that_an_order_gave_it(at_system: Account) -> None:
    """PRM-23."""
    partners = WebhookPartners(at_system)
    assert partners.leads([LEAD], ["tier"])[LEAD].owner is None
    given = AssignRecord(kind=CrmKind.LEAD, record=LEAD, owner=CrmId("7"))
    assert WebhookOutbound(at_system).deliver([delivery(given)]) == [Done(vendor_ids={})]
    (lead,) = partners.leads([LEAD, CrmId("gone")], ["tier"]).values()
    assert (lead.owner, lead.country) == ("7", "MX")
    assert lead.more == (NamedValue(name="tier", value="gold"),)


def test_renewals_that_are_due_were_changed_or_are_named(at_system: Account) -> None:
    """REN-04."""
    renewals = WebhookRenewals(at_system)
    (one,) = renewals.due(SOURCE, date(2026, 12, 24), date(2026, 12, 24))
    assert (one.crm_id, one.due) == (COMPANY, date(2026, 12, 24))
    assert one.people == (RenewalPerson(role=RenewalRole.BILLING, email="bills@acme.example"),)
    assert renewals.due(SOURCE, date(2026, 12, 25), date(2026, 12, 31)) == []
    assert renewals.changed(SOURCE, datetime(2026, 5, 1, tzinfo=UTC)) == [one]
    assert renewals.changed(SOURCE, datetime(2026, 7, 1, tzinfo=UTC)) == []
    assert renewals.read(SOURCE, [COMPANY, CrmId("gone")]) == {COMPANY: one}


@responses.activate
def test_a_system_that_offers_none_of_it_has_none() -> None:
    responses.post(URL, status=501)
    assert WebhookPartners(account(URL)).partners([COMPANY], []).accounts == ()
    assert WebhookRenewals(account(URL)).due(SOURCE, date(2026, 1, 1), date(2026, 2, 1)) == []


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [
        (200, '{"items": [{"kind": "company"}]}', OutcomeUnknown),
        (
            200,
            '{"items": [{"kind": "company", "crm_id": "1", "name": "A", "due": "24.12.2026"}]}',
            OutcomeUnknown,
        ),
        (
            200,
            '{"items": [{"kind": "company", "crm_id": "1", "name": "A", "due": "2026-02-30"}]}',
            OutcomeUnknown,
        ),
        (500, "{}", OutcomeUnknown),
        (401, "{}", CredentialsInvalid),
    ],
)
@responses.activate
def test_an_answer_that_is_none_is_told(status: int, body: str, raised: type[Exception]) -> None:
    responses.post(URL, body=body, status=status)
    with pytest.raises(raised):
        WebhookRenewals(account(URL)).due(SOURCE, date(2026, 1, 1), date(2026, 2, 1))
