"""The options of renewals.yaml: who owns renewal notices, for all clients and for a partner's."""

from bridge.domain.names import PartnerName, ResellerName
from bridge.domain.renewing import RenewalOwner
from bridge.domain.renewing_policy import RenewalDefault, Renewals
from bridge.policy import words
from bridge.policy.kinds import Named
from bridge.policy.options.renewal_schedule import SCHEDULE
from bridge.policy.options.renewal_sending import SEND
from bridge.policy.options.renewal_sources import SOURCES, WRITTEN_TO
from bridge.policy.table import Field, Table, Values

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
