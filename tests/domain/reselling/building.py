"""Resellers, clients and what is done to them in a line each."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bridge.domain.changes import Notify
from bridge.domain.decisions import Decision
from bridge.domain.effects import SendEmail, WriteNote
from bridge.domain.events import UnitsUsed
from bridge.domain.facts import Facts
from bridge.domain.names import (
    HOUSE,
    AccountName,
    ClientId,
    CrmId,
    EmployeeId,
    EventKey,
    ResellerName,
)
from bridge.domain.people import Directory
from bridge.domain.policy import AccountPolicy, Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.records import CrmKind
from bridge.domain.reseller_clients import ClientDetails, CrmLink, ResellerClient
from bridge.domain.reselling_changes import PutClient
from bridge.domain.reselling_events import (
    ClientActivated,
    ClientAdded,
    ClientArchived,
    ClientEdited,
    ClientLinked,
    ClientRenewed,
    ClientSuspended,
    ClientUnarchived,
    ClientUnitsAdded,
    ClientUsedUnits,
)
from bridge.domain.reselling_facts import ResellingFacts
from bridge.domain.reselling_policy import HintRules, LowUnits, Plan, Reseller, Reselling
from bridge.domain.routing import route
from bridge.domain.spans import Span, SpanUnit, Term, term
from tests.domain.building import DIRECTORY, LUIS, NOW, POLICY, QA

NORTE, SUR = ResellerName("norte"), ResellerName("sur")
BILLING, STAMPING = AccountName("norte-billing"), AccountName("stamping")
MAILS = AccountName("mail-main")
RITA, RAUL, SARA = (
    EmployeeId(x) for x in ("rita@norte.example", "raul@norte.example", "sara@sur.example")
)
CLIENT = ClientId("cl_1")
DETAILS = ClientDetails(
    legal_name="Muebles Pérez SA de CV",
    contact_name="Paco Pérez",
    email="paco@perez.example",
    phone="+525512345678",
)
BASIC = Plan(
    name="Basic",
    units=100,
    validity=Span(count=12, unit=SpanUnit.MONTHS),
    services={"smtp_mail": False, "companies": 1},
)
PRO = Plan(name="Pro", units=500, validity=Span(count=30, unit=SpanUnit.DAYS))
FOREVER = Plan(name="Forever", units=50)
OTHER = Plan(name="Other", units=7)
RESELLING = Reselling(
    resellers={
        NORTE: Reseller(
            label="Factura del Norte",
            plans={"basic": BASIC, "pro": PRO, "forever": FOREVER},
            hints=HintRules(low_units=LowUnits(units=5), ending=timedelta(days=14)),
            accounts=(BILLING,),
            manager=LUIS,
        ),
        SUR: Reseller(plans={"other": OTHER}),
    },
    accounts=(STAMPING,),
)
RESELLERS = replace(
    POLICY,
    accounts={
        **POLICY.accounts,
        BILLING: AccountPolicy(connector="webhook"),
        STAMPING: AccountPolicy(connector="webhook"),
    },
    reselling=RESELLING,
    users={"reseller:norte": (RITA, RAUL), "reseller:sur": (SARA,)},
)
BY_RITA = Person(kind=PersonKind.RESELLER_USER, id=RITA, tenant="reseller:norte")
BY_SARA = Person(kind=PersonKind.RESELLER_USER, id=SARA, tenant="reseller:sur")
BY_LUIS = Person(kind=PersonKind.EMPLOYEE, id=LUIS)
BY_QA = Person(kind=PersonKind.EMPLOYEE, id=QA)
BY_SERVICE = Person(kind=PersonKind.SERVICE, id="stamper")
BY_CLIENT = Person(
    kind=PersonKind.CLIENT, id=CLIENT, tenant="reseller:norte", client=CLIENT, behind=f"r:{RITA}"
)
LINK = CrmLink(kind=CrmKind.COMPANY, crm_id=CrmId("901"))

YEAR = Term(last_day=date(2027, 3, 5), ends_at=datetime(2027, 3, 6, tzinfo=UTC))


def client(**changed: Any) -> ResellerClient:
    """With the plan Basic, as given at NOW: active."""
    given = ResellerClient(
        id=CLIENT,
        reseller=NORTE,
        details=DETAILS,
        created_at=NOW,
        plan="basic",
        plan_name="Basic",
        plan_units=100,
        balance=100,
        reference="A-17",
        services=BASIC.services,
        term=YEAR,
    )
    return replace(given, **changed)


def ends(at: datetime) -> Term:
    return Term(last_day=(at - timedelta(seconds=1)).date(), ends_at=at)


SUSPENDED = client(is_suspended=True)
EXPIRED = client(term=ends(NOW))
EXHAUSTED = client(balance=0, low_told=True)
ARCHIVED = client(balance=0, is_archived=True)


def done(kind: type[Any], **fields: Any) -> Any:
    """An event of ours about CLIENT, by Rita."""
    given = {"event_key": EventKey("e1"), "occurred_at": NOW, "account": HOUSE}
    return kind(**{**given, "by": BY_RITA, "client": CLIENT, **fields})


def added(**fields: Any) -> ClientAdded:
    given: Any = done(
        ClientAdded, **{"reseller": NORTE, "details": DETAILS, "plan": "basic", **fields}
    )
    assert isinstance(given, ClientAdded)
    return given


def used(units: int = 1, **fields: Any) -> ClientUsedUnits:
    given: Any = done(ClientUsedUnits, units=units, **fields)
    assert isinstance(given, ClientUsedUnits)
    return given


def told(units: int = 1, account: AccountName = BILLING, name: str = CLIENT) -> UnitsUsed:
    """A vendor's event."""
    return UnitsUsed(
        event_key=EventKey("v1"),
        occurred_at=NOW,
        account=account,
        client=CrmId(name),
        units=units,
    )


ACTIONS: dict[str, Any] = {
    "edit": done(ClientEdited, services={"companies": 9}),
    "add_units": done(ClientUnitsAdded, units=50),
    "renew": done(ClientRenewed, plan="pro"),
    "suspend": done(ClientSuspended),
    "activate": done(ClientActivated),
    "archive": done(ClientArchived),
    "unarchive": done(ClientUnarchived),
    "link": done(ClientLinked, by=BY_LUIS, link=LINK),
    "use": used(),
}


def decided(
    event: Any,
    before: ResellerClient | None,
    now: datetime = NOW,
    policy: Policy = RESELLERS,
    directory: Directory = DIRECTORY,
    **facts: Any,
) -> Decision:
    found = policy.reselling.resellers.get(before.reseller if before else NORTE)
    plans = {} if found is None else found.plans
    spans = {key: plan.validity for key, plan in plans.items()}
    known = {
        "client": before,
        "terms": {k: term(span, now, UTC) for k, span in spans.items() if span is not None},
        **facts,
    }
    given = Facts(
        now=now,
        directory=directory,
        public_url="https://bridge.example",
        reselling=ResellingFacts(**known),
    )
    made = route(event, given, policy)
    assert isinstance(made, Decision)
    return made


def after(decision: Decision) -> ResellerClient:
    """The client that the decision leaves."""
    return _put(decision).client


def moves(decision: Decision) -> list[tuple[str, int, int]]:
    return [(one.movement.value, one.delta, one.balance) for one in _put(decision).moved]


def _put(decision: Decision) -> PutClient:
    (put,) = [change for change in decision.changes if isinstance(change, PutClient)]
    return put


def users_told(decision: Decision) -> dict[str, str]:
    """Reasons by the reseller's people."""
    notices = [x for x in decision.changes if isinstance(x, Notify) and x.tenant]
    return {notice.employee: notice.code.value for notice in notices}


def employees_told(decision: Decision) -> dict[str, str]:
    notices = [x for x in decision.changes if isinstance(x, Notify) and not x.tenant]
    return {notice.employee: notice.code.value for notice in notices}


def notes(decision: Decision) -> list[WriteNote]:
    return [x.effect for x in decision.effects if isinstance(x.effect, WriteNote)]


def mails(decision: Decision) -> list[SendEmail]:
    return [x.effect for x in decision.effects if isinstance(x.effect, SendEmail)]
