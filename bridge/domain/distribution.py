"""Who gets a new client: ordered rules, then distribution, then the default, then nobody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bridge.domain import phones
from bridge.domain.decisions import Candidate, Check, RuleTried
from bridge.domain.facts import Facts
from bridge.domain.names import EmployeeId
from bridge.domain.people import Directory, Employee
from bridge.domain.policy import ClientCondition, Distribution, Policy, Rule, Target, When
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Conversation

EVERYBODY = "new_clients"
"""The pool of all who take new clients, as a key of turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """`employee` of None: nobody yet; the first of `open_to` who answers gets the client.

    `turn` names the pool whose turn this took.
    """

    employee: EmployeeId | None
    reason: Reason
    open_to: tuple[EmployeeId, ...] = ()
    turn: str | None = None
    rule: str | None = None
    rules: tuple[RuleTried, ...] = ()
    candidates: tuple[Candidate, ...] = ()


def select(
    conversation: Conversation, client: ClientCondition, facts: Facts, policy: Policy
) -> Selection:
    """Who gets this client; pure, so that trying it out moves no turn."""
    tried: list[RuleTried] = []
    seen: list[Candidate] = []
    for rule in policy.rules:
        attempt = _try_rule(rule, conversation, client)
        tried.append(attempt)
        if not attempt.matched:
            continue
        chosen = _first_of_chain(rule, conversation, facts, policy, seen)
        if chosen is not None:
            return replace(chosen, rule=rule.id, rules=tuple(tried), candidates=tuple(seen))
        break
    chosen = _after_rules(conversation, client, facts, policy, seen)
    return replace(chosen, rules=tuple(tried), candidates=tuple(seen))


def eligible(employee: Employee, conversation: Conversation, directory: Directory) -> Reason | None:
    """What keeps this person from getting a client on this channel; None when nothing does."""
    person = directory.by_email(employee.id)
    if not employee.may_write_at_all:
        return Reason(ReasonCode.ROLE_CANNOT_WRITE, f"role {employee.role} may not write")
    if person is None:
        return Reason(ReasonCode.NOT_IN_CRM, "is not an owner in the CRM; run `bridge sync`")
    if not person.active:
        return Reason(ReasonCode.INACTIVE_IN_CRM, "is not active in the CRM")
    if not employee.has_channel(conversation.channel):
        return Reason(ReasonCode.NO_CHANNEL_ACCESS, f"has no access to {conversation.channel}")
    return None


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


def _first_of_chain(
    rule: Rule,
    conversation: Conversation,
    facts: Facts,
    policy: Policy,
    seen: list[Candidate],
) -> Selection | None:
    for target in rule.to:
        chosen = _try_target(target, conversation, facts, policy, seen)
        if chosen is not None:
            detail = f"rule {rule.id} ({rule.label}): {chosen.reason.detail}"
            return replace(chosen, reason=Reason(ReasonCode.TARGET_RULE, detail))
    return None


def _try_target(
    target: Target,
    conversation: Conversation,
    facts: Facts,
    policy: Policy,
    seen: list[Candidate],
) -> Selection | None:
    if target.employee is not None:
        return _named(policy.employee(target.employee), conversation, facts, seen)
    pool = target.pool or ""
    members = [policy.employee(member) for member in policy.pools.get(pool, ())]
    return _distribute(f"pool:{pool}", members, target.method, conversation, facts, seen)


def _named(
    employee: Employee, conversation: Conversation, facts: Facts, seen: list[Candidate]
) -> Selection | None:
    against = eligible(employee, conversation, facts.directory)
    if against is not None:
        seen.append(Candidate(employee=employee.id, chosen=False, reason=against))
        return None
    reason = Reason(ReasonCode.TARGET_RULE, f"{employee.id} is named")
    seen.append(Candidate(employee=employee.id, chosen=True, reason=reason))
    return Selection(employee=employee.id, reason=reason)


def _after_rules(
    conversation: Conversation,
    client: ClientCondition,
    facts: Facts,
    policy: Policy,
    seen: list[Candidate],
) -> Selection:
    method = policy.new_clients.distribution
    if client is ClientCondition.NEW or method is Distribution.FIRST_TO_ANSWER:
        takers = [e for e in policy.employees.values() if e.gets_new_clients]
        seen.extend(_not_takers(policy))
        chosen = _distribute(EVERYBODY, takers, method, conversation, facts, seen)
        if chosen is not None:
            return chosen
    if client is ClientCondition.NEW and policy.default is not None:
        return _to_default(policy.default, seen)
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


def _distribute(
    pool: str,
    members: Sequence[Employee],
    method: Distribution,
    conversation: Conversation,
    facts: Facts,
    seen: list[Candidate],
) -> Selection | None:
    free = []
    for member in _from_next(members, facts.turns.get(pool)):
        against = eligible(member, conversation, facts.directory)
        if against is None:
            free.append(member)
        else:
            seen.append(Candidate(employee=member.id, chosen=False, reason=against))
    if not free:
        return None
    if method is Distribution.FIRST_TO_ANSWER:
        return _open_to(free, seen)
    return _next_of(pool, free, seen)


def _from_next(members: Sequence[Employee], last: EmployeeId | None) -> Sequence[Employee]:
    """The members in the order of their turns, beginning after the one who had the last."""
    ids = [member.id for member in members]
    start = ids.index(last) + 1 if last in ids else 0
    return [*members[start:], *members[:start]]


def _open_to(free: Sequence[Employee], seen: list[Candidate]) -> Selection:
    reason = Reason(ReasonCode.TARGET_FIRST_TO_ANSWER, "the first to answer gets the client")
    seen.extend(Candidate(employee=e.id, chosen=False, reason=reason) for e in free)
    return Selection(employee=None, reason=reason, open_to=tuple(e.id for e in free))


def _next_of(pool: str, free: Sequence[Employee], seen: list[Candidate]) -> Selection:
    chosen, *later = free
    reason = Reason(ReasonCode.TARGET_IN_TURN, f"{chosen.id} is next in turn of {_called(pool)}")
    seen.append(Candidate(employee=chosen.id, chosen=True, reason=reason))
    other = Reason(ReasonCode.NOT_NEXT_IN_TURN, f"{chosen.id} was next in turn")
    seen.extend(Candidate(employee=e.id, chosen=False, reason=other) for e in later)
    return Selection(employee=chosen.id, reason=reason, turn=pool)


def _called(pool: str) -> str:
    """The pool as people call it; `pool` is its key among the turns."""
    return "all who take new clients" if pool == EVERYBODY else pool.replace(":", " ", 1)
