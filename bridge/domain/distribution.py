"""Who gets a new client: ordered rules, then distribution, then the default, then nobody."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bridge.domain import phones
from bridge.domain.decisions import Candidate, Check, RuleTried
from bridge.domain.facts import Facts
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.people import Directory, Employee, MissedTurns
from bridge.domain.policy import ClientCondition, Distribution, Policy, Rule, Target, When
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Conversation
from bridge.domain.rotation import Member, Rotation, begun, from_next, take_turn

EVERYBODY = "new_clients"
"""The pool of all who take new clients, as a key of turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """`employee` of None: nobody yet; the first of `open_to` who answers gets the client.

    `turn` names the pool whose turn this took, `after` is how it stands from then on.
    """

    employee: EmployeeId | None
    reason: Reason
    open_to: tuple[EmployeeId, ...] = ()
    turn: str | None = None
    after: Rotation | None = None
    rule: str | None = None
    rules: tuple[RuleTried, ...] = ()
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """Who is looked for, and everybody who was looked at so far."""

    conversation: Conversation
    client: ClientCondition
    facts: Facts
    policy: Policy
    seen: list[Candidate] = field(default_factory=list)

    def against(self, employee: Employee) -> Reason | None:
        return eligible(employee, self.conversation, self.facts.directory, self.facts.now)


def select(
    conversation: Conversation, client: ClientCondition, facts: Facts, policy: Policy
) -> Selection:
    """Who gets this client; pure, so that trying it out moves no turn."""
    case = _Case(conversation=conversation, client=client, facts=facts, policy=policy)
    tried: list[RuleTried] = []
    for rule in policy.rules:
        attempt = _try_rule(rule, conversation, client)
        tried.append(attempt)
        if not attempt.matched:
            continue
        chosen = _first_of_chain(rule, case)
        if chosen is not None:
            return replace(chosen, rule=rule.id, rules=tuple(tried), candidates=tuple(case.seen))
        break
    return replace(_after_rules(case), rules=tuple(tried), candidates=tuple(case.seen))


def eligible(
    employee: Employee, conversation: Conversation, directory: Directory, now: datetime
) -> Reason | None:
    """What keeps this person from getting this client; None when nothing does."""
    return obstacle(employee, conversation.channel, directory, now)


def obstacle(
    employee: Employee, channel: ChannelName | None, directory: Directory, now: datetime
) -> Reason | None:
    """What keeps this person from getting clients of this channel (None: of any)."""
    against = _unable(employee, directory)
    if against is None and channel is not None and not employee.has_channel(channel):
        against = Reason(ReasonCode.NO_CHANNEL_ACCESS, f"has no access to {channel}")
    return against or _absent(employee, now)


def _unable(employee: Employee, directory: Directory) -> Reason | None:
    person = directory.by_email(employee.id)
    if not employee.may_write_at_all:
        return Reason(ReasonCode.ROLE_CANNOT_WRITE, f"role {employee.role} may not write")
    if person is None:
        return Reason(ReasonCode.NOT_IN_CRM, "is not an owner in the CRM; run `bridge sync`")
    if not person.active:
        return Reason(ReasonCode.INACTIVE_IN_CRM, "is not active in the CRM")
    return None


def _absent(employee: Employee, now: datetime) -> Reason | None:
    away = employee.absence(now)
    if away is None:
        return None
    back = away.until.isoformat(sep=" ", timespec="minutes")
    return Reason(ReasonCode.AWAY, f"is away until {back}")


def turn_key(policy: Policy, name: str) -> str:
    """The key among the turns of a pool as people name it."""
    return EVERYBODY if name == EVERYBODY and name not in policy.pools else f"pool:{name}"


def members_of(policy: Policy, key: str) -> tuple[Employee, ...]:
    """Those of a pool by its key among the turns; empty where no such pool is."""
    if key == EVERYBODY:
        return tuple(e for e in policy.employees.values() if e.gets_new_clients)
    return tuple(policy.employee(who) for who in policy.pools.get(key.removeprefix("pool:"), ()))


def weighed(
    policy: Policy, key: str, members: Sequence[Employee], owing: Collection[EmployeeId] = ()
) -> tuple[Member, ...]:
    weights = policy.weights.get(key.removeprefix("pool:"), {}) if key != EVERYBODY else {}
    return tuple(
        Member(employee=m.id, weight=weights.get(m.id, 1), owes=m.id in owing) for m in members
    )


def rotation_of(facts: Facts, key: str, pool: Sequence[Member]) -> Rotation:
    """Where the pool stands; of one that was never counted only the last turn is known."""
    return facts.rotations.get(key) or begun(pool, facts.turns.get(key))


def _try_rule(rule: Rule, conversation: Conversation, client: ClientCondition) -> RuleTried:
    checks = tuple(_checks(rule.when, conversation, client))
    return RuleTried(
        id=rule.id, label=rule.label, matched=all(c.holds for c in checks), checks=checks
    )


def _checks(when: When, conversation: Conversation, client: ClientCondition) -> Iterator[Check]:
    if when.client is not None:
        yield _check("client", [when.client], client)
    if when.countries:
        yield _check("country", when.countries, phones.country(conversation.phone) or "unknown")
    if when.channels:
        yield _check("channel", when.channels, conversation.channel)
    if when.messengers:
        yield _check("messenger", when.messengers, conversation.messenger)


def _check(name: str, wanted: Sequence[str] | frozenset[str], actual: str) -> Check:
    words = ", ".join(sorted(str(word) for word in wanted))
    return Check(name=name, expected=words, actual=str(actual), holds=actual in wanted)


def _first_of_chain(rule: Rule, case: _Case) -> Selection | None:
    for target in rule.to:
        chosen = _try_target(target, case)
        if chosen is not None:
            detail = f"rule {rule.id} ({rule.label}): {chosen.reason.detail}"
            return replace(chosen, reason=Reason(ReasonCode.TARGET_RULE, detail))
    return None


def _try_target(target: Target, case: _Case) -> Selection | None:
    if target.employee is not None:
        return _named(case.policy.employee(target.employee), case)
    return _distribute(f"pool:{target.pool}", target.method, case)


def _named(employee: Employee, case: _Case) -> Selection | None:
    against = case.against(employee)
    if against is not None:
        case.seen.append(Candidate(employee=employee.id, chosen=False, reason=against))
        return None
    reason = Reason(ReasonCode.TARGET_RULE, f"{employee.id} is named")
    case.seen.append(Candidate(employee=employee.id, chosen=True, reason=reason))
    return Selection(employee=employee.id, reason=reason)


def _after_rules(case: _Case) -> Selection:
    policy, is_new = case.policy, case.client is ClientCondition.NEW
    method = policy.new_clients.distribution
    if is_new or method is Distribution.FIRST_TO_ANSWER:
        case.seen.extend(_not_takers(policy))
        chosen = _distribute(EVERYBODY, method, case)
        if chosen is not None:
            return chosen
    if is_new and policy.default is not None:
        return _to_default(policy.default, case.seen)
    detail = "nobody can take this client: managers see the chat"
    return Selection(employee=None, reason=Reason(ReasonCode.TARGET_NOBODY, detail))


def _to_default(default: EmployeeId, seen: list[Candidate]) -> Selection:
    detail = f"nobody who takes new clients is free: {default} is the default"
    reason = Reason(ReasonCode.TARGET_DEFAULT, detail)
    seen.append(Candidate(employee=default, chosen=True, reason=reason))
    return Selection(employee=default, reason=reason)


def _not_takers(policy: Policy) -> Iterator[Candidate]:
    reason = Reason(ReasonCode.GETS_NO_NEW_CLIENTS, "does not take new clients")
    for employee in policy.employees.values():
        if not employee.gets_new_clients:
            yield Candidate(employee=employee.id, chosen=False, reason=reason)


def _distribute(key: str, method: Distribution, case: _Case) -> Selection | None:
    members = {member.id: member for member in members_of(case.policy, key)}
    against = {who: case.against(member) for who, member in members.items()}
    owing = {who for who, reason in against.items() if owes(members[who], reason, case.facts.now)}
    pool = weighed(case.policy, key, tuple(members.values()), owing)
    rotation = rotation_of(case.facts, key, pool)
    free = []
    for who in from_next(list(members), rotation.last):
        reason = against[who]
        if reason is None:
            free.append(who)
        else:
            case.seen.append(Candidate(employee=who, chosen=False, reason=reason))
    if not free:
        return None
    if method is Distribution.FIRST_TO_ANSWER:
        return _open_to(free, case.seen)
    turn = take_turn(rotation, pool, free, case.policy.new_clients.owe_limit)
    return replace(_next_of(key, turn.order, case.seen), after=turn.after)


def owes(employee: Employee, against: Reason | None, now: datetime) -> bool:
    """Whether he misses this turn only by an absence that is made up for."""
    away = employee.absence(now)
    if against is None or against.code is not ReasonCode.AWAY or away is None:
        return False
    return away.turns is MissedTurns.OWE


def _open_to(free: Sequence[EmployeeId], seen: list[Candidate]) -> Selection:
    reason = Reason(ReasonCode.TARGET_FIRST_TO_ANSWER, "the first to answer gets the client")
    seen.extend(Candidate(employee=who, chosen=False, reason=reason) for who in free)
    return Selection(employee=None, reason=reason, open_to=tuple(free))


def _next_of(key: str, order: Sequence[EmployeeId], seen: list[Candidate]) -> Selection:
    chosen, *later = order
    reason = Reason(ReasonCode.TARGET_IN_TURN, f"{chosen} is next in turn of {_called(key)}")
    seen.append(Candidate(employee=chosen, chosen=True, reason=reason))
    other = Reason(ReasonCode.NOT_NEXT_IN_TURN, f"{chosen} was next in turn")
    seen.extend(Candidate(employee=who, chosen=False, reason=other) for who in later)
    return Selection(employee=chosen, reason=reason, turn=key)


def _called(pool: str) -> str:
    """The pool as people call it; `pool` is its key among the turns."""
    return "all who take new clients" if pool == EVERYBODY else pool.replace(":", " ", 1)
