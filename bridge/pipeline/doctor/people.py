"""Roles against the CRM's people: who has left, who is not there, who sees nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bridge.domain.names import CrmId
from bridge.domain.people import Directory, Role
from bridge.domain.policy import Policy
from bridge.domain.records import Pipeline
from bridge.pipeline.doctor.points import Point, fine, skipped, wrong
from bridge.policy.checks.crm import check_against_crm
from bridge.policy.codes import Code
from bridge.policy.findings import Finding

_TODO: Mapping[Code, str] = {
    Code.EMPLOYEE_INACTIVE: "give his clients another owner in the CRM and set role: none here",
    Code.EMPLOYEE_NOT_IN_CRM: "correct the address in roles.yaml, or make him a user in the CRM",
}
_NEXT = "correct it in the YAML; `bridge check --online` names the line"


def check_people(policy: Policy, directory: Directory) -> tuple[Point, ...]:
    """Everybody with a role, and the directory as last read."""
    if policy.crm is None:
        return (skipped("people", "no CRM is connected"),)
    if directory.as_of is None:
        todo = "run `bridge sync`"
        return (wrong("people", "the CRM's people were never read", todo),)
    with_role = {e: p for e, p in policy.employees.items() if p.role is not Role.NONE}
    found = check_against_crm(replace(policy, crm=None, employees=with_role), (), directory)
    points = tuple(_point("people", finding) for finding in found)
    return points or (fine("people", f"all {len(with_role)} with a role are active in the CRM"),)


def check_pipelines(policy: Policy, pipelines: tuple[Pipeline, ...]) -> tuple[Point, ...]:
    """Whether deals can be created where routing.yaml says (NEW-06)."""
    if policy.crm is None:
        return ()
    if not pipelines:
        return (wrong("pipelines", "the CRM's pipelines were never read", "run `bridge sync`"),)
    found = check_against_crm(replace(policy, employees={}), pipelines, Directory())
    points = tuple(_point("pipelines", finding) for finding in found)
    return points or (fine("pipelines", "pipeline and stage of new deals are in the CRM"),)


def check_owners(
    policy: Policy, directory: Directory, owners: Mapping[CrmId, int]
) -> tuple[Point, ...]:
    """Owners of open deals and leads who would not see their own clients."""
    points = tuple(_owners(policy, directory, owners))
    return points or (fine("owners", "all who own open deals and leads have a role"),)


def check_clients(
    policy: Policy, directory: Directory, owners: Mapping[CrmId, int]
) -> tuple[Point, ...]:
    """Clients of owners who left: the fallback has their chats, or managers alone."""
    points = tuple(_clients(policy, directory, owners))
    return points or (fine("clients", "nobody who left owns clients"),)


def _clients(policy: Policy, directory: Directory, owners: Mapping[CrmId, int]) -> Iterator[Point]:
    reader = policy.ownership.fallback or "managers alone"
    for crm_id, count in sorted(owners.items()):
        person = directory.by_crm_id(crm_id)
        if person is not None and not person.active:
            said = f"{person.email} has left and owns {count} clients, whose chats {reader} read"
            yield wrong("clients", said, "give them another owner in the CRM")


def _owners(policy: Policy, directory: Directory, owners: Mapping[CrmId, int]) -> Iterator[Point]:
    for crm_id, count in sorted(owners.items()):
        person = directory.by_crm_id(crm_id)
        name = f"the owner {crm_id}" if person is None else person.email
        if person is None:
            todo = "run `bridge sync`; if the CRM does not know him either, change the owner there"
        elif not person.active:
            todo = "he has left: give his open deals and leads another owner in the CRM"
        elif policy.employee(person.email).role is Role.NONE:
            todo = "give him a role in roles.yaml, or his deals another owner in the CRM"
        else:
            continue
        yield wrong("owners", f"{name} owns {count} open deals and leads and has no part", todo)


def _point(check: str, finding: Finding) -> Point:
    todo = _TODO.get(finding.code) or finding.suggestion or _NEXT
    return wrong(check, finding.message, todo)
