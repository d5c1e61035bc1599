"""Who owns the renewal process, through any life of defaults, overrides, dates and people, held
against a simple model."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.domain.decisions import Verdict
from bridge.domain.people import Directory
from bridge.domain.reasons import ReasonCode
from bridge.domain.renewing import (
    OwnerChoice,
    Renewal,
    RenewalOwner,
    RenewalState,
    RenewalWord,
    follow,
)
from bridge.domain.renewing_notices import Addressed, addressed
from bridge.domain.renewing_people import partner_people
from bridge.domain.renewing_policy import RenewalDefault
from tests.domain.building import ANA, BRUNO, DIRECTORY, LUIS
from tests.domain.renewals import (
    BILLING,
    BOSS,
    CONTACTS,
    DUE,
    PRIMARY,
    after,
    decide,
    facts,
    reading,
    renewal,
    renewals,
    rules,
    says,
    sets,
)

CLIENTS = ("first", "second")
PEOPLE: tuple[str, ...] = (ANA, BRUNO, LUIS)
STOPS = {
    RenewalWord.RENEWED,
    RenewalWord.CONFIRMED,
    RenewalWord.CANCELLATION_REQUESTED,
    RenewalWord.CANCELLED,
}


class RenewalLife(RuleBasedStateMachine):
    """The model: a default, per client a choice with a person, who has left, what was said."""

    @initialize()
    def begin(self) -> None:
        self.default: tuple[RenewalOwner, str] = (RenewalOwner.VENDOR, ANA)
        self.choice: dict[str, tuple[OwnerChoice, str | None]] = {
            name: (OwnerChoice.DEFAULT, None) for name in CLIENTS
        }
        self.version = dict.fromkeys(CLIENTS, 0)
        self.due: dict[str, date] = dict.fromkeys(CLIENTS, DUE)
        self.said: dict[str, tuple[RenewalWord, date] | None] = dict.fromkeys(CLIENTS)
        self.left: set[str] = set()
        self.contacts = {name: len(CONTACTS) for name in CLIENTS}
        self.known: dict[str, Renewal] = {name: renewal() for name in CLIENTS}
        self.settings = renewals(RenewalDefault(owner=self.default[0], notify=self.default[1]))

    @rule(owner=st.sampled_from(list(RenewalOwner)), notify=st.sampled_from(PEOPLE))
    def the_default_changes(self, owner: RenewalOwner, notify: str) -> None:
        self.default = (owner, notify)
        self.settings = replace(self.settings, default=RenewalDefault(owner=owner, notify=notify))

    @rule(
        name=st.sampled_from(CLIENTS),
        choice=st.sampled_from(list(OwnerChoice)),
        notify=st.sampled_from([None, *PEOPLE, "stranger@x.example"]),
        behind=st.integers(0, 1),
    )
    def an_owner_is_set(
        self, name: str, choice: OwnerChoice, notify: str | None, behind: int
    ) -> None:
        seen = self.version[name] - behind
        policy = replace(rules(), renewals=self.settings)
        given = facts(self.known[name], directory=self._directory())
        decision = decide(sets(choice, notify, seen=seen), given, policy)
        wanted = None if choice is OwnerChoice.DEFAULT else notify
        if behind:
            assert decision.reasons[0].code is ReasonCode.RENEWAL_CHANGED_MEANWHILE
        elif not self._may_be_set(choice, wanted):
            assert decision.verdict is Verdict.REJECTED
        elif self.choice[name] == (choice, wanted):
            assert decision.verdict is Verdict.IGNORED
        else:
            assert decision.verdict is Verdict.APPLIED
            self.choice[name] = (choice, wanted)
            self.version[name] += 1
        self.known[name] = after(decision, self.known[name])

    @rule(name=st.sampled_from(CLIENTS), days=st.integers(1, 400))
    def the_date_moves(self, name: str, days: int) -> None:
        self.due[name] += timedelta(days=days)
        self._reads(name)

    @rule(name=st.sampled_from(CLIENTS), count=st.integers(0, 3))
    def contacts_come_and_go(self, name: str, count: int) -> None:
        self.contacts[name] = count
        self._reads(name)

    @rule(name=st.sampled_from(CLIENTS), word=st.sampled_from(list(RenewalWord)))
    def somebody_says_how_far_it_is(self, name: str, word: RenewalWord) -> None:
        policy = replace(rules(), renewals=self.settings)
        event = says(word, of=self.due[name], seen=self.version[name])
        decision = decide(event, facts(self.known[name]), policy)
        self.known[name] = after(decision, self.known[name])
        self.said[name] = (word, self.due[name])
        self.version[name] += 1

    @precondition(lambda self: len(self.left) < len(PEOPLE) - 1)
    @rule(person=st.sampled_from((ANA, BRUNO)))
    def somebody_leaves(self, person: str) -> None:
        self.left.add(person)

    @rule()
    def everybody_is_back(self) -> None:
        self.left.clear()

    @invariant()
    def owners_are_as_the_model_says(self) -> None:
        for name in CLIENTS:
            owner, people = self._expected(name)
            found = self._found(name)
            assert found.owner.owner is owner
            assert {x.email for x in found.recipients.people} == people
            assert (found.recipients.problem is None) == bool(people)
            assert found.owner.is_default == (self.choice[name][0] is OwnerChoice.DEFAULT)

    @invariant()
    def who_left_gets_nothing_and_under_partner_no_client_does(self) -> None:
        for name in CLIENTS:
            found = self._found(name)
            told = {x.email for x in found.recipients.people}
            assert not told & self.left
            if found.owner.owner is RenewalOwner.PARTNER:
                assert not told & {PRIMARY, BILLING, BOSS}

    @invariant()
    def a_word_holds_for_its_date(self) -> None:
        for name in CLIENTS:
            said = self.said[name]
            stops = said is not None and said[0] in STOPS and said[1] == self.due[name]
            assert (self.known[name].state is not RenewalState.PENDING) == stops

    def _expected(self, name: str) -> tuple[RenewalOwner, set[str]]:
        choice, own = self.choice[name]
        default_owner, default_person = self.default
        clients = {PRIMARY, BILLING, BOSS} if self.contacts[name] == 3 else set()
        clients = clients or {x.email for x in CONTACTS[: self.contacts[name]]}
        if choice is OwnerChoice.PARTNER:
            return RenewalOwner.PARTNER, {own} - self.left if own else set()
        if choice is OwnerChoice.VENDOR:
            return RenewalOwner.VENDOR, clients  # by default nobody is copied here
        if default_owner is RenewalOwner.PARTNER:
            return default_owner, {default_person} - self.left
        return default_owner, clients | ({default_person} - self.left) if clients else set()

    def _found(self, name: str) -> Addressed:
        policy = replace(rules(), renewals=self.settings)
        people = partner_people("", policy, self._directory(), {})
        return addressed(self.known[name], people, self.settings)

    def _may_be_set(self, choice: OwnerChoice, notify: str | None) -> bool:
        if choice is OwnerChoice.PARTNER and notify is None:
            return False
        return notify is None or (notify in PEOPLE and notify not in self.left)

    def _reads(self, name: str) -> None:
        given = reading(renews_on=self.due[name], contacts=CONTACTS[: self.contacts[name]])
        self.known[name] = follow(self.known[name], given)

    def _directory(self) -> Directory:
        people = tuple(replace(p, active=p.email not in self.left) for p in DIRECTORY.people)
        return Directory(people=people, as_of=DIRECTORY.as_of)


TestRenewalLife = RenewalLife.TestCase
TestRenewalLife.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
