"""Whom a link or a key is for: an address as the configuration knows it, of one kind or several."""

import re

import click
from sqlalchemy import Connection

from bridge.cli.answers import Failed
from bridge.domain.names import ClientId, EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.pipeline.persons import person_of
from bridge.store.reseller_clients import by_ids

PEOPLE = (PersonKind.EMPLOYEE, PersonKind.PARTNER_USER, PersonKind.RESELLER_USER)
AS = click.Choice([kind.value for kind in PEOPLE])
AS_ANY = click.Choice([*(kind.value for kind in PEOPLE), PersonKind.CLIENT.value])


def somebody(policy: Policy, address: str, kind: str | None) -> Person:
    """Raises Failed, with what to do, for whom nobody knows and for whom there are several."""
    address = address.strip().lower()
    kinds = (PersonKind(kind),) if kind else PEOPLE
    found = [one for one in kinds if _knows(policy, one, address)]
    if len(found) > 1:
        words = " and ".join(found)
        said = f"{address} is {words}: a link or a key is one of them"
        raise Failed(said, f"say which one, with --as {'|'.join(found)}")
    if not found:
        raise _unknown(policy, address, kind)
    if found[0] is PersonKind.EMPLOYEE:
        _check_role(policy, EmployeeId(address))
    person = policy.person(found[0], address)
    if person is None:
        raise _unknown(policy, address, kind)
    return person


def named(whom: str) -> tuple[str | None, str]:
    """`partner:petra@north.example` as its kind and its address; without a kind as None."""
    kind, colon, rest = whom.strip().lower().partition(":")
    known = [*(one.value for one in PEOPLE), PersonKind.CLIENT.value]
    return (kind, rest) if colon and kind in known else (None, whom)


def some_client(db: Connection, policy: Policy, name: str) -> Person:
    """Raises Failed for one who is not there, and for one whose access is blocked."""
    id = ClientId(name.strip().lower())
    if id not in by_ids(db, [id]):
        raise Failed(f"there is no client {id}", "`bridge clients list` shows the ids (cl_…)")
    person = person_of(db, policy, f"{PersonKind.CLIENT}:{id}")
    if person is None:
        said = f"the client {id} is suspended or archived, so his access is blocked"
        raise Failed(said, "activate him first; to help him, sign in as him (bridge login --by)")
    return person


def _knows(policy: Policy, kind: PersonKind, address: str) -> bool:
    if kind is PersonKind.EMPLOYEE:
        return EmployeeId(address) in policy.employees
    return policy.person(kind, address) is not None


def _unknown(policy: Policy, address: str, kind: str | None) -> Failed:
    if kind in (None, PersonKind.EMPLOYEE):
        elsewhere = "" if kind else ", and no partner's or reseller's user either"
        return Failed(
            f"{address} is not among the employees, so sees and writes nothing (role.none)"
            + elsewhere,
            "give him a role under `employees` in roles.yaml, or correct the address",
        )
    file = "partners.yaml" if kind == PersonKind.PARTNER_USER else "plans.yaml"
    return Failed(
        f"{address} is no {kind}'s user here",
        f"name him under `users` in {file}, or correct the address",
    )


def _check_role(policy: Policy, employee: EmployeeId) -> None:
    if policy.employee(employee).role is Role.NONE:
        raise Failed(
            f"{employee} has the role none, so sees and writes nothing (role.none)",
            "give him a role under `employees` in roles.yaml",
        )


SERVICE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
