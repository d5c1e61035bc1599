"""HubSpot accounts, signed requests and deliveries for tests."""

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
from connectors.hubspot.signature import sign_v3

TOKEN = "pat-eu1-token-for-tests"
SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
SECRETS = {"access_token": TOKEN, "client_secret": SECRET}
URL = "https://bridge.acme.example/hooks/hubspot-main"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ANA, LUIS = CrmId("11"), CrmId("12")


def account(
    base_url: str | None = None,
    options: Mapping[str, str] | None = None,
    client_secrets: tuple[str, ...] = (SECRET,),
) -> Account:
    return Account(
        name="hubspot-main",
        connector="hubspot",
        base_url=base_url,
        secrets={"access_token": (TOKEN,), "client_secret": client_secrets},
        options=options or {},
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


def milliseconds(when: datetime) -> str:
    return str(round(when.timestamp() * 1000))


def v3_headers(
    body: bytes, *, secret: str = SECRET, url: str = URL, at: datetime = NOW
) -> dict[str, str]:
    return {
        "x-hubspot-signature-v3": sign_v3(secret, "POST", url, body, milliseconds(at)).decode(),
        "x-hubspot-request-timestamp": milliseconds(at),
    }


def delivery(
    effect: Effect, key: str = "k1", ids: Mapping[str, str] | None = None, attempt: int = 1
) -> Delivery:
    return Delivery(effect=effect, idempotency_key=key, attempt=attempt, now=NOW, ids=ids or {})


def new_contact(record: str = "r1", phone: str = "+34600000001") -> CreateContact:
    return CreateContact(
        contact=RecordId(record),
        key=phone,
        name="Luz Vega Paz",
        owner=ANA,
        phone=phone,
        messenger=Messenger.WHATSAPP,
        username="luz",
    )


def new_deal(record: str = "d1", contact: str = "r1") -> CreateDeal:
    return CreateDeal(
        deal=RecordId(record),
        contact=RecordId(contact),
        name="Luz Vega Paz",
        pipeline="default",
        stage="appointmentscheduled",
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


def entries(ids: Mapping[str, str], number: int = 3) -> list[Delivery]:
    """Messages m0, m1 … on the contact, deal and lead of `ids`."""
    return [delivery(entry(f"m{n}", deal="d1", lead="l1"), f"e{n}", ids) for n in range(number)]


def run_of(*effects: Effect) -> list[Delivery]:
    return [delivery(effect, f"k{number}") for number, effect in enumerate(effects)]


def ids_of(outcomes: Sequence[Outcome]) -> list[str]:
    return [one.vendor_ids["id"] for one in outcomes if isinstance(one, Done)]
