"""Clients as a table to take along: CSV or XLSX, one row each."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from bridge.domain.client_differences import said_of_service
from bridge.domain.policy import Policy
from bridge.domain.reseller_clients import ResellerClient, hint
from bridge.sheets.writing import Value, table, workbook

MOST_CLIENTS = 20_000
HEAD = (
    "id",
    "reseller",
    "legal_name",
    "plan",
    "plan_name",
    "units",
    "status",
    "created_at",
    "valid_until",
    "reference",
    "contact_name",
    "email",
    "phone",
    "services",
    "archived",
    "hint",
)


def as_csv(clients: Iterable[ResellerClient], policy: Policy, now: datetime) -> bytes:
    return table(HEAD, ([str(x) for x in _cells(one, policy, now)] for one in clients))


def as_xlsx(clients: Iterable[ResellerClient], policy: Policy, now: datetime) -> bytes:
    return workbook("Clients", HEAD, (list(_cells(one, policy, now)) for one in clients))


def _cells(client: ResellerClient, policy: Policy, now: datetime) -> Iterator[Value]:
    details = client.details
    yield from (client.id, client.reseller, details.legal_name, client.plan, client.shown_plan)
    yield client.balance
    yield client.status(now).value
    yield client.created_at.date()
    yield "" if client.valid_until is None else client.valid_until
    yield from (client.reference, details.contact_name, details.email, details.phone)
    yield "; ".join(f"{name}: {said_of_service(x)}" for name, x in client.services.items())
    yield "yes" if client.is_archived else "no"
    yield hint(client, policy.reselling.hints_of(client.reseller), now) or ""
