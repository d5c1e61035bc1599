"""The options of `renewals.send`: how a notice reaches the point of contact."""

from bridge.domain.names import ChannelName
from bridge.domain.renewing_policy import (
    FIELDS,
    SUBJECT,
    TEXT,
    ChatSending,
    RenewalSending,
    SendBy,
)
from bridge.policy import words
from bridge.policy.kinds import Many, Named
from bridge.policy.table import Field, Table, Values

_FIELDS = ", ".join(f"{{{name}}}" for name in FIELDS)

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
