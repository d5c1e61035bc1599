"""The options of partners.yaml: partners, their users and queues, and who gets which leads."""

from collections.abc import Mapping
from dataclasses import replace

from bridge.domain.names import CrmId, PartnerName, QueueName
from bridge.domain.partner_policy import (
    LeadRule,
    LeadTarget,
    LeadWhen,
    NewLeads,
    OnReturn,
    PartnerAccountPolicy,
    PartnersPolicy,
    PartnerUserPolicy,
    QueuePolicy,
)
from bridge.domain.principals import tenant_of_partner
from bridge.policy import words
from bridge.policy.kinds import Many, Named
from bridge.policy.options.partner_mail import EMAIL
from bridge.policy.table import Field, Table, Values

CRM_ID = Field(
    name="crm_id",
    kind=words.TEXT,
    says="The CRM's id of the partner's company. Its owner there is the channel manager.",
    example="0015g00000Pq1rsAAB",
)
LABEL = Field(
    name="label",
    kind=words.TEXT,
    says="What people read. The key when not given.",
    example="North Consulting",
    optional=True,
)


def _account(values: Values, place: str) -> PartnerAccountPolicy:
    return PartnerAccountPolicy(crm_id=CrmId(values.of(CRM_ID)), label=values.maybe(LABEL) or "")


ACCOUNTS = Field(
    name="accounts",
    kind=Named(key=words.NAME, of=Table(says="a partner", fields=(CRM_ID, LABEL), build=_account)),
    says="The partners, by a name of your own.",
    example="{north: {crm_id: 0015g00000Pq1rsAAB, label: North Consulting}}",
    default="{}",
)

ACCOUNT = Field(
    name="account",
    kind=words.NAME,
    says="The partner that he works for, by its name here.",
    example="north",
)
CRM_USER = Field(
    name="crm_user",
    kind=words.TEXT,
    says="The CRM's id of his user, which leads of his name as owner. Found by his address when "
    "not given.",
    example="0055g00000AbCdEAAV",
    optional=True,
)
CRM_CONTACT = Field(
    name="crm_contact",
    kind=words.TEXT,
    says="The CRM's id of the contact that he is. Found by his address when not given.",
    example="0035g00000XyZaBAAV",
    optional=True,
)


def _user(values: Values, place: str) -> PartnerUserPolicy:
    user, contact = values.maybe(CRM_USER), values.maybe(CRM_CONTACT)
    return PartnerUserPolicy(
        account=PartnerName(values.of(ACCOUNT)),
        crm_user=None if user is None else CrmId(user),
        crm_contact=None if contact is None else CrmId(contact),
    )


USERS = Field(
    name="users",
    kind=Named(
        key=words.EMAIL,
        of=Table(says="a partner's user", fields=(ACCOUNT, CRM_USER, CRM_CONTACT), build=_user),
    ),
    says="The people of partners who sign in here and get leads, by the e-mail address that the "
    "CRM knows.",
    example="{petra@north.example: {account: north}}",
    default="{}",
)

MEMBERS = Field(
    name="members",
    kind=Many(of=words.EMAIL),
    says="The partners' users who may take leads from it.",
    example="[petra@north.example, sonia@south.example]",
)
CRM_QUEUE = Field(
    name="crm_queue",
    kind=words.TEXT,
    says="The CRM's id of the queue, which its leads name as owner. Without it the queue is the "
    "bridge's alone, and the owner in the CRM stays until somebody takes the lead.",
    example="00G5g000004XyZaEAK",
    optional=True,
)


def _queue(values: Values, place: str) -> QueuePolicy:
    queue = values.maybe(CRM_QUEUE)
    return QueuePolicy(
        label=values.maybe(LABEL) or "",
        members=values.of(MEMBERS),
        crm_queue=None if queue is None else CrmId(queue),
    )


QUEUES = Field(
    name="queues",
    kind=Named(
        key=words.NAME,
        of=Table(says="a queue", fields=(LABEL, MEMBERS, CRM_QUEUE), build=_queue),
    ),
    says="Where leads wait until one of the members takes them, by a name of your own.",
    example="{latam: {label: Latin America, members: [petra@north.example]}}",
    default="{}",
)


def _words(name: str, says: str, example: str) -> Field[tuple[str, ...]]:
    return Field(
        name=name,
        kind=Many(of=words.TEXT, or_one=True, at_least=1),
        says=says,
        example=example,
        optional=True,
    )


COUNTRY = _words(
    "country", "The lead's country, in the CRM's words: a name or two letters.", "[Mexico, MX]"
)
SOURCE = _words("source", "Where the lead came from, in the CRM's words.", "[Web, Trade Show]")
STATE = _words("state", "The lead's state or province, in the CRM's words.", "Jalisco")
RATING = _words("rating", "How promising it is, in the CRM's words.", "Hot")
PRODUCT = _words("product", "What it asks for, in the CRM's words.", "[CRM, ERP]")
INDUSTRY = _words("industry", "The lead's industry, in the CRM's words.", "Banking")
PROPERTY = Field(
    name="property",
    kind=Named(key=words.TEXT, of=Many(of=words.TEXT, or_one=True, at_least=1)),
    says="Properties of your own, by their names in the CRM.",
    example="{Partner_Tier__c: [Gold, Silver]}",
    optional=True,
)


def _when(values: Values, place: str) -> LeadWhen:
    def found(field: Field[tuple[str, ...]]) -> frozenset[str]:
        return frozenset(values.maybe(field) or ())

    own = values.maybe(PROPERTY) or {}
    return LeadWhen(
        countries=found(COUNTRY),
        sources=found(SOURCE),
        states=found(STATE),
        ratings=found(RATING),
        products=found(PRODUCT),
        industries=found(INDUSTRY),
        properties={name: frozenset(wanted) for name, wanted in own.items()},
    )


WHEN = Field(
    name="when",
    kind=Table(
        says="conditions",
        fields=(COUNTRY, SOURCE, STATE, RATING, PRODUCT, INDUSTRY, PROPERTY),
        build=_when,
    ),
    says="The conditions, all of which must hold; without any the rule always matches. The case "
    "of letters does not count.",
    example="{country: MX, rating: Hot}",
    default="{}",
)

TO_USER = Field(
    name="user",
    kind=words.EMAIL,
    says="The partner's user who gets the lead.",
    example="petra@north.example",
    optional=True,
)
TO_QUEUE = Field(
    name="queue",
    kind=words.NAME,
    says="The queue that the lead waits in.",
    example="latam",
    optional=True,
)
ROUND_ROBIN = Field(
    name="round_robin",
    kind=Many(of=words.EMAIL_OR_NAME, at_least=1),
    says="Queues and users who get leads in turn, evenly.",
    example="[latam, iberia, petra@north.example]",
    optional=True,
)


def _target(values: Values, place: str) -> LeadTarget:
    queue = values.maybe(TO_QUEUE)
    return LeadTarget(
        user=values.maybe(TO_USER),
        queue=None if queue is None else QueueName(queue),
        round_robin=values.maybe(ROUND_ROBIN) or (),
    )


def _target_complaint(values: Values) -> str:
    fields: tuple[Field[object], ...] = (TO_USER, TO_QUEUE, ROUND_ROBIN)
    given = [field.name for field in fields if values.maybe(field) is not None]
    return "" if len(given) == 1 else "names not exactly one of user, queue, round_robin"


TARGET = Table(
    says="a target: a user, a queue, or some in turn",
    fields=(TO_USER, TO_QUEUE, ROUND_ROBIN),
    build=_target,
    complain=_target_complaint,
    also={"oneOf": [{"required": [name]} for name in ("user", "queue", "round_robin")]},
)

RULE_ID = Field(
    name="id",
    kind=words.NAME,
    says="The rule's name in every explanation. Keep it.",
    example="mx",
)
TO = Field(
    name="to",
    kind=Many(of=TARGET, or_one=True, at_least=1),
    says="Where the lead goes: the first of these who may get it.",
    example="[{queue: latam}, {user: petra@north.example}]",
)


def _rule(values: Values, place: str) -> LeadRule:
    name = values.of(RULE_ID)
    return LeadRule(
        id=name,
        label=values.maybe(LABEL) or name,
        when=values.of(WHEN),
        to=values.of(TO),
    )


RULES = Field(
    name="rules",
    kind=Many(
        of=Table(says="a rule", fields=(RULE_ID, LABEL, WHEN, TO), build=_rule), distinct=False
    ),
    says="Who gets which leads. The first rule that matches decides.",
    example="[{id: mx, label: Mexico, when: {country: MX}, to: {queue: latam}}]",
    default="[]",
)
DEFAULT_OWNER = Field(
    name="default_owner",
    kind=words.EMAIL,
    says="The employee who gets a lead for which no rule finds anybody.",
    example="marta@acme.example",
    optional=True,
)
ASSIGN = Field(
    name="assign",
    kind=words.one_of(NewLeads),
    says="What happens to leads that come into the CRM: the `rules` give them out, or `none` do "
    "and they stay with their owner.",
    example="none",
    default="rules",
)
ACCEPT_WITHIN = Field(
    name="accept_within",
    kind=words.DURATION_OR_NONE,
    says="How long a partner's user has to accept a lead before it goes on; `none`: for ever.",
    example="3d",
    default="none",
)
ON_RETURN = Field(
    name="on_return",
    kind=words.one_of(OnReturn),
    says="Where a lead goes that was declined, or not accepted in time: to the `next` whom the "
    "rules find, back to the `queue` that it was taken from (else to the next), or to the "
    "`default` owner.",
    example="queue",
    default="next",
)
OWNER_PROPERTY = Field(
    name="owner_property",
    kind=words.TEXT,
    says="A property of leads in the CRM that takes the address of the partner's user, for CRMs "
    "where he can't be the owner.",
    example="partner_user",
    optional=True,
)


def _partners(values: Values, place: str) -> PartnersPolicy:
    accounts = {PartnerName(name): one for name, one in values.of(ACCOUNTS).items()}
    queues = {QueueName(name): one for name, one in values.of(QUEUES).items()}
    return PartnersPolicy(
        accounts={x: replace(one, label=one.label or x) for x, one in accounts.items()},
        users=values.of(USERS),
        queues={x: replace(one, label=one.label or x) for x, one in queues.items()},
        rules=values.of(RULES),
        default_owner=values.maybe(DEFAULT_OWNER),
        assign=values.of(ASSIGN),
        accept_within=values.of(ACCEPT_WITHIN),
        on_return=values.of(ON_RETURN),
        owner_property=values.maybe(OWNER_PROPERTY) or "",
        email=values.of(EMAIL),
    )


PARTNERS = Field(
    name="partners",
    kind=Table(
        says="the partner programme",
        fields=(
            ACCOUNTS,
            USERS,
            QUEUES,
            RULES,
            DEFAULT_OWNER,
            ASSIGN,
            ACCEPT_WITHIN,
            ON_RETURN,
            OWNER_PROPERTY,
            EMAIL,
        ),
        build=_partners,
    ),
    says="Partners who work on leads: their accounts, users and queues, and who gets which lead. "
    "Counts once the programme is switched on.",
    example="{accounts: {north: {crm_id: 0015g00000Pq1rsAAB}}}",
    default="{}",
)


def users_by_tenant(partners: PartnersPolicy) -> Mapping[str, tuple[str, ...]]:
    """As `Policy.users` has them."""
    found: dict[str, tuple[str, ...]] = {}
    for name in partners.accounts:
        mine = tuple(email for email, user in partners.users.items() if user.account == name)
        found[tenant_of_partner(name)] = mine
    return found
