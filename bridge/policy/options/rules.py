"""The options of routing.yaml that send clients to people: rules, pools, default."""

from collections.abc import Mapping

from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.policy import ClientCondition, Distribution, Rule, Target, When
from bridge.domain.rotation import MOST_WEIGHT, Member
from bridge.policy import words
from bridge.policy.kinds import Many, Named, OrWord
from bridge.policy.table import Field, Table, Values

CLIENT = Field(
    name="client",
    kind=words.one_of(ClientCondition),
    says="Whether the CRM knows the client.",
    example="new",
    optional=True,
)
COUNTRY = Field(
    name="country",
    kind=Many(of=words.COUNTRY, or_one=True, at_least=1),
    says="The country of his phone number.",
    example="[MX, GT]",
    default=None,
    optional=True,
)
CHANNEL = Field(
    name="channel",
    kind=Many(of=words.NAME, or_one=True, at_least=1),
    says="The channel that he writes on.",
    example="wa-sales",
    optional=True,
)
MESSENGER = Field(
    name="messenger",
    kind=Many(of=words.one_of(Messenger), or_one=True, at_least=1),
    says="The messenger that he writes with.",
    example="[whatsapp, telegram]",
    optional=True,
)


def _when(values: Values, place: str) -> When:
    return When(
        client=values.maybe(CLIENT),
        countries=frozenset(values.maybe(COUNTRY) or ()),
        channels=frozenset(ChannelName(name) for name in values.maybe(CHANNEL) or ()),
        messengers=frozenset(values.maybe(MESSENGER) or ()),
    )


WHEN = Field(
    name="when",
    kind=Table(says="conditions", fields=(CLIENT, COUNTRY, CHANNEL, MESSENGER), build=_when),
    says="The conditions, all of which must hold; without any the rule always matches.",
    example="{client: new, country: MX}",
    default="{}",
)

TO_EMPLOYEE = Field(
    name="employee",
    kind=words.EMAIL,
    says="The employee who gets the client.",
    example="ana@acme.example",
    optional=True,
)
TO_POOL = Field(
    name="pool",
    kind=words.NAME,
    says="The pool that the client goes to.",
    example="north",
    optional=True,
)
METHOD = Field(
    name="method",
    kind=words.one_of(Distribution),
    says="How one of the pool is found; `in_turn` when not given.",
    example="first_to_answer",
    optional=True,
)


def _target(values: Values, place: str) -> Target:
    return Target(
        employee=values.maybe(TO_EMPLOYEE),
        pool=values.maybe(TO_POOL),
        method=values.maybe(METHOD) or Distribution.IN_TURN,
    )


def _target_complaint(values: Values) -> str:
    employee, pool = values.maybe(TO_EMPLOYEE), values.maybe(TO_POOL)
    if (employee is None) == (pool is None):
        return "names both an employee and a pool" if pool else "names no employee and no pool"
    return "has a method, which only a pool takes" if employee and values.maybe(METHOD) else ""


TARGET = Table(
    says="a target: an employee, or a pool",
    fields=(TO_EMPLOYEE, TO_POOL, METHOD),
    build=_target,
    complain=_target_complaint,
    also={
        "oneOf": [{"required": ["employee"]}, {"required": ["pool"]}],
        "dependencies": {"method": ["pool"]},
    },
)

RULE_ID = Field(
    name="id",
    kind=words.NAME,
    says="The rule's name in every explanation. Keep it.",
    example="mx",
)
RULE_LABEL = Field(
    name="label",
    kind=words.TEXT,
    says="What people read. The id when not given.",
    example="Mexico",
    optional=True,
)
TO = Field(
    name="to",
    kind=Many(of=TARGET, or_one=True, at_least=1),
    says="Where the client goes: the first of these who is active, may write and has the channel.",
    example="[{pool: north, method: in_turn}, {employee: ana@acme.example}]",
)


def _rule(values: Values, place: str) -> Rule:
    return Rule(
        id=values.of(RULE_ID),
        label=values.maybe(RULE_LABEL) or values.of(RULE_ID),
        when=values.of(WHEN),
        to=values.of(TO),
    )


RULES = Field(
    name="rules",
    kind=Many(
        of=Table(says="a rule", fields=(RULE_ID, RULE_LABEL, WHEN, TO), build=_rule),
        distinct=False,
    ),
    says="Who gets which clients. The first rule that matches decides, before "
    "`new_clients.distribution`.",
    example="[{id: mx, label: Mexico, when: {country: MX}, to: [{employee: ana@acme.example}]}]",
    default="[]",
)
MEMBER_EMPLOYEE = Field(
    name="employee",
    kind=words.EMAIL,
    says="The member.",
    example="leo@acme.example",
)
WEIGHT = Field(
    name="weight",
    kind=words.whole_number(1, MOST_WEIGHT),
    says="How many clients he gets for each that a member of weight 1 gets.",
    example="2",
    default="1",
)


def _member(values: Values, place: str) -> Member:
    return Member(employee=values.of(MEMBER_EMPLOYEE), weight=values.of(WEIGHT))


POOLS = Field(
    name="pools",
    kind=Named(
        key=words.NAME,
        of=Many(
            of=OrWord(
                word=words.EMAIL,
                of=Table(says="a member", fields=(MEMBER_EMPLOYEE, WEIGHT), build=_member),
                made=lambda employee: Member(employee=employee),
            ),
            once=lambda member: member.employee,
        ),
    ),
    says="Groups of employees that rules send clients to: an e-mail address each, or with the "
    "weight of his share.",
    example="{north: [ana@acme.example, {employee: leo@acme.example, weight: 2}]}",
    default="{}",
)


def pools_of(pools: Mapping[str, tuple[Member, ...]]) -> dict[str, tuple[EmployeeId, ...]]:
    return {pool: tuple(m.employee for m in members) for pool, members in pools.items()}


def weights_of(pools: Mapping[str, tuple[Member, ...]]) -> dict[str, dict[EmployeeId, int]]:
    """Those other than 1, of the pools that have any."""
    weighed = {
        pool: {m.employee: m.weight for m in members if m.weight != 1}
        for pool, members in pools.items()
    }
    return {pool: weights for pool, weights in weighed.items() if weights}


DEFAULT_EMPLOYEE = Field(
    name="employee",
    kind=words.EMAIL,
    says="The employee who gets the client when nobody else may.",
    example="luis@acme.example",
)
DEFAULT = Field(
    name="default",
    kind=Table(
        says="the last resort",
        fields=(DEFAULT_EMPLOYEE,),
        build=lambda values, place: values.of(DEFAULT_EMPLOYEE),
    ),
    says="Who gets a new client when no rule and no distribution finds anybody.",
    example="{employee: luis@acme.example}",
    optional=True,
)
