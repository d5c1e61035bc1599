"""Through whose eyes: an employee, and what `access` is asked with on his behalf."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.access import Access, access, answers_on, owners
from bridge.domain.facts import ChatFacts
from bridge.domain.names import ChannelName, ConversationId, CrmId, EmployeeId
from bridge.domain.notifications import Mark, mark
from bridge.domain.people import Directory, Employee, Role
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason
from bridge.domain.records import Message
from bridge.domain.showing import as_shown
from bridge.store.chats import chat_facts
from bridge.store.mirror import directory
from bridge.store.sieving import Able, Sieve, StandIn, owners_but, settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    employee: Employee
    policy: Policy
    directory: Directory
    now: datetime
    kept: dict[Sieve, Sieve] = field(default_factory=dict, compare=False, repr=False)

    def access(self, chat: ChatFacts) -> Access:
        return access(self.employee, chat, self.directory, self.policy, self.now)

    def mark(self, chat: ChatFacts) -> tuple[Mark, Reason]:
        """The colour of an unanswered chat; NONE once it is answered."""
        tone, reason = mark(self.employee, chat, self.directory, self.policy, self.now)
        return (tone if chat.conversation.unanswered_since else Mark.NONE), reason

    def shown(self, message: Message) -> Message:
        """What of a message of a chat that they may read is for these eyes."""
        return as_shown(message, self.employee, self.policy)

    def owns(self, chat: ChatFacts) -> bool:
        return self.is_of(chat, self.employee.id)

    def is_of(self, chat: ChatFacts, employee: EmployeeId) -> bool:
        return any(owner.employee == employee for owner in owners(chat, self.directory))

    @property
    def reads_all(self) -> bool:
        """Whether events that belong to no chat are for these eyes too."""
        return self.employee.role in (Role.MANAGER, Role.QUALITY_CONTROL)

    @property
    def has_own_marks(self) -> bool:
        """Whether an unanswered chat may be red for these eyes, and another one grey."""
        if self.employee.role is Role.MANAGER:
            return not self.policy.managers_hear_all_chats
        return self.employee.role is Role.SALESPERSON

    def may_mark(self, tone: Mark) -> bool:
        """Whether any unanswered chat can have this colour for these eyes."""
        if self.employee.role is Role.MANAGER:
            return tone is Mark.RED or not self.policy.managers_hear_all_chats
        return tone is (Mark.GREY if self.employee.role is Role.QUALITY_CONTROL else Mark.RED)

    @property
    def reads_none(self) -> bool:
        return self.employee.role is Role.NONE

    def sieve(self, db: Connection) -> Sieve | None:
        """What narrows a list before `access` decides: None for those who may read any."""
        return None if self.reads_all else self._answers_for(db)

    def red_sieve(self, db: Connection) -> Sieve | None:
        """The same for the chats whose mark may be red for these eyes."""
        if self.reads_all and not self.has_own_marks:
            return None
        return self._answers_for(db)

    def _answers_for(self, db: Connection) -> Sieve:
        own = replace(self.own_sieve(), unowned=self.employee.gets_new_clients)
        if self.policy.ownership.fallback != self.employee.id:
            return own
        able = self._able()
        everywhere = {crm_id for some in able if some.channels is None for crm_id in some.crm_ids}
        return replace(own, stands_in=StandIn(owners=owners_but(db, everywhere), able=able))

    def settled(self, db: Connection, sieve: Sieve) -> Sieve:
        """Found once for all that one page asks."""
        if sieve not in self.kept:
            self.kept[sieve] = settled(db, sieve)
        return self.kept[sieve]

    def own_sieve(self) -> Sieve:
        return self.sieve_of(self.employee.id)

    def sieve_of(self, employee: EmployeeId) -> Sieve:
        """What may be this employee's own."""
        people = self.directory.people
        crm_ids = tuple(p.crm_id for p in people if p.email == employee)
        return Sieve(employee=employee, crm_ids=crm_ids)

    def readable(
        self, db: Connection, ids: Sequence[ConversationId]
    ) -> Mapping[ConversationId, ChatFacts]:
        """Those of the chats that these eyes may read."""
        wanted = tuple(dict.fromkeys(ids))
        facts = {} if self.reads_none else chat_facts(db, wanted)
        return {name: facts[name] for name in wanted if name in facts and self._reads(facts[name])}

    def tones(self, db: Connection, ids: Sequence[ConversationId]) -> Iterator[Mark]:
        """The colours of these chats; NONE of those that these eyes may not read."""
        return (self.mark(chat)[0] for chat in chat_facts(db, ids).values())

    def _reads(self, chat: ChatFacts) -> bool:
        return self.access(chat).can_read

    def _able(self) -> tuple[Able, ...]:
        """The owners who can answer, by the channels on which they can."""
        found: defaultdict[tuple[ChannelName, ...] | None, list[CrmId]] = defaultdict(list)
        for crm_id in dict.fromkeys(person.crm_id for person in self.directory.people):
            person = self.directory.by_crm_id(crm_id)
            if person is not None and person.active:
                channels = answers_on(self.policy.employee(person.email))
                found[None if channels is None else tuple(sorted(channels))].append(crm_id)
        return tuple(Able(crm_ids=tuple(ids), channels=on) for on, ids in found.items())


def viewer(db: Connection, employee: Employee, policy: Policy, now: datetime) -> Viewer:
    people = directory(db, policy.crm)
    return Viewer(employee=employee, policy=policy, directory=people, now=now)
