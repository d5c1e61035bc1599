"""Reads what Wazzup knows: its channels. It has no clients, deals or owners of its own."""

from collections.abc import Mapping, Sequence

from bridge.domain.errors import OutcomeUnknown, PayloadInvalid
from bridge.domain.messaging import Messenger
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline
from bridge.payload import Payload
from bridge.ports import Account, ChannelReading, IdentityQuery
from connectors.wazzup.client import http_for, read
from connectors.wazzup.reading import identifier
from connectors.wazzup.words import (
    ANSWERS_ONLY,
    MAX_TEXT_OF_TRANSPORT,
    TRANSPORTS,
    WINDOW_HOURS,
    channel_state,
)


class WazzupReader:
    def __init__(self, account: Account) -> None:
        self._http = http_for(account)

    def channels(self) -> Sequence[ChannelReading]:
        """GET /v3/channels; `detail` is the vendor's word for the state."""
        try:
            return [_channel(item) for item in read(self._http, "/v3/channels").items()]
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"wazzup: GET /v3/channels: {error}") from error

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


def _channel(item: Payload) -> ChannelReading:
    state = item.text_or("state")
    transport = item.text_or("transport")
    plain = item.get("plainId")
    return ChannelReading(
        channel_id=identifier(item, "channelId"),
        messenger=TRANSPORTS.get(transport, Messenger.OTHER),
        state=channel_state(state),
        plain_id="" if plain is None or plain.value == "" else plain.identifier(),
        name=item.text_or("name"),
        detail=state,
        window_hours=WINDOW_HOURS.get(transport),
        can_write_first=transport not in ANSWERS_ONLY,
        max_text=MAX_TEXT_OF_TRANSPORT.get(transport),
    )
