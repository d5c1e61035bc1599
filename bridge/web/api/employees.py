"""/employees: everybody in the CRM with role and settings, and "update CRM data" (ROL-01 to 04)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.channels import offers_priority
from bridge.domain.messaging import Messenger
from bridge.domain.names import AccountName, ChannelName, CrmId, EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.mirror import request_sync
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.api.routing import Call, Nothing, get, write
from bridge.web.api.shapes import Done
from bridge.web.people import Person, everybody
from bridge.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeShape:
    """`crm_id` is null for somebody whom only roles.yaml knows. `channels` of null means all.
    `offers_priority` names the messengers on which a priority channel makes sense (CHN-01)."""

    email: EmployeeId
    name: str
    crm_id: CrmId | None
    active: bool
    role: Role
    gets_new_clients: bool
    channels: tuple[ChannelName, ...] | None
    priority_channel: Mapping[Messenger, ChannelName]
    offers_priority: tuple[Messenger, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Employees:
    """`as_of` is when the CRM's people were last read; null: never."""

    crm: AccountName
    as_of: datetime | None
    items: tuple[EmployeeShape, ...]


def list_all(call: Call, _: Nothing) -> Employees:
    crm = required_crm(call.site.policy)
    with reading(call.site.parts.engine) as db:
        eyes = call.viewer(db)
    people = everybody(eyes.directory, eyes.policy)
    items = tuple(_employee(person, eyes.policy) for person in people)
    return Employees(crm=crm, as_of=eyes.directory.as_of, items=items)


def refresh(call: Call, _: Nothing) -> Done:
    required_crm(call.site.policy)
    request_sync(call.site.parts)
    return Done()


def required_crm(policy: Policy) -> AccountName:
    """Problem 409 while no CRM is connected: there is nothing yet that roles could be set for."""
    if policy.crm is None:
        detail = "connect a CRM first: name its account under `crm` in accounts.yaml"
        raise Problem(409, Reason(ReasonCode.CRM_MISSING, detail))
    return policy.crm


def _employee(person: Person, policy: Policy) -> EmployeeShape:
    employee = person.employee
    return EmployeeShape(
        email=employee.id,
        name=person.name,
        crm_id=person.crm_id,
        active=person.active,
        role=employee.role,
        gets_new_clients=employee.gets_new_clients,
        channels=None if employee.channels is None else tuple(sorted(employee.channels)),
        priority_channel=employee.priority_channel,
        offers_priority=tuple(sorted(offers_priority(employee, policy))),
    )


ROUTES = (
    get(
        "/employees",
        list_all,
        Nothing,
        Employees,
        "Every employee of the CRM with his role, those without one too",
    ),
    write(
        "POST",
        "/employees/refresh",
        refresh,
        Nothing,
        Done,
        "Updates CRM data: employees, pipelines and stages are read anew",
        Scope.ADMIN,
        status=202,
    ),
)
