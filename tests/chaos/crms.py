"""The CRMs that a crash run can be told to have: how each is set up, filled, steered and read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos.clients import Client
from tests.chaos.plan import CRM, CRM_FAULTS, INSISTS, LAG_SECONDS

OWNERS = ("ana@acme.example", "bruno@acme.example", "luis@acme.example")
STAGE = "appointmentscheduled"
_IDS = ("101", "102", "103")
_TOKEN, _SECRET = "token-of-the-crash-test", "secret-of-the-crash-test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crm:
    """`secrets` are those of the account by their names in accounts.yaml: variable and value.
    `owners` are the ids of OWNERS there. `settings` are for its stand-in while things fail."""

    account: str
    connector: str
    secrets: Mapping[str, tuple[str, str]]
    stage: str
    owners: Sequence[str]
    faults: tuple[Mapping[str, Any], ...]
    settings: Mapping[str, Any]
    options: Mapping[str, str]
    seed: Callable[[Sequence[Client]], Mapping[str, Any]]
    target: Callable[[str, float], Mapping[str, Any]]
    """What its webhooks are aimed at: our address, and the share that is sent twice."""
    owned: Callable[[Client], Sequence[tuple[str, str]]]
    """Kinds and ids of what a known client has there."""
    new_owner: Callable[[str, str, str], Mapping[str, Any]]
    """The change of a kind and id to an owner."""
    shown: Callable[[Any], Any]
    """What stands there, in the words of HubSpot's stand-in, which the verdict reads."""

    @property
    def environ(self) -> Mapping[str, str]:
        return dict(self.secrets.values())


def _seed(clients: Sequence[Client]) -> Mapping[str, Any]:
    known = [client for client in clients if client.is_known]
    return {
        "owners": [
            {"id": owner, "email": email, "firstName": "Acme", "lastName": str(n)}
            for n, (owner, email) in enumerate(zip(_IDS, OWNERS, strict=True))
        ],
        "contacts": [_contact(client) for client in known],
        "deals": [_deal(client) for client in known],
    }


def _contact(client: Client) -> Mapping[str, Any]:
    properties = {"firstname": client.name, "phone": f"+{client.phone}"}
    return {"id": _contact_id(client), "properties": {**properties, "hubspot_owner_id": _IDS[0]}}


def _deal(client: Client) -> Mapping[str, Any]:
    properties = {
        "dealname": client.name,
        "pipeline": "default",
        "dealstage": STAGE,
        "hubspot_owner_id": _IDS[1],
    }
    contact = _contact_id(client)
    return {"id": f"2{contact}", "properties": properties, "contacts": [contact]}


def _contact_id(client: Client) -> str:
    return str(1001 + client.number)


def _owned(client: Client) -> Sequence[tuple[str, str]]:
    contact = _contact_id(client)
    return ("contacts", contact), ("deals", f"2{contact}")


def _new_owner(kind: str, record: str, owner: str) -> Mapping[str, Any]:
    return {"kind": kind, "id": record, "properties": {"hubspot_owner_id": owner}}


def _target(url: str, sent_twice: float) -> Mapping[str, Any]:
    told = {"url": url, "client_secret": _SECRET, "attempts": INSISTS}
    return {**told, "sent_twice": sent_twice}


HUBSPOT = Crm(
    account=CRM,
    connector="hubspot",
    secrets={
        "access_token": ("HUBSPOT_TOKEN", _TOKEN),
        "client_secret": ("HUBSPOT_CLIENT_SECRET", _SECRET),
    },
    stage=STAGE,
    owners=_IDS,
    faults=CRM_FAULTS,
    settings={"search_lag_seconds": LAG_SECONDS, "read_lag_seconds": LAG_SECONDS},
    options={},
    seed=_seed,
    target=_target,
    owned=_owned,
    new_owner=_new_owner,
    shown=lambda state: state,
)
