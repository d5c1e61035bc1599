"""One event of the channel side as a story, for those whose business it is."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.domain.principals import PersonKind
from bridge.domain.reasons import Reason
from bridge.domain.subjects import SubjectKind
from bridge.pipeline.explain import EffectState, explain
from bridge.store.feed import FeedRow, feed_row
from bridge.web.business import Happening, Onlooker, happening_of, may_hear_details
from bridge.web.problems import not_found


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessStory:
    """`reasons` have no details, and `effects` are empty, where they may tell of others."""

    happening: Happening
    reasons: tuple[Reason, ...]
    effects: tuple[EffectState, ...]


def tell_business(db: Connection, onlooker: Onlooker, event: str) -> BusinessStory:
    """Problem 404 for what his activity does not list."""
    found = explain(db, event)
    row = None if found is None else feed_row(db, found.decision_id)
    happening = None if row is None else happening_of(db, onlooker, row)
    if found is None or row is None or happening is None or not _is_his(db, onlooker, row):
        raise not_found("event")
    hears = may_hear_details(onlooker, happening.subject)
    said = found.record.reasons
    return BusinessStory(
        happening=happening,
        reasons=said if hears else tuple(Reason(reason.code, "") for reason in said),
        effects=found.effects if hears else (),
    )


def _is_his(db: Connection, onlooker: Onlooker, row: FeedRow) -> bool:
    """Of the tenants whose activity he sees; of a renewal that he may read an employee sees all."""
    tenants = onlooker.tenants(db)
    if tenants is None or (row.tenant or "") in tenants:
        return True
    is_renewal = (row.subject or "").startswith(f"{SubjectKind.RENEWAL}:")
    return is_renewal and onlooker.person.kind is PersonKind.EMPLOYEE
