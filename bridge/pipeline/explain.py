"""One past decision, whole: what came, what was decided and why, what became of its effects."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, or_, select

from bridge import codec
from bridge.domain.decisions import RuleTried
from bridge.domain.names import EmployeeId
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.ledger import Record, evaluate_again
from bridge.pipeline.parts import Active
from bridge.policy.reading import policy_of
from bridge.store import attempts, mirror
from bridge.store.attempts import Attempt
from bridge.store.feed import LATER
from bridge.store.schema import CONFIGS, DECISIONS, INBOX, OUTBOX


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectState:
    """What became of one effect; `tried` is what the vendor answered to attempts without result."""

    outbox_id: int
    kind: str
    account: str
    state: str
    attempts: int
    reason: str
    next_attempt_at: datetime | None
    done_at: datetime | None
    tried: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`received_at` is when the request came; `is_kept` tells whether the input is still stored
    that the decision could be made again from."""

    decision_id: int
    inbox_id: int | None
    message: str | None
    record: Record
    effects: tuple[EffectState, ...]
    received_at: datetime | None = None
    is_kept: bool = True


def explain(db: Connection, event: str) -> Explanation | None:
    """By the decision's id, the event's key, or the id of the message it was about."""
    row = _row(db, event)
    if row is None:
        return None
    found = db.execute(
        select(OUTBOX)
        .where(OUTBOX.c.event_account == row["account"], OUTBOX.c.event_key == row["event_key"])
        .order_by(OUTBOX.c.id)
    )
    effects = found.mappings().all()
    tried = attempts.of(db, [effect["id"] for effect in effects])
    return Explanation(
        decision_id=row["id"],
        inbox_id=row["inbox_id"],
        message=row["message"],
        record=codec.decode(Record, bytes(row["record"])),
        effects=tuple(_effect(effect, tried.get(effect["id"], ())) for effect in effects),
        received_at=_received(db, row["inbox_id"]),
        is_kept=row["event"] is not None and row["facts"] is not None,
    )


def why_not(record: Record, employee: EmployeeId, active: Active) -> Reason:
    """The first thing that kept this person from getting the client of that event."""
    for candidate in record.candidates:
        if candidate.employee == employee:
            return candidate.reason
    if record.target == employee:
        return Reason(record.reasons[0].code, "he did get this client")
    is_known = employee in active.policy.employees or employee in active.policy.partners.users
    if not is_known:
        return Reason(ReasonCode.ROLE_NONE, "has no role in roles.yaml")
    owner = next((r for r in record.reasons if r.code is ReasonCode.TARGET_OWNER), None)
    if owner is not None:
        return Reason(ReasonCode.OWNER_WINS, owner.detail)
    missed = [rule for rule in record.rules if not rule.matched]
    if missed:
        failed = next(check for check in missed[0].checks if not check.holds)
        detail = (
            f"rule {missed[0].id}: {failed.name} was {failed.actual}, it wants {failed.expected}"
        )
        return Reason(ReasonCode.RULE_NOT_MATCHED, detail)
    named = ", ".join(one.employee for one in record.candidates if one.chosen)
    if named and employee in active.policy.partners.users:
        return Reason(ReasonCode.NOT_CONSIDERED, f"was not asked for: {named} was")
    return Reason(ReasonCode.NOT_CONSIDERED, "this event gave no client to anybody")


def rule_against(record: Record, reason: Reason) -> RuleTried | None:
    """The rule that `why_not` speaks of; None where none stood against anybody."""
    if reason.code is not ReasonCode.RULE_NOT_MATCHED:
        return None
    return next((rule for rule in record.rules if not rule.matched), None)


def is_reproducible(db: Connection, event: str) -> bool:
    """Whether the stored input gives the stored record again, byte for byte, with the
    configuration and directory that it names. Raises LookupError when one of them is gone."""
    row = _row(db, event)
    if row is None or row["event"] is None or row["facts"] is None:
        raise LookupError("the input of this decision is not stored (any more)")
    canonical = db.scalar(select(CONFIGS.c.canonical).where(CONFIGS.c.hash == row["config_hash"]))
    if canonical is None:
        raise LookupError(f"configuration {row['config_hash']} is not stored")
    again = evaluate_again(
        kind=row["kind"],
        event=bytes(row["event"]),
        facts=bytes(row["facts"]),
        policy=policy_of(canonical),
        config_hash=row["config_hash"],
        directory=mirror.directory_by_hash(db, row["directory_hash"]),
        directory_hash=row["directory_hash"],
    )
    return again == bytes(row["record"])


def _row(db: Connection, event: str) -> RowMapping | None:
    named = [DECISIONS.c.event_key == event, DECISIONS.c.message == event]
    if event.isascii() and event.isdigit() and len(event) < 19:
        named.append(DECISIONS.c.id == int(event))
    # What was told of a message may have been decided before the message itself.
    order = (DECISIONS.c.kind.in_(LATER), DECISIONS.c.id)
    found = select(DECISIONS).where(or_(*named)).order_by(*order).limit(1)
    return db.execute(found).mappings().first()


def _received(db: Connection, inbox_id: int | None) -> datetime | None:
    if inbox_id is None:
        return None
    return db.scalar(select(INBOX.c.received_at).where(INBOX.c.id == inbox_id))


def _effect(row: RowMapping, tried: tuple[Attempt, ...]) -> EffectState:
    return EffectState(
        outbox_id=row["id"],
        kind=row["kind"],
        account=row["account"],
        state=row["state"],
        attempts=row["attempts"],
        reason=row["reason"],
        next_attempt_at=row["next_attempt_at"],
        done_at=row["done_at"],
        tried=tried,
    )
