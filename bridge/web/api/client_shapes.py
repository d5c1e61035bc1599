"""Resellers' clients, their plans and their ledger as the API shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bridge.domain.client_actions import who_of
from bridge.domain.names import ClientId, ResellerName
from bridge.domain.principals import PersonKind
from bridge.domain.reseller_clients import (
    ClientAction,
    ClientHint,
    ClientStatus,
    CrmLink,
    ResellerClient,
    actions,
    hint,
)
from bridge.domain.reselling_changes import Movement
from bridge.domain.reselling_policy import Plan
from bridge.pipeline.reselling.desk import Onlooker, hints_of
from bridge.store.unit_movements import LedgerLine
from bridge.web.api.routing import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientShape:
    """`plan` is the key of the plan that he was last given, `plan_name` what it is called: custom,
    once it was edited. `units` are those left. `hint` is what to offer him. `valid_until` of null:
    his plan never ends. `actions` are what the asker may do to him as he stands. `version` is to be
    sent back as `seen` with a change. `crm` is for the house's own people."""

    id: ClientId
    reseller: ResellerName
    legal_name: str
    contact_name: str
    email: str
    phone: str
    reference: str
    plan: str
    plan_name: str
    is_custom: bool
    units: int
    services: Mapping[str, bool | int]
    status: ClientStatus
    hint: ClientHint | None
    created_at: datetime
    valid_until: date | None
    is_archived: bool
    actions: tuple[ClientAction, ...]
    version: int
    crm: CrmLink | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAnswer:
    """The client as he is now. `changed` of false: he was so already, nothing was done."""

    client: ClientShape
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShape:
    """`validity` as plans.yaml has it, such as `12mo`; null: it never ends."""

    reseller: ResellerName
    plan: str
    name: str
    units: int
    validity: str | None
    services: Mapping[str, bool | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerShape:
    """`units` is what came or went, `left` what was left then. `by` is who did it: an address, a
    service, an account that told of use. `event` is the decision, for those who may ask why."""

    id: int
    movement: Movement
    units: int
    left: int
    by: str
    at: datetime
    event: int | None


def onlooker(call: Call) -> Onlooker:
    return Onlooker(person=call.principal.person, policy=call.site.policy)


def client_shape(eyes: Onlooker, client: ResellerClient, now: datetime) -> ClientShape:
    may_act = eyes.access(client).can_write
    return ClientShape(
        id=client.id,
        reseller=client.reseller,
        legal_name=client.details.legal_name,
        contact_name=client.details.contact_name,
        email=client.details.email,
        phone=client.details.phone,
        reference=client.reference,
        plan=client.plan,
        plan_name=client.shown_plan,
        is_custom=client.is_custom,
        units=client.balance,
        services=client.services,
        status=client.status(now),
        hint=hint(client, hints_of(eyes.policy, client), now),
        created_at=client.created_at,
        valid_until=client.valid_until,
        is_archived=client.is_archived,
        actions=actions(client, now) if may_act else (),
        version=client.version,
        crm=client.link if eyes.person.kind in _OURS else None,
    )


_OURS = (PersonKind.EMPLOYEE, PersonKind.SERVICE)


def plan_shape(reseller: ResellerName, key: str, plan: Plan) -> PlanShape:
    return PlanShape(
        reseller=reseller,
        plan=key,
        name=plan.name,
        units=plan.units,
        validity=None if plan.validity is None else str(plan.validity),
        services=plan.services,
    )


def movement_shape(eyes: Onlooker, line: LedgerLine) -> LedgerShape:
    return LedgerShape(
        id=line.id,
        movement=line.moved.movement,
        units=line.moved.delta,
        left=line.moved.balance,
        by=who_of(line.moved.by, eyes.person),
        at=line.at,
        event=line.event,
    )
