"""The options of roles.yaml: who may see and write what (ROL, CHN)."""

from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.people import Employee, Role
from bridge.policy import words
from bridge.policy.kinds import Many, Named
from bridge.policy.table import Field, Table, Values

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
    )


EMPLOYEE = Table(
    says="an employee",
    fields=(ROLE, GETS_NEW_CLIENTS, EMPLOYEE_CHANNELS, PRIORITY_CHANNEL),
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
