"""Each CRM's sandbox: who works there, what stands in it, and somebody who changes an owner."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from bridge.domain.records import RecordKind
from connectors.salesforce.sandbox_org import INTEGRATION_USER, ORGANIZATION

Json = Any
PEOPLE = ("ana", "bruno", "luis")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A record as it stands: its id, its name, its owner's id."""

    id: str
    name: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AtCrm:
    """`owners` has the CRM's id of each person. `seed` tells who they are, `aim` where to call;
    each gives paths of the sandbox and what is posted there. `records` and `entries` read its
    state, `whole` also reads what an entry holds beside its text; `change` is what somebody does to
    make a person a record's owner."""

    connector: str
    stage: str
    owners: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    seed: Mapping[str, Any]
    aim: Callable[[str], tuple[str, Mapping[str, Any]]]
    records: Callable[[Json, RecordKind], Iterator[Standing]]
    entries: Callable[[Json], Sequence[str]]
    whole: Callable[[Json], Sequence[str]]
    change: Callable[[RecordKind, str, str], tuple[str, Mapping[str, Any]]]
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crm:
    at: AtCrm
    url: str

    def furnish(self) -> None:
        self._post("seed", self.at.seed)

    def hears_of(self, hook: str) -> None:
        """The CRM learns where to call."""
        self._post(*self.at.aim(hook))

    def records(self, kind: RecordKind) -> list[Standing]:
        return list(self.at.records(self.state(), kind))

    def entries(self) -> list[str]:
        """What stands in the timeline, in no order."""
        return list(self.at.entries(self.state()))

    def whole_entries(self) -> list[str]:
        """The same with heads, notes and links."""
        return list(self.at.whole(self.state()))

    def does(self, path: str, **body: Any) -> None:
        """What this CRM's sandbox alone can be asked for."""
        self._post(path, body)

    def gives(self, kind: RecordKind, record: Standing, person: str) -> None:
        """Somebody makes this person the owner."""
        self._post(*self.at.change(kind, record.id, self.at.owners[person]))

    def state(self) -> Json:
        return requests.get(f"{self.url}/_sandbox/state", timeout=30).json()

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        answer = requests.post(f"{self.url}/_sandbox/{path}", json=body, timeout=30)
        assert answer.ok, answer.text


def email(person: str) -> str:
    return f"{person}@acme.example"


def _hubspot_records(state: Json, kind: RecordKind) -> Iterator[Standing]:
    names = {RecordKind.CONTACT: "firstname", RecordKind.DEAL: "dealname"}
    for one in state[f"{kind}s"]:
        known = one["properties"]
        name = known.get(names.get(kind, "hs_lead_name"), "")
        yield Standing(id=str(one["id"]), name=name, owner=str(known.get("hubspot_owner_id", "")))


def _hubspot_bodies(state: Json) -> list[str]:
    return [one["properties"]["hs_communication_body"] for one in state["communications"]]


def _hubspot_aim(hook: str) -> tuple[str, Mapping[str, Any]]:
    return "webhooks", {"url": hook, "client_secret": "secret-of-hubspot"}


HUBSPOT = AtCrm(
    connector="hubspot",
    stage="appointmentscheduled",
    owners={"ana": "101", "bruno": "102", "luis": "103"},
    secrets={"access_token": "token-of-hubspot", "client_secret": "secret-of-hubspot"},
    seed={
        "owners": [
            {"id": f"10{n}", "email": email(p), "firstName": p.title(), "lastName": "Paz"}
            for n, p in enumerate(PEOPLE, 1)
        ]
    },
    aim=_hubspot_aim,
    records=_hubspot_records,
    entries=_hubspot_bodies,
    whole=_hubspot_bodies,
    change=lambda kind, record, owner: (
        "change",
        {"kind": f"{kind}s", "id": record, "properties": {"hubspot_owner_id": owner}},
    ),
)

_SF_USERS = {p: f"0055g00000Use{n}AAJ" for p, n in zip(PEOPLE, ("An", "Br", "Lu"), strict=True)}
_SF_OBJECTS = {
    RecordKind.CONTACT: "Contact",
    RecordKind.DEAL: "Opportunity",
    RecordKind.LEAD: "Lead",
}


def _salesforce_records(state: Json, kind: RecordKind) -> Iterator[Standing]:
    for one in state[_SF_OBJECTS[kind]]:
        known = one["fields"]
        yield Standing(id=one["id"], name=str(known["Name"]), owner=str(known["OwnerId"]))


SALESFORCE = AtCrm(
    connector="salesforce",
    stage="Prospecting",
    owners=_SF_USERS,
    secrets={
        "client_id": "client-of-salesforce",
        "client_secret": "secret-of-salesforce",
        "path_secret": "path-secret-of-salesforce",
    },
    options={"organization_id": ORGANIZATION, "integration_user": INTEGRATION_USER},
    seed={
        "User": [
            {"Id": user, "FirstName": p.title(), "LastName": "Paz", "Email": email(p)}
            for p, user in _SF_USERS.items()
        ]
    },
    aim=lambda hook: ("webhooks", {"url": f"{hook}/path-secret-of-salesforce"}),
    records=_salesforce_records,
    entries=lambda state: [str(one["fields"]["Description"]) for one in state["Task"]],
    whole=lambda state: [
        f"{one['fields']['Subject']}\n{one['fields']['Description']}" for one in state["Task"]
    ],
    change=lambda kind, record, owner: (
        "change",
        {"object": _SF_OBJECTS[kind], "id": record, "fields": {"OwnerId": owner}},
    ),
)


def _webhook_records(state: Json, kind: RecordKind) -> Iterator[Standing]:
    for one in state["records"][kind]:
        yield Standing(id=str(one["crm_id"]), name=str(one["name"]), owner=str(one["owner"]))


WEBHOOK = AtCrm(
    connector="webhook",
    stage="new",
    owners={p: f"u-{p}" for p in PEOPLE},
    secrets={"signing_secret": "whsec_c2lnbmluZy1zZWNyZXQtb2YtdGhlLWNybQ=="},
    seed={
        "employees": [
            {"crm_id": f"u-{p}", "email": email(p), "name": p.title(), "active": True}
            for p in PEOPLE
        ],
        "pipelines": [
            {
                "id": "default",
                "kind": "deal",
                "label": "Sales",
                "stages": [{"id": "new", "label": "New", "is_open": True}],
            }
        ],
    },
    aim=lambda hook: ("seed", {"webhook": hook}),
    records=_webhook_records,
    entries=lambda state: [str(one["text"]) for one in state["entries"]],
    whole=lambda state: [json.dumps(one, ensure_ascii=False) for one in state["entries"]],
    change=lambda kind, record, owner: (
        "owner",
        {"kind": kind, "record": record, "owner": owner},
    ),
)

CRMS: Mapping[str, AtCrm] = {"hubspot": HUBSPOT, "salesforce": SALESFORCE, "webhook": WEBHOOK}
