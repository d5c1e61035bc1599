"""The options of plans.yaml: resellers, the plans that they sell, and when they are told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bridge.domain.client_forms import SERVICE
from bridge.domain.names import AccountName, ResellerName
from bridge.domain.principals import tenant_of_reseller
from bridge.domain.reselling_policy import (
    MOST_UNITS,
    HintRules,
    LowUnits,
    Plan,
    Reseller,
    Reselling,
    Service,
)
from bridge.domain.spans import Span, SpanUnit
from bridge.policy import words
from bridge.policy.kinds import Complaint, Many, Named, Word
from bridge.policy.table import Field, Table, Values

_SPAN = re.compile(r"([1-9][0-9]{0,3})(d|mo|y)")
_MOST = {SpanUnit.DAYS: 3650, SpanUnit.MONTHS: 120, SpanUnit.YEARS: 10}
_PERCENT = re.compile(r"([0-9]{1,3})%")
_NUMBER = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """The section; `users` are the resellers' people by tenant, as `Policy.users` has them."""

    reselling: Reselling = field(default_factory=Reselling)
    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _validity(text: str) -> Span | None:
    if text == "none":
        return None
    if text in ("true", "on", "yes"):
        raise Complaint("says no span", "say how long it is valid: 30d, 12mo, 1y; or none")
    if text in ("false", "off", "no"):
        raise Complaint("is neither a span nor none", "did you mean none?")
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Complaint("is neither none nor a span such as 30d, 12mo or 1y")
    count, unit = int(found[1]), SpanUnit(found[2])
    if count > _MOST[unit]:
        raise Complaint("is more than ten years", "give a shorter span, or none")
    return Span(count=count, unit=unit)


def _low_units(text: str) -> LowUnits:
    if (found := _PERCENT.fullmatch(text)) and int(found[1]) <= 100:
        return LowUnits(percent=int(found[1]))
    if _NUMBER.fullmatch(text) and int(text) <= MOST_UNITS:
        return LowUnits(units=int(text))
    raise Complaint("is neither a number of units nor a share from 0% to 100%")


def _service_name(text: str) -> str:
    if not SERVICE.fullmatch(text):
        raise Complaint("is not a word of small letters, digits, `_`, `-`")
    return text


def _service(text: str) -> Service:
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.fullmatch(text) and int(text) <= MOST_UNITS:
        return int(text)
    raise Complaint(f"is neither true, false nor a whole number up to {MOST_UNITS}")


VALIDITY = Word(
    words="none, or a span such as 30d, 12mo or 1y",
    parse=_validity,
    json={"type": "string", "pattern": r"^(none|[1-9][0-9]{0,3}(d|mo|y))$"},
)
FEW = Word(
    words="a number of units, or a share such as 20%",
    parse=_low_units,
    json={
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": MOST_UNITS},
            {"type": "string", "pattern": r"^([0-9]{1,2}|100)%$"},
        ]
    },
)
SERVICE_NAME = Word(
    words="a service, a word of small letters",
    parse=_service_name,
    json={"type": "string", "pattern": f"^{SERVICE.pattern}$"},
)
SERVICE_VALUE = Word(
    words="true, false or a whole number",
    parse=_service,
    json={"anyOf": [{"type": "boolean"}, {"type": "integer", "minimum": 0}]},
)

PLAN_NAME = Field(
    name="name",
    kind=words.TEXT,
    says="What the plan is called, as clients read it.",
    example="Basic",
)
UNITS = Field(
    name="units",
    kind=words.whole_number(1, MOST_UNITS),
    says="How many units a client gets with it.",
    example="100",
)
PLAN_VALIDITY = Field(
    name="validity",
    kind=VALIDITY,
    says="How long it holds from the day on which it is given, which does not count; `none`: it "
    "never ends. The last day counts whole, in the reseller's time zone. A month later is the same "
    "day of it, or its last.",
    example="12mo",
    default="none",
)
SERVICES = Field(
    name="services",
    kind=Named(key=SERVICE_NAME, of=SERVICE_VALUE),
    says="What a client gets beside his units: whether, or how many. The names are yours.",
    example="{own_mail_template: true, smtp_mail: false, companies: 3, extra_users: 2}",
    default="{}",
)


def _plan(values: Values, place: str) -> Plan:
    return Plan(
        name=values.of(PLAN_NAME),
        units=values.of(UNITS),
        validity=values.of(PLAN_VALIDITY),
        services=values.of(SERVICES),
    )


PLAN = Table(says="a plan", fields=(PLAN_NAME, UNITS, PLAN_VALIDITY, SERVICES), build=_plan)
LOW_UNITS = Field(
    name="low_units",
    kind=FEW,
    says="From how many units on they count as few: a number, or a share of the plan's units.",
    example="5",
    default="20%",
)
ENDING = Field(
    name="ending",
    kind=words.DURATION,
    says="How long before its end a plan counts as ending.",
    example="30d",
    default="14d",
)


def _hints(values: Values, place: str) -> HintRules:
    return HintRules(low_units=values.of(LOW_UNITS), ending=values.of(ENDING))


LABEL = Field(
    name="label",
    kind=words.TEXT,
    says="What the reseller is called; his key when not given.",
    example="Factura del Norte",
    optional=True,
)
USERS = Field(
    name="users",
    kind=Many(of=words.EMAIL),
    says="His people, who sign in and look after his clients.",
    example="[rita@reseller.example]",
    default="[]",
)
RESELLER_PLANS = Field(
    name="plans",
    kind=Named(key=words.NAME, of=PLAN),
    says="The plans that he sells.",
    example="{basic: {name: Basic, units: 100, validity: 12mo}}",
    default="{}",
)
HINTS = Field(
    name="hints",
    kind=Table(says="when he is told", fields=(LOW_UNITS, ENDING), build=_hints),
    says="When he is told that a client is near the end, so that he can offer units or a renewal.",
    example="{low_units: 5, ending: 30d}",
    default="{}",
)
RESELLER_ZONE = Field(
    name="time_zone",
    kind=words.TIME_ZONE,
    says="Where the days of his plans begin and end; the house's `time_zone` when not given. A "
    "change of it holds for the plans given from then on.",
    example="America/Mexico_City",
    optional=True,
)
RESELLER_ACCOUNTS = Field(
    name="accounts",
    kind=Many(of=words.NAME),
    says="The accounts that tell what his clients use, by the bridge's ids of them or by his own "
    "references.",
    example="[norte-billing]",
    default="[]",
)
MANAGER = Field(
    name="manager",
    kind=words.EMAIL,
    says="The employee who looks after him: is told of his clients whose owner in the CRM is not "
    "known.",
    example="ana@acme.example",
    optional=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    reseller: Reseller
    users: tuple[str, ...]


def _reseller(values: Values, place: str) -> _Entry:
    manager = values.maybe(MANAGER)
    reseller = Reseller(
        label=values.maybe(LABEL) or "",
        plans=values.of(RESELLER_PLANS),
        hints=values.of(HINTS),
        time_zone=values.maybe(RESELLER_ZONE) or "",
        accounts=tuple(AccountName(name) for name in values.of(RESELLER_ACCOUNTS)),
        manager=manager,
    )
    return _Entry(reseller=reseller, users=values.of(USERS))


RESELLER = Table(
    says="a reseller",
    fields=(LABEL, USERS, RESELLER_PLANS, HINTS, RESELLER_ZONE, RESELLER_ACCOUNTS, MANAGER),
    build=_reseller,
)
RESELLERS = Field(
    name="resellers",
    kind=Named(key=words.NAME, of=RESELLER),
    says="The resellers, by a key that never changes: their clients are kept under it.",
    example="{norte: {label: Factura del Norte, users: [rita@reseller.example]}}",
    default="{}",
)
HOUSE_ACCOUNTS = Field(
    name="accounts",
    kind=Many(of=words.NAME),
    says="The accounts that tell what clients of all resellers use: by the bridge's ids of them, "
    "or by references that only one reseller has.",
    example="[stamping]",
    default="[]",
)


def _plans(values: Values, place: str) -> Plans:
    entries = {ResellerName(key): entry for key, entry in values.of(RESELLERS).items()}
    return Plans(
        reselling=Reselling(
            resellers={key: entry.reseller for key, entry in entries.items()},
            accounts=tuple(AccountName(name) for name in values.of(HOUSE_ACCOUNTS)),
        ),
        users={tenant_of_reseller(key): entry.users for key, entry in entries.items()},
    )


def in_zone(plans: Plans, time_zone: str) -> Reselling:
    """With the house's time zone where a reseller names none."""
    resellers = {
        key: replace(one, time_zone=one.time_zone or time_zone)
        for key, one in plans.reselling.resellers.items()
    }
    return replace(plans.reselling, resellers=resellers)


PLANS = Field(
    name="plans",
    kind=Table(says="what resellers sell", fields=(RESELLERS, HOUSE_ACCOUNTS), build=_plans),
    says="Resellers and the plans that they sell to their clients.",
    example="{resellers: {norte: {users: [rita@reseller.example]}}}",
    default="{}",
)
