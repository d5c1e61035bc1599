"""The options of `renewals.schedule`: when notices are due."""

from bridge.domain.renewing_policy import RenewalSchedule
from bridge.policy import words
from bridge.policy.kinds import Many
from bridge.policy.table import Field, Table, Values

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
