"""What the commands of the partner programme have in common: whose word it is, and how it ends."""

import secrets

import click

from bridge.cli.answers import Failed
from bridge.cli.whom import somebody
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason
from bridge.pipeline.house import Outcome
from bridge.pipeline.partnering.acting import Asked

TERMINAL = Person(kind=PersonKind.SERVICE, id="terminal")
"""Whose eyes are used here: whoever may read the store may read all of the programme."""
BY = click.option("--by", help="Whose word it is; the first manager's when not given.")


def manager_or(policy: Policy, by: str | None) -> Asked:
    if by is not None:
        return _asked(somebody(policy, by, PersonKind.EMPLOYEE))
    if not policy.managers:
        raise Failed("there is no manager whose word it could be", "name somebody with --by")
    return _asked(Person(kind=PersonKind.EMPLOYEE, id=policy.managers[0]))


def partner_user(policy: Policy, by: str) -> Asked:
    return _asked(somebody(policy, by, PersonKind.PARTNER_USER))


def hold(outcome: Outcome) -> None:
    """Failed with the reason that the rules give."""
    if outcome.refused is not None:
        raise refused(outcome.refused)


def refused(reason: Reason) -> Failed:
    step = "`bridge partners leads` and `bridge partners users` show how things stand"
    return Failed(f"{reason.detail} ({reason.code})", step)


def _asked(person: Person) -> Asked:
    return Asked(by=person, key=secrets.token_hex(16))
