"""Renewal notices: nobody who could get them, windows that contradict each other, nothing that
sends."""

from collections.abc import Iterator, Mapping

from bridge.domain.people import Directory, MailWish
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.renewing import RenewalOwner
from bridge.domain.renewing_letters import unknown_fields
from bridge.domain.renewing_people import PartnerPerson, partner_people, tenants
from bridge.domain.renewing_policy import FIELDS, RenewalDefault, Renewals, SendBy
from bridge.domain.renewing_recipients import against
from bridge.policy.checks.checked import Check, Checked
from bridge.policy.codes import Code
from bridge.policy.findings import Finding, did_you_mean
from bridge.policy.paths import item, under

_CODES = {
    ReasonCode.RENEWAL_NO_CONTACT: Code.RENEWAL_NOBODY,
    ReasonCode.RENEWAL_NOT_HIS_USER: Code.RENEWAL_NOT_A_USER,
}


def renewals_have_a_partner(checked: Checked) -> Iterator[Finding]:
    """REN-01."""
    if checked.policy.renewals is not None and not tenants(checked.policy):
        said = "there is no partner whose clients could have renewals"
        hint = "name the vendor that this house is a partner of: partner_of: HubSpot"
        yield checked.error(Code.RENEWAL_NO_PARTNER, "renewals", said, hint)


def own_defaults_are_of_somebody(checked: Checked) -> Iterator[Finding]:
    renewals = checked.policy.renewals
    if renewals is None:
        return
    there = set(tenants(checked.policy))
    for tenant, path in _own_paths(renewals):
        if tenant not in there:
            kind, _, name = tenant.partition(":")
            names = [x.removeprefix(f"{kind}:") for x in there if x.startswith(f"{kind}:")]
            hint = did_you_mean(name, names) or "add it there, or remove it here"
            said = f"{name} stands in no partners.yaml or plans.yaml"
            yield checked.error(Code.RENEWAL_NO_PARTNER, path, said, hint)


def points_of_contact_fit(checked: Checked) -> Iterator[Finding]:
    """REN-07, REN-08: of the house and of each partner, by the default that holds for them."""
    renewals = checked.policy.renewals
    if renewals is None:
        return
    own = dict(_own_paths(renewals))
    for tenant in tenants(checked.policy):
        people = partner_people(tenant, checked.policy, Directory(), {})
        default = renewals.default_of(tenant)
        problem = _problem(default, people, is_own=tenant == "" or tenant in own)
        if problem is not None:
            path = own.get(tenant, "renewals.default")
            whose = "" if path != "renewals.default" or not tenant else f"of {tenant}: "
            falls = path == "renewals.default" and tenant != ""
            meant = "" if falls else did_you_mean(default.notify or "", people)
            hint = meant or _hint(tenant)
            said = f"{whose}{problem.detail}"
            yield checked.error(_CODES[problem.code], under(path, "notify"), said, hint)


def _problem(
    default: RenewalDefault, people: Mapping[str, PartnerPerson], *, is_own: bool
) -> Reason | None:
    """Who is only in copy, and not of those to whom the default falls, is simply not copied."""
    only_copied = default.owner is RenewalOwner.VENDOR
    if only_copied and (default.notify is None or not is_own):
        return None
    found = against(default.notify, people)
    return found if found is not None and found.code in _CODES else None


def _hint(tenant: str) -> str:
    kind, _, name = tenant.partition(":")
    if not kind:
        return "name an employee as notify"
    return f"give it an entry of its own: renewals.{kind}s.{name}"


def _own_paths(renewals: Renewals) -> Iterator[tuple[str, str]]:
    for partner in renewals.partners:
        yield f"partner:{partner}", under("renewals.partners", partner)
    for reseller in renewals.resellers:
        yield f"reseller:{reseller}", under("renewals.resellers", reseller)


def windows_go_together(checked: Checked) -> Iterator[Finding]:
    renewals = checked.policy.renewals
    if renewals is None:
        return
    schedule = renewals.schedule
    for index, days in enumerate(schedule.reminders):
        if days + schedule.deadline > schedule.look_ahead:
            said = (
                f"a notice {days}d before the deadline, which is {schedule.deadline}d before the "
                f"renewal, would be earlier than the look-ahead of {schedule.look_ahead}d"
            )
            path = item("renewals.schedule.reminders", index)
            hint = f"set look_ahead: {days + schedule.deadline}d, or remind later"
            yield checked.error(Code.RENEWAL_WINDOWS, path, said, hint)
    if schedule.safety and schedule.safety >= max(schedule.reminders):
        said = "managers would be warned before the partner was told for the first time"
        path, hint = "renewals.schedule.safety_notice", "warn them after the first reminder"
        yield checked.error(Code.RENEWAL_WINDOWS, path, said, hint)


def texts_have_known_fields(checked: Checked) -> Iterator[Finding]:
    renewals = checked.policy.renewals
    if renewals is None:
        return
    for name, text in (("subject", renewals.send.subject), ("text", renewals.send.text)):
        for field in unknown_fields(text):
            hint = did_you_mean(field, FIELDS) or f"there are: {', '.join(FIELDS)}"
            path = under("renewals.send", name)
            yield checked.error(Code.RENEWAL_FIELD, path, f"{{{field}}} is no field", hint)


def notices_can_leave(checked: Checked) -> Iterator[Finding]:
    policy = checked.policy
    if policy.renewals is None or policy.email is not None:
        return
    if policy.renewals.send.by is not SendBy.EMAIL:
        return
    defaults = [policy.renewals.default_of(tenant) for tenant in tenants(policy)]
    said, hint = "no account sends e-mail", "name one as notifications.email"
    if any(default.owner is RenewalOwner.PARTNER for default in defaults):
        yield checked.error(Code.RENEWAL_NO_EMAIL, "renewals.send", said, hint)
    else:
        said = f"{said}: a client for whom the partner is set to own it would get no notices"
        yield checked.warning(Code.RENEWAL_NO_EMAIL, "renewals.send", said, hint)


def contacts_want_mails(checked: Checked) -> Iterator[Finding]:
    """`notify: {mail: none}` of an employee holds for renewals too."""
    policy = checked.policy
    if policy.renewals is None or policy.renewals.send.by is not SendBy.EMAIL:
        return
    default = policy.renewals.default
    employee = next((e for e in policy.employees.values() if e.id == default.notify), None)
    if default.owner is RenewalOwner.PARTNER and employee and employee.mail is MailWish.NONE:
        said = f"{employee.id} wants no mails, so he would get no notices"
        path, hint = "renewals.default.notify", "name another, or give him mails"
        yield checked.error(Code.RENEWAL_NOBODY, path, said, hint)


def chats_can_leave(checked: Checked) -> Iterator[Finding]:
    policy = checked.policy
    chat = None if policy.renewals is None else policy.renewals.send.chat
    if chat is None:
        return
    if chat.channel not in policy.channels:
        yield checked.unknown_channel("renewals.send.channel", chat.channel)
    employee = policy.employees.get(chat.employee)
    if employee is None:
        yield checked.unknown_employee("renewals.send.employee", chat.employee)
    elif not employee.may_write_at_all:
        said = f"{employee.id} has role {employee.role} and may not write"
        path, hint = "renewals.send.employee", "name a salesperson or a manager"
        yield checked.error(Code.CANNOT_WRITE, path, said, hint)


def sources_can_be_read(checked: Checked) -> Iterator[Finding]:
    renewals = checked.policy.renewals
    for index, source in enumerate(() if renewals is None else renewals.sources):
        path = under(item("renewals.sources", index), "account")
        account = checked.policy.accounts.get(source.account)
        if account is None:
            hint = did_you_mean(source.account, checked.policy.accounts) or "add it under accounts"
            said = f"{source.account} is not an account"
            yield checked.error(Code.UNKNOWN_ACCOUNT, path, said, hint)
            continue
        connector = checked.connectors.get(account.connector)
        if connector is not None and connector.renewals is None:
            said = f"{account.connector} has no renewals that could be read"
            yield checked.error(Code.RENEWAL_SOURCE, path, said, "name an account of a CRM")


CHECKS: tuple[Check, ...] = (
    renewals_have_a_partner,
    own_defaults_are_of_somebody,
    points_of_contact_fit,
    windows_go_together,
    texts_have_known_fields,
    notices_can_leave,
    contacts_want_mails,
    chats_can_leave,
    sources_can_be_read,
)
