"""A client's whole life, whatever happens in whichever order, against a model of few lines."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bridge.domain.changes import Notify
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.facts import Facts
from bridge.domain.names import HOUSE, EventKey
from bridge.domain.reseller_clients import ResellerClient, due_telling
from bridge.domain.reselling_events import (
    ClientActivated,
    ClientArchived,
    ClientEdited,
    ClientRenewed,
    ClientSuspended,
    ClientTermTold,
    ClientUnarchived,
    ClientUnitsAdded,
)
from bridge.domain.routing import route
from bridge.pipeline.reselling.room import ClientRoom
from tests.domain.building import DIRECTORY, NOW
from tests.domain.reselling.building import (
    CLIENT,
    NORTE,
    RESELLERS,
    RITA,
    added,
    done,
    told,
    used,
)

RULES = RESELLERS.reselling.hints_of(NORTE)
PLANS = RESELLERS.reselling.resellers[NORTE].plans
LENGTHS = {"basic": timedelta(days=365), "pro": timedelta(days=30)}
DAY = timedelta(days=1)


@dataclass
class Model:
    """What the documents say of a client, as plainly as it can be said."""

    plan: str
    name: str
    units: int
    ends: datetime | None
    suspended: bool = False
    archived: bool = False
    low: bool = False  # and told so
    ledger: list[int] = field(default_factory=list)

    def status(self, now: datetime) -> str:
        if self.suspended:
            return "suspended"
        if self.ends is not None and now >= self.ends:
            return "expired"
        return "active" if self.units else "exhausted"

    def move(self, delta: int) -> None:
        self.units += delta
        self.ledger.append(delta)


class Life(RuleBasedStateMachine):
    """RSL-04 to RSL-24."""

    def __init__(self) -> None:
        RuleBasedStateMachine.__init__(self)
        self.now = NOW
        self.room = ClientRoom(policy=RESELLERS)
        self.model = Model(plan="", name="", units=0, ends=None)
        self.ended: list[tuple[int, str]] = []  # of which term what was told
        self.keys = 0

    @initialize(plan=st.sampled_from(sorted(PLANS)))
    def a_client_is_added(self, plan: str) -> None:
        assert self._does(added(plan=plan)) == ""
        self._granted(plan)

    @rule(units=st.sampled_from([-1, 0, 1, 2, 5, 40, 45, 50, 95, 100, 10**9 + 1]))
    def units_are_added(self, units: int) -> None:
        fits = 1 <= units <= 10**9
        possible = fits and not self.model.suspended and not self.model.archived
        assert (self._does(done(ClientUnitsAdded, units=units)) == "") is possible
        if possible:
            self.model.move(units)
            self.model.low = self.model.low and self.model.units <= 5

    @rule(units=st.sampled_from([0, 1, 2, 5, 40, 45, 50, 95, 100]), webhook=st.booleans())
    def units_are_used(self, units: int, webhook: bool) -> None:
        active = self.model.status(self.now) == "active" and not self.model.archived
        possible = active and 1 <= units <= self.model.units
        event = told(units) if webhook else used(units)
        decision = self._decides(event)
        assert (decision.verdict is Verdict.APPLIED) is possible
        if not possible:
            return
        self.model.move(-units)
        ran_out = self.model.units == 0
        crossed = self.model.units <= 5 and not self.model.low
        self.model.low = self.model.low or self.model.units <= 5
        expected = "client_plan.exhausted" if ran_out else "client_plan.units_low"
        assert self._told(decision) == ([expected] if ran_out or crossed else [])

    @rule(plan=st.sampled_from([*sorted(PLANS), "other"]))
    def his_plan_is_renewed(self, plan: str) -> None:
        possible = plan in PLANS and not self.model.archived
        assert (self._does(done(ClientRenewed, plan=plan)) == "") is possible
        if possible:
            if self.model.units:
                self.model.move(-self.model.units)
            self._granted(plan)

    @rule(companies=st.integers(1, 3))
    def he_is_edited(self, companies: int) -> None:
        services = {"companies": companies}
        same = self._client().services == services
        possible = not same and not self.model.archived
        assert (self._does(done(ClientEdited, services=services)) == "") is possible
        if possible:
            self.model.name = "custom"

    @rule()
    def he_is_suspended(self) -> None:
        possible = not self.model.suspended and not self.model.archived
        assert (self._does(done(ClientSuspended)) == "") is possible
        self.model.suspended = self.model.suspended or possible

    @rule()
    def he_is_activated(self) -> None:
        possible = self.model.suspended and not self.model.archived
        assert (self._does(done(ClientActivated)) == "") is possible
        if possible:
            self.model.suspended = False

    @rule()
    def he_is_archived(self) -> None:
        possible = self.model.status(self.now) != "active" and not self.model.archived
        assert (self._does(done(ClientArchived)) == "") is possible
        self.model.archived = self.model.archived or possible

    @rule()
    def he_is_taken_out_of_the_archive(self) -> None:
        assert (self._does(done(ClientUnarchived)) == "") is self.model.archived
        self.model.archived = False

    @rule(days=st.sampled_from([0, 1, 13, 16, 29, 30, 351, 400]))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY

    @rule(clocks=st.integers(1, 3))
    def the_clocks_look(self, clocks: int) -> None:
        """However many of them saw the same, it is told once."""
        client = self._client()
        due = due_telling(client, RULES, self.now)
        event = ClientTermTold(
            event_key=EventKey("t"),
            occurred_at=self.now,
            account=HOUSE,
            client=CLIENT,
            term=client.terms,
            told=due,
        )
        verdicts = [self._decides(event).verdict for _ in range(clocks)]
        assert verdicts.count(Verdict.APPLIED) == bool(due)
        if due:
            self.ended.append((client.terms, due.value))

    @invariant()
    def the_client_is_as_the_model_has_him(self) -> None:
        if not self.room.clients:
            return
        client = self._client()
        assert (client.status(self.now).value, client.balance, client.shown_plan) == (
            self.model.status(self.now),
            self.model.units,
            self.model.name,
        )
        assert (client.is_suspended, client.is_archived) == (
            self.model.suspended,
            self.model.archived,
        )
        assert client.created_at == NOW

    @invariant()
    def the_ledger_adds_up_and_is_never_below_zero(self) -> None:
        moved = [one.moved for one in self.room.moved]
        assert [one.delta for one in moved] == self.model.ledger
        sums = [sum(self.model.ledger[: n + 1]) for n in range(len(self.model.ledger))]
        assert [one.balance for one in moved] == sums
        assert min(sums, default=0) >= 0

    @invariant()
    def each_end_is_told_once(self) -> None:
        assert len(set(self.ended)) == len(self.ended)

    @invariant()
    def nobody_active_is_in_the_archive(self) -> None:
        assert not (self.model.archived and self.model.status(self.now) == "active")

    def _granted(self, plan: str) -> None:
        self.model.plan, self.model.name, self.model.low = plan, PLANS[plan].name, False
        self.model.move(PLANS[plan].units)
        length = LENGTHS.get(plan)
        midnight = self.now.replace(hour=0, minute=0)
        self.model.ends = None if length is None else midnight + length + DAY
        if plan == "basic":  # a year by the calendar, not by days
            leap = DAY if (midnight.month, midnight.day) == (2, 29) else 0 * DAY
            last = (midnight - leap).replace(year=midnight.year + 1)
            self.model.ends = last + DAY

    def _client(self) -> ResellerClient:
        return self.room.clients[CLIENT]

    def _does(self, event: Any) -> str:
        """Why it was refused."""
        decision = self._decides(event)
        return "" if decision.verdict is Verdict.APPLIED else decision.reasons[0].code.value

    def _decides(self, event: Any) -> Decision:
        facts = self.room.facts(event, Facts(now=self.now, directory=DIRECTORY))
        decision = route(event, facts, RESELLERS)
        assert isinstance(decision, Decision)
        assert decision.verdict is Verdict.APPLIED or decision.changes == ()
        for change in decision.changes:
            assert isinstance(change, Notify) or self.room.apply(change, decision)
        return decision

    @staticmethod
    def _told(decision: Decision) -> list[str]:
        found = (x for x in decision.changes if isinstance(x, Notify))
        return [x.code.value for x in found if x.employee == RITA]


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
