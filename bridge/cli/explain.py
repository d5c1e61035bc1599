"""`bridge explain` and `bridge who-can-see`: one past decision, one conversation's audience."""

from collections.abc import Iterator
from dataclasses import dataclass

import click
from sqlalchemy import Connection

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.house import opened, plain
from bridge.cli.story import done, told
from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.reasons import Reason
from bridge.pipeline.explain import Explanation, explain, is_reproducible, why_not
from bridge.pipeline.parts import Parts
from bridge.pipeline.seeing import Seen, who_can_see
from bridge.store.engine import reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """`same` of None: it can't be tried, `detail` says why."""

    same: bool | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    employee: EmployeeId
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What `--json` gives; docs/schemas/explanation.json describes it."""

    explanation: Explanation
    reproduced: Reproduced
    why_not: WhyNot | None


@click.command("explain", cls=Command)
@click.argument("event")
@click.option("--why-not", "employee", help="An employee's e-mail: why did he not get the client?")
def tell(event: str, employee: str | None) -> None:
    """Tell why an event went as it did.

    EVENT is a decision's number, an event key, or a message's id, as feed and pages show them.
    """
    with opened() as parts, reading(parts.engine) as db:
        found = explain(db, event)
        if found is None:
            raise Failed(
                f"there is no event {event}",
                "take a decision's number, an event key or a message's id from the feed",
            )
        explained = Explained(
            explanation=found,
            reproduced=_reproduced(db, str(found.decision_id)),
            why_not=_why_not(parts, found, employee),
        )
    answer(plain(explained), "\n".join(_story(explained)))


@click.command("who-can-see", cls=Command)
@click.argument("conversation")
def see(conversation: str) -> None:
    """Name everybody who has access to a conversation, and the cause."""
    with opened() as parts, reading(parts.engine) as db:
        policy, now = parts.active().policy, parts.now()
        found = who_can_see(db, ConversationId(conversation), policy, now)
    if found is None:
        raise Failed(
            f"there is no conversation {conversation}",
            "its id (cv_…) stands in the address of its page and in `bridge explain`",
        )
    people = [plain(seen.access) | {"employee": seen.employee} for seen in found]
    text = "\n".join(_seen(seen) for seen in found)
    answer({"conversation": conversation, "people": people}, text)


def _reproduced(db: Connection, decision: str) -> Reproduced:
    try:
        if is_reproducible(db, decision):
            return Reproduced(same=True, detail="deciding again gives the same record")
    except LookupError as error:
        return Reproduced(same=None, detail=str(error.args[0]))
    return Reproduced(same=False, detail="deciding again gives another record: the rules changed")


def _why_not(parts: Parts, found: Explanation, employee: str | None) -> WhyNot | None:
    if employee is None:
        return None
    name = EmployeeId(employee.strip().lower())
    return WhyNot(employee=name, reason=why_not(found.record, name, parts.active()))


def _story(explained: Explained) -> Iterator[str]:
    if explained.why_not is not None:
        reason = explained.why_not.reason
        yield f"why not {explained.why_not.employee}: {reason.detail} ({reason.code})"
        yield ""
    yield from told(explained.explanation.record)
    yield from done(explained.explanation)
    yield explained.reproduced.detail


def _seen(seen: Seen) -> str:
    granted = seen.access
    may = "reads and writes" if granted.can_write else "reads" if granted.can_read else "sees not"
    return f"{may:<16}  {seen.employee}: {granted.reason.detail} ({granted.reason.code})"
