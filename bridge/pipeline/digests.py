"""Makes the digests that are due: one mail for each period, none where there is nothing to say."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bridge.domain.access import access
from bridge.domain.decisions import Decision, Planned, Verdict
from bridge.domain.digests import Waiting, digest_mail, latest_due
from bridge.domain.effects import SendEmail
from bridge.domain.facts import ChatFacts
from bridge.domain.names import AccountName, EventKey
from bridge.domain.notifications import Mark, mark
from bridge.domain.people import Directory, Employee, MailWish, Role
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.telling import has_left
from bridge.pipeline.commit import Decided, commit
from bridge.pipeline.loaded import Loaded
from bridge.pipeline.parts import Active, Parts
from bridge.store import chats, mirror, notices
from bridge.store.deciding import deciding
from bridge.store.digests import HOUSE, note_period, period_of
from bridge.store.engine import reading
from bridge.store.listing import Wanted, conversations

MOST_CHATS = 1000
MOST_NOTICES = 100


def make_digests(parts: Parts) -> None:
    """At most one for each person and period, however many clocks there are and wherever one of
    them dies: who has had it is noted in the transaction that plans the mail."""
    active = parts.active()
    digest, account = active.policy.digest, active.policy.email
    if digest is None or account is None:
        return
    period = latest_due(digest, parts.now(), _zone(digest.time_zone))
    with reading(parts.engine) as db:
        last = period_of(db, HOUSE)
    if last is not None and last >= period:
        return
    filled: frozenset[str] = frozenset()
    if last is not None:  # the first period only begins
        for employee in _readers(active.policy):
            with deciding(parts.engine) as db:
                filled |= _Digest(parts, db, active, period).make(employee, account, last)
    with deciding(parts.engine) as db:
        note_period(db, HOUSE, period)
    for lane in sorted(filled):
        parts.bell.ring(lane)


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def _readers(policy: Policy) -> Sequence[Employee]:
    people = policy.employees.values()
    return [e for e in people if e.mail is MailWish.DIGEST and e.role is not Role.NONE]


class _Digest:
    """One person's, within one transaction."""

    def __init__(self, parts: Parts, db: Connection, active: Active, period: datetime) -> None:
        self._db = db
        self._active = active
        self._period = period
        self._now = parts.now()
        self._public_url = parts.public_url
        self._people, self._directory_hash = mirror.directory_and_hash(db, active.policy.crm)

    def make(self, employee: Employee, account: AccountName, last: datetime) -> frozenset[str]:
        """Gives the lanes that have work now."""
        before = period_of(self._db, employee.id) or last
        if before >= self._period:
            return frozenset()
        note_period(self._db, employee.id, self._period)
        if has_left(employee.id, self._people):
            return frozenset()
        waiting = self._waiting(employee, before)
        if not waiting.is_worth_a_mail:
            return frozenset()
        mail = digest_mail(employee.id, waiting, self._period, self._public_url)
        return self._commit(employee, account, mail)

    def _waiting(self, employee: Employee, before: datetime) -> Waiting:
        found = conversations(self._db, Wanted(unanswered=True), None, MOST_CHATS)
        facts = chats.chat_facts(self._db, [one.id for one in found])
        tones = [self._mark(employee, chat, self._people) for chat in facts.values()]
        return Waiting(
            red=tones.count(Mark.RED),
            grey=tones.count(Mark.GREY),
            told=self._told(employee, before),
            more=len(found) == MOST_CHATS,
        )

    def _mark(self, employee: Employee, chat: ChatFacts, people: Directory) -> Mark:
        return mark(employee, chat, people, self._active.policy, self._now)[0]

    def _told(self, employee: Employee, before: datetime) -> int:
        """Those of which he may still know."""
        unread = notices.notices(
            self._db, employee.id, unread=True, before=None, limit=MOST_NOTICES
        )
        fresh = [notice for notice in unread if notice.created_at > before]
        named = [notice.conversation for notice in fresh if notice.conversation]
        facts = chats.chat_facts(self._db, named)
        readable = {name for name, chat in facts.items() if self._reads(employee, chat)}
        return sum(n.conversation is None or n.conversation in readable for n in fresh)

    def _reads(self, employee: Employee, chat: ChatFacts) -> bool:
        policy = self._active.policy
        return access(employee, chat, self._people, policy, self._now).can_read

    def _commit(self, employee: Employee, account: AccountName, mail: SendEmail) -> frozenset[str]:
        decision = Decision(
            event_key=EventKey(f"digest:{mail.key}"),
            account=account,
            kind="Digest",
            verdict=Verdict.APPLIED,
            reasons=(Reason(ReasonCode.NOTIFY_DIGEST, f"{employee.id} is told by digest"),),
            decided_at=self._now,
            occurred_at=self._period,
            target=employee.id,
            effects=(Planned(account=account, effect=mail, ordering_key=f"mail:{employee.id}"),),
        )
        decided = [Decided(decision=decision, event=None, facts=None)]
        return commit(self._db, self._active, self._directory_hash, Loaded(), decided, self._now)
