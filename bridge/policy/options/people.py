"""The options of roles.yaml: who may see and write what (ROL, CHN)."""

from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.people import Away, Employee, MailWish, MissedTurns, Role
from bridge.policy import words
from bridge.policy.kinds import Many, Named
from bridge.policy.table import Field, Table, Values

TIME_ZONE = Field(
    name="time_zone",
    kind=words.TIME_ZONE,
    says="The house's time zone: which moments the days of this configuration begin and end at.",
    example="Europe/Madrid",
    default="UTC",
)
ROLE = Field(
    name="role",
    kind=words.one_of(Role),
    says="`salesperson` sees and answers his own clients, `manager` sees and answers all, "
    "`quality_control` sees all and writes nothing, `none` sees nothing.",
    example="salesperson",
)
GETS_NEW_CLIENTS = Field(
    name="gets_new_clients",
    kind=words.FLAG,
    says="Whether new clients are given to him.",
    example="true",
    default="false",
)
EMPLOYEE_CHANNELS = Field(
    name="channels",
    kind=Many(of=words.NAME),
    says="The channels that he works on; all of them when not given, none when `[]`.",
    example="[wa-sales, wa-north]",
    optional=True,
)
PRIORITY_CHANNEL = Field(
    name="priority_channel",
    kind=Named(key=words.one_of(Messenger), of=words.NAME),
    says="The channel that his first message to a client leaves from, by messenger. Counts where "
    "he has several channels of that messenger; a reply stays in its chat's channel.",
    example="{whatsapp: wa-sales}",
    default="{}",
)


UNTIL = Field(
    name="until",
    kind=words.moment(end=True),
    says="The last day of it, which counts whole, or the time when it ends.",
    example="2026-12-24",
)
FROM = Field(
    name="from",
    kind=words.moment(end=False),
    says="Its first day, or the time when it begins; at once when not given.",
    example="2026-12-14",
    optional=True,
)
MISSED_TURNS = Field(
    name="turns",
    kind=words.one_of(MissedTurns),
    says="What becomes of the turns that he misses: `skip` lets them go, `owe` gives them back "
    "to him afterwards, at most one more for each that he has, up to `new_clients.owe_limit`.",
    example="owe",
    default="skip",
)


def _away(values: Values, place: str) -> Away:
    return Away(until=values.of(UNTIL), since=values.maybe(FROM), turns=values.of(MISSED_TURNS))


AWAY = Field(
    name="away",
    kind=Table(says="an absence", fields=(UNTIL, FROM, MISSED_TURNS), build=_away),
    says="While he is away he is given no clients by rules, pools or distribution. His own "
    "clients stay his, and he is told of them as ever.",
    example="{from: 2026-12-14, until: 2026-12-24, turns: owe}",
    optional=True,
)
MAIL = Field(
    name="mail",
    kind=words.one_of(MailWish),
    says="The mails that he gets where `notifications.email` names an account: `each` "
    "notification, a `digest`, or `none`. What concerns the house, such as a channel that stopped "
    "working, comes at once also beside a digest.",
    example="digest",
    default="each",
)
NOTIFY = Field(
    name="notify",
    kind=Table(says="how he is told", fields=(MAIL,), build=lambda values, _: values.of(MAIL)),
    says="How he is told beside the notifications in the bridge.",
    example="{mail: digest}",
    default="{}",
)


def _employee(values: Values, place: str) -> Employee:
    """Without his id, which is the entry's key."""
    channels = values.maybe(EMPLOYEE_CHANNELS)
    priority = values.of(PRIORITY_CHANNEL)
    return Employee(
        id=EmployeeId(""),
        role=values.of(ROLE),
        gets_new_clients=values.of(GETS_NEW_CLIENTS),
        channels=None if channels is None else frozenset(ChannelName(c) for c in channels),
        priority_channel={messenger: ChannelName(name) for messenger, name in priority.items()},
        away=values.maybe(AWAY),
        mail=values.of(NOTIFY),
    )


EMPLOYEE = Table(
    says="an employee",
    fields=(ROLE, GETS_NEW_CLIENTS, EMPLOYEE_CHANNELS, PRIORITY_CHANNEL, AWAY, NOTIFY),
    build=_employee,
)

EMPLOYEES = Field(
    name="employees",
    kind=Named(key=words.EMAIL, of=EMPLOYEE),
    says="Who works here, by the e-mail address that the CRM knows. Who is not listed sees "
    "nothing.",
    example="{ana@acme.example: {role: salesperson, gets_new_clients: true}}",
    default="{}",
)
