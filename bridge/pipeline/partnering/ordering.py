"""What somebody asks for when he gives out leads, checked for words that nobody knows."""

from collections.abc import Sequence

from bridge.domain.names import EmployeeId, QueueName
from bridge.domain.partner_policy import LeadTarget, PartnersPolicy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.partnering.acting import Order

MOST_IN_TURN = 50


def order_for(
    policy: PartnersPolicy,
    *,
    user: str = "",
    queue: str = "",
    round_robin: Sequence[str] = (),
    employee: str = "",
    by_rules: bool = False,
    notify: bool | None = None,
    seen: int | None = None,
) -> Order | Reason:
    """Exactly one of the five; else the reason why it can't be asked for."""
    named = [bool(user), bool(queue), bool(round_robin), bool(employee), by_rules]
    if sum(named) != 1:
        detail = "name exactly one: a user, a queue, some in turn, an employee, or the rules"
        return Reason(ReasonCode.REQUEST_INVALID, detail)
    turn = tuple(dict.fromkeys(_name(one) for one in round_robin))
    if len(turn) > MOST_IN_TURN:
        detail = f"at most {MOST_IN_TURN} can be given leads in turn"
        return Reason(ReasonCode.REQUEST_INVALID, detail)
    user, queue = _name(user), queue.strip()
    unknown = _unknown(policy, user, queue, turn)
    if unknown is not None:
        return unknown
    to = LeadTarget(
        user=EmployeeId(user) if user else None,
        queue=QueueName(queue) if queue else None,
        round_robin=turn,
    )
    who = EmployeeId(_name(employee)) if employee else None
    return Order(to=to, employee=who, by_rules=by_rules, notify=notify, seen=seen)


def _unknown(policy: PartnersPolicy, user: str, queue: str, turn: Sequence[str]) -> Reason | None:
    if user and user not in policy.users:
        return Reason(ReasonCode.PARTNER_UNKNOWN, f"{user} is no user in partners.yaml")
    if queue and queue not in policy.queues:
        return Reason(ReasonCode.QUEUE_UNKNOWN, f"there is no queue {queue} in partners.yaml")
    stranger = next((one for one in turn if one not in {*policy.users, *policy.queues}), None)
    if stranger is None:
        return None
    detail = f"{stranger} is neither a user nor a queue in partners.yaml"
    return Reason(ReasonCode.PARTNER_UNKNOWN, detail)


def _name(given: str) -> str:
    """Addresses in lower case; queues' keys as they are."""
    return given.strip().lower() if "@" in given else given.strip()
