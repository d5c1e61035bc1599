"""Reads what WhatsApp knows: its numbers. It has no clients, deals or owners of its own."""

from collections.abc import Mapping, Sequence

from bridge.domain.errors import OutcomeUnknown, PayloadInvalid
from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline
from bridge.payload import Payload
from bridge.ports import Account, ChannelReading, IdentityQuery
from connectors.http import Http
from connectors.whatsapp.client import http_for, pages, version_of, wabas_of
from connectors.whatsapp.reading import identifier, safe_word
from connectors.whatsapp.words import CHANNEL_STATES, WINDOW_HOURS

NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,status,quality_rating,messaging_limit_tier,"
    "platform_type,code_verification_status"
)


class WhatsAppReader:
    def __init__(self, account: Account) -> None:
        self._http = http_for(account)
        self._version = version_of(account)
        self._wabas = wabas_of(account)

    def channels(self) -> Sequence[ChannelReading]:
        """All numbers of all accounts named; `detail` is the vendor's word for the state, and what
        Meta holds of the number."""
        found = (
            number for waba in self._wabas for number in numbers(self._http, self._version, waba)
        )
        try:
            return [_channel(number) for number in found]
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"whatsapp: GET phone_numbers: {error}") from error

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


def numbers(http: Http, version: str, waba: str) -> list[Payload]:
    """The phone numbers of a WhatsApp Business Account; raises as `pages`."""
    params = {"fields": NUMBER_FIELDS, "limit": "100"}
    return list(pages(http, f"/{version}/{waba}/phone_numbers", params))


def state_of(number: Payload) -> ChannelState:
    return CHANNEL_STATES.get(number.text_or("status").upper(), ChannelState.UNKNOWN)


def _channel(number: Payload) -> ChannelReading:
    words = (number.text_or("status"), number.text_or("quality_rating"))
    told = (*words, number.text_or("messaging_limit_tier"))
    return ChannelReading(
        channel_id=identifier(number, "id"),
        messenger=Messenger.WHATSAPP,
        state=state_of(number),
        plain_id=number.text_or("display_phone_number"),
        name=number.text_or("verified_name"),
        detail=" ".join(safe_word(word) for word in told if word),
        window_hours=WINDOW_HOURS,
    )
