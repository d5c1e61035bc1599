"""What happened on the channel side, for those whose business it is (PRM-07, REN-17)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.codec import decode
from bridge.domain.access import Access
from bridge.domain.names import EmployeeId, PartnerName
from bridge.domain.people import Directory, Role
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind, tenant_of_partner
from bridge.domain.reasons import Reason
from bridge.domain.subject_access import access_to
from bridge.domain.subjects import SubjectKind
from bridge.pipeline.ledger import Record
from bridge.pipeline.subjects_seen import SubjectSeen, subjects_seen
from bridge.pipeline.territory import territory
from bridge.store.feed import FeedRow, FeedWanted, feed_rows
from bridge.web.business_words import words_of
from bridge.web.problems import not_found

_BATCH = 100
_BATCHES = 10
"""A page looks at no more than that, and goes on from there: he may read few of many."""
_SUBJECT = re.compile(rf"(?:{'|'.join(SubjectKind)}):[\w.:@-]{{1,200}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One decision. `target` is who it went to, where that is one of his own people; `detail` is
    empty where it may speak of others."""

    id: int
    what: str
    event: str
    verdict: str
    subject: SubjectSeen | None
    target: EmployeeId | None
    headline: Reason
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessPlace:
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessPage:
    happenings: tuple[Happening, ...]
    next: BusinessPlace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Onlooker:
    """Who looks, and what `access_to` is asked with on his behalf."""

    person: Person
    policy: Policy
    directory: Directory

    def access(self, subject: SubjectSeen) -> Access:
        return access_to(self.person, subject.facts, self.policy)

    @property
    def reads_all(self) -> bool:
        match self.person.kind:
            case PersonKind.EMPLOYEE:
                role = self.policy.employee(EmployeeId(self.person.id)).role
                return role in (Role.MANAGER, Role.QUALITY_CONTROL)
            case PersonKind.SERVICE:
                return True
            case PersonKind.PARTNER_USER | PersonKind.RESELLER_USER | PersonKind.CLIENT:
                return False

    def tenants(self, db: Connection) -> frozenset[str] | None:
        """Whose business he may look at at all; None: everybody's."""
        if self.reads_all:
            return None
        if self.person.kind is PersonKind.EMPLOYEE:
            return territory(db, EmployeeId(self.person.id), self.policy, self.directory)
        return frozenset({self.person.tenant} - {""})


def list_business(
    db: Connection,
    onlooker: Onlooker,
    subject: str,
    start: BusinessPlace | None,
    limit: int,
    partner: str = "",
) -> BusinessPage:
    """The latest first. Problem 404 for a subject or a partner that is not there for him."""
    wanted = FeedWanted(subjects_only=True, tenants=onlooker.tenants(db))
    if partner:
        wanted = replace(wanted, tenants=_of_partner(onlooker, wanted.tenants, partner))
    if subject:
        wanted = replace(_about(db, onlooker, subject, wanted), subject=subject)
    found: list[Happening] = []
    before = start.before if start else None
    for _ in range(_BATCHES):
        rows = feed_rows(db, wanted, before, _BATCH)
        for happening in _readable(db, onlooker, rows):
            if len(found) == limit:
                return _page(found, found[-1].id)
            found.append(happening)
        if len(rows) < _BATCH:
            return _page(found, None)
        before = rows[-1].id
    return _page(found, before)


def _of_partner(onlooker: Onlooker, his: frozenset[str] | None, partner: str) -> frozenset[str]:
    tenant = tenant_of_partner(PartnerName(partner))
    if partner not in onlooker.policy.partners.accounts or (his is not None and tenant not in his):
        raise not_found("partner account")
    return frozenset({tenant})


def _page(found: list[Happening], before: int | None) -> BusinessPage:
    place = None if before is None else BusinessPlace(before=before)
    return BusinessPage(happenings=tuple(found), next=place)


def _about(db: Connection, onlooker: Onlooker, subject: str, wanted: FeedWanted) -> FeedWanted:
    """An employee who may read the subject reads all of it, also from before it was so."""
    if not _SUBJECT.fullmatch(subject):
        raise not_found("subject")
    seen = subjects_seen(db, onlooker.policy, onlooker.directory, [subject]).get(subject)
    if seen is None and onlooker.reads_all:
        return wanted
    if seen is None or not onlooker.access(seen).can_read:
        raise not_found("subject")
    is_renewal = seen.kind is SubjectKind.RENEWAL and onlooker.person.kind is PersonKind.EMPLOYEE
    return replace(wanted, tenants=None) if is_renewal else wanted


def _readable(db: Connection, onlooker: Onlooker, rows: tuple[FeedRow, ...]) -> Iterator[Happening]:
    named = {row.subject for row in rows if row.subject}
    seen = subjects_seen(db, onlooker.policy, onlooker.directory, named)
    for row in rows:
        subject = seen.get(row.subject or "")
        if onlooker.reads_all or (subject is not None and onlooker.access(subject).can_read):
            yield _happening(onlooker, row, subject)


def happening_of(db: Connection, onlooker: Onlooker, row: FeedRow) -> Happening | None:
    """None for what is no subject of the channel side, or none that he may read."""
    return next(_readable(db, onlooker, (row,)), None) if row.subject else None


def _happening(onlooker: Onlooker, row: FeedRow, subject: SubjectSeen | None) -> Happening:
    headline = decode(Record, row.record).reasons[0]
    if not may_hear_details(onlooker, subject):
        headline = Reason(headline.code, "")
    return Happening(
        id=row.id,
        what=words_of(row.kind, row.verdict),
        event=row.kind,
        verdict=row.verdict,
        subject=subject,
        target=row.target if _is_known(onlooker, row) else None,
        headline=headline,
        at=row.decided_at,
    )


def may_hear_details(onlooker: Onlooker, subject: SubjectSeen | None) -> bool:
    """What is said of a lead may name people of other partners, whom he is not to know of."""
    if onlooker.reads_all:
        return True
    return subject is not None and subject.kind in (SubjectKind.CLIENT, SubjectKind.RENEWAL)


def _is_known(onlooker: Onlooker, row: FeedRow) -> bool:
    if onlooker.reads_all or row.target is None:
        return True
    return row.target in onlooker.policy.users.get(row.tenant or "", ())
