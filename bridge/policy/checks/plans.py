"""Resellers and their plans: people of two of them, plans that say the same, hints from day one."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from bridge.domain.names import ResellerName
from bridge.domain.principals import PersonKind
from bridge.domain.reselling_policy import Reseller
from bridge.domain.spans import Span, SpanUnit
from bridge.policy.checks.checked import Check, Checked
from bridge.policy.codes import Code
from bridge.policy.findings import Finding, did_you_mean
from bridge.policy.paths import item, under

_DAYS = {SpanUnit.DAYS: 1, SpanUnit.MONTHS: 28, SpanUnit.YEARS: 365}


def users_are_of_one_reseller(checked: Checked) -> Iterator[Finding]:
    """Somebody of two could not be told whose clients he may see."""
    first: dict[str, str] = {}
    for tenant in checked.policy.tenants(PersonKind.RESELLER_USER):
        key = tenant.partition(":")[2]
        path = under(_path(ResellerName(key)), "users")
        for index, user in enumerate(checked.policy.users[tenant]):
            if user in first:
                said = f"{user} is a user of {first[user]} too"
                hint = "give him another address with one of them"
                yield checked.error(Code.DUPLICATE_USER, item(path, index), said, hint)
            first.setdefault(user, key)
        if not checked.policy.users[tenant]:
            said = "has no users: nobody of his sees his clients or is told of them"
            yield checked.warning(Code.NO_USERS, _path(ResellerName(key)), said, "add users: […]")


def plans_are_told_apart(checked: Checked) -> Iterator[Finding]:
    for key, reseller in _resellers(checked).items():
        path = under(_path(key), "plans")
        names: dict[str, str] = {}
        for plan, one in reseller.plans.items():
            if one.name in names:
                said = f"is called {one.name} as {names[one.name]} is"
                hint = "give it a name of its own"
                yield checked.error(
                    Code.DUPLICATE_PLAN, under(under(path, plan), "name"), said, hint
                )
            names.setdefault(one.name, plan)
        if not reseller.plans:
            said = "has no plans, so no client can be added or renewed"
            yield checked.warning(Code.NO_PLANS, _path(key), said, "add plans: {…}")


def hints_come_late_enough(checked: Checked) -> Iterator[Finding]:
    for key, reseller in _resellers(checked).items():
        low, ending = reseller.hints.low_units, reseller.hints.ending
        for plan, one in reseller.plans.items():
            path = under(under(_path(key), "plans"), plan)
            if low.is_low(one.units, one.units):
                said = f"its {one.units} units count as few from the first day on"
                hint = "lower hints.low_units"
                yield checked.warning(Code.HINT_FROM_START, under(path, "units"), said, hint)
            if one.validity is not None and _shortest(one.validity) <= ending:
                said = f"valid for {one.validity}, it counts as ending from the first day on"
                hint = "shorten hints.ending"
                yield checked.warning(Code.HINT_FROM_START, under(path, "validity"), said, hint)


def accounts_exist(checked: Checked) -> Iterator[Finding]:
    named = [("plans.accounts", checked.policy.reselling.accounts)]
    named += [(under(_path(k), "accounts"), one.accounts) for k, one in _resellers(checked).items()]
    for path, accounts in named:
        for index, account in enumerate(accounts):
            if account not in checked.policy.accounts:
                hint = did_you_mean(account, checked.policy.accounts) or "add it under accounts"
                said = f"{account} is not an account"
                yield checked.error(Code.UNKNOWN_ACCOUNT, item(path, index), said, hint)


def managers_are_employees(checked: Checked) -> Iterator[Finding]:
    for key, reseller in _resellers(checked).items():
        if reseller.manager is not None and reseller.manager not in checked.policy.employees:
            yield checked.unknown_employee(under(_path(key), "manager"), reseller.manager)


def _resellers(checked: Checked) -> Mapping[ResellerName, Reseller]:
    return checked.policy.reselling.resellers


def _path(reseller: ResellerName) -> str:
    return under("plans.resellers", reseller)


def _shortest(span: Span) -> timedelta:
    return timedelta(days=span.count * _DAYS[span.unit])


CHECKS: tuple[Check, ...] = (
    users_are_of_one_reseller,
    plans_are_told_apart,
    hints_come_late_enough,
    accounts_exist,
    managers_are_employees,
)
