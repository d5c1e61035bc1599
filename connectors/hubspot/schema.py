"""The properties that the bridge keeps in HubSpot, so that a second try can't make a second record.

A unique property is how HubSpot recognises a record by somebody else's key; leads can't have one.
Source: https://developers.hubspot.com/docs/guides/crm/understanding-the-crm
"""

from datetime import UTC, datetime
from typing import Any

from bridge.domain.errors import BridgeError, DeliveryRejected
from connectors.hubspot.answers import checked
from connectors.hubspot.client import HubSpotClient

CONTACT_KEY = "bridge_contact_key"
RECORD_KEY = "bridge_key"
_PROPERTIES = {
    # kind: our property, whether it is unique, a property of HubSpot's whose group we join
    "contacts": (CONTACT_KEY, True, "firstname"),
    "deals": (RECORD_KEY, True, "dealname"),
    "leads": (RECORD_KEY, False, "hs_lead_name"),
}


class Schema:
    def __init__(self, client: HubSpotClient) -> None:
        self._client = client
        self._mended: set[str] = set()

    def mend(self, kind: str) -> bool:
        """True when a missing property was made. Tries once for each kind of record."""
        if kind in self._mended or kind not in _PROPERTIES:
            return False
        self._mended.add(kind)
        try:
            return self.ensure(kind)
        except BridgeError:
            return False  # the refusal that led here says it better

    def ensure_all(self) -> tuple[str, ...]:
        """What was made, such as `contacts.bridge_contact_key`; leads are left out where there
        are none. Raises DeliveryRejected when a property stands there but isn't unique, or when
        the token may not make properties (scope `crm.schemas.….write`)."""
        made = [f"{kind}.{name}" for kind, (name, _, _) in _PROPERTIES.items() if self.ensure(kind)]
        return tuple(made)

    def ensure(self, kind: str) -> bool:
        name, unique, neighbour = _PROPERTIES[kind]
        now = datetime.now(UTC)
        found = self._client.property(kind, name)
        if found.status == 404:
            return self._make(kind, name, unique, neighbour, now)
        if found.status == 403 and kind == "leads":
            return False
        there = checked(f"hubspot: read property {kind}.{name}", found, now)
        has_unique = there.get("hasUniqueValue")
        if unique and (has_unique is None or not has_unique.boolean()):
            raise DeliveryRejected(
                f"hubspot: property {kind}.{name} exists but is not unique: rename or delete it "
                f"in HubSpot, and it is made anew"
            )
        return False

    def _make(self, kind: str, name: str, unique: bool, neighbour: str, now: datetime) -> bool:
        answer = self._client.property(kind, neighbour)
        if answer.status in (403, 404) and kind == "leads":
            return False
        group = checked(f"hubspot: read property {kind}.{neighbour}", answer, now).at("groupName")
        made = self._client.create_property(kind, _definition(name, unique, group.text()))
        if made.status == 409:
            return True  # another process was faster
        checked(f"hubspot: create property {kind}.{name}", made, now)
        return True


def _definition(name: str, unique: bool, group: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": "Bridge key",
        "description": "By this the bridge knows its own records again. Please leave it as it is.",
        "groupName": group,
        "type": "string",
        "fieldType": "text",
        "formField": False,
        "hasUniqueValue": unique,
    }
