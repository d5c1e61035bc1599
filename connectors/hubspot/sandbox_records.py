"""What the sandbox's CRM is made of: records, kinds of links, settings, changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.hubspot.sandbox_schema import calculated

REVERSE = {3: 4, 81: 82, 85: 86, 202: 201, 214: 213}
REVERSE |= {190: 189, 192: 191, 204: 203, 216: 215, 279: 280, 341: 342}
DEFAULT_LINKS = {
    ("deals", "contacts"): 3,
    ("contacts", "deals"): 4,
    ("communications", "contacts"): 81,
    ("contacts", "communications"): 82,
    ("communications", "deals"): 85,
    ("deals", "communications"): 86,
    ("notes", "contacts"): 202,
    ("contacts", "notes"): 201,
    ("notes", "deals"): 214,
    ("deals", "notes"): 213,
    ("leads", "contacts"): 608,
    ("leads", "communications"): 602,
    ("leads", "notes"): 854,
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,
    ("deals", "companies"): 341,
    ("companies", "deals"): 342,
    ("notes", "companies"): 190,
    ("companies", "notes"): 189,
    ("tasks", "contacts"): 204,
    ("contacts", "tasks"): 203,
    ("tasks", "companies"): 192,
    ("companies", "tasks"): 191,
    ("tasks", "deals"): 216,
    ("deals", "tasks"): 215,
    # Numbers of this sandbox's own: HubSpot publishes none for these.
    ("leads", "tasks"): 9001,
    ("partner_clients", "contacts"): 9002,
    ("partner_clients", "companies"): 9003,
    ("partner_clients", "notes"): 9004,
    ("partner_clients", "tasks"): 9005,
}
FIRST_LABEL = 10_001  # ids of associations that people have labelled
PRIMARY_CONTACT = 578
LINK_TYPES: Mapping[tuple[str, str], frozenset[int]] = {
    pair: frozenset({type_id, PRIMARY_CONTACT} if pair == ("leads", "contacts") else {type_id})
    for pair, type_id in DEFAULT_LINKS.items()
}


@dataclass(frozen=True)
class Source:
    """Who changes something: an app by the API, or a person in HubSpot's pages."""

    change_source: str = "INTEGRATION"
    user: str = ""


API = Source()


@dataclass
class Record:
    id: str
    kind: str
    seq: int
    created: datetime
    updated: datetime
    made_at: float
    properties: dict[str, str]
    merged: list[str] = field(default_factory=list)

    def values(self) -> dict[str, str]:
        standing = {
            "hs_object_id": self.id,
            "createdate": stamp(self.created),
            "hs_createdate": stamp(self.created),
            "lastmodifieddate": stamp(self.updated),
            "hs_lastmodifieddate": stamp(self.updated),
        }
        merged = {"hs_merged_object_ids": ";".join(self.merged)} if self.merged else {}
        return {**standing, **self.properties, **calculated(self.properties), **merged}


@dataclass
class Settings:
    """What POST /_sandbox/settings may change."""

    custom_channel: bool = True  # whether other channels than the documented are taken
    leads: bool = True  # whether the account has leads
    partner_clients: bool = True  # whether it is a partner's
    account_type: str = "STANDARD"
    search_lag_seconds: float = 0.0  # so long a new record hides; a changed one is found
    read_lag_seconds: float = 0.0  # of reads by a unique property, and of associations
    ten_second_limit: int | None = None
    search_second_limit: int | None = None


@dataclass
class Change:
    """For webhooks: `what` is a word such as `creation`, `more` its own fields."""

    what: str
    kind: str
    record_id: str
    source: Source
    more: dict[str, Any] = field(default_factory=dict)


def stamp(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def properties_changed(
    record: Record, properties: Mapping[str, str], source: Source
) -> list[Change]:
    return [
        Change(
            "propertyChange",
            record.kind,
            record.id,
            source,
            {"propertyName": name, "propertyValue": value},
        )
        for name, value in properties.items()
    ]


def links_changed(start: Record, end: Record, source: Source, removed: bool) -> list[Change]:
    """HubSpot tells both sides."""
    return [
        Change(
            "associationChange",
            one.kind,
            one.id,
            source,
            {"other_kind": other.kind, "other_id": other.id, "associationRemoved": removed},
        )
        for one, other in ((start, end), (end, start))
    ]
