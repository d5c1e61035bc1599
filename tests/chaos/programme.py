"""Two partners with three people, at each CRM; what the configuration and the CRM say of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.domain.names import EmployeeId
from connectors.hubspot.sandbox_records import PRIMARY_CONTACT
from connectors.salesforce.ids import long_id
from tests.chaos.crms import HUBSPOT, OWNERS, Crm
from tests.chaos.salesforce import SALESFORCE

PETRA, PABLO, SONIA = (
    EmployeeId(x) for x in ("petra@north.example", "pablo@north.example", "sonia@south.example")
)
USERS = (PETRA, PABLO, SONIA)
ACCOUNT_OF = {PETRA: "north", PABLO: "north", SONIA: "south"}
DEFAULT_OWNER = EmployeeId(OWNERS[2])
QUEUE = "latam"
# A lead's country says what becomes of it: in turn, out of the queue, or offered to one by one.
TURN, TAKEN, OFFERED = "ES", "MX", "PT"
COUNTRIES = (TURN, TAKEN, OFFERED)
IN_TURN, ONE_BY_ONE = USERS, (SONIA, PABLO, PETRA)
ACCEPT_SECONDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class AtCrm:
    """`people` are the ids of the partners' people as owners, `contacts` those of records that are
    there because of the programme alone. `comes` is what somebody does who enters a lead, by its
    name and country; `leads` gives the owners of leads by their names."""

    companies: Mapping[str, str]
    people: Mapping[EmployeeId, str]
    contacts: frozenset[str]
    seed: Mapping[str, Any]
    comes: Callable[[str, str], Mapping[str, Any]]
    leads: Callable[[Any], list[tuple[str, str]]]
    queue: str | None
    employee: str  # the default owner

    @property
    def owners(self) -> Mapping[str, str | None]:
        """Of each whom a lead may be with; None: it stays whose it was."""
        people: dict[str, str | None] = {user: owner for user, owner in self.people.items()}
        return people | {QUEUE: self.queue, DEFAULT_OWNER: self.employee}


def config(at: AtCrm) -> Mapping[str, Any]:
    """The part of the configuration that is the programme's."""
    queue: dict[str, Any] = {"label": "Latin America", "members": list(USERS)}
    if at.queue is not None:
        queue["crm_queue"] = at.queue
    return {
        "accounts": {name: {"crm_id": crm_id} for name, crm_id in at.companies.items()},
        "users": {user: {"account": account} for user, account in ACCOUNT_OF.items()},
        "queues": {QUEUE: queue},
        "rules": [
            _rule("in-turn", TURN, {"round_robin": list(IN_TURN)}),
            _rule("to-be-taken", TAKEN, {"queue": QUEUE}),
            _rule("one-by-one", OFFERED, {"round_robin": list(ONE_BY_ONE)}),
        ],
        "default_owner": DEFAULT_OWNER,
        "accept_within": f"{ACCEPT_SECONDS}s",
        "email": {"notify": True, "subject": "{name} is yours", "text": "{name}: {link}"},
    }


def _rule(name: str, country: str, to: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"id": name, "label": name, "when": {"country": country}, "to": dict(to)}


def name_of(number: int) -> str:
    return f"Lead {number:04d}"


def number_of(name: str) -> int:
    return int(name.split()[-1])


def country_of(number: int) -> str:
    return COUNTRIES[number % len(COUNTRIES)]


def _sf(prefix: str, number: int) -> str:
    return long_id(f"{prefix}5g{number:010d}")


def _at_salesforce() -> AtCrm:
    companies = {name: _sf("001", 9_001 + n) for n, name in enumerate(("north", "south"))}
    people = {user: _sf("005", 9_001 + n) for n, user in enumerate(USERS)}
    contacts = {user: _sf("003", 9_001 + n) for n, user in enumerate(USERS)}
    profile, network, queue = _sf("00e", 9_001), _sf("0DB", 9_001), _sf("00G", 9_001)
    owner = SALESFORCE.owners[2]
    return AtCrm(
        companies=companies,
        people=people,
        contacts=frozenset(contacts.values()),
        seed={
            "Account": [
                {"Id": one, "Name": name, "OwnerId": SALESFORCE.owners[0], "IsPartner": True}
                for name, one in companies.items()
            ],
            "Contact": [
                {
                    "Id": contacts[user],
                    "LastName": user,
                    "Email": user,
                    "AccountId": companies[ACCOUNT_OF[user]],
                }
                for user in USERS
            ],
            "Profile": [{"Id": profile, "Name": "Partner Community User"}],
            "Network": [{"Id": network, "Name": "Partner Central"}],
            "NetworkMemberGroup": [{"NetworkId": network, "ParentId": profile}],
            "User": [
                {
                    "Id": people[user],
                    "LastName": user,
                    "Email": user,
                    "UserType": "PowerPartner",
                    "IsPortalEnabled": True,
                    "ContactId": contacts[user],
                    "ProfileId": profile,
                    "LastLoginDate": "2026-01-02T10:00:00Z",
                }
                for user in USERS
            ],
            "Group": [{"Id": queue, "Name": "Latin America"}],
            "QueueSobject": [{"QueueId": queue, "SobjectType": "Lead"}],
            "GroupMember": [{"GroupId": queue, "UserOrGroupId": one} for one in people.values()],
        },
        comes=lambda name, country: {
            "object": "Lead",
            "fields": {"LastName": name, "Company": "Lemon", "Country": country, "OwnerId": owner},
        },
        leads=lambda state: [
            (str(one["fields"]["Name"]), str(one["fields"]["OwnerId"])) for one in state["Lead"]
        ],
        queue=queue,
        employee=owner,
    )


def _at_hubspot() -> AtCrm:
    companies = {name: str(9_101 + n) for n, name in enumerate(("north", "south"))}
    people = {user: str(9_001 + n) for n, user in enumerate(USERS)}
    contacts = {user: str(9_201 + n) for n, user in enumerate(USERS)}
    clients = {country: str(9_301 + n) for n, country in enumerate(COUNTRIES)}
    owner = HUBSPOT.owners[2]
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": PRIMARY_CONTACT}
    return AtCrm(
        companies=companies,
        people=people,
        contacts=frozenset((*contacts.values(), *clients.values())),
        seed={
            "owners": [{"id": one, "email": user} for user, one in people.items()],
            "contacts": [
                *(
                    {
                        "id": contacts[user],
                        "properties": {
                            "email": user,
                            "associatedcompanyid": companies[ACCOUNT_OF[user]],
                        },
                    }
                    for user in USERS
                ),
                *(
                    {"id": one, "properties": {"firstname": f"Lea {country}", "country": country}}
                    for country, one in clients.items()
                ),
            ],
            "companies": [
                {
                    "id": one,
                    "properties": {"name": name, "hubspot_owner_id": HUBSPOT.owners[0]},
                    "contacts": [contacts[user] for user in USERS if ACCOUNT_OF[user] == name],
                }
                for name, one in companies.items()
            ],
        },
        comes=lambda name, country: {
            "kind": "leads",
            "properties": {"hs_lead_name": name, "hubspot_owner_id": owner},
            "associations": [{"to": {"id": clients[country]}, "types": [link]}],
        },
        leads=lambda state: [
            (
                str(one["properties"]["hs_lead_name"]),
                str(one["properties"].get("hubspot_owner_id", "")),
            )
            for one in state["leads"]
        ],
        queue=None,
        employee=owner,
    )


PROGRAMMES: Mapping[str, AtCrm] = {
    HUBSPOT.connector: _at_hubspot(),
    SALESFORCE.connector: _at_salesforce(),
}


def at(crm: Crm) -> AtCrm:
    return PROGRAMMES[crm.connector]
