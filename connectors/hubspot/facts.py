"""What every item of a HubSpot webhook says about itself: key, time, and whether we caused it."""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.names import AccountName, EventKey
from bridge.payload import Payload

# `attemptNumber` is left out: it is all that differs when HubSpot sends an item again. `eventId`
# alone is not unique, says HubSpot, so everything that tells two facts apart joins it.
_KEY_FIELDS = (
    "objectTypeId",
    "objectId",
    "fromObjectTypeId",
    "fromObjectId",
    "toObjectTypeId",
    "toObjectId",
    "associationType",
    "associationTypeId",
    "associationRemoved",
    "primaryObjectId",
    "newObjectId",
    "propertyName",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    account: AccountName
    occurred_at: datetime
    by_us: bool
    raw: str
    parts: tuple[str, ...]

    @classmethod
    def read(cls, item: Payload, account: AccountName, subscription: str) -> "Fact":
        app = item.at("appId").identifier()
        start = (item.at("portalId").identifier(), app, subscription)
        middle = tuple(_text(item, field) for field in _KEY_FIELDS if item.get(field) is not None)
        end = (item.at("eventId").identifier(), str(item.at("occurredAt").integer()))
        return cls(
            account=account,
            occurred_at=item.at("occurredAt").milliseconds(),
            by_us=_by_us(item, app),
            raw=item.raw(),
            parts=(*start, *middle, *end),
        )

    def key(self, part: str = "") -> EventKey:
        """`part` tells apart the events that one item stands for."""
        return EventKey(":".join((*self.parts, part) if part else self.parts))


def _text(item: Payload, field: str) -> str:
    value = item.at(field)
    return str(value.value).lower() if isinstance(value.value, bool) else value.identifier()


def _by_us(item: Payload, app: str) -> bool:
    """Seen in captured webhooks: what an app writes comes back with its own id as the source."""
    source = item.get("sourceId")
    return item.text_or("changeSource") == "INTEGRATION" and (
        source is not None and source.identifier() == app
    )
