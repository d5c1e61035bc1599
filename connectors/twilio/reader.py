"""Reads what Twilio knows: our numbers and WhatsApp senders. It has no clients or owners."""

from collections.abc import Iterator, Mapping, Sequence

from bridge.domain.errors import OutcomeUnknown, PayloadInvalid
from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline
from bridge.payload import Payload
from bridge.ports import Account, ChannelReading, IdentityQuery
from connectors.twilio.client import MESSAGING, Client
from connectors.twilio.words import SENDER_STATES, WINDOW_HOURS

NUMBERS = "IncomingPhoneNumbers.json?PageSize=1000"
SENDERS = "/v2/Channels/Senders?Channel=whatsapp&PageSize=1000"


class TwilioReader:
    def __init__(self, account: Account) -> None:
        self._client = Client(account)

    def channels(self) -> Sequence[ChannelReading]:
        """Numbers that can do SMS or MMS, then WhatsApp senders."""
        try:
            return [
                *(_number(item) for item in numbers(self._client)),
                *(_sender(item) for item in senders(self._client)),
            ]
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"twilio: reading channels: {error}") from error

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


def numbers(client: Client) -> Iterator[Payload]:
    """The numbers that take messages. Raises PayloadInvalid too."""
    for item in client.items(client.path(NUMBERS), "incoming_phone_numbers"):
        able = item.at("capabilities").mapping()
        if able.get("sms") or able.get("mms"):
            yield item


def senders(client: Client) -> Iterator[Payload]:
    return client.items(SENDERS, "senders", host=MESSAGING)


def _number(item: Payload) -> ChannelReading:
    number = item.at("phone_number").text()
    status = item.text_or("status", "in-use")
    return ChannelReading(
        channel_id=number,
        messenger=Messenger.SMS,
        state=ChannelState.ACTIVE if status == "in-use" else ChannelState.UNKNOWN,
        plain_id=number,
        name=item.text_or("friendly_name"),
        detail=status,
    )


def _sender(item: Payload) -> ChannelReading:
    sender = item.at("sender_id").text()
    status = item.text_or("status")
    profile = item.get("profile")
    named = "" if profile is None else profile.text_or("name")
    return ChannelReading(
        channel_id=sender,
        messenger=Messenger.WHATSAPP,
        state=SENDER_STATES.get(status, ChannelState.UNKNOWN),
        plain_id=sender.removeprefix("whatsapp:"),
        name=item.text_or("friendly_name") or named,
        detail=_why(item) or status,
        window_hours=WINDOW_HOURS[Messenger.WHATSAPP],
    )


def _why(item: Payload) -> str:
    """Codes of what keeps a sender offline."""
    found = item.get("offline_reasons")
    reasons = () if found is None else found.items()
    return ", ".join(code for reason in reasons if (code := reason.text_or("code")))
