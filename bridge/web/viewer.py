"""Through whose eyes: an employee, and what `access` is asked with on his behalf."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.access import Access, access, owners
from bridge.domain.facts import ChatFacts
from bridge.domain.names import ConversationId
from bridge.domain.notifications import Mark, mark
from bridge.domain.people import Directory, Employee, Role
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason
from bridge.store.chats import chat_facts
from bridge.store.listing import Sieve
from bridge.store.mirror import directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    employee: Employee
    policy: Policy
    directory: Directory
    now: datetime

    def access(self, chat: ChatFacts) -> Access:
        return access(self.employee, chat, self.directory, self.policy, self.now)

    def mark(self, chat: ChatFacts) -> tuple[Mark, Reason]:
        """The colour of an unanswered chat; NONE once it is answered."""
        tone, reason = mark(self.employee, chat, self.directory, self.policy, self.now)
        return (tone if chat.conversation.unanswered_since else Mark.NONE), reason

    def owns(self, chat: ChatFacts) -> bool:
        return any(o.employee == self.employee.id for o in owners(chat, self.directory))

    @property
    def reads_all(self) -> bool:
        """Whether events that belong to no chat are for these eyes too."""
        return self.employee.role in (Role.MANAGER, Role.QUALITY_CONTROL)

    @property
    def reads_none(self) -> bool:
        return self.employee.role is Role.NONE

    def sieve(self) -> Sieve | None:
        """What narrows a list before `access` decides: None for those who may read any."""
        stands_in = self.policy.ownership.fallback == self.employee.id
        return None if self.reads_all or stands_in else self._sieve(self.employee.gets_new_clients)

    def own_sieve(self) -> Sieve:
        return self._sieve(unowned=False)

    def readable(
        self, db: Connection, ids: Sequence[ConversationId]
    ) -> Mapping[ConversationId, ChatFacts]:
        """Those of the chats that these eyes may read."""
        wanted = tuple(dict.fromkeys(ids))
        facts = {} if self.reads_none else chat_facts(db, wanted)
        return {name: facts[name] for name in wanted if name in facts and self._reads(facts[name])}

    def _reads(self, chat: ChatFacts) -> bool:
        return self.access(chat).can_read

    def _sieve(self, unowned: bool) -> Sieve:
        people = self.directory.people
        crm_ids = tuple(p.crm_id for p in people if p.email == self.employee.id)
        return Sieve(employee=self.employee.id, crm_ids=crm_ids, unowned=unowned)


def viewer(db: Connection, employee: Employee, policy: Policy, now: datetime) -> Viewer:
    people = directory(db, policy.crm)
    return Viewer(employee=employee, policy=policy, directory=people, now=now)
