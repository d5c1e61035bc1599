"""Reads what Telegram knows: the bot and its business connections. It has no clients or deals."""

from collections.abc import Iterator, Mapping, Sequence

from bridge.domain.errors import DeliveryRejected, OutcomeUnknown, PayloadInvalid
from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline
from bridge.payload import Payload
from bridge.ports import Account, ChannelReading, IdentityQuery
from connectors.telegram.client import Api
from connectors.telegram.reading import person_name
from connectors.telegram.updates import connection_state
from connectors.telegram.words import BOT_CHANNEL, WINDOW_HOURS

OPTION = "business_connections"


class TelegramReader:
    """Telegram lists no business connections: option `business_connections` holds the ids of those
    to read, with commas between."""

    def __init__(self, account: Account) -> None:
        self._api = Api(account)
        self._connections = connections_of(account)

    def channels(self) -> Sequence[ChannelReading]:
        """None while the bot posts to nobody: what is written to it goes nowhere."""
        try:
            if not self._api.read("getWebhookInfo").text_or("url"):
                return ()
            return [_bot(self._api.read("getMe")), *self._business()]
        except (PayloadInvalid, DeliveryRejected) as error:
            raise OutcomeUnknown(f"telegram: reading channels: {error}") from error

    def _business(self) -> Iterator[ChannelReading]:
        for one in self._connections:
            try:
                found = self._api.read("getBusinessConnection", {"business_connection_id": one})
            except DeliveryRejected:
                yield _unknown(one)
            else:
                yield _connection(one, found)

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


def connections_of(account: Account) -> tuple[str, ...]:
    """The business connections that accounts.yaml names."""
    named = (one.strip() for one in account.options.get(OPTION, "").split(","))
    return tuple(dict.fromkeys(one for one in named if one))


def _bot(bot: Payload) -> ChannelReading:
    """A bot can't write to somebody who has not written to it."""
    return ChannelReading(
        channel_id=BOT_CHANNEL,
        messenger=Messenger.TELEGRAM,
        state=ChannelState.ACTIVE,
        plain_id=_at(bot),
        name=person_name(bot),
        can_write_first=False,
    )


def _connection(channel_id: str, found: Payload) -> ChannelReading:
    state, detail = connection_state(found)
    user = found.get("user") or Payload({}, "$.user")
    return ChannelReading(
        channel_id=channel_id,
        messenger=Messenger.TELEGRAM,
        state=state,
        plain_id=_at(user),
        name=person_name(user),
        detail=detail,
        window_hours=WINDOW_HOURS,
        can_write_first=False,
    )


def _unknown(channel_id: str) -> ChannelReading:
    return ChannelReading(
        channel_id=channel_id,
        messenger=Messenger.TELEGRAM,
        state=ChannelState.DISABLED,
        detail="Telegram knows no such connection of this bot",
        window_hours=WINDOW_HOURS,
        can_write_first=False,
    )


def _at(person: Payload) -> str:
    username = person.text_or("username")
    return f"@{username}" if username else ""
