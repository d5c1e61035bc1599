"""The options of signing in: the company's provider, how long sessions hold, frames in a CRM."""

import re
from urllib.parse import urlsplit

from bridge.domain.signin_policy import (
    EmbeddingPolicy,
    OpenIdPolicy,
    SessionLimits,
    SignInPolicy,
)
from bridge.policy import words
from bridge.policy.kinds import Complaint, Many, Word
from bridge.policy.table import Field, Table, Values

_DOMAIN = r"^(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$"
_CLAIM = r"^[A-Za-z][A-Za-z0-9_:./-]{0,99}$"
_ORIGIN = r"^https://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?$"
_OWN_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


def _domain(text: str) -> str:
    if not re.fullmatch(_DOMAIN, text):
        raise Complaint("is not the domain of e-mail addresses", "write it as acme.example")
    return text.lower()


def _claim(text: str) -> str:
    if not re.fullmatch(_CLAIM, text):
        raise Complaint("is not the name of a claim", "write it as preferred_username")
    return text


def _origin(text: str) -> str:
    """What stands in `frame-ancestors` as it is written here: so nothing that could end there."""
    if not re.fullmatch(_ORIGIN, text) or ".." in text or text.count(".") < text.count("*") + 1:
        hint = "write it as https://app.hubspot.com or https://*.lightning.force.com"
        raise Complaint("is not the origin of a page", hint)
    return text.lower()


def _issuer(text: str) -> str:
    """Compared letter by letter with what the provider calls itself, so it is kept as written."""
    words.URL.parse(text)
    parts = urlsplit(text)
    if parts.scheme != "https" and (parts.hostname or "") not in _OWN_MACHINE:
        raise Complaint("is not encrypted", "use https")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise Complaint("is not an issuer", "write it as https://login.acme.example")
    return text


DOMAIN = Word(
    words="the domain of e-mail addresses",
    parse=_domain,
    json={"type": "string", "pattern": _DOMAIN},
)
CLAIM = Word(words="the name of a claim", parse=_claim, json={"type": "string", "pattern": _CLAIM})
ORIGIN = Word(
    words="the origin of a page", parse=_origin, json={"type": "string", "pattern": _ORIGIN}
)
ISSUER_URL = Word(
    words="the address of an issuer",
    parse=_issuer,
    json={"type": "string", "pattern": "^https?://"},
)

ISSUER = Field(
    name="issuer",
    kind=ISSUER_URL,
    says="The provider, letter by letter as its discovery document "
    "(`‹issuer›/.well-known/openid-configuration`) names itself.",
    example="https://accounts.google.com",
)
CLIENT_ID = Field(
    name="client_id",
    kind=words.LONG_TEXT,
    says="What the provider knows this bridge as.",
    example="bridge",
)
CLIENT_SECRET = Field(
    name="client_secret",
    kind=Many(of=words.VARIABLE, or_one=True, at_least=1),
    says="The environment variable that holds the client's secret; the first of a list is used. "
    "Leave it out for a public client, which proves itself by PKCE alone.",
    example="OIDC_CLIENT_SECRET",
    optional=True,
)
LABEL = Field(
    name="label",
    kind=words.TEXT,
    says="What the button says: Sign in with ‹label›. The issuer's host when not given.",
    example="Acme",
    optional=True,
)
ALLOWED_DOMAINS = Field(
    name="allowed_domains",
    kind=Many(of=DOMAIN, or_one=True),
    says="Whose addresses alone may come in; any where none is named. Who has no account here does "
    "not come in either way.",
    example="[acme.example]",
    default="[]",
)
EMAIL_CLAIM = Field(
    name="email_claim",
    kind=CLAIM,
    says="Where the provider says the e-mail address.",
    example="preferred_username",
    default="email",
)
TRUST_EMAIL = Field(
    name="trust_email",
    kind=words.FLAG,
    says="Whether an address counts that the provider does not call verified. Only for a provider "
    "where nobody can give himself an address, such as your company's own directory.",
    example="true",
    default="false",
)
SCOPES = Field(
    name="scopes",
    kind=Many(of=words.PROPERTY, at_least=1),
    says="What the provider is asked for. `openid` is always among it.",
    example="[openid, email, profile]",
    default="[openid, email]",
)


def _oidc(values: Values, place: str) -> OpenIdPolicy:
    issuer = values.of(ISSUER)
    return OpenIdPolicy(
        issuer=issuer,
        client_id=values.of(CLIENT_ID),
        client_secret=values.maybe(CLIENT_SECRET) or (),
        label=values.maybe(LABEL) or urlsplit(issuer).hostname or "",
        allowed_domains=frozenset(values.of(ALLOWED_DOMAINS)),
        email_claim=values.of(EMAIL_CLAIM),
        trust_email=values.of(TRUST_EMAIL),
        scopes=tuple(dict.fromkeys(("openid", *values.of(SCOPES)))),
    )


OIDC = Field(
    name="oidc",
    kind=Table(
        says="the provider by which people sign in (OpenID Connect)",
        fields=(
            ISSUER,
            CLIENT_ID,
            CLIENT_SECRET,
            LABEL,
            ALLOWED_DOMAINS,
            EMAIL_CLAIM,
            TRUST_EMAIL,
            SCOPES,
        ),
        build=_oidc,
    ),
    says="Signing in with the company's account. Its redirect address is "
    "`‹public URL›/signin/callback`.",
    example="{issuer: https://accounts.google.com, client_id: bridge}",
    optional=True,
)
IDLE = Field(
    name="idle",
    kind=words.DURATION,
    says="How long a session holds that nobody uses.",
    example="30m",
    default="4h",
)
LONGEST = Field(
    name="longest",
    kind=words.DURATION,
    says="How long a session holds in any case.",
    example="7d",
    default="12h",
)


def _sessions(values: Values, place: str) -> SessionLimits:
    return SessionLimits(idle=values.of(IDLE), longest=values.of(LONGEST))


SESSIONS = Field(
    name="sessions",
    kind=Table(says="how long sessions hold", fields=(IDLE, LONGEST), build=_sessions),
    says="How long somebody stays signed in.",
    example="{idle: 30m, longest: 8h}",
    default="{}",
)


def _signin(values: Values, place: str) -> SignInPolicy:
    return SignInPolicy(oidc=values.maybe(OIDC), sessions=values.of(SESSIONS))


SIGNIN = Field(
    name="signin",
    kind=Table(says="how people sign in", fields=(OIDC, SESSIONS), build=_signin),
    says="How people sign in, and for how long. One-time links (`bridge login`) work in any case.",
    example="{sessions: {idle: 30m}}",
    default="{}",
)
ALLOWED_ORIGINS = Field(
    name="allowed_origins",
    kind=Many(of=ORIGIN, or_one=True),
    says="Whose pages may show one client's chat in a frame; nobody's where none is named. `*.` "
    "stands for any host below.",
    example="[https://app.hubspot.com, https://*.lightning.force.com]",
    default="[]",
)
EMBED_SESSION = Field(
    name="session",
    kind=words.DURATION,
    says="How long a chat in a frame can be used before the CRM's page has to be loaded again.",
    example="1h",
    default="8h",
)


def _embedding(values: Values, place: str) -> EmbeddingPolicy:
    return EmbeddingPolicy(
        allowed_origins=values.of(ALLOWED_ORIGINS), session=values.of(EMBED_SESSION)
    )


EMBEDDING = Field(
    name="embedding",
    kind=Table(
        says="chats within the pages of a CRM",
        fields=(ALLOWED_ORIGINS, EMBED_SESSION),
        build=_embedding,
    ),
    says="One client's chat in a frame within the CRM's page of his record.",
    example="{allowed_origins: [https://app.hubspot.com]}",
    default="{}",
)
