"""The options of routing.yaml: new clients, timeline, ownership, rules, pools."""

from bridge.domain.policy import (
    Creation,
    Distribution,
    NewClients,
    OnClosedDeal,
    OnDelete,
    Ownership,
    Timeline,
)
from bridge.domain.records import RecordKind
from bridge.policy import words
from bridge.policy.kinds import Many
from bridge.policy.table import Field, Table, Values

CREATE = Field(
    name="create",
    kind=words.one_of(Creation),
    says="What is created beside the contact of a new client.",
    example="lead",
    default="deal",
)
PIPELINE = Field(
    name="pipeline",
    kind=words.TEXT,
    says="The CRM's id of the pipeline that deals are created in.",
    example="sales",
    default="default",
)
STAGE = Field(
    name="stage",
    kind=words.TEXT,
    says="The CRM's id of the stage that deals are created in. Needed where deals are created.",
    example="appointmentscheduled",
    optional=True,
)
DISTRIBUTION = Field(
    name="distribution",
    kind=words.one_of(Distribution),
    says="`in_turn` gives new clients to one after the other, `first_to_answer` to whoever answers "
    "first, among those with `gets_new_clients`.",
    example="first_to_answer",
    default="in_turn",
)
ON_CLOSED_DEAL = Field(
    name="on_closed_deal",
    kind=words.one_of(OnClosedDeal),
    says="What a known client's message does when all his deals are closed.",
    example="new_deal",
    default="none",
)
OWE_LIMIT = Field(
    name="owe_limit",
    kind=words.whole_number(0, 1000),
    says="How many turns of one pool somebody can be owed who was away with `turns: owe`.",
    example="5",
    default="20",
)


def _new_clients(values: Values, place: str) -> NewClients:
    return NewClients(
        create=values.of(CREATE),
        pipeline=values.of(PIPELINE),
        stage=values.maybe(STAGE) or "",
        distribution=values.of(DISTRIBUTION),
        on_closed_deal=values.of(ON_CLOSED_DEAL),
        owe_limit=values.of(OWE_LIMIT),
    )


NEW_CLIENTS = Field(
    name="new_clients",
    kind=Table(
        says="how new clients are taken in",
        fields=(CREATE, PIPELINE, STAGE, DISTRIBUTION, ON_CLOSED_DEAL, OWE_LIMIT),
        build=_new_clients,
    ),
    says="What happens when somebody writes who is not in the CRM.",
    example="{create: deal, pipeline: default, stage: appointmentscheduled}",
    default="{}",
)

SAVE_MESSAGES = Field(
    name="save_messages",
    kind=words.FLAG,
    says="Whether messages are written to the CRM's timeline.",
    example="false",
    default="true",
)
WRITE_TO = Field(
    name="write_to",
    kind=Many(of=words.one_of(RecordKind)),
    says="The records whose timelines show them.",
    example="[contact, deal]",
    default="[contact, deal, lead]",
)


ON_DELETE = Field(
    name="on_delete",
    kind=words.one_of(OnDelete),
    says="What becomes of a message that was deleted. `keep` marks it and leaves its text. "
    "`redact` takes text and files out of the CRM's entry, and shows them here to managers and "
    "quality control alone.",
    example="redact",
    default="keep",
)


def _timeline(values: Values, place: str) -> Timeline:
    return Timeline(
        save_messages=values.of(SAVE_MESSAGES),
        write_to=frozenset(values.of(WRITE_TO)),
        on_delete=values.of(ON_DELETE),
    )


TIMELINE = Field(
    name="timeline",
    kind=Table(
        says="what the timeline shows", fields=(SAVE_MESSAGES, WRITE_TO, ON_DELETE), build=_timeline
    ),
    says="What is kept in the CRM. Holds for all channels.",
    example="{save_messages: true, write_to: [contact, deal]}",
    default="{}",
)

PRECEDENCE = Field(
    name="precedence",
    kind=Many(of=words.one_of(RecordKind), at_least=1),
    says="Whose owner gets a known client's message: the first of these that has one.",
    example="[contact, deal]",
    default="[deal, contact, lead]",
)
FALLBACK = Field(
    name="fallback",
    kind=words.EMAIL,
    says="Who gets messages of clients whose owner has left.",
    example="luis@acme.example",
    optional=True,
)
MAX_AGE = Field(
    name="max_age",
    kind=words.DURATION,
    says="How old the knowledge of an owner may be. After that the chat is hidden from "
    "salespeople until the CRM has been asked again.",
    example="12h",
    default="24h",
)


def _ownership(values: Values, place: str) -> Ownership:
    return Ownership(
        precedence=values.of(PRECEDENCE),
        fallback=values.maybe(FALLBACK),
        max_age=values.of(MAX_AGE),
    )


OWNERSHIP = Field(
    name="ownership",
    kind=Table(says="who is responsible", fields=(PRECEDENCE, FALLBACK, MAX_AGE), build=_ownership),
    says="Who is responsible for a client that the CRM knows.",
    example="{precedence: [deal, contact, lead], fallback: luis@acme.example, max_age: 24h}",
    default="{}",
)
