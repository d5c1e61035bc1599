"""The options of renewals that stand in a CRM: where they are read, who is told of their owner."""

from bridge.domain.crm_renewals import RenewalRole, RenewalSource, RoleAt
from bridge.domain.names import AccountName
from bridge.domain.records import CrmKind
from bridge.domain.renewing import RenewalState
from bridge.domain.renewing_policy import CrmRenewals, WrittenTo
from bridge.policy import words
from bridge.policy.kinds import Many, Named
from bridge.policy.table import Field, Table, Values

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
