"""Salesforce's accounts, requests and deliveries for tests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bridge.domain.effects import (
    CreateContact,
    CreateDeal,
    CreateLead,
    Effect,
    WriteTimelineEntry,
)
from bridge.domain.messaging import Direction, Media, Messenger
from bridge.domain.names import CrmId, MessageId, RecordId
from bridge.domain.records import RecordKind
from bridge.ports import Account, Delivery, Done, Outcome, RawRequest
from connectors.salesforce.sandbox_org import INTEGRATION_USER, ORGANIZATION

CLIENT_ID = "3MVG9.client-id-for-tests"
CLIENT_SECRET = "client-secret-for-tests"
PATH_SECRET = "path-secret-for-tests-0123456789"
SIGNING_SECRET = "whsec_c2lnbmluZy1zZWNyZXQtZm9yLXRlc3Rz"
SECRETS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "path_secret": PATH_SECRET}
NAME = "salesforce-main"
URL = f"https://bridge.acme.example/hooks/{NAME}/{PATH_SECRET}"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ANA, LUIS, OLD = (CrmId(f"0055g00000Use{name}AAJ") for name in ("An", "Lu", "Ol"))
QUEUE = CrmId("00G5g00000QueueEAB")
OPTIONS = {"organization_id": ORGANIZATION, "integration_user": INTEGRATION_USER}


def account(
    base_url: str | None = None,
    options: Mapping[str, str] | None = None,
    secrets: Mapping[str, tuple[str, ...]] | None = None,
) -> Account:
    """With the options that an admin sets; `options` and `secrets` replace or add to them."""
    return Account(
        name=NAME,
        connector="salesforce",
        base_url=base_url,
        secrets={**{need: (value,) for need, value in SECRETS.items()}, **(secrets or {})},
        options={**OPTIONS, **(options or {})},
    )


def request(
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    url: str = URL,
    received_at: datetime = NOW,
) -> RawRequest:
    return RawRequest(
        method=method, url=url, headers=headers or {}, body=body, received_at=received_at
    )


def delivery(
    effect: Effect, key: str = "k1", ids: Mapping[str, str] | None = None, attempt: int = 1
) -> Delivery:
    return Delivery(effect=effect, idempotency_key=key, attempt=attempt, now=NOW, ids=ids or {})


def new_contact(
    record: str = "r1", phone: str = "+34600000001", *, with_lead: bool = False
) -> CreateContact:
    return CreateContact(
        contact=RecordId(record),
        key=phone,
        name="Luz Vega Paz",
        owner=ANA,
        phone=phone,
        messenger=Messenger.WHATSAPP,
        username="luz",
        with_lead=with_lead,
    )


def new_deal(record: str = "d1", contact: str = "r1") -> CreateDeal:
    return CreateDeal(
        deal=RecordId(record),
        contact=RecordId(contact),
        name="Luz Vega Paz",
        pipeline="default",
        stage="Prospecting",
        owner=ANA,
    )


def new_lead(record: str = "l1", contact: str = "r1") -> CreateLead:
    return CreateLead(
        lead=RecordId(record), contact=RecordId(contact), name="Luz Vega Paz", owner=ANA
    )


def entry(
    message: str = "m1",
    *,
    contact: str | None = "r1",
    deal: str | None = None,
    lead: str | None = None,
    messenger: Messenger = Messenger.WHATSAPP,
    text: str = "hola",
    media: tuple[Media, ...] = (),
) -> WriteTimelineEntry:
    given = ((RecordKind.CONTACT, contact), (RecordKind.DEAL, deal), (RecordKind.LEAD, lead))
    return WriteTimelineEntry(
        message=MessageId(message),
        records=tuple((kind, RecordId(record)) for kind, record in given if record),
        occurred_at=NOW,
        direction=Direction.IN,
        messenger=messenger,
        source="wazzup",
        channel="Sales",
        head="WhatsApp from the client · Sales",
        text=text,
        media=media,
        link="https://bridge.acme.example/conversations/cv_1",
    )


def run_of(*effects: Effect) -> list[Delivery]:
    return [delivery(effect, f"k{number}") for number, effect in enumerate(effects)]


def ids_of(outcomes: Sequence[Outcome]) -> list[str]:
    return [one.vendor_ids["id"] for one in outcomes if isinstance(one, Done)]
