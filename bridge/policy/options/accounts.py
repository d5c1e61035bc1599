"""The options of accounts.yaml: the CRM, the vendors' accounts, the channels."""

from bridge.domain.messaging import Messenger
from bridge.domain.names import AccountName
from bridge.domain.policy import AccountPolicy, ChannelPolicy, Creation
from bridge.policy import words
from bridge.policy.kinds import Many, Named
from bridge.policy.table import Field, Table, Values

CONNECTOR = Field(
    name="connector",
    kind=words.SLOT,
    says="Which connector talks to this vendor.",
    example="hubspot",
)
SECRETS = Field(
    name="secrets",
    kind=Named(key=words.SLOT, of=Many(of=words.VARIABLE, or_one=True, at_least=1)),
    says="The names of the environment variables that hold the account's secrets, by the "
    "connector's name for each. A list while a secret is being changed: the new one first, then "
    "those still accepted.",
    example="{access_token: HUBSPOT_TOKEN, client_secret: [HUBSPOT_SECRET, HUBSPOT_SECRET_OLD]}",
    default="{}",
)
BASE_URL = Field(
    name="base_url",
    kind=words.URL,
    says="Another address than the vendor's own, for sandboxes and proxies.",
    example="https://api.hubapi.com",
    optional=True,
)
OPTIONS = Field(
    name="options",
    kind=Named(key=words.SLOT, of=words.LONG_TEXT),
    says="What the connector's README names beyond that.",
    example="{national_phones_region: MX}",
    default="{}",
)
MAX_BODY_BYTES = Field(
    name="max_body_bytes",
    kind=words.whole_number(1024, 64 * 1024 * 1024),
    says="The largest webhook that this account may send, in bytes.",
    example="2097152",
    default="1048576",
)


def _account(values: Values, place: str) -> AccountPolicy:
    return AccountPolicy(
        connector=values.of(CONNECTOR),
        secrets=values.of(SECRETS),
        base_url=values.maybe(BASE_URL),
        options=values.of(OPTIONS),
        max_body_bytes=values.of(MAX_BODY_BYTES),
    )


ACCOUNT = Table(
    says="an account at a vendor",
    fields=(CONNECTOR, SECRETS, BASE_URL, OPTIONS, MAX_BODY_BYTES),
    build=_account,
)

CHANNEL_ACCOUNT = Field(
    name="account",
    kind=words.NAME,
    says="The account that the channel belongs to.",
    example="wazzup-main",
)
MESSENGER = Field(
    name="messenger",
    kind=words.one_of(Messenger),
    says="What clients write with.",
    example="whatsapp",
)
CHANNEL_ID = Field(
    name="id",
    kind=words.TEXT,
    says="The vendor's id of the channel.",
    example="8c1d7a52-0f3e-4f0b-9a51-2f0c2a7f6b11",
)
LABEL = Field(
    name="label",
    kind=words.TEXT,
    says="What people read in feed and CRM. The channel's key when not given.",
    example="Sales",
    optional=True,
)
CHANNEL_CREATE = Field(
    name="create",
    kind=words.one_of(Creation),
    says="What is created for new clients of this channel, where it is not as `new_clients` says.",
    example="lead",
    optional=True,
)
CHANNEL_PIPELINE = Field(
    name="pipeline",
    kind=words.TEXT,
    says="The pipeline of their deals, where it is not that of `new_clients`.",
    example="support",
    optional=True,
)
CHANNEL_STAGE = Field(
    name="stage",
    kind=words.TEXT,
    says="The stage of their deals, where it is not that of `new_clients`. Needed with `pipeline`.",
    example="first-contact",
    optional=True,
)


def _channel(values: Values, place: str) -> ChannelPolicy:
    return ChannelPolicy(
        account=AccountName(values.of(CHANNEL_ACCOUNT)),
        messenger=values.of(MESSENGER),
        id=values.of(CHANNEL_ID),
        label=values.maybe(LABEL) or "",
        create=values.maybe(CHANNEL_CREATE),
        pipeline=values.maybe(CHANNEL_PIPELINE),
        stage=values.maybe(CHANNEL_STAGE),
    )


CHANNEL = Table(
    says="a channel that clients write on",
    fields=(
        CHANNEL_ACCOUNT,
        MESSENGER,
        CHANNEL_ID,
        LABEL,
        CHANNEL_CREATE,
        CHANNEL_PIPELINE,
        CHANNEL_STAGE,
    ),
    build=_channel,
)

CRM = Field(
    name="crm",
    kind=words.NAME,
    says="The account that is the system of record for clients and owners.",
    example="hubspot-main",
    optional=True,
)
ACCOUNTS = Field(
    name="accounts",
    kind=Named(key=words.NAME, of=ACCOUNT),
    says="The accounts at vendors, by a name of your choice; it stands in the webhook's address.",
    example="{hubspot-main: {connector: hubspot}}",
    default="{}",
)
CHANNELS = Field(
    name="channels",
    kind=Named(key=words.NAME, of=CHANNEL),
    says="The channels that clients write on, by a name of your choice.",
    example="{wa-sales: {account: wazzup-main, messenger: whatsapp, id: 8c1d7a52, label: Sales}}",
    default="{}",
)
