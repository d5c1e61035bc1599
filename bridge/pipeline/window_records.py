"""What a messenger's window should show of what is due, as the mirror stands now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.domain.facts import ChatFacts
from bridge.domain.messenger_window import (
    WindowClient,
    WindowDeal,
    window_client,
    window_deal,
    window_employees,
)
from bridge.domain.names import AccountName, CrmId, RecordId
from bridge.domain.people import CrmEmployee, Directory
from bridge.domain.policy import Policy
from bridge.domain.records import Deal
from bridge.store import chats, mirror, records
from bridge.store.pushes import Push

Item = CrmEmployee | WindowClient | WindowDeal
Wanted = Sequence[tuple[Push, Item | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRecords:
    """Of one account; None where the window must not know it."""

    account: AccountName
    policy: Policy
    public_url: str

    def employees(self, db: Connection, due: Sequence[Push]) -> Wanted:
        there = {one.crm_id: one for one in window_employees(self._directory(db), self.policy)}
        return [(push, there.get(CrmId(push.record))) for push in due]

    def clients(self, db: Connection, due: Sequence[Push]) -> Wanted:
        shown = self._clients(db, [RecordId(push.record) for push in due])
        clients = {record: client for record, (client, _) in shown.items()}
        return [(push, clients.get(RecordId(push.record))) for push in due]

    def deals(self, db: Connection, due: Sequence[Push]) -> Wanted:
        found = records.records_by_id(db, [RecordId(push.record) for push in due])
        deals = [record for record in found if isinstance(record, Deal)]
        clients = self._clients(db, [contact for deal in deals for contact in deal.contacts])
        directory = self._directory(db)
        shown = {
            deal.id: window_deal(
                deal, [clients[x] for x in deal.contacts if x in clients], directory, self.policy
            )
            for deal in deals
        }
        return [(push, shown.get(RecordId(push.record))) for push in due]

    def _clients(
        self, db: Connection, contacts: Sequence[RecordId]
    ) -> Mapping[RecordId, tuple[WindowClient, ChatFacts]]:
        """Those that the window may know, each with his latest chat."""
        directory = self._directory(db)
        shown = {
            record: (window_client(found, directory, self.policy, self.public_url), found)
            for record, found in self._chats(db, contacts).items()
        }
        return {
            record: (client, found[0])
            for record, (client, found) in shown.items()
            if client is not None
        }

    def _chats(
        self, db: Connection, contacts: Sequence[RecordId]
    ) -> Mapping[RecordId, Sequence[ChatFacts]]:
        """The chats of each contact on this account, the latest first."""
        known = chats.contacts_by_id(db, contacts)
        deals, leads = chats.records_of(db, known)
        return {
            contact: [
                ChatFacts(
                    conversation=one,
                    contact=known[contact],
                    deals=deals.get(contact, ()),
                    leads=leads.get(contact, ()),
                )
                for one in found
                if one.account == self.account
            ]
            for contact, found in records.conversations_of(db, known).items()
        }

    def _directory(self, db: Connection) -> Directory:
        return mirror.directory(db, self.policy.crm)
