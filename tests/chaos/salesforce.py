"""Salesforce in HubSpot's place: its stand-in filled, told to fail, and read for the verdict."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.salesforce.ids import long_id
from connectors.salesforce.sandbox_org import INTEGRATION_USER, ORGANIZATION
from tests.chaos.clients import Client
from tests.chaos.crms import OWNERS, Crm
from tests.chaos.plan import INSISTS, SLOW_SECONDS

ACCOUNT = "salesforce-main"
_PATH_SECRET = "path-of-the-crash-test"
_OWNER_IDS = tuple(long_id(f"0055g{101 + n:010d}") for n in range(len(OWNERS)))
_STAGE = "Prospecting"

_ANY = "^[A-Z]+ /services/data/"
_LOGIN = "^POST /services/oauth2/token"
_WRITES = "^(POST|PATCH) /services/data/.*/composite"
_DEALS = "^POST /services/data/[^/]+/composite$"
_RECORDS = "^POST /services/data/[^/]+/composite/sobjects"
# Clients and messages go the same way. A used-up day is not among these: it is asked about again
# after a quarter of an hour.
FAULTS: tuple[Mapping[str, Any], ...] = (
    {"match": _RECORDS, "fault": "500_after", "times": 2},
    {"match": _DEALS, "fault": "reset_after", "times": 2},
    {"match": _RECORDS, "fault": "html_after", "rate": 0.5, "times": 2},
    {"match": _RECORDS, "fault": "207_partial", "rate": 0.5, "times": 2},
    {"match": _RECORDS, "fault": "207_partial_after", "rate": 0.5, "times": 2},
    {"match": _RECORDS, "fault": "timeout_after", "rate": 0.5, "times": 1, "seconds": SLOW_SECONDS},
    {"match": _LOGIN, "fault": "500", "rate": 0.2, "times": 1},
    {"match": _LOGIN, "fault": "reset_after", "rate": 0.2, "times": 1},
    {"match": _WRITES, "fault": "500", "rate": 0.04},
    {"match": _WRITES, "fault": "500_after", "rate": 0.08},
    {"match": _WRITES, "fault": "reset_after", "rate": 0.04},
    {"match": _WRITES, "fault": "html_after", "rate": 0.04},
    {"match": _WRITES, "fault": "207_partial", "rate": 0.04},
    {"match": _WRITES, "fault": "207_partial_after", "rate": 0.04},
    {"match": _ANY, "fault": "429", "rate": 0.03, "retry_after": "1"},
    {"match": _ANY, "fault": "500", "rate": 0.02},
    {"match": _ANY, "fault": "timeout_after", "rate": 0.01, "seconds": SLOW_SECONDS},
    {"match": _ANY, "fault": "reset", "rate": 0.02},
    {"match": _ANY, "fault": "html", "rate": 0.01},
)


def _seed(clients: Sequence[Client]) -> Mapping[str, Any]:
    known = [client for client in clients if client.is_known]
    return {
        "User": [
            {"Id": owner, "FirstName": "Acme", "LastName": str(n), "Email": email}
            for n, (owner, email) in enumerate(zip(_OWNER_IDS, OWNERS, strict=True))
        ],
        "Contact": [_contact(client) for client in known],
        "Opportunity": [_deal(client) for client in known],
        "OpportunityContactRole": [_role(client) for client in known],
    }


def _contact(client: Client) -> Mapping[str, Any]:
    names = {"LastName": client.name, "Phone": f"+{client.phone}"}
    return {"Id": _id("003", client), **names, "OwnerId": _OWNER_IDS[0]}


def _deal(client: Client) -> Mapping[str, Any]:
    return {
        "Id": _id("006", client),
        "Name": client.name,
        "StageName": _STAGE,
        "CloseDate": "2027-12-31",
        "OwnerId": _OWNER_IDS[1],
    }


def _role(client: Client) -> Mapping[str, Any]:
    ids = {"OpportunityId": _id("006", client), "ContactId": _id("003", client)}
    return {**ids, "IsPrimary": True}


def _id(prefix: str, client: Client) -> str:
    return long_id(f"{prefix}5g{1001 + client.number:010d}")


def _owned(client: Client) -> Sequence[tuple[str, str]]:
    return ("Contact", _id("003", client)), ("Opportunity", _id("006", client))


def _new_owner(kind: str, record: str, owner: str) -> Mapping[str, Any]:
    return {"id": record, "fields": {"OwnerId": owner}}


def _target(url: str, sent_twice: float) -> Mapping[str, Any]:
    """Outbound messages come in no order, and their own changes are told to those who made them."""
    told = {"url": f"{url}/{_PATH_SECRET}", "attempts": INSISTS, "out_of_order": 0.1}
    return {**told, "sent_twice": sent_twice}


def _shown(state: Any) -> Any:
    deals: defaultdict[str, list[str]] = defaultdict(list)
    for role in _there(state, "OpportunityContactRole"):
        deals[role["fields"]["OpportunityId"]].append(role["fields"]["ContactId"])
    return {
        "contacts": [_as_contact(one) for one in _there(state, "Contact")],
        "deals": [_as_deal(one, deals[one["id"]]) for one in _there(state, "Opportunity")],
        "communications": [_as_entry(one) for one in _there(state, "Task")],
        "calls": state["calls"],
        "webhooks": state["webhooks"],
    }


def _there(state: Any, kind: str) -> list[Any]:
    return [one for one in state[kind] if not one["fields"]["IsDeleted"]]


def _as_contact(one: Any) -> Any:
    fields = one["fields"]
    properties = {"phone": fields["Phone"] or "", "hubspot_owner_id": fields["OwnerId"]}
    return {"id": one["id"], "properties": properties, "associations": {}}


def _as_deal(one: Any, contacts: Sequence[str]) -> Any:
    properties = {"hubspot_owner_id": one["fields"]["OwnerId"]}
    return {"id": one["id"], "properties": properties, "associations": {"contacts": contacts}}


def _as_entry(one: Any) -> Any:
    fields = one["fields"]
    named = {"contacts": fields["WhoId"], "deals": fields["WhatId"]}
    return {
        "seq": one["seq"],
        "properties": {"hs_communication_body": fields["Description"]},
        "associations": {kind: [found] for kind, found in named.items() if found},
    }


SALESFORCE = Crm(
    account=ACCOUNT,
    connector="salesforce",
    secrets={
        "client_id": ("SF_CLIENT_ID", "client-of-the-crash-test"),
        "client_secret": ("SF_CLIENT_SECRET", "client-secret-of-the-crash-test"),
        "path_secret": ("SF_PATH_SECRET", _PATH_SECRET),
    },
    stage=_STAGE,
    owners=_OWNER_IDS,
    faults=FAULTS,
    # What was written shows at once there; tokens end in the middle of the work.
    settings={"token_calls": 60},
    options={"organization_id": ORGANIZATION, "integration_user": INTEGRATION_USER},
    seed=_seed,
    target=_target,
    owned=_owned,
    new_owner=_new_owner,
    shown=_shown,
)
