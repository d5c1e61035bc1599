"""Everybody with what he may do in one conversation, as `access` says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.access import Access, access
from bridge.domain.facts import ChatFacts
from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.store import chats, mirror


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    employee: EmployeeId
    access: Access


def who_can_see(
    db: Connection, conversation: ConversationId, policy: Policy, now: datetime
) -> tuple[Seen, ...] | None:
    """Those who read first; everybody whom roles.yaml or the CRM names. None: no such chat."""
    chat = chats.chat_facts(db, [conversation]).get(conversation)
    if chat is None:
        return None
    return seers(chat, mirror.directory(db, policy.crm), policy, now)


def seers(chat: ChatFacts, directory: Directory, policy: Policy, now: datetime) -> tuple[Seen, ...]:
    """Everybody, with what `access` says of him; those who read come first."""
    found = [
        Seen(employee=e, access=access(policy.employee(e), chat, directory, policy, now))
        for e in _everybody(policy, directory)
    ]
    return tuple(sorted(found, key=_rank))


def _everybody(policy: Policy, directory: Directory) -> Iterator[EmployeeId]:
    yield from sorted({*policy.employees, *(person.email for person in directory.people)})


def _rank(seen: Seen) -> tuple[bool, bool, EmployeeId]:
    return not seen.access.can_read, not seen.access.can_write, seen.employee
