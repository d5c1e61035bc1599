"""What another policy would have done with what happened lately, and who would see what.

    effect = effect_of(parts, proposal.loaded.policy, parts.now() - timedelta(days=7))

Touches nothing. Both policies, the active one and the other, decide the same stored events on the
facts of their moments, each with turns of its own.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from bridge import codec
from bridge.domain.access import Access, access
from bridge.domain.changes import Notify, TakeTurn
from bridge.domain.decisions import Decision
from bridge.domain.events import Event
from bridge.domain.facts import ChatFacts, Facts
from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason
from bridge.domain.routing import route
from bridge.pipeline.ledger import event_of
from bridge.pipeline.parts import Parts
from bridge.store import mirror
from bridge.store.chats import chat_facts
from bridge.store.decided import Decided, chats_since, decided, span_since
from bridge.store.engine import reading
from bridge.store.turns import Turns

EVENTS, CHATS, SECONDS, EXAMPLES = 1000, 1000, 2.0, 5
_CHUNK = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much is looked at: events, chats, and for how long in all."""

    events: int = EVENTS
    chats: int = CHATS
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedClient:
    """One event whose client would go to somebody else; `event` is the decision's number."""

    event: int
    before: EmployeeId | None
    after: EmployeeId | None
    reason: Reason  # why to whom he would go


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEffect:
    """Clients and notifications that he would have got, before and after; chats that he would see,
    and could answer, from now on, more or less. Examples are conversations."""

    employee: EmployeeId
    clients: tuple[int, int] = (0, 0)
    told: tuple[int, int] = (0, 0)
    sees_more: int = 0
    sees_less: int = 0
    writes_more: int = 0
    writes_less: int = 0
    more: tuple[ConversationId, ...] = ()
    less: tuple[ConversationId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """`examined` of `events` and of `chats`: fewer than all where there were many; `incomparable`
    are events that one of the two policies knows no account of. `orders` counts what would be
    done at vendors, by kind, before and after, where it is not the same."""

    since: datetime
    events: int
    events_examined: int
    incomparable: int
    chats: int
    chats_examined: int
    moved: int
    examples: tuple[MovedClient, ...]
    people: tuple[PersonEffect, ...]
    orders: Mapping[str, tuple[int, int]]

    @property
    def is_nothing(self) -> bool:
        return not (self.moved or self.people or self.orders)

    @property
    def is_sample(self) -> bool:
        return self.events_examined < self.events or self.chats_examined < self.chats


def effect_of(
    parts: Parts, policy: Policy, since: datetime, budget: Budget | None = None
) -> Effect:
    budget = budget or Budget()
    now, end = parts.now(), time.monotonic() + budget.seconds
    replay = _Replay(before=_Side(parts.active().policy), after=_Side(policy))
    views = _Views(replay.before.policy, policy, now)
    with reading(parts.engine) as db:
        span = span_since(db, since, budget.events)
        for one in decided(db, span.chosen):
            replay.take(db, one)
            if time.monotonic() > end:
                break
        chats, ids = chats_since(db, since, budget.chats)
        views.look(db, ids, end)
    return Effect(
        since=since,
        events=span.count,
        events_examined=replay.examined,
        incomparable=replay.incomparable,
        chats=chats,
        chats_examined=views.examined,
        moved=replay.moved,
        examples=tuple(replay.examples),
        people=tuple(_people(replay, views)),
        orders=replay.orders(),
    )


@dataclass
class _Side:
    """One policy, deciding event after event."""

    policy: Policy
    turns: Turns = field(default_factory=Turns)
    clients: Counter[EmployeeId] = field(default_factory=Counter)
    told: Counter[EmployeeId] = field(default_factory=Counter)
    orders: Counter[str] = field(default_factory=Counter)

    def decide(self, event: Event, facts: Facts) -> Decision | None:
        """None for what waits."""
        given = replace(
            facts,
            turns={**facts.turns, **self.turns.last},
            rotations={**facts.rotations, **self.turns.rotations},
        )
        made = route(event, given, self.policy)
        return made if isinstance(made, Decision) else None

    def count(self, decision: Decision) -> None:
        if decision.target is not None:
            self.clients[decision.target] += 1
        for change in decision.changes:
            if isinstance(change, TakeTurn):
                self.turns.take(change)
            elif isinstance(change, Notify) and not change.tenant:
                self.told[change.employee] += 1
        self.orders.update(type(planned.effect).__name__ for planned in decision.effects)


@dataclass
class _Replay:
    before: _Side
    after: _Side
    examined: int = 0
    incomparable: int = 0
    moved: int = 0
    examples: list[MovedClient] = field(default_factory=list)
    _directories: dict[str, Directory] = field(default_factory=dict)

    def take(self, db: Connection, one: Decided) -> None:
        self.examined += 1
        try:
            event = event_of(one.kind, one.event)
            facts = replace(
                codec.decode(Facts, one.facts), directory=self._directory(db, one.directory_hash)
            )
            was, would = self.before.decide(event, facts), self.after.decide(event, facts)
        except LookupError:
            self.incomparable += 1
            return
        if was is None or would is None:
            return
        self.before.count(was)
        self.after.count(would)
        if was.target != would.target:
            self._note(one, was, would)

    def orders(self) -> Mapping[str, tuple[int, int]]:
        kinds = sorted({*self.before.orders, *self.after.orders})
        both = {kind: (self.before.orders[kind], self.after.orders[kind]) for kind in kinds}
        return {kind: counts for kind, counts in both.items() if counts[0] != counts[1]}

    def _note(self, one: Decided, was: Decision, would: Decision) -> None:
        self.moved += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(
                MovedClient(
                    event=one.id, before=was.target, after=would.target, reason=would.reasons[0]
                )
            )

    def _directory(self, db: Connection, name: str) -> Directory:
        if name not in self._directories:
            self._directories[name] = mirror.directory_by_hash(db, name)
        return self._directories[name]


@dataclass
class _Views:
    """Who sees which chats, by either policy."""

    before: Policy
    after: Policy
    now: datetime
    examined: int = 0
    more: dict[EmployeeId, list[ConversationId]] = field(default_factory=dict)
    less: dict[EmployeeId, list[ConversationId]] = field(default_factory=dict)
    writes: Counter[tuple[EmployeeId, int]] = field(default_factory=Counter)

    def look(self, db: Connection, ids: Sequence[ConversationId], end: float) -> None:
        people = tuple(self._affected())
        if not people:
            self.examined = len(ids)
            return
        directories = [mirror.directory(db, policy.crm) for policy in (self.before, self.after)]
        for start in range(0, len(ids), _CHUNK):
            if start and time.monotonic() > end:
                return
            for chat in chat_facts(db, ids[start : start + _CHUNK]).values():
                self.examined += 1
                for who in people:
                    was = self._access(self.before, directories[0], who, chat)
                    self._note(who, chat, was, self._access(self.after, directories[1], who, chat))

    def _affected(self) -> Iterator[EmployeeId]:
        """All whose view can differ: everybody, where what holds for all has changed."""
        everybody = sorted({*self.before.employees, *self.after.employees})
        if (self.before.ownership, self.before.crm) != (self.after.ownership, self.after.crm):
            yield from everybody
            return
        changed = [e for e in everybody if self.before.employee(e) != self.after.employee(e)]
        yield from changed
        fallback = self.after.ownership.fallback
        if changed and fallback is not None and fallback not in changed:
            yield fallback  # he sees the chats of owners who can't answer

    def _access(
        self, policy: Policy, directory: Directory, who: EmployeeId, chat: ChatFacts
    ) -> Access:
        return access(policy.employee(who), chat, directory, policy, self.now)

    def _note(self, who: EmployeeId, chat: ChatFacts, was: Access, would: Access) -> None:
        if was.can_read != would.can_read:
            side = self.more if would.can_read else self.less
            side.setdefault(who, []).append(chat.conversation.id)
        if was.can_write != would.can_write:
            self.writes[who, 1 if would.can_write else -1] += 1


def _people(replay: _Replay, views: _Views) -> Iterator[PersonEffect]:
    before, after = replay.before, replay.after
    counted = {*before.clients, *after.clients, *before.told, *after.told}
    for who in sorted({*counted, *views.more, *views.less, *(who for who, _ in views.writes)}):
        more, less = views.more.get(who, []), views.less.get(who, [])
        found = PersonEffect(
            employee=who,
            clients=(before.clients[who], after.clients[who]),
            told=(before.told[who], after.told[who]),
            sees_more=len(more),
            sees_less=len(less),
            writes_more=views.writes[who, 1],
            writes_less=views.writes[who, -1],
            more=tuple(more[:EXAMPLES]),
            less=tuple(less[:EXAMPLES]),
        )
        if _differs(found):
            yield found


def _differs(person: PersonEffect) -> bool:
    numbers = (person.sees_more, person.sees_less, person.writes_more, person.writes_less)
    return any(numbers) or len({*person.clients}) > 1 or len({*person.told}) > 1
