"""One event for those who may know of it: the decision as a story, and why not somebody else."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection

from bridge.domain.access import is_stale
from bridge.domain.decisions import FactUsed, RuleTried
from bridge.domain.names import EmployeeId
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason
from bridge.pipeline.explain import Explanation, explain, rule_against, why_not
from bridge.pipeline.parts import Active
from bridge.pipeline.subjects_seen import SubjectSeen, subjects_seen
from bridge.policy.reading import policy_of
from bridge.store.configs import config
from bridge.store.feed import feed_row
from bridge.web.feed import Entry, entry_of
from bridge.web.people import Seer, who_can_see
from bridge.web.problems import not_found
from bridge.web.reasons_said.facts import OWNERS, fact_words
from bridge.web.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """The first thing that spoke against this employee; `rule` is the one it is about."""

    employee: EmployeeId
    reason: Reason
    rule: RuleTried | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    entry: Entry
    explanation: Explanation
    why_not: WhyNot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactTold:
    """`is_stale`: too old then for a salesperson to be shown the chat by it."""

    what: str
    value: str
    as_of: datetime | None
    age_seconds: int | None
    is_stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What a page tells beside the decision itself. `seers` is who can see it now, of a chat;
    `subject` is what it is about, of the channel side."""

    facts: tuple[FactTold, ...]
    seers: tuple[Seer, ...]
    subject: SubjectSeen | None


def tell(db: Connection, viewer: Viewer, active: Active, event: str, asked: str = "") -> Story:
    """Problem 404 for an event that is not there, or of a chat that is not for these eyes.

    `asked` is the e-mail of the colleague of whom is asked why he did not get the client.
    """
    found = explain(db, event)
    row = feed_row(db, found.decision_id) if found else None
    entry = entry_of(db, viewer, row) if row else None
    if found is None or entry is None:
        raise not_found("event")
    return Story(entry=entry, explanation=found, why_not=_why_not(found, active, asked))


def background(db: Connection, viewer: Viewer, active: Active, story: Story) -> Background:
    record, chat = story.explanation.record, story.entry.chat
    then = _policy_then(db, active, record.config_hash)
    row = feed_row(db, story.explanation.decision_id)
    subject = (row.subject or "") if row else ""
    seen = subjects_seen(db, active.policy, viewer.directory, [subject]) if subject else {}
    return Background(
        facts=tuple(_fact(f, then, viewer.directory, record.decided_at) for f in record.facts),
        seers=who_can_see(viewer, chat) if chat else (),
        subject=seen.get(subject),
    )


def _why_not(found: Explanation, active: Active, asked: str) -> WhyNot | None:
    name = EmployeeId(asked.strip().lower())
    if not name:
        return None
    reason = why_not(found.record, name, active)
    return WhyNot(employee=name, reason=reason, rule=rule_against(found.record, reason))


def _fact(fact: FactUsed, policy: Policy, directory: Directory, decided_at: datetime) -> FactTold:
    is_owner = fact.name.startswith(OWNERS)
    old = is_owner and fact.as_of is not None and is_stale(fact.as_of, policy, decided_at)
    return FactTold(
        what=fact_words(fact.name),
        value=_named(fact.value, directory) if is_owner else fact.value,
        as_of=fact.as_of,
        age_seconds=fact.age_seconds,
        is_stale=old,
    )


def _named(crm_id: str, directory: Directory) -> str:
    """Who that is, where anybody of the directory is called so in the CRM."""
    found = next((p for p in directory.people if crm_id in (p.crm_id, p.email)), None)
    return crm_id if found is None else found.name or found.email


def _policy_then(db: Connection, active: Active, hash: str) -> Policy:
    """The rules in force then; those of now where the former ones are not stored."""
    if hash == active.hash:
        return active.policy
    stored = config(db, hash)
    return active.policy if stored is None else _parsed(stored.canonical)


@lru_cache(maxsize=8)
def _parsed(canonical: str) -> Policy:
    return policy_of(canonical)
