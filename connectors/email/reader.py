"""A mail server has nothing to read: no employees, no records, no channels."""

from collections.abc import Mapping, Sequence

from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline
from bridge.ports import Account, ChannelReading, IdentityQuery
from connectors.email.server import Server


class EmailReader:
    def __init__(self, account: Account) -> None:
        Server.of(account)  # a wrong account is told wherever it is first looked at

    def employees(self) -> Sequence[CrmEmployee]:
        return ()

    def pipelines(self) -> Sequence[Pipeline]:
        return ()

    def contacts_by_identity(
        self, queries: Sequence[IdentityQuery]
    ) -> Sequence[tuple[CrmContact, ...]]:
        return [() for _ in queries]

    def contacts(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmContact]:
        return {}

    def deals(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmDeal]:
        return {}

    def leads(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmLead]:
        return {}

    def deals_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmDeal]:
        return ()

    def leads_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmLead]:
        return ()

    def channels(self) -> Sequence[ChannelReading]:
        return ()
