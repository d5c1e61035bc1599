"""What else there is much of in a large house: people, leads of partners, clients of resellers,
renewals, lines of the audit log, and a change that waits for its review."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from bridge.domain.names import (
    AccountName,
    ClientId,
    ConversationId,
    CrmId,
    EmployeeId,
    PartnerLeadId,
    ResellerName,
)
from bridge.domain.numbers import Sum, answered, counted, sums_of
from bridge.domain.partner_leads import (
    Holder,
    HolderKind,
    How,
    LeadState,
    LeadSummary,
    PartnerLead,
)
from bridge.domain.records import Conversation, Message
from bridge.domain.renewing import Renewal, RenewalId, RenewalOrigin, RenewalReading
from bridge.domain.reseller_clients import ClientDetails, ResellerClient
from bridge.pipeline.changing import drafts
from bridge.pipeline.changing.drafts import Content
from bridge.pipeline.parts import Parts
from bridge.store import audit, partner_leads, renewals, reseller_clients
from bridge.store import counted as sums
from bridge.store.audit import Deed, NewLine, Way, Who
from bridge.store.renewals import Placed

LEADS, CLIENTS, RENEWALS, LINES = 5000, 5000, 3000, 20_000
PARTNER, RESELLER = EmployeeId("petra@north.example"), EmployeeId("rita@norte.example")
ADMIN = EmployeeId("luis@acme.example")
DAYS = 90
_CRM = AccountName("hubspot-main")
_NORTE = ResellerName("norte")
_BATCH = 1000
_DEEDS = (Deed.SIGNED_IN, Deed.EXPORTED, Deed.CONFIG_CHANGED, Deed.REPLAYED, Deed.DISMISSED)


def fill_others(db: Connection, people: tuple[EmployeeId, ...], now: datetime) -> None:
    """All of it but what people say; by some of these people where somebody did it."""
    for begin in range(0, LEADS, _BATCH):
        partner_leads.put_leads(db, [_lead(n, now) for n in range(begin, begin + _BATCH)])
        reseller_clients.put_clients(db, [_client(n, now) for n in range(begin, begin + _BATCH)])
    renewals.put_renewals(db, [_renewal(number, now) for number in range(RENEWALS)])
    audit.note(db, [_line(number, people) for number in range(LINES)], now)


def lead_named(number: int) -> PartnerLeadId:
    return PartnerLeadId(f"pl_{number:05}")


def client_named(number: int) -> ClientId:
    return ClientId(f"cl_{number:05}")


def renewal_named(number: int) -> RenewalId:
    return RenewalId(f"rn_{number:05}")


def add_up(
    into: Counter[Sum], chats: Mapping[ConversationId, Conversation], said: Iterable[Message]
) -> None:
    """What the clock would count of these messages, all of each chat among them."""
    by_chat: dict[ConversationId, list[Message]] = {}
    for message in said:
        by_chat.setdefault(message.conversation, []).append(message)
    for name, messages in by_chat.items():
        for one in answered([counted(message, chats[name]) for message in messages], ()):
            into.update(sums_of(one))


def keep_sums(db: Connection, found: Counter[Sum]) -> None:
    items = [*found.items()]
    for begin in range(0, len(items), 20 * _BATCH):
        sums.add(db, Counter(dict(items[begin : begin + 20 * _BATCH])))


def draft_of_a_change(parts: Parts, folder: Path) -> str:
    """The id of a change of the admin's that waits for its review."""
    text = (folder / "routing.yaml").read_text().replace("max_age: 24h", "max_age: 20h")
    who = Who(actor=f"employee:{ADMIN}", way=Way.PAGE)
    return drafts.begin(parts, who, Content(texts={"routing.yaml": text})).id


def _lead(number: int, now: datetime) -> PartnerLead:
    is_hers = number % 10 == 0
    state = LeadState.OFFERED if number % 3 else LeadState.ACCEPTED
    holder = Holder(kind=HolderKind.PARTNER, name=PARTNER if is_hers else "sonia@sur.example")
    return PartnerLead(
        id=lead_named(number),
        account=_CRM,
        crm_id=CrmId(f"lead-{number}"),
        summary=LeadSummary(name=f"Lead {number}"),
        holder=holder,
        how=How.ROUND_ROBIN,
        since=now - timedelta(minutes=number),
        state=state,
        tenant="partner:north" if is_hers else "partner:sur",
    )


def _client(number: int, now: datetime) -> ResellerClient:
    return ResellerClient(
        id=client_named(number),
        reseller=_NORTE,
        details=ClientDetails(legal_name=f"Cliente {number} S.A."),
        created_at=now - timedelta(hours=number),
        plan="basic",
        plan_name="Basic",
        plan_units=100,
        balance=number % 101,
        is_suspended=number % 50 == 0,
        is_archived=number % 70 == 0,
    )


def _renewal(number: int, now: datetime) -> Placed:
    """Fifty on each of sixty days."""
    reading = RenewalReading(
        id=renewal_named(number),
        tenant="partner:north" if number % 5 == 0 else "",
        name=f"Cliente {number} S.A.",
        renews_on=now.date() + timedelta(days=number % 60),
        origin=RenewalOrigin.CRM,
        ref=f"renewal-{number}",
        account=_CRM,
    )
    notify = PARTNER if number % 5 == 0 else None
    return Placed(renewal=Renewal(reading=reading), notify=notify, next_at=None, followed="")


def _line(number: int, people: tuple[EmployeeId, ...]) -> NewLine:
    who = Who(actor=f"employee:{people[number % len(people)]}", way=Way.PAGE)
    return NewLine(who=who, deed=_DEEDS[number % len(_DEEDS)], object=f"no. {number}")
