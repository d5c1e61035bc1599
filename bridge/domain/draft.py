"""Collects what a rule finds out, and makes the decision of it."""

from collections.abc import Iterable
from datetime import datetime

from bridge.domain.changes import Change
from bridge.domain.decisions import Candidate, Decision, FactUsed, Planned, RuleTried, Verdict
from bridge.domain.effects import Effect
from bridge.domain.events import Event
from bridge.domain.facts import Facts
from bridge.domain.names import AccountName, ConversationId, EmployeeId, RecordId
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.subjects import Subject


class Draft:
    """A decision in the making; lives as long as one call of `route`."""

    def __init__(self, event: Event, facts: Facts, policy: Policy) -> None:
        self.event = event
        self.facts = facts
        self.policy = policy
        self.target: EmployeeId | None = None
        self.conversation: ConversationId | None = None
        self.contact: RecordId | None = None
        self.subject: Subject | None = None
        self._reasons: list[Reason] = []
        self._rules: list[RuleTried] = []
        self._candidates: dict[EmployeeId, Candidate] = {}
        self._facts: list[FactUsed] = []
        self._changes: list[Change] = []
        self._effects: list[Planned] = []

    def because(self, code: ReasonCode, detail: str) -> None:
        self._reasons.append(Reason(code, detail))

    def says(self, code: ReasonCode) -> bool:
        """Whether this is among the reasons so far."""
        return any(reason.code is code for reason in self._reasons)

    def tried(self, rules: Iterable[RuleTried]) -> None:
        self._rules.extend(rules)

    def consider(self, candidates: Iterable[Candidate]) -> None:
        """Keeps the first word on each person, unless a later step chose him."""
        for candidate in candidates:
            if candidate.chosen or candidate.employee not in self._candidates:
                self._candidates[candidate.employee] = candidate

    def used(self, name: str, value: str, as_of: datetime | None = None) -> None:
        """A fact that the decision stands on; `as_of` of None for our own facts."""
        age = None if as_of is None else max(0, int((self.facts.now - as_of).total_seconds()))
        self._facts.append(FactUsed(name=name, value=value, as_of=as_of, age_seconds=age))

    def change(self, *changes: Change) -> None:
        self._changes.extend(changes)

    def plan(
        self, account: AccountName, effect: Effect, ordering_key: str, *, urgent: bool = False
    ) -> None:
        self._effects.append(
            Planned(account=account, effect=effect, ordering_key=ordering_key, urgent=urgent)
        )

    def applied(self) -> Decision:
        return self._decision(Verdict.APPLIED)

    def ignored(self, code: ReasonCode, detail: str) -> Decision:
        self._reasons.insert(0, Reason(code, detail))
        return self._decision(Verdict.IGNORED)

    def parked(self, code: ReasonCode, detail: str) -> Decision:
        self._reasons.insert(0, Reason(code, detail))
        return self._decision(Verdict.PARKED)

    def rejected(self, code: ReasonCode, detail: str) -> Decision:
        """Nothing follows from it: whoever asked for it is told this reason."""
        self._reasons.insert(0, Reason(code, detail))
        self._changes.clear()
        self._effects.clear()
        return self._decision(Verdict.REJECTED)

    def _decision(self, verdict: Verdict) -> Decision:
        return Decision(
            event_key=self.event.event_key,
            account=self.event.account,
            kind=type(self.event).__name__,
            verdict=verdict,
            reasons=tuple(self._reasons),
            decided_at=self.facts.now,
            occurred_at=self.event.occurred_at,
            target=self.target,
            conversation=self.conversation,
            contact=self.contact,
            subject=self.subject,
            rules=tuple(self._rules),
            candidates=tuple(self._candidates.values()),
            facts=tuple(self._facts),
            changes=tuple(self._changes),
            effects=tuple(self._effects),
        )
