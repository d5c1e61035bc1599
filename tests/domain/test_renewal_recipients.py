"""Who gets a renewal notice and why, by owner, setting and the client's contacts."""

from dataclasses import replace

import pytest

from bridge.domain.crm_renewals import RenewalRole
from bridge.domain.people import Directory, MailWish
from bridge.domain.reasons import ReasonCode
from bridge.domain.renewing import ClientContact, Override, OwnerChoice, Renewal, RenewalOwner
from bridge.domain.renewing_notices import addressed
from bridge.domain.renewing_ownership import owner_now
from bridge.domain.renewing_people import partner_people
from bridge.domain.renewing_policy import RenewalDefault, RenewalSending, SendBy
from bridge.domain.renewing_recipients import Recipients
from tests.domain.building import ANA, BRUNO, DIRECTORY
from tests.domain.renewals import (
    BILLING,
    BOSS,
    PARTNERS,
    PAUL,
    PETRA,
    PRIMARY,
    RITA,
    VENDORS,
    renewal,
    rules,
)

DEFAULT, VENDOR, PARTNER = OwnerChoice.DEFAULT, OwnerChoice.VENDOR, OwnerChoice.PARTNER
ALL_THREE = [PRIMARY, BILLING, BOSS]


def recipients(
    known: Renewal,
    default: RenewalDefault,
    *,
    directory: Directory = DIRECTORY,
    inactive: dict[str, str] | None = None,
    **settings: object,
) -> Recipients:
    policy = rules(default, **settings)
    people = partner_people(known.reading.tenant, policy, directory, inactive or {})
    assert policy.renewals is not None
    return addressed(known, people, policy.renewals).recipients


def to(found: Recipients) -> list[str]:
    return [person.email for person in found.people if not person.is_copy]


def copies(found: Recipients) -> list[str]:
    return [person.email for person in found.people if person.is_copy]


@pytest.mark.parametrize(
    ("default", "choice", "notify", "receivers", "copied"),
    [
        pytest.param(VENDORS, DEFAULT, None, ALL_THREE, [ANA], id="REN-04, REN-06 default vendor"),
        pytest.param(PARTNERS, DEFAULT, None, [ANA], [], id="REN-05, REN-06 default partner"),
        pytest.param(PARTNERS, VENDOR, None, ALL_THREE, [], id="REN-11 override vendor"),
        pytest.param(VENDORS, PARTNER, BRUNO, [BRUNO], [], id="REN-12 override partner"),
        pytest.param(PARTNERS, PARTNER, BRUNO, [BRUNO], [], id="REN-13 a person of its own"),
        pytest.param(RenewalDefault(), DEFAULT, None, ALL_THREE, [], id="nobody to copy"),
    ],
)
def test_recipients_by_owner(
    default: RenewalDefault,
    choice: OwnerChoice,
    notify: str | None,
    receivers: list[str],
    copied: list[str],
) -> None:
    """REN-04, REN-05, REN-06, REN-11, REN-12, REN-13."""
    found = recipients(renewal(choice, notify), default)
    assert (to(found), copies(found)) == (receivers, copied)
    assert found.problem is None


def test_under_partner_no_address_of_the_client_is_among_them() -> None:
    """REN-05: only the point of contact."""
    found = recipients(renewal(), PARTNERS)
    assert not {person.email for person in found.people} & set(ALL_THREE)


@pytest.mark.parametrize(
    ("on_default", "on_override", "choice", "copied"),
    [
        (True, False, DEFAULT, [ANA]),
        (False, False, DEFAULT, []),
        (True, False, VENDOR, []),
        (True, True, VENDOR, [ANA]),
        (False, True, VENDOR, [ANA]),
    ],
)
def test_copying_the_partner_is_a_setting(
    on_default: bool, on_override: bool, choice: OwnerChoice, copied: list[str]
) -> None:
    """REN-06: on for the default, off for an override, unless it is set otherwise."""
    found = recipients(
        renewal(choice),
        VENDORS,
        copy_partner_on_default=on_default,
        copy_partner_on_override=on_override,
    )
    assert copies(found) == copied


def test_the_copy_of_an_override_goes_to_its_own_person() -> None:
    """REN-13."""
    found = recipients(renewal(VENDOR, BRUNO), VENDORS, copy_partner_on_override=True)
    assert copies(found) == [BRUNO]


def test_one_person_with_three_roles_gets_one_notice() -> None:
    """REN-04: duplicates are merged, however the address is written."""
    contacts = tuple(
        ClientContact(role=role, email=email)
        for role, email in zip(
            RenewalRole, ("Boss@Client.example", " boss@client.example", BOSS.upper()), strict=True
        )
    )
    found = recipients(renewal(contacts=contacts), RenewalDefault())
    assert to(found) == [BOSS]
    assert found.people[0].roles == tuple(RenewalRole)
    assert found.people[0].reason.detail == (
        "the client's primary contact and billing contact and decision maker"
    )


def test_a_person_who_is_contact_and_point_of_contact_is_not_copied_as_well() -> None:
    """REN-04, REN-06."""
    contacts = (ClientContact(role=RenewalRole.PRIMARY, email=ANA),)
    found = recipients(renewal(contacts=contacts), VENDORS)
    assert (to(found), copies(found)) == ([ANA], [])


def test_a_missing_contact_is_warned_of_and_the_others_get_it() -> None:
    """REN-16."""
    contacts = (
        ClientContact(role=RenewalRole.PRIMARY, email=PRIMARY),
        ClientContact(role=RenewalRole.BILLING, email="", name="Bill"),
    )
    found = recipients(renewal(contacts=contacts), RenewalDefault())
    assert to(found) == [PRIMARY]
    assert found.missing == (RenewalRole.BILLING, RenewalRole.DECISION_MAKER)
    assert [w.code for w in found.warnings] == [ReasonCode.RENEWAL_CONTACT_MISSING] * 2


def test_without_any_of_the_three_nothing_goes_out() -> None:
    """REN-16: flagged; the partner's copy alone is no notice."""
    found = recipients(renewal(contacts=()), VENDORS)
    assert found.people == ()
    assert found.problem is not None
    assert found.problem.code is ReasonCode.RENEWAL_NO_RECIPIENT


@pytest.mark.parametrize(
    ("notify", "code"),
    [
        (None, ReasonCode.RENEWAL_NO_CONTACT),
        ("", ReasonCode.RENEWAL_NO_CONTACT),
        ("stranger@x.example", ReasonCode.RENEWAL_NOT_HIS_USER),
        (PETRA, ReasonCode.RENEWAL_NOT_HIS_USER),
    ],
)
def test_who_is_no_user_of_the_partner_gets_nothing(notify: str | None, code: ReasonCode) -> None:
    """REN-07, REN-08."""
    found = recipients(renewal(), RenewalDefault(owner=RenewalOwner.PARTNER, notify=notify))
    assert found.people == ()
    assert found.problem is not None
    assert found.problem.code is code


def test_a_person_who_was_deactivated_is_never_a_recipient() -> None:
    """REN-06: neither receiver nor in copy."""
    people = tuple(replace(p, active=p.email != ANA) for p in DIRECTORY.people)
    left = Directory(people=people, as_of=DIRECTORY.as_of)
    receiver = recipients(renewal(), PARTNERS, directory=left)
    assert receiver.problem is not None
    assert (receiver.people, receiver.problem.code) == ((), ReasonCode.RENEWAL_CONTACT_GONE)
    copied = recipients(renewal(), VENDORS, directory=left)
    assert (to(copied), copies(copied)) == (ALL_THREE, [])
    assert [w.code for w in copied.warnings] == [ReasonCode.RENEWAL_CONTACT_GONE]


def test_who_wants_no_mails_is_flagged_rather_than_passed_over() -> None:
    policy = rules(PARTNERS)
    silent = {**policy.employees, ANA: replace(policy.employees[ANA], mail=MailWish.NONE)}
    policy = replace(policy, employees=silent)
    assert policy.renewals is not None
    people = partner_people("", policy, DIRECTORY, {})
    found = addressed(renewal(), people, policy.renewals).recipients
    assert found.problem is not None
    assert (found.people, found.problem.code) == ((), ReasonCode.RENEWAL_CONTACT_GONE)
    by_task = replace(policy.renewals, send=RenewalSending(by=SendBy.CRM_TASK))
    people = partner_people("", replace(policy, renewals=by_task), DIRECTORY, {})
    assert to(addressed(renewal(), people, by_task).recipients) == [ANA]


def test_a_partners_user_is_the_contact_of_the_partners_clients() -> None:
    """REN-07: users of partners.yaml and plans.yaml, each for his own."""
    of_north = renewal(PARTNER, PETRA, tenant="partner:north")
    assert to(recipients(of_north, VENDORS)) == [PETRA]
    gone = recipients(of_north, VENDORS, inactive={PETRA: "was deactivated"})
    assert gone.problem is not None
    assert gone.problem.detail == f"{PETRA} can't be notified: was deactivated"
    of_norte = renewal(PARTNER, RITA, tenant="reseller:norte")
    assert to(recipients(of_norte, VENDORS)) == [RITA]


def test_an_override_beats_the_default_for_one_client_only() -> None:
    """REN-09, REN-03: the other follows the default."""
    policy = rules(VENDORS)
    assert policy.renewals is not None
    first, second = renewal(PARTNER, ANA), renewal()
    owners = [owner_now(x.override, "", policy.renewals) for x in (first, second)]
    assert [(x.owner, x.source) for x in owners] == [
        (RenewalOwner.PARTNER, "client"),
        (RenewalOwner.VENDOR, "default"),
    ]


@pytest.mark.parametrize("now", [VENDORS, PARTNERS])
def test_default_follows_what_the_default_is_and_shows_it(now: RenewalDefault) -> None:
    """REN-10, REN-02: the source and the current value."""
    policy = rules(now)
    assert policy.renewals is not None
    owner = owner_now(Override(), "", policy.renewals)
    assert (owner.source, owner.owner, owner.notify) == ("default", now.owner, now.notify)
    fixed = owner_now(Override(choice=VENDOR), "", policy.renewals)
    assert (fixed.source, fixed.default) == ("client", now)


def test_a_partner_account_has_a_default_of_its_own() -> None:
    own = RenewalDefault(owner=RenewalOwner.PARTNER, notify=PAUL)
    policy = rules(VENDORS, partners={"north": own})
    assert policy.renewals is not None
    owners = {
        tenant: owner_now(Override(), tenant, policy.renewals).notify
        for tenant in ("", "partner:north", "reseller:norte")
    }
    assert owners == {"": ANA, "partner:north": PAUL, "reseller:norte": ANA}
