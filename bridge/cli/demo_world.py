"""The people, clients and channels that the demo's sandboxes are filled with; all made up."""

from dataclasses import dataclass
from typing import Any

from bridge.domain.names import AccountName, EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """`phone` is in E.164; `deal` is empty for one without a deal."""

    first: str
    last: str
    phone: str
    deal: str = ""

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


KNOWN = (
    Client(first="Marta", last="Ruiz", phone="+34612000101", deal="Office chairs, 24 pieces"),
    Client(first="Jonas", last="Weber", phone="+4915112000102", deal="Standing desks"),
    Client(first="Lucía", last="Hernández", phone="+525512000103", deal="Showroom lamps"),
    Client(first="Emily", last="Carter", phone="+12025550104", deal="Meeting room refit"),
    Client(first="Pablo", last="Soto", phone="+34612000105"),
    Client(first="Sofia", last="Rossi", phone="+393312000106", deal="Reception furniture"),
)
NEW = (
    Client(first="Diego", last="Morales", phone="+525512000201"),
    Client(first="Anna", last="Keller", phone="+4915112000202"),
    Client(first="Carmen", last="Vega", phone="+34612000203"),
    Client(first="Noah", last="Brooks", phone="+12025550205"),
    Client(first="Valeria", last="Campos", phone="+525512000206"),
    Client(first="Luca", last="Bianchi", phone="+393312000207"),
    Client(first="Irene", last="Navarro", phone="+34612000208"),
    Client(first="Felix", last="Brandt", phone="+4915112000209"),
)


def hubspot_seed(policy: Policy) -> dict[str, Any]:
    """The employees of roles.yaml as owners, and the known clients with their deals."""
    owners = _owner_ids(policy)
    clients = [
        (str(1001 + n), client, owners.get(owner_of(policy, client), ""))
        for n, client in enumerate(KNOWN)
    ]
    return {
        "owners": [_owner(employee, owner_id) for employee, owner_id in owners.items()],
        "contacts": [_contact(*client) for client in clients],
        "deals": [_deal(policy, *client) for client in clients if client[1].deal],
    }


def wazzup_seed(policy: Policy, account: AccountName) -> dict[str, Any]:
    """The channels of accounts.yaml, all of them working."""
    return {
        "channels": [
            {
                "channelId": channel.id,
                "transport": channel.messenger.value,
                "plainId": f"3461100000{n}",
                "name": channel.label,
                "state": "active",
            }
            for n, channel in enumerate(policy.channels.values())
            if channel.account == account
        ]
    }


def owner_of(policy: Policy, client: Client) -> EmployeeId:
    """Known clients are dealt out to the salespeople, or to all where there are none."""
    sellers = [one.id for one in policy.employees.values() if one.role is Role.SALESPERSON]
    people = sellers or [*policy.employees] or [EmployeeId("")]
    return people[KNOWN.index(client) % len(people)]


def author(policy: Policy, client: Client) -> dict[str, str]:
    """The client's owner as Wazzup names who wrote in its own window."""
    owner = owner_of(policy, client)
    return {"authorId": _owner_ids(policy).get(owner, ""), "authorName": f"{_first(owner)} Acme"}


def _owner_ids(policy: Policy) -> dict[EmployeeId, str]:
    return {employee: str(101 + n) for n, employee in enumerate(policy.employees)}


def _owner(employee: EmployeeId, owner_id: str) -> dict[str, Any]:
    return {
        "id": owner_id,
        "userId": int(owner_id) + 900,
        "email": employee,
        "firstName": _first(employee),
        "lastName": "Acme",
    }


def _first(employee: EmployeeId) -> str:
    return employee.partition("@")[0].capitalize()


def _contact(contact_id: str, client: Client, owner: str) -> dict[str, Any]:
    return {
        "id": contact_id,
        "properties": {
            "firstname": client.first,
            "lastname": client.last,
            "phone": client.phone,
            "hubspot_owner_id": owner,
        },
    }


def _deal(policy: Policy, contact_id: str, client: Client, owner: str) -> dict[str, Any]:
    return {
        "id": f"2{contact_id}",
        "properties": {
            "dealname": client.deal,
            "pipeline": policy.new_clients.pipeline,
            "dealstage": policy.new_clients.stage,
            "hubspot_owner_id": owner,
        },
        "contacts": [contact_id],
    }
