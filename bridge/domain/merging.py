"""Two contacts that are one person: what moved when they were joined, so that it can move back."""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.identities import KnownIdentity
from bridge.domain.names import ConversationId, EmployeeId, RecordId
from bridge.domain.records import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """`absorbed` went to `survivor`; `by` of None: the CRM said so.

    What moved is kept as it was before: `before` the absorbed contact, `phones` those that the
    survivor got, `records` every deal and lead with the contacts that it had, `identities` those of
    the absorbed, `shared` those of them that the survivor had as well.
    """

    id: str
    survivor: RecordId
    absorbed: RecordId
    at: datetime
    by: EmployeeId | None
    why: str
    before: Contact
    conversations: tuple[ConversationId, ...] = ()
    records: tuple[tuple[RecordId, tuple[RecordId, ...]], ...] = ()
    phones: tuple[str, ...] = ()
    identities: tuple[KnownIdentity, ...] = ()
    shared: tuple[str, ...] = ()
    undone_at: datetime | None = None
    undone_by: EmployeeId | None = None
