"""The options of partners.yaml about the mail that tells a partner's user of his lead."""

from bridge.domain.lead_mail import FIELDS
from bridge.domain.partner_policy import SUBJECT, TEXT, BulkMail, LeadMail
from bridge.policy import words
from bridge.policy.table import Field, Table, Values

NOTIFY = Field(
    name="notify",
    kind=words.FLAG,
    says="Whether a partner's user is told by mail of a lead that he gets, where whoever assigns "
    "it does not say otherwise. Needs `notifications.email`.",
    example="true",
    default="false",
)
_TAKES = ", ".join(f"`{{{name}}}`" for name in FIELDS)
MAIL_SUBJECT = Field(
    name="subject",
    kind=words.TEXT,
    says=f"The subject of the mail. Takes {_TAKES}, and `{{property.‹name›}}` of the lead.",
    example='"New lead: {company}"',
    default=f'"{SUBJECT}"',
)
MAIL_TEXT = Field(
    name="text",
    kind=words.LONG_TEXT,
    says="The text of the mail; takes the same.",
    example='"{name} of {company} asks for {product}. Accept until {accept_until}: {link}"',
    default='"{}"'.format(TEXT.replace("\n", "\\n")),
)
BULK = Field(
    name="bulk",
    kind=words.one_of(BulkMail),
    says="When many leads are assigned at once: a mail for each lead, or one for each owner.",
    example="per_owner",
    default="per_lead",
)


def _mail(values: Values, place: str) -> LeadMail:
    return LeadMail(
        notify=values.of(NOTIFY),
        subject=values.of(MAIL_SUBJECT),
        text=values.of(MAIL_TEXT),
        bulk=values.of(BULK),
    )


EMAIL = Field(
    name="email",
    kind=Table(
        says="mails to partners' users",
        fields=(NOTIFY, MAIL_SUBJECT, MAIL_TEXT, BULK),
        build=_mail,
    ),
    says="The mail that tells of a lead.",
    example="{notify: true}",
    default="{}",
)
