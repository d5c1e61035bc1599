"""Who somebody is, and whose business he belongs to, whatever he signed in as."""

from dataclasses import dataclass
from enum import StrEnum

from bridge.domain.names import ClientId, PartnerName, ResellerName


class PersonKind(StrEnum):
    """The word before the colon of a principal: `partner:petra@north.example`."""

    EMPLOYEE = "employee"
    PARTNER_USER = "partner"
    RESELLER_USER = "reseller"
    CLIENT = "client"  # of a reseller
    SERVICE = "service"  # a program


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`id` is his e-mail, a client's id or a service's name; `tenant` as subjects have it.

    `client` is set for a client alone; `behind` is the principal who is signed in as him, to help
    him: empty where it is the client himself.
    """

    kind: PersonKind
    id: str
    tenant: str = ""
    client: ClientId | None = None
    behind: str = ""

    @property
    def principal(self) -> str:
        return f"{self.kind}:{self.id}"


def tenant_of_partner(name: PartnerName) -> str:
    return f"partner:{name}"


def tenant_of_reseller(name: ResellerName) -> str:
    return f"reseller:{name}"
