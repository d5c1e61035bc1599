"""The options of the tests that admins write into their YAML."""

from dataclasses import replace

from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName
from bridge.domain.policy import ClientCondition
from bridge.domain.reasons import ReasonCode
from bridge.policy import words
from bridge.policy.kinds import Many, Named
from bridge.policy.routing_tests import Expect, Given, RoutingTest
from bridge.policy.table import Field, Table, Values

CLIENT = Field(
    name="client",
    kind=words.one_of(ClientCondition),
    says="Whether the CRM knows the client; `known` when an owner is given.",
    example="known",
    optional=True,
)
OWNER = Field(
    name="owner",
    kind=words.EMAIL,
    says="Who owns his contact.",
    example="ana@acme.example",
    optional=True,
)
DEAL_OWNER = Field(
    name="deal_owner",
    kind=words.EMAIL,
    says="Who owns his open deal.",
    example="bruno@acme.example",
    optional=True,
)
LEAD_OWNER = Field(
    name="lead_owner",
    kind=words.EMAIL,
    says="Who owns his open lead.",
    example="bruno@acme.example",
    optional=True,
)
COUNTRY = Field(
    name="country",
    kind=words.COUNTRY,
    says="The country of his phone number; without it he has none.",
    example="MX",
    optional=True,
)
CHANNEL = Field(
    name="channel",
    kind=words.NAME,
    says="The channel that he writes on. When not given, the first by name of the messenger, "
    "WhatsApp before others.",
    example="wa-sales",
    optional=True,
)
MESSENGER = Field(
    name="messenger",
    kind=words.one_of(Messenger),
    says="The messenger that he writes with; his channel's when not given.",
    example="telegram",
    optional=True,
)
INACTIVE = Field(
    name="inactive",
    kind=Many(of=words.EMAIL, or_one=True),
    says="Employees who have left.",
    example="[ana@acme.example]",
    default="[]",
)
AWAY = Field(
    name="away",
    kind=Many(of=words.EMAIL, or_one=True),
    says="Employees who are away. In a test nobody else is, whatever roles.yaml says of today.",
    example="[ana@acme.example]",
    default="[]",
)
TURN = Field(
    name="turn",
    kind=Named(key=words.NAME, of=words.EMAIL),
    says="Who had the last turn, by pool; `new_clients` is the turn of the general distribution.",
    example="{north: ana@acme.example}",
    default="{}",
)
OWNERS = (OWNER, DEAL_OWNER, LEAD_OWNER)


def _given(values: Values, place: str) -> Given:
    owned = any(values.maybe(owner) for owner in OWNERS)
    implied = ClientCondition.KNOWN if owned else ClientCondition.NEW
    channel = values.maybe(CHANNEL)
    return Given(
        client=values.maybe(CLIENT) or implied,
        owner=values.maybe(OWNER),
        deal_owner=values.maybe(DEAL_OWNER),
        lead_owner=values.maybe(LEAD_OWNER),
        country=values.maybe(COUNTRY),
        channel=None if channel is None else ChannelName(channel),
        messenger=values.maybe(MESSENGER),
        inactive=frozenset(values.of(INACTIVE)),
        away=frozenset(values.of(AWAY)),
        turn=values.of(TURN),
    )


def _given_complaint(values: Values) -> str:
    owned = any(values.maybe(owner) for owner in OWNERS)
    is_new = values.maybe(CLIENT) is ClientCondition.NEW
    return "a new client has no owner" if owned and is_new else ""


GIVEN = Field(
    name="given",
    kind=Table(
        says="what is given",
        fields=(
            CLIENT,
            OWNER,
            DEAL_OWNER,
            LEAD_OWNER,
            COUNTRY,
            CHANNEL,
            MESSENGER,
            INACTIVE,
            AWAY,
            TURN,
        ),
        build=_given,
        complain=_given_complaint,
    ),
    says="The client who writes, and what the CRM knows of him.",
    example="{client: new, country: MX, channel: wa-sales}",
)

TARGET = Field(
    name="target",
    kind=words.RECEIVER,
    says="Who gets the client, or `nobody`.",
    example="ana@acme.example",
    optional=True,
)
REASON = Field(
    name="reason",
    # Editors and documents are not told all codes: a rule that gains one changes no schema.
    kind=replace(
        words.one_of(ReasonCode),
        words="a reason code",
        json={"type": "string", "pattern": r"^[a-z_]+(\.[a-z_]+)?$"},
    ),
    says="The reason code of the target, such as `owner`, `rule`, `distribution.in_turn`, "
    "`default`, `fallback` or `nobody`.",
    example="owner",
    optional=True,
)
RULE = Field(
    name="rule",
    kind=words.NAME,
    says="The id of the rule that decides.",
    example="mx",
    optional=True,
)


def _expect(values: Values, place: str) -> Expect:
    return Expect(
        target=values.maybe(TARGET),
        nobody="target" in values.found and values.maybe(TARGET) is None,
        reason=values.maybe(REASON),
        rule=values.maybe(RULE),
    )


EXPECT = Field(
    name="expect",
    kind=Table(
        says="what is expected",
        fields=(TARGET, REASON, RULE),
        build=_expect,
        complain=lambda values: "" if values.found else "expects nothing, so it can't fail",
        also={"minProperties": 1},
    ),
    says="What must come of it.",
    example="{target: ana@acme.example, reason: owner}",
)
NAME = Field(
    name="name",
    kind=words.TEXT,
    says="What the test shows.",
    example="owner wins",
)


def _test(values: Values, place: str) -> RoutingTest:
    return RoutingTest(
        name=values.of(NAME), given=values.of(GIVEN), expect=values.of(EXPECT), place=place
    )


TESTS = Field(
    name="tests",
    kind=Many(of=Table(says="a test", fields=(NAME, GIVEN, EXPECT), build=_test), distinct=False),
    says="Tests of this configuration, run by `bridge test` and `bridge check`.",
    example="[{name: owner wins, given: {owner: ana@acme.example}, expect: {reason: owner}}]",
    default="[]",
)
