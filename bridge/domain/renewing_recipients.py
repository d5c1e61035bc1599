"""Who gets a renewal notice, and why: pure, so that the preview says what the sending does."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.domain.crm_renewals import RenewalRole
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.renewing import Renewal, RenewalOwner
from bridge.domain.renewing_ownership import OwnerNow
from bridge.domain.renewing_people import PartnerPerson
from bridge.domain.renewing_policy import Renewals

ROLES = {
    RenewalRole.PRIMARY: "primary contact",
    RenewalRole.BILLING: "billing contact",
    RenewalRole.DECISION_MAKER: "decision maker",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """`roles` are those that a client's person has, none for the partner's."""

    email: str
    reason: Reason
    roles: tuple[RenewalRole, ...] = ()
    is_copy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """`missing` are roles of the client without an address, `warnings` what else is amiss. With a
    `problem` nobody gets anything, and managers are told."""

    people: tuple[Recipient, ...] = ()
    missing: tuple[RenewalRole, ...] = ()
    warnings: tuple[Reason, ...] = ()
    problem: Reason | None = None


def recipients(
    renewal: Renewal,
    owner: OwnerNow,
    people: Mapping[str, PartnerPerson],
    renewals: Renewals,
) -> Recipients:
    """Of a notice that is due now (REN-04 to REN-06, REN-11 to REN-13)."""
    if owner.owner is RenewalOwner.PARTNER:
        return _partners(owner, people)
    clients = _clients(renewal)
    missing = _missing(renewal)
    warnings = tuple(_lacks(role) for role in missing)
    if not clients:
        detail = "the client has no primary, billing or decision-making contact with an address"
        problem = Reason(ReasonCode.RENEWAL_NO_RECIPIENT, detail)
        return Recipients(missing=missing, warnings=warnings, problem=problem)
    copied = _copied(owner, people, renewals)
    if isinstance(copied, Reason):
        return Recipients(people=clients, missing=missing, warnings=(*warnings, copied))
    own = {person.email for person in clients}
    copies = tuple(x for x in (copied,) if x is not None and x.email not in own)
    return Recipients(people=(*clients, *copies), missing=missing, warnings=warnings)


def against(notify: str | None, people: Mapping[str, PartnerPerson]) -> Reason | None:
    """What speaks against this point of contact (REN-07, REN-08)."""
    if not notify:
        detail = "the partner owns the process and names nobody to be notified"
        return Reason(ReasonCode.RENEWAL_NO_CONTACT, detail)
    person = people.get(notify)
    if person is None:
        detail = f"{notify} is no user of this partner"
        return Reason(ReasonCode.RENEWAL_NOT_HIS_USER, detail)
    if not person.is_active:
        detail = f"{notify} can't be notified: {person.against}"
        return Reason(ReasonCode.RENEWAL_CONTACT_GONE, detail)
    return None


def _partners(owner: OwnerNow, people: Mapping[str, PartnerPerson]) -> Recipients:
    """Nobody but the point of contact; no address of the client's at all (REN-05)."""
    problem = against(owner.notify, people)
    if problem is not None or owner.notify is None:
        return Recipients(problem=problem)
    detail = "the partner's point of contact, who acts"
    reason = Reason(ReasonCode.RENEWAL_POINT_OF_CONTACT, detail)
    return Recipients(people=(Recipient(email=owner.notify, reason=reason),))


def _clients(renewal: Renewal) -> tuple[Recipient, ...]:
    """The three contacts, each address once, however it is written."""
    roles: dict[str, list[RenewalRole]] = {}
    for role in RenewalRole:
        for contact in renewal.reading.contacts:
            address = contact.email.strip().lower()
            if contact.role is role and address and role not in roles.setdefault(address, []):
                roles[address].append(role)
    return tuple(
        Recipient(
            email=address,
            reason=Reason(ReasonCode.RENEWAL_CLIENT_CONTACT, f"the client's {_named(held)}"),
            roles=tuple(held),
        )
        for address, held in roles.items()
    )


def _missing(renewal: Renewal) -> tuple[RenewalRole, ...]:
    there = {c.role for c in renewal.reading.contacts if c.email.strip()}
    return tuple(role for role in RenewalRole if role not in there)


def _lacks(role: RenewalRole) -> Reason:
    return Reason(ReasonCode.RENEWAL_CONTACT_MISSING, f"the client has no {ROLES[role]}")


def _copied(
    owner: OwnerNow, people: Mapping[str, PartnerPerson], renewals: Renewals
) -> Recipient | Reason | None:
    """The partner's person on the vendor's notices, where that is set (REN-06)."""
    wanted = (
        renewals.copy_partner_on_default if owner.is_default else renewals.copy_partner_on_override
    )
    if not wanted or not owner.notify:
        return None
    problem = against(owner.notify, people)
    if problem is not None:
        return problem
    reason = Reason(ReasonCode.RENEWAL_COPY, "the partner's point of contact, in copy")
    return Recipient(email=owner.notify, reason=reason, is_copy=True)


def _named(roles: list[RenewalRole]) -> str:
    return " and ".join(ROLES[role] for role in roles)
