"""The life of leads against a simple model: whoever does what in whatever order."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from bridge.domain.crm_effects import AssignRecord
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.effects import SendEmail
from bridge.domain.events import Event
from bridge.domain.facts import Facts
from bridge.domain.names import EmployeeId, PartnerLeadId, QueueName
from bridge.domain.partner_changes import PutPartnerLead
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.partner_leads import HolderKind, LeadState, PartnerLead
from bridge.domain.partner_policy import OnReturn
from bridge.domain.programme import PartnerSide
from bridge.domain.rotation import Rotation
from tests.domain import partner_building as b
from tests.domain.partner_building import (
    DIRECTORY,
    MARTA,
    NOW,
    ON,
    PABLO,
    PARTNERS,
    PETRA,
    Q1,
    Q2,
    Q3,
    SIDE,
    SONIA,
    in_turn,
)

USERS = (PETRA, PABLO, SONIA)
QUEUES = (Q1, Q2, Q3)
LEADS = range(3)
POLICY = b.policy(
    rules=(b.rule("all", in_turn(PETRA, SONIA)),),
    on_return=OnReturn.QUEUE,
    email=b.mail(notify=True),
)


@dataclass
class Simple:
    """What anybody would expect of a lead: who has it, and who does not want it."""

    holder: str = MARTA
    offered: bool = False
    taken_from: str | None = None
    declined: set[str] = field(default_factory=set)


class Leads(RuleBasedStateMachine):
    """Every step is decided by the rules and done in the model; both must agree."""

    def __init__(self) -> None:
        RuleBasedStateMachine.__init__(self)
        self.now: datetime = NOW
        self.side: PartnerSide = SIDE
        self.leads: dict[PartnerLeadId, PartnerLead] = {}
        self.simple: dict[PartnerLeadId, Simple] = {}
        self.rotations: dict[str, Rotation] = {}
        self.turns: list[str] = []
        self.mailed: dict[str, int] = {}
        self.writes: dict[PartnerLeadId, str] = {}

    @initialize()
    def leads_come(self) -> None:
        for number in LEADS:
            made = b.lead(number)
            self.leads[made.id] = made
            self.simple[made.id] = Simple()

    def _facts(self, lead: PartnerLeadId) -> Facts:
        mine = PartneringFacts(
            programme=ON, side=self.side, lead=self.leads[lead], rotations=dict(self.rotations)
        )
        return Facts(now=self.now, directory=DIRECTORY, partnering=mine)

    def _does(self, event: Event, lead: PartnerLeadId) -> Decision:
        decision = b.decide(event, self._facts(lead), POLICY)
        for change in decision.changes:
            if isinstance(change, PutPartnerLead):
                self.leads[change.lead.id] = change.lead
        for turn in b.turns(decision):
            self.rotations[turn.pool] = turn.after
            self.turns.append(turn.to)
        for planned in decision.effects:
            if isinstance(planned.effect, SendEmail):
                key = planned.effect.key
                self.mailed[key] = self.mailed.get(key, 0) + 1
            if isinstance(planned.effect, AssignRecord):
                self.writes[lead] = planned.effect.owner
        return decision

    def _able(self, user: str) -> bool:
        known = self.side.user(EmployeeId(user))
        return known is not None and known.active

    def _goes_on(self, lead: PartnerLeadId) -> None:
        """Where a returned lead is expected: back to its queue, or whoever of the rule is left."""
        simple = self.simple[lead]
        self._does(b.distributed(self.leads[lead]), lead)
        passed = {one.user for one in self.leads[lead].passed}
        fit = (
            [
                user
                for user in PARTNERS.queues[QueueName(simple.taken_from)].members
                if self._able(user) and user not in simple.declined
            ]
            if simple.taken_from
            else []
        )
        new = self.leads[lead].holder
        if fit:
            assert new.is_queue(str(simple.taken_from))
        else:
            left = [u for u in (PETRA, SONIA) if self._able(u) and u not in passed]
            assert new.name in (left or [MARTA])
        simple.holder, simple.offered = new.name, new.kind is HolderKind.PARTNER
        simple.taken_from = None

    @rule(n=st.sampled_from(LEADS), to=st.sampled_from((*USERS, *QUEUES, MARTA)))
    def assigned(self, n: int, to: str) -> None:
        lead, simple = self._of(n)
        decision = self._does(self._assign(lead, to), lead)
        members: tuple[str, ...] = (to,)
        if to in QUEUES:
            members = PARTNERS.queues[QueueName(to)].members
        able = to == MARTA or any(self._able(x) and x not in simple.declined for x in members)
        expected = able and simple.holder != to
        assert (decision.verdict is Verdict.APPLIED) == expected
        if expected:
            simple.holder, simple.offered, simple.taken_from = to, to in USERS, None

    def _assign(self, lead: PartnerLeadId, to: str) -> Event:
        known = self.leads[lead]
        if to == MARTA:
            return b.assigned(known, employee=MARTA)
        if to in QUEUES:
            return b.assigned(known, to=b.to_queue(QueueName(to)))
        return b.assigned(known, to=b.to_user(EmployeeId(to)))

    @rule(n=st.sampled_from(LEADS), who=st.sampled_from(USERS))
    def taken(self, n: int, who: EmployeeId) -> None:
        lead, simple = self._of(n)
        decision = self._does(b.taken(self.leads[lead], who), lead)
        member = (
            simple.holder in QUEUES and who in PARTNERS.queues[QueueName(simple.holder)].members
        )
        expected = member and self._able(who) and who not in simple.declined
        assert (decision.verdict is Verdict.APPLIED) == expected
        if expected:
            simple.taken_from, simple.holder, simple.offered = simple.holder, who, False

    @rule(n=st.sampled_from(LEADS), who=st.sampled_from(USERS))
    def accepted(self, n: int, who: EmployeeId) -> None:
        lead, simple = self._of(n)
        decision = self._does(b.accepted(self.leads[lead], who), lead)
        expected = simple.holder == who and simple.offered
        assert (decision.verdict is Verdict.APPLIED) == expected
        simple.offered = simple.offered and not expected

    @rule(n=st.sampled_from(LEADS), who=st.sampled_from(USERS))
    def declined(self, n: int, who: EmployeeId) -> None:
        lead, simple = self._of(n)
        decision = self._does(b.declined(self.leads[lead], who), lead)
        expected = simple.holder == who and simple.offered
        assert (decision.verdict is Verdict.APPLIED) == expected
        if expected:
            simple.declined.add(who)
            self._goes_on(lead)

    @rule(n=st.sampled_from(LEADS))
    def the_clock_looks(self, n: int) -> None:
        lead, simple = self._of(n)
        known = self.leads[lead]
        decision = self._does(b.expired(known), lead)
        over = known.offered_until is not None and known.offered_until <= self.now
        assert (decision.verdict is Verdict.APPLIED) == (simple.offered and over)
        if decision.verdict is Verdict.APPLIED:
            self._goes_on(lead)

    @rule(hours=st.integers(1, 50))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(who=st.sampled_from(USERS), active=st.booleans())
    def the_crm_says(self, who: EmployeeId, active: bool) -> None:
        people = tuple(
            replace(one, active=active) if one.email == who else one for one in self.side.users
        )
        self.side = replace(self.side, users=people)

    @precondition(lambda self: bool(self.writes))
    @rule(n=st.sampled_from(LEADS))
    def the_owner_is_read_back(self, n: int) -> None:
        lead, _ = self._of(n)
        if lead in self.writes:
            before = self.leads[lead].holder
            self._does(b.read(b.reading(n, owner=self.writes[lead]), n, at=self.now), lead)
            assert self.leads[lead].holder == before

    def _of(self, n: int) -> tuple[PartnerLeadId, Simple]:
        lead = b.lead(n).id
        return lead, self.simple[lead]

    @invariant()
    def everybody_has_what_the_model_says(self) -> None:
        for lead, simple in self.simple.items():
            assert self.leads[lead].holder.name == simple.holder
            assert (self.leads[lead].state is LeadState.OFFERED) == simple.offered

    @invariant()
    def nothing_is_left_lying(self) -> None:
        states = {lead.state for lead in self.leads.values()}
        assert LeadState.RETURNED not in states

    @invariant()
    def the_owner_written_last_is_whose_it_is(self) -> None:
        for lead, owner in self.writes.items():
            holder = self.leads[lead].holder.name
            assert owner == b.CRM_IDS[_name(holder)]


def _name(holder: str) -> Any:
    return EmployeeId(holder) if "@" in holder else QueueName(holder)


TestLeads = Leads.TestCase
TestLeads.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
