"""What a unit of work holds of renewals."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import Connection

from bridge.domain.changes import Change
from bridge.domain.decisions import Decision
from bridge.domain.events import Event
from bridge.domain.facts import Facts
from bridge.domain.names import ClientId
from bridge.domain.policy import Policy
from bridge.domain.renewing import Renewal, RenewalId
from bridge.domain.renewing_changes import (
    NoteDefault,
    NoteStep,
    PutRenewal,
    QueueChat,
    RenewalChange,
)
from bridge.domain.renewing_events import (
    RenewalDefaultSet,
    RenewalDue,
    RenewalEvent,
    RenewalRead,
)
from bridge.domain.renewing_facts import RenewingFacts
from bridge.domain.renewing_policy import RenewalDefault, Renewals
from bridge.domain.reseller_clients import ResellerClient
from bridge.domain.reselling_changes import PutClient
from bridge.pipeline.renewals.people import inactive_people
from bridge.pipeline.renewals.placing import placed
from bridge.pipeline.renewals.plans import follow_clients
from bridge.store import renewals as store


@dataclass
class RenewalsRoom:
    _policy: Policy = field(default_factory=Policy)
    _renewals: dict[RenewalId, Renewal] = field(default_factory=dict)
    _done: defaultdict[RenewalId, dict[str, frozenset[str]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    _inactive: Mapping[str, str] = field(default_factory=dict)
    _defaults: dict[str, RenewalDefault | None] = field(default_factory=dict)

    # What has changed.
    _dirty: set[RenewalId] = field(default_factory=set)
    _steps: list[NoteStep] = field(default_factory=list)
    _noted: list[NoteDefault] = field(default_factory=list)
    _chats: list[QueueChat] = field(default_factory=list)
    _clients: dict[ClientId, ResellerClient] = field(default_factory=dict)

    def load(self, db: Connection, policy: Policy, run: Sequence[Event]) -> None:
        self._policy = policy
        mine = [event for event in run if isinstance(event, RenewalEvent)]
        ids = {name for event in mine if (name := _renewal_of(event)) is not None}
        if ids:
            self._renewals = dict(store.by_id(db, ids))
            for renewal, days in store.steps_done(db, ids).items():
                self._done[renewal] = dict(days)
            self._inactive = inactive_people(db, policy)
        if any(isinstance(event, RenewalDefaultSet) for event in mine):
            self._defaults = dict(store.noted_defaults(db))

    def facts(self, event: Event, facts: Facts) -> Facts:
        if not isinstance(event, RenewalEvent):
            return facts
        name = _renewal_of(event)
        renewal = None if name is None else self._renewals.get(name)
        day = event.renews_on if isinstance(event, RenewalDue) else None
        tenant = event.tenant if isinstance(event, RenewalDefaultSet) else None
        renewing = RenewingFacts(
            renewal=renewal,
            done=self._done_for(name, day),
            done_for=day,
            inactive=self._inactive,
            default=None if tenant is None else self._defaults.get(tenant),
        )
        return replace(facts, renewing=renewing)

    def apply(self, change: Change, decision: Decision) -> bool:
        """A reseller's client is another room's; his renewal follows him."""
        if isinstance(change, PutClient):
            self._clients[change.client.id] = change.client
        if not isinstance(change, RenewalChange):
            return False
        match change:
            case PutRenewal():
                self._renewals[change.renewal.id] = change.renewal
                self._dirty.add(change.renewal.id)
            case NoteStep():
                self._note_step(change)
            case NoteDefault():
                self._defaults[change.tenant] = change.default
                self._noted.append(change)
            case QueueChat():
                self._chats.append(change)
        return True

    def write(self, db: Connection, now: datetime) -> None:
        renewals = self._policy.renewals
        if renewals is not None and self._dirty:
            store.put_renewals(db, [self._placed(x, renewals, now) for x in sorted(self._dirty)])
        follow_clients(db, self._clients.values(), self._policy, now)
        store.put_steps(db, self._steps)
        store.note_defaults(db, self._noted)
        store.queue_chats(db, self._chats)

    def _note_step(self, change: NoteStep) -> None:
        day = change.renews_on.isoformat()
        before = self._done[change.renewal].get(day, frozenset())
        self._done[change.renewal][day] = before | {change.step}
        self._steps.append(change)
        self._dirty.add(change.renewal)  # its next step is another now

    def _placed(self, name: RenewalId, renewals: Renewals, now: datetime) -> store.Placed:
        renewal = self._renewals[name]
        return placed(renewal, self._done_for(name, renewal.reading.renews_on), renewals, now)

    def _done_for(self, name: RenewalId | None, day: date | None) -> frozenset[str]:
        if name is None or day is None:
            return frozenset()
        return self._done.get(name, {}).get(day.isoformat(), frozenset())


def _renewal_of(event: RenewalEvent) -> RenewalId | None:
    if isinstance(event, RenewalRead):
        return event.reading.id
    if isinstance(event, RenewalDefaultSet):
        return None
    return event.renewal
