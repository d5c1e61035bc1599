"""The options of renewals.yaml: who owns renewal notices, when they are due, how they are sent."""

from bridge.domain.crm_renewals import RenewalRole, RenewalSource, RoleAt
from bridge.domain.names import AccountName, ChannelName, PartnerName, ResellerName
from bridge.domain.records import CrmKind
from bridge.domain.renewing import RenewalOwner, RenewalState
from bridge.domain.renewing_policy import (
    FIELDS,
    SUBJECT,
    TEXT,
    ChatSending,
    CrmRenewals,
    RenewalDefault,
    Renewals,
    RenewalSchedule,
    RenewalSending,
    SendBy,
    WrittenTo,
)
from bridge.policy import words
from bridge.policy.kinds import Many, Named
from bridge.policy.table import Field, Table, Values

_FIELDS = ", ".join(f"{{{name}}}" for name in FIELDS)

PARTNER_OF = Field(
    name="partner_of",
    kind=words.TEXT,
    says="The vendor whose partner this house is, as people call it. Without it the house has no "
    "renewal settings of its own, only its partner accounts and resellers have.",
    example="HubSpot",
    optional=True,
)
OWNER = Field(
    name="owner",
    kind=words.one_of(RenewalOwner),
    says="Who owns the renewal process: the `vendor` writes to the clients himself, or the "
    "`partner` alone is told and acts.",
    example="partner",
    default="vendor",
)
NOTIFY = Field(
    name="notify",
    kind=words.EMAIL,
    says="The point of contact, a user of the partner: the receiver where the partner owns the "
    "process, in copy where the vendor does.",
    example="ana@acme.example",
    optional=True,
)


def _default(values: Values, place: str) -> RenewalDefault:
    return RenewalDefault(owner=values.of(OWNER), notify=values.maybe(NOTIFY))


DEFAULT_OWNER = Table(says="a default renewal owner", fields=(OWNER, NOTIFY), build=_default)
DEFAULT = Field(
    name="default",
    kind=DEFAULT_OWNER,
    says="For all clients for whom nothing else is set.",
    example="{owner: partner, notify: ana@acme.example}",
    default="{}",
)
PARTNERS = Field(
    name="partners",
    kind=Named(key=words.NAME, of=DEFAULT_OWNER),
    says="Defaults of partner accounts, by their keys in partners.yaml, in place of `default`.",
    example="{north: {owner: partner, notify: petra@north.example}}",
    default="{}",
)
RESELLERS = Field(
    name="resellers",
    kind=Named(key=words.NAME, of=DEFAULT_OWNER),
    says="Defaults of resellers, by their keys in plans.yaml, in place of `default`.",
    example="{norte: {owner: partner, notify: rita@norte.example}}",
    default="{}",
)

LOOK_AHEAD = Field(
    name="look_ahead",
    kind=words.days(1, 730),
    says="How far ahead of a renewal it counts as coming.",
    example="90d",
    default="120d",
)
REMINDERS = Field(
    name="reminders",
    kind=Many(of=words.days(0, 730), or_one=True, at_least=1),
    says="When notices are due, counted back from the deadline.",
    example="[60d, 30d, 7d]",
    default="[45d, 14d, 3d]",
)
DEADLINE = Field(
    name="deadline",
    kind=words.days(0, 365),
    says="How long before the renewal nothing can be changed any more; `0d`: up to its very day.",
    example="45d",
    default="0d",
)
SAFETY_NOTICE = Field(
    name="safety_notice",
    kind=words.days(0, 365),
    says="How long before the deadline managers are told of a partner who owns the process and has "
    "not reacted; `0d`: never.",
    example="10d",
    default="7d",
)
AT = Field(
    name="at",
    kind=words.CLOCK_TIME,
    says="The time of day, where the client is, or by the house's `time_zone`.",
    example='"08:30"',
    default='"09:00"',
)


def _schedule(values: Values, place: str) -> RenewalSchedule:
    return RenewalSchedule(
        look_ahead=values.of(LOOK_AHEAD),
        reminders=tuple(sorted(values.of(REMINDERS), reverse=True)),
        deadline=values.of(DEADLINE),
        safety=values.of(SAFETY_NOTICE),
        at=values.of(AT),
    )


SCHEDULE = Field(
    name="schedule",
    kind=Table(
        says="when notices are due",
        fields=(LOOK_AHEAD, REMINDERS, DEADLINE, SAFETY_NOTICE, AT),
        build=_schedule,
    ),
    says="When renewal notices are due.",
    example="{reminders: [30d, 7d]}",
    default="{}",
)
COPY_ON_DEFAULT = Field(
    name="copy_partner_on_default",
    kind=words.FLAG,
    says="Whether the point of contact is in copy of the vendor's notices, where the default says "
    "that the vendor sends them.",
    example="false",
    default="true",
)
COPY_ON_OVERRIDE = Field(
    name="copy_partner_on_override",
    kind=words.FLAG,
    says="The same where it is set for one client that the vendor sends them.",
    example="true",
    default="false",
)

BY = Field(
    name="by",
    kind=words.one_of(SendBy),
    says="As a mail, a task in the CRM for him, or a template on a messenger. Who can't be reached "
    "so gets a mail.",
    example="crm_task",
    default="email",
)
SUBJECT_LINE = Field(
    name="subject",
    kind=words.TEXT,
    says=f"The subject, with these fields: {_FIELDS}.",
    example='"{client}: renewal in {days_left} days"',
    default=f'"{SUBJECT}"',
)
BODY = Field(
    name="text",
    kind=words.LONG_TEXT,
    says="The text, with the same fields.",
    example='"Please call {client} by {deadline}: {link}"',
    default='"' + TEXT.replace("\n", "\\n") + '"',
)
CHANNEL = Field(
    name="channel",
    kind=words.NAME,
    says="Of `chat`: the channel that it leaves from.",
    example="wa-sales",
    optional=True,
)
TEMPLATE = Field(
    name="template",
    kind=words.TEXT,
    says="Of `chat`: the name of the messenger's template.",
    example="renewal_due",
    optional=True,
)
LANGUAGE = Field(
    name="language",
    kind=words.TEXT,
    says="Of `chat`: the template's language, where it has several.",
    example="es",
    optional=True,
)
VALUES = Field(
    name="values",
    kind=Many(of=words.choice("a field of notices", FIELDS), distinct=False),
    says="Of `chat`: the fields that fill the template's places, in order.",
    example="[client, renewal_date]",
    default="[]",
)
PHONES = Field(
    name="phones",
    kind=Named(key=words.EMAIL, of=words.PHONE),
    says="Of `chat`: the numbers of those who are to be notified, with `+` and the country's code.",
    example='{ana@acme.example: "+34600111222"}',
    default="{}",
)
IN_NAME_OF = Field(
    name="employee",
    kind=words.EMAIL,
    says="Of `chat`: the employee in whose name it leaves.",
    example="luis@acme.example",
    optional=True,
)


def _sending(values: Values, place: str) -> RenewalSending:
    by, channel, template, employee = (
        values.of(BY),
        values.maybe(CHANNEL),
        values.maybe(TEMPLATE),
        values.maybe(IN_NAME_OF),
    )
    chat = None
    if by is SendBy.CHAT and channel and template and employee:
        chat = ChatSending(
            channel=ChannelName(channel),
            template=template,
            employee=employee,
            language=values.maybe(LANGUAGE) or "",
            values=values.of(VALUES),
            phones={str(who): number for who, number in values.of(PHONES).items()},
        )
    return RenewalSending(by=by, subject=values.of(SUBJECT_LINE), text=values.of(BODY), chat=chat)


def _chat_lacks(values: Values) -> str:
    if values.of(BY) is not SendBy.CHAT:
        return ""
    lacks = [x.name for x in (CHANNEL, TEMPLATE, IN_NAME_OF) if not values.maybe(x)]
    return f"by: chat needs {', '.join(lacks)} as well" if lacks else ""


SEND = Field(
    name="send",
    kind=Table(
        says="how a notice leaves",
        fields=(
            BY,
            SUBJECT_LINE,
            BODY,
            CHANNEL,
            TEMPLATE,
            LANGUAGE,
            VALUES,
            PHONES,
            IN_NAME_OF,
        ),
        build=_sending,
        complain=_chat_lacks,
        also={
            "if": {"properties": {"by": {"const": "chat"}}, "required": ["by"]},
            "then": {"required": ["channel", "template", "employee"]},
        },
    ),
    says="How the bridge tells the point of contact, where the partner owns the process.",
    example="{by: crm_task}",
    default="{}",
)
WRITTEN_OWNER = Field(
    name="owner",
    kind=words.PROPERTY,
    says="The CRM's property for `vendor` or `partner`.",
    example="renewal_owner",
    optional=True,
)
WRITTEN_CONTACT = Field(
    name="contact",
    kind=words.PROPERTY,
    says="The CRM's property for the point of contact's address.",
    example="renewal_contact",
    optional=True,
)


def _written(values: Values, place: str) -> WrittenTo:
    return WrittenTo(
        owner=values.maybe(WRITTEN_OWNER) or "", contact=values.maybe(WRITTEN_CONTACT) or ""
    )


WRITTEN_TO = Field(
    name="written_to",
    kind=Table(says="properties", fields=(WRITTEN_OWNER, WRITTEN_CONTACT), build=_written),
    says="Where the CRM shows who owns the process, on the records that `sources` read. What is "
    "set in the bridge counts, whatever stands there.",
    example="{owner: renewal_owner}",
    default="{}",
)

SOURCE_ACCOUNT = Field(
    name="account",
    kind=words.NAME,
    says="The account of the CRM.",
    example="hubspot-main",
)
KIND = Field(
    name="kind",
    kind=words.one_of(CrmKind),
    says="The records that have the dates.",
    example="company",
)
DATE = Field(
    name="date",
    kind=words.PROPERTY,
    says="The property with the date of the renewal, where it is not the one that the CRM has for "
    "it.",
    example="renewal_date",
    optional=True,
)
STATE = Field(
    name="state",
    kind=words.PROPERTY,
    says="The property that says how far the renewal is.",
    example="renewal_status",
    optional=True,
)
STATES = Field(
    name="states",
    kind=Named(key=words.TEXT, of=words.one_of(RenewalState)),
    says="What the words of that property mean; any other means `pending`.",
    example="{won: renewed, churned: cancelled}",
    default="{}",
)
PARTNER = Field(
    name="partner",
    kind=words.PROPERTY,
    says="The property that names the partner account by its CRM id; without it the renewals are "
    "the house's own.",
    example="partner_account",
    optional=True,
)
CONTRACT = Field(
    name="contract",
    kind=words.PROPERTY,
    says="The property that says what is renewed.",
    example="contract_type",
    optional=True,
)


def _place(role: RenewalRole, whom: str) -> Field[str]:
    return Field(
        name=role.value,
        kind=words.TEXT,
        says=f"Where the client's {whom} stands: a property with an address or a contact, or "
        "`role:` and the role or the label that the contact has there.",
        example="role:Billing contact" if role is RenewalRole.BILLING else f"{role.value}_contact",
        optional=True,
    )


PLACES = {
    RenewalRole.PRIMARY: _place(RenewalRole.PRIMARY, "primary contact"),
    RenewalRole.BILLING: _place(RenewalRole.BILLING, "billing contact"),
    RenewalRole.DECISION_MAKER: _place(RenewalRole.DECISION_MAKER, "decision maker"),
}


def _source(values: Values, place: str) -> CrmRenewals:
    people = ((role, values.maybe(field)) for role, field in PLACES.items())
    contract = values.maybe(CONTRACT)
    return CrmRenewals(
        account=AccountName(values.of(SOURCE_ACCOUNT)),
        source=RenewalSource(
            kind=values.of(KIND),
            date=values.maybe(DATE) or "",
            state=values.maybe(STATE) or "",
            partner=values.maybe(PARTNER) or "",
            people=tuple(RoleAt(role=role, place=where) for role, where in people if where),
            more=(contract,) if contract else (),
        ),
        states=dict(values.of(STATES)),
    )


SOURCES = Field(
    name="sources",
    kind=Many(
        of=Table(
            says="renewals in a CRM",
            fields=(
                SOURCE_ACCOUNT,
                KIND,
                DATE,
                STATE,
                STATES,
                PARTNER,
                CONTRACT,
                *PLACES.values(),
            ),
            build=_source,
        ),
        once=lambda source: (source.account, source.source.kind),
    ),
    says="Where renewals stand beside the plans of plans.yaml, which are read by themselves.",
    example="[{account: hubspot-main, kind: company, date: renewal_date}]",
    default="[]",
)


def _renewals(values: Values, place: str) -> Renewals:
    return Renewals(
        partner_of=values.maybe(PARTNER_OF) or "",
        default=values.of(DEFAULT),
        partners={PartnerName(key): own for key, own in values.of(PARTNERS).items()},
        resellers={ResellerName(key): own for key, own in values.of(RESELLERS).items()},
        schedule=values.of(SCHEDULE),
        copy_partner_on_default=values.of(COPY_ON_DEFAULT),
        copy_partner_on_override=values.of(COPY_ON_OVERRIDE),
        send=values.of(SEND),
        written_to=values.of(WRITTEN_TO),
        sources=values.of(SOURCES),
    )


RENEWALS = Field(
    name="renewals",
    kind=Table(
        says="renewals of clients",
        fields=(
            PARTNER_OF,
            DEFAULT,
            PARTNERS,
            RESELLERS,
            SCHEDULE,
            COPY_ON_DEFAULT,
            COPY_ON_OVERRIDE,
            SEND,
            WRITTEN_TO,
            SOURCES,
        ),
        build=_renewals,
    ),
    says="Who sends renewal notices to the clients of partners, and when. Needs a partner: this "
    "house itself, a partner account, or a reseller.",
    example="{partner_of: HubSpot, default: {owner: vendor}}",
    optional=True,
)
