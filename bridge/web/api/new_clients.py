"""/new-clients: what becomes of somebody who is not in the CRM."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.domain.names import EmployeeId
from bridge.domain.policy import Creation, Distribution, OnClosedDeal, Policy, Target
from bridge.web.api.employees import required_crm
from bridge.web.api.routing import Call, Nothing, get


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleShape:
    id: str
    label: str
    to: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClientSettings:
    """`receivers` take new clients in distribution; rules come first, `default` last."""

    create: Creation
    pipeline: str
    stage: str
    distribution: Distribution
    on_closed_deal: OnClosedDeal
    receivers: tuple[EmployeeId, ...]
    rules: tuple[RuleShape, ...]
    pools: Mapping[str, tuple[EmployeeId, ...]]
    default: EmployeeId | None


def show(call: Call, _: Nothing) -> NewClientSettings:
    required_crm(call.site.policy)
    return _settings(call.site.policy)


def _settings(policy: Policy) -> NewClientSettings:
    made = policy.new_clients
    receivers = [e.id for e in policy.employees.values() if e.gets_new_clients]
    return NewClientSettings(
        create=made.create,
        pipeline=made.pipeline,
        stage=made.stage,
        distribution=made.distribution,
        on_closed_deal=made.on_closed_deal,
        receivers=tuple(sorted(receivers)),
        rules=tuple(RuleShape(id=r.id, label=r.label, to=r.to) for r in policy.rules),
        pools=policy.pools,
        default=policy.default,
    )


ROUTES = (
    get(
        "/new-clients",
        show,
        Nothing,
        NewClientSettings,
        "The settings for new clients: what is created, and who gets them",
    ),
)
