"""One event for those who may know of it: the decision, and why somebody did not get the client."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.domain.names import EmployeeId
from bridge.domain.reasons import Reason
from bridge.pipeline.explain import Explanation, explain, why_not
from bridge.pipeline.parts import Active
from bridge.store.feed import feed_row
from bridge.web.feed import Entry, entry_of
from bridge.web.problems import not_found
from bridge.web.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """The first thing that spoke against this employee."""

    employee: EmployeeId
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    entry: Entry
    explanation: Explanation
    why_not: WhyNot | None


def tell(db: Connection, viewer: Viewer, active: Active, event: str, asked: str = "") -> Story:
    """Problem 404 for an event that is not there, or of a chat that is not for these eyes.

    `asked` is the e-mail of the colleague of whom is asked why he did not get the client.
    """
    found = explain(db, event)
    row = feed_row(db, found.decision_id) if found else None
    entry = entry_of(db, viewer, row) if row else None
    if found is None or entry is None:
        raise not_found("event")
    name = EmployeeId(asked.strip().lower())
    reason = WhyNot(employee=name, reason=why_not(found.record, name, active)) if name else None
    return Story(entry=entry, explanation=found, why_not=reason)
