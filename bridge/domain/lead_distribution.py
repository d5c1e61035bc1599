"""Where a lead goes: ordered rules, round robin, the default owner; and why not elsewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from bridge.domain.decisions import Candidate, Check, RuleTried
from bridge.domain.names import EmployeeId
from bridge.domain.partner_candidates import against_name, holder_named
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.partner_leads import Holder, HolderKind, How, LeadSummary, PartnerLead
from bridge.domain.partner_policy import LeadRule, LeadTarget, LeadWhen, PartnersPolicy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.rotation import Member, Rotation, begun, take_turn


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSelection:
    """`holder` of None: nobody. `turn` names the round robin whose turn it took, `after` is how it
    stands then."""

    holder: Holder | None
    how: How
    reason: Reason
    rule: str = ""
    turn: str = ""
    after: Rotation | None = None
    rules: tuple[RuleTried, ...] = ()
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """The lead that somebody is looked for, and everybody who was looked at so far."""

    lead: PartnerLead
    facts: PartneringFacts
    policy: PartnersPolicy
    seen: list[Candidate] = field(default_factory=list)

    def against(self, name: str) -> Reason | None:
        reason = against_name(name, self.lead, self.facts, self.policy)
        if reason is None and self.lead.passed_by(EmployeeId(name)):
            return Reason(ReasonCode.PARTNER_LET_EXPIRE, f"{name} let this lead expire")
        return reason

    def note(self, name: str, reason: Reason, *, chosen: bool = False) -> None:
        self.seen.append(Candidate(employee=EmployeeId(name), chosen=chosen, reason=reason))


def by_rules(lead: PartnerLead, facts: PartneringFacts, policy: PartnersPolicy) -> LeadSelection:
    """The first rule that matches decides; where none does, or none of its targets may get the
    lead, the default owner (PRM-15, PX-03)."""
    case = _Case(lead=lead, facts=facts, policy=policy)
    tried: list[RuleTried] = []
    chosen = None
    for rule in policy.rules:
        tried.append(_tried(rule, lead.summary))
        if tried[-1].matched:
            chosen = _by_rule(rule, case)
            break
    selection = chosen or by_default(policy)
    return replace(selection, rules=tuple(tried), candidates=_looked_at(case, selection))


def by_target(
    target: LeadTarget, lead: PartnerLead, facts: PartneringFacts, policy: PartnersPolicy
) -> LeadSelection:
    """One target, as somebody names it; its reason says what speaks against it."""
    case = _Case(lead=lead, facts=facts, policy=policy)
    chosen = _to_pool(target.round_robin, case) if target.round_robin else _to_one(target, case)
    if chosen is None:
        first = case.seen[0].reason if case.seen else Reason(ReasonCode.LEAD_NOBODY, "names nobody")
        chosen = LeadSelection(holder=None, how=How.MANUAL, reason=first)
    return replace(chosen, candidates=tuple(case.seen))


def by_default(policy: PartnersPolicy) -> LeadSelection:
    if policy.default_owner is None:
        detail = "no rule finds anybody, and there is no default_owner"
        reason = Reason(ReasonCode.LEAD_NOBODY, detail)
        return LeadSelection(holder=None, how=How.DEFAULT, reason=reason)
    detail = f"no rule finds anybody: {policy.default_owner} is the default owner"
    holder = Holder(kind=HolderKind.EMPLOYEE, name=policy.default_owner)
    reason = Reason(ReasonCode.LEAD_DEFAULT, detail)
    return LeadSelection(holder=holder, how=How.DEFAULT, reason=reason)


def pool_key(names: Sequence[str]) -> str:
    """The key among the turns of a round robin over these."""
    return f"leads:{','.join(names)}"


def pool_of(key: str) -> tuple[str, ...]:
    return tuple(key.removeprefix("leads:").split(","))


def _by_rule(rule: LeadRule, case: _Case) -> LeadSelection | None:
    for target in rule.to:
        many = bool(target.round_robin)
        found = _to_pool(target.round_robin, case) if many else _to_one(target, case)
        if found is not None:
            detail = f"rule {rule.id} ({rule.label}): {found.reason.detail}"
            how = How.ROUND_ROBIN if many else How.RULE
            reason = Reason(ReasonCode.LEAD_BY_RULE, detail)
            return replace(found, how=how, rule=rule.id, reason=reason)
    return None


def _to_one(target: LeadTarget, case: _Case) -> LeadSelection | None:
    name = target.user or target.queue
    if name is None:
        return None
    against = case.against(name)
    if against is not None:
        case.note(name, against)
        return None
    holder = holder_named(name)
    reason = Reason(ReasonCode.LEAD_GIVEN, f"{holder} is named")
    case.note(name, reason, chosen=True)
    return LeadSelection(holder=holder, how=How.MANUAL, reason=reason)


def _to_pool(names: Sequence[str], case: _Case) -> LeadSelection | None:
    """Whoever is next; the turn moves only when the lead is really given (PX-06)."""
    free = []
    for name in names:
        against = case.against(name)
        if against is None:
            free.append(EmployeeId(name))
        else:
            case.note(name, against)
    if not free:
        return None
    key, pool = pool_key(names), [Member(employee=EmployeeId(name)) for name in names]
    before = case.facts.rotations.get(key) or begun(pool, None)
    turn = take_turn(before, pool, free, 0)
    chosen, *later = turn.order
    reason = Reason(ReasonCode.LEAD_ROUND_ROBIN, f"{holder_named(chosen)} is next in turn")
    case.note(chosen, reason, chosen=True)
    for name in later:
        case.note(name, Reason(ReasonCode.NOT_NEXT_IN_TURN, f"{chosen} was next in turn"))
    return LeadSelection(
        holder=holder_named(chosen),
        how=How.ROUND_ROBIN,
        reason=reason,
        turn=key,
        after=turn.after,
    )


def _looked_at(case: _Case, selection: LeadSelection) -> tuple[Candidate, ...]:
    """Those whom no rule named as well, each with the first thing that speaks against him."""
    named = {candidate.employee for candidate in case.seen}
    missed = Reason(ReasonCode.RULE_NOT_MATCHED, "no rule that matched names him")
    rest = (
        Candidate(employee=user, chosen=False, reason=case.against(user) or missed)
        for user in case.policy.users
        if user not in named
    )
    default = selection.holder if selection.how is How.DEFAULT else None
    chosen = (
        ()
        if default is None
        else (Candidate(employee=EmployeeId(default.name), chosen=True, reason=selection.reason),)
    )
    return (*case.seen, *rest, *chosen)


def _tried(rule: LeadRule, summary: LeadSummary) -> RuleTried:
    checks = tuple(_checks(rule.when, summary))
    matched = all(check.holds for check in checks)
    return RuleTried(id=rule.id, label=rule.label, matched=matched, checks=checks)


def _checks(when: LeadWhen, lead: LeadSummary) -> Iterator[Check]:
    closed = (
        ("country", when.countries, lead.country),
        ("source", when.sources, lead.source),
        ("state", when.states, lead.state),
        ("rating", when.ratings, lead.rating),
        ("product", when.products, lead.product),
        ("industry", when.industries, lead.industry),
    )
    for name, wanted, actual in closed:
        if wanted:
            yield _check(name, wanted, actual)
    for name, wanted in sorted(when.properties.items()):
        check = _check(f"property.{name}", wanted, lead.properties.get(name, ""))
        # Nobody knows what a house keeps there: a word that no rule names is not repeated.
        yield check if check.holds or not check.actual else replace(check, actual="another")


def _check(name: str, wanted: frozenset[str], actual: str) -> Check:
    holds = actual.casefold() in {word.casefold() for word in wanted}
    return Check(name=name, expected=", ".join(sorted(wanted)), actual=actual, holds=holds)
