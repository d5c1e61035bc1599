"""The properties that the bridge keeps in HubSpot, so that a second try can't make a second record.

A unique property is how HubSpot recognises a record by somebody else's key; leads can't have one.
Source: https://developers.hubspot.com/docs/guides/crm/understanding-the-crm
"""

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from bridge.domain.errors import (
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.payload import Payload
from connectors.hubspot.answers import checked
from connectors.hubspot.client import HubSpotClient

CONTACT_KEY = "bridge_contact_key"
RECORD_KEY = "bridge_key"
_JUST_NOW_SECONDS = 30.0
_PROPERTIES = {
    # kind: our property, whether it is unique, a property of HubSpot's whose group we join
    "contacts": (CONTACT_KEY, True, "firstname"),
    "deals": (RECORD_KEY, True, "dealname"),
    "leads": (RECORD_KEY, False, "hs_lead_name"),
}


class Schema:
    def __init__(self, client: HubSpotClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._looked: set[str] = set()
        self._ensured_at: dict[str, float] = {}

    def mend(self, kind: str) -> bool:
        """True when our property was looked after just now, by whichever thread or process: what
        was refused for want of it is worth one more try.

        Looks once for each kind of record: a refusal mostly has other causes. Raises
        CredentialsInvalid, or DeliveryTransient when HubSpot could not be asked.
        """
        if kind not in _PROPERTIES:
            return False
        with self._lock:
            if kind not in self._looked:
                self._try_to_ensure(kind)
                self._looked.add(kind)
            ensured_at = self._ensured_at.get(kind)
        return ensured_at is not None and time.monotonic() - ensured_at < _JUST_NOW_SECONDS

    def _try_to_ensure(self, kind: str) -> None:
        with suppress(DeliveryRejected, PayloadInvalid):  # the refusal that led here says it better
            try:
                self.ensure(kind)
            except OutcomeUnknown as error:
                raise DeliveryTransient(str(error)) from error
            self._ensured_at[kind] = time.monotonic()

    def ensure_all(self) -> tuple[str, ...]:
        """What was made, such as `contacts.bridge_contact_key`; leads are left out where there
        are none. Raises DeliveryRejected when a property stands there but isn't unique, or when
        the token may not make properties (scope `crm.schemas.….write`)."""
        made = [f"{kind}.{name}" for kind, (name, _, _) in _PROPERTIES.items() if self.ensure(kind)]
        return tuple(made)

    def missing(self) -> tuple[str, ...]:
        """The properties that are not there, such as `deals.bridge_key`; changes nothing.

        Leads count where the account has them. Raises as `ensure_all`.
        """
        return tuple(
            f"{kind}.{name}"
            for kind, (name, unique, neighbour) in _PROPERTIES.items()
            if self._lacks(kind, name, unique, neighbour)
        )

    def _lacks(self, kind: str, name: str, unique: bool, neighbour: str) -> bool:
        now = datetime.now(UTC)
        found = self._client.property(kind, name)
        if found.status == 404:
            has_kind = self._client.property(kind, neighbour).status not in (403, 404)
            return has_kind or kind != "leads"
        if found.status == 403 and kind == "leads":
            return False
        _check_unique(kind, name, unique, checked(_reading(kind, name), found, now))
        return False

    def ensure(self, kind: str) -> bool:
        name, unique, neighbour = _PROPERTIES[kind]
        now = datetime.now(UTC)
        found = self._client.property(kind, name)
        if found.status == 404:
            return self._make(kind, name, unique, neighbour, now)
        if found.status == 403 and kind == "leads":
            return False
        _check_unique(kind, name, unique, checked(_reading(kind, name), found, now))
        return False

    def _make(self, kind: str, name: str, unique: bool, neighbour: str, now: datetime) -> bool:
        answer = self._client.property(kind, neighbour)
        if answer.status in (403, 404) and kind == "leads":
            return False
        group = checked(_reading(kind, neighbour), answer, now).at("groupName")
        made = self._client.create_property(kind, _definition(name, unique, group.text()))
        if made.status == 409:
            return True  # another process was faster
        checked(f"hubspot: create property {kind}.{name}", made, now)
        return True


def _reading(kind: str, name: str) -> str:
    return f"hubspot: read property {kind}.{name}"


def _check_unique(kind: str, name: str, unique: bool, there: Payload) -> None:
    has_unique = there.get("hasUniqueValue")
    if unique and (has_unique is None or not has_unique.boolean()):
        raise DeliveryRejected(
            f"hubspot: property {kind}.{name} exists but is not unique: rename or delete it "
            f"in HubSpot, and it is made anew"
        )


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
