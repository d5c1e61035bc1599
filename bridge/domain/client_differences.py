"""What is different about a client, field by field, for who changes him at the same time."""

from collections.abc import Iterator
from datetime import datetime

from bridge.domain.reseller_clients import FieldChange, ResellerClient
from bridge.domain.reselling_policy import Service


def differences(
    before: ResellerClient, after: ResellerClient, now: datetime
) -> tuple[FieldChange, ...]:
    old, new = dict(_fields(before, now)), dict(_fields(after, now))
    names = dict.fromkeys([*old, *new])
    return tuple(
        FieldChange(field=name, old=old.get(name, ""), new=new.get(name, ""))
        for name in names
        if old.get(name, "") != new.get(name, "")
    )


def _fields(client: ResellerClient, now: datetime) -> Iterator[tuple[str, str]]:
    yield "legal_name", client.details.legal_name
    yield "contact_name", client.details.contact_name
    yield "email", client.details.email
    yield "phone", client.details.phone
    yield "reference", client.reference
    yield "plan", client.shown_plan
    yield from _services(client)
    yield "units", str(client.balance)
    yield "valid_until", "" if client.valid_until is None else client.valid_until.isoformat()
    yield "status", client.status(now)
    yield "archived", "yes" if client.is_archived else "no"
    yield "crm", "" if client.link is None else f"{client.link.kind} {client.link.crm_id}"


def _services(client: ResellerClient) -> Iterator[tuple[str, str]]:
    for name, value in client.services.items():
        yield f"services.{name}", said_of_service(value)


def said_of_service(value: Service) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
