"""What people decide in the house goes on record beside the decision itself."""

from collections.abc import Iterable, Iterator

from bridge.domain.decisions import Decision
from bridge.domain.events import Event, MessageWritten
from bridge.domain.names import HOUSE, EmployeeId
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import ReasonCode
from bridge.store.audit import COMMAND, Deed, NewLine, Way, Who

# Programs report these by the thousand; the ledger of units has them all.
_NOT_ON_RECORD = frozenset({"ClientUsedUnits"})
_DEEDS = {
    "Dismissal": Deed.DISMISSED,
    "Erasure": Deed.ERASED,
    "SignInAsStarted": Deed.SIGNED_IN_AS,
    "SignInAsEnded": Deed.SIGN_IN_AS_ENDED,
}


def lines_of_events(run: Iterable[tuple[Event, Decision]]) -> Iterator[NewLine]:
    """Of events of our own those that somebody stands behind."""
    for event, decision in run:
        who = _who(getattr(event, "by", None))
        if who is not None and decision.account == HOUSE and decision.kind not in _NOT_ON_RECORD:
            yield _line(who, decision)


def line_of(decision: Decision) -> NewLine:
    """Of a decision that was made from no event: its target is who made it."""
    who = COMMAND if decision.target is None else _employee(decision.target)
    return _line(who, decision)


def line_by(employee: EmployeeId, decision: Decision) -> NewLine:
    """Of a decision whose target is another than who made it."""
    return _line(_employee(employee), decision)


def line_of_channel(event: MessageWritten, decision: Decision) -> NewLine | None:
    """Where somebody wrote from another channel than the rules would have taken."""
    if event.channel_reason.code is not ReasonCode.CHANNEL_CHOSEN:
        return None
    return NewLine(
        who=_employee(event.employee),
        deed=Deed.CHANNEL_OVERRIDDEN,
        object=decision.event_key,
        detail=f"{event.conversation.channel} {event.conversation.id}",
    )


def lines_of_roles(before: Policy | None, after: Policy, who: Who) -> tuple[NewLine, ...]:
    """Whose role is another one by the configuration that comes into force."""
    if before is None:
        return ()
    people = sorted({*before.employees, *after.employees})
    roles = ((one, before.employee(one).role, after.employee(one).role) for one in people)
    return tuple(
        NewLine(
            who=who,
            deed=Deed.ROLE_CHANGED,
            object=f"{PersonKind.EMPLOYEE}:{one}",
            detail=f"{old} → {new}",
        )
        for one, old, new in roles
        if old is not new
    )


def _line(who: Who, decision: Decision) -> NewLine:
    about = decision.conversation or ("" if decision.subject is None else decision.subject.name)
    return NewLine(
        who=who,
        deed=_DEEDS.get(decision.kind, Deed.DECIDED),
        object=decision.event_key,
        detail=f"{decision.kind} {about}".strip(),
    )


def _who(by: object) -> Who | None:
    match by:
        case Person():
            return Who(actor=by.principal, behind=by.behind, way=Way.HOUSE)
        case str() if by:
            actor = by if ":" in by else f"{PersonKind.EMPLOYEE}:{by}"
            return Who(actor=actor, way=Way.HOUSE)
        case _:
            return None


def _employee(employee: EmployeeId) -> Who:
    return Who(actor=f"{PersonKind.EMPLOYEE}:{employee}", way=Way.HOUSE)
