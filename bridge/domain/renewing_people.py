"""The users of a partner: among them the point of contact for renewals is chosen (REN-07)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bridge.domain.people import Directory, Employee, MailWish, Role
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.renewing_policy import SendBy
from bridge.domain.telling import has_left


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPerson:
    """`against` says why he can't be told any more; empty where he can."""

    email: str
    against: str = ""

    @property
    def is_active(self) -> bool:
        return not self.against


def partner_status(tenant: str, policy: Policy) -> Reason | None:
    """Why there are no renewal settings here: without a partner there is no owner to choose
    (REN-01)."""
    renewals = policy.renewals
    if renewals is None:
        detail = "there is no renewals.yaml: nobody's renewals are kept here"
        return Reason(ReasonCode.RENEWAL_NOT_SET_UP, detail)
    if tenant == "" and not renewals.partner_of:
        detail = (
            "this house is no partner of a vendor: name the vendor as renewals.partner_of, or ask "
            "for a partner account's or a reseller's own settings"
        )
        return Reason(ReasonCode.RENEWAL_NO_PARTNER, detail)
    if tenant != "" and tenant not in tenants(policy):
        detail = f"{tenant} is no partner account of partners.yaml and no reseller of plans.yaml"
        return Reason(ReasonCode.RENEWAL_NO_PARTNER, detail)
    return None


def tenants(policy: Policy) -> tuple[str, ...]:
    """Everybody whose clients may have renewals: the house itself where it is a partner."""
    renewals = policy.renewals
    house = ("",) if renewals is not None and renewals.partner_of else ()
    return (*house, *policy.users)


def partner_people(
    tenant: str, policy: Policy, directory: Directory, inactive: Mapping[str, str]
) -> Mapping[str, PartnerPerson]:
    """His users by e-mail. `inactive` says of partner users why they can't be told any more."""
    if tenant == "":
        return {person.email: person for person in _employees(policy, directory)}
    return {
        email: PartnerPerson(email=email, against=inactive.get(email, ""))
        for email in policy.users.get(tenant, ())
    }


def _employees(policy: Policy, directory: Directory) -> Iterator[PartnerPerson]:
    for employee in policy.employees.values():
        if employee.role is Role.NONE:
            continue
        yield PartnerPerson(email=employee.id, against=_against(employee, policy, directory))


def _against(employee: Employee, policy: Policy, directory: Directory) -> str:
    if has_left(employee.id, directory):
        return "has left, the CRM says"
    by_mail = policy.renewals is not None and policy.renewals.send.by is SendBy.EMAIL
    return "wants no mails" if by_mail and employee.mail is MailWish.NONE else ""
