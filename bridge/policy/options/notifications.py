"""The options of routing.yaml about who is told, and how: in the bridge, by mail, by a webhook."""

from bridge.domain.names import AccountName
from bridge.domain.policy import Digest, DigestEvery, Notifications
from bridge.policy import words
from bridge.policy.table import Field, Table, Values

MANAGERS_HEAR_ALL_CHATS = Field(
    name="managers_hear_all_chats",
    kind=words.FLAG,
    says="Whether managers are notified in chats that others are responsible for.",
    example="true",
    default="false",
)
EMAIL = Field(
    name="email",
    kind=words.NAME,
    says="The account that tells employees by e-mail too: that a client waits or is theirs now.",
    example="mail-main",
    optional=True,
)
WEBHOOK = Field(
    name="webhook",
    kind=words.NAME,
    says="The account of the connector webhook that each notification is posted to, as the order "
    "`notification.post`: who was told, why, and a link, without a word of the client.",
    example="pager",
    optional=True,
)
EVERY = Field(
    name="every",
    kind=words.one_of(DigestEvery),
    says="How often a digest is made.",
    example="1h",
    default="1d",
)
AT = Field(
    name="at",
    kind=words.CLOCK_TIME,
    says="When, by the house's `time_zone`; of an hourly digest the minutes count.",
    example='"07:30"',
    default='"08:00"',
)


def _digest(values: Values, place: str) -> Digest:
    return Digest(every=values.of(EVERY), at=values.of(AT))


DIGEST = Field(
    name="digest",
    kind=Table(says="when digests are made", fields=(EVERY, AT), build=_digest),
    says="Mails that say how many clients wait, with links, to those with "
    "`notify: {mail: digest}`. Needs `notifications.email`.",
    example='{every: 1d, at: "08:00"}',
    optional=True,
)


def _notifications(values: Values, place: str) -> Notifications:
    email, webhook = values.maybe(EMAIL), values.maybe(WEBHOOK)
    return Notifications(
        managers_hear_all_chats=values.of(MANAGERS_HEAR_ALL_CHATS),
        email=None if email is None else AccountName(email),
        webhook=None if webhook is None else AccountName(webhook),
        digest=values.maybe(DIGEST),
    )


NOTIFICATIONS = Field(
    name="notifications",
    kind=Table(
        says="who is told, and how",
        fields=(MANAGERS_HEAR_ALL_CHATS, EMAIL, WEBHOOK, DIGEST),
        build=_notifications,
    ),
    says="Who is told about messages, and how.",
    example="{managers_hear_all_chats: true}",
    default="{}",
)
