"""Events about clients as people and programs ask for them: their keys, and ids of new clients.

A key holds who asks: one person's keys are nobody else's.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.names import HOUSE, ClientId, EventKey, ResellerName, digest_id
from bridge.domain.principals import Person
from bridge.domain.reseller_clients import ClientDetails, CrmLink
from bridge.domain.reselling_events import (
    ClientActivated,
    ClientAdded,
    ClientArchived,
    ClientEdited,
    ClientLinked,
    ClientRenewed,
    ClientSuspended,
    ClientUnarchived,
    ClientUnitsAdded,
    ClientUsedUnits,
)
from bridge.domain.reselling_policy import Service


def asked_key(what: str, by: Person, request_key: str = "") -> EventKey:
    """The key of what `by` asks for; the same `request_key` asks for the same thing."""
    asked_by = f"{by.principal}:{by.tenant}" if by.tenant else by.principal
    return EventKey(f"client:{what}:{asked_by}:{request_key or secrets.token_hex(12)}")


def new_client(reseller: ResellerName, key: EventKey) -> ClientId:
    """The id of the client that the event of this key adds."""
    return ClientId(digest_id("cl", reseller, key))


def adding(
    by: Person,
    reseller: ResellerName,
    details: ClientDetails,
    plan: str,
    *,
    at: datetime,
    reference: str = "",
    request_key: str = "",
) -> ClientAdded:
    key = asked_key("add", by, request_key)
    return ClientAdded(
        event_key=key,
        occurred_at=at,
        account=HOUSE,
        by=by,
        client=new_client(reseller, key),
        reseller=reseller,
        details=details,
        plan=plan,
        reference=reference,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Somebody wants something done to a client. `seen` is the version that he looked at; who asks
    again under the same `request_key` asks for the same thing."""

    by: Person
    client: ClientId
    at: datetime
    request_key: str = ""
    seen: int | None = None

    def edit(
        self,
        details: ClientDetails | None = None,
        services: Mapping[str, Service] | None = None,
        reference: str | None = None,
        units: int | None = None,
    ) -> ClientEdited:
        return ClientEdited(
            event_key=self._key("edit"),
            occurred_at=self.at,
            account=HOUSE,
            by=self.by,
            client=self.client,
            seen=self.seen,
            details=details,
            services=services,
            reference=reference,
            units=units,
        )

    def link(self, link: CrmLink | None) -> ClientLinked:
        return ClientLinked(
            event_key=self._key("link"),
            occurred_at=self.at,
            account=HOUSE,
            by=self.by,
            client=self.client,
            seen=self.seen,
            link=link,
        )

    def add_units(self, units: int) -> ClientUnitsAdded:
        return ClientUnitsAdded(
            event_key=self._key("add-units"),
            occurred_at=self.at,
            account=HOUSE,
            by=self.by,
            client=self.client,
            seen=self.seen,
            units=units,
        )

    def use(self, units: int) -> ClientUsedUnits:
        return ClientUsedUnits(
            event_key=self._key("use"),
            occurred_at=self.at,
            account=HOUSE,
            by=self.by,
            client=self.client,
            units=units,
        )

    def renew(self, plan: str) -> ClientRenewed:
        return ClientRenewed(
            event_key=self._key("renew"),
            occurred_at=self.at,
            account=HOUSE,
            by=self.by,
            client=self.client,
            seen=self.seen,
            plan=plan,
        )

    def suspend(self, why: str = "") -> ClientSuspended:
        return ClientSuspended(
            event_key=self._key("suspend"),
            occurred_at=self.at,
            account=HOUSE,
            by=self.by,
            client=self.client,
            seen=self.seen,
            why=why,
        )

    def activate(self) -> ClientActivated:
        return ClientActivated(
            event_key=self._key("activate"),
            occurred_at=self.at,
            account=HOUSE,
            by=self.by,
            client=self.client,
            seen=self.seen,
        )

    def archive(self) -> ClientArchived:
        return ClientArchived(
            event_key=self._key("archive"),
            occurred_at=self.at,
            account=HOUSE,
            by=self.by,
            client=self.client,
            seen=self.seen,
        )

    def unarchive(self) -> ClientUnarchived:
        return ClientUnarchived(
            event_key=self._key("unarchive"),
            occurred_at=self.at,
            account=HOUSE,
            by=self.by,
            client=self.client,
            seen=self.seen,
        )

    def _key(self, what: str) -> EventKey:
        """What is asked of one client is asked of no other under the same key."""
        return asked_key(
            what, self.by, f"{self.client}:{self.request_key or secrets.token_hex(12)}"
        )
