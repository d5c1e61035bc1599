"""What is known of Kannel's channels: the numbers that accounts.yaml names, if smsbox is there."""

from collections.abc import Mapping, Sequence

from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline
from bridge.ports import Account, ChannelReading, IdentityQuery
from connectors.kannel.client import Client


class KannelReader:
    """Kannel has no list of its numbers: option `numbers` is that list, commas between."""

    def __init__(self, account: Account) -> None:
        self._client = Client(account)
        named = account.options.get("numbers", "").split(",")
        self._numbers = tuple(name.strip() for name in named if name.strip())

    def channels(self) -> Sequence[ChannelReading]:
        """Raises what `Client.probe` raises."""
        self._client.probe()
        return [
            ChannelReading(
                channel_id=number,
                messenger=Messenger.SMS,
                state=ChannelState.ACTIVE,
                plain_id=number,
                detail="smsbox answers",
            )
            for number in self._numbers
        ]

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
