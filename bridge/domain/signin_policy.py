"""What the admin decided about signing in, sessions, and chats within the pages of a CRM."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdPolicy:
    """`client_secret` names environment variables; empty: a public client, by PKCE alone.

    `trust_email` of True: an address counts though the provider does not say that it is verified.
    """

    issuer: str
    client_id: str
    client_secret: tuple[str, ...] = ()
    label: str = ""
    allowed_domains: frozenset[str] = frozenset()
    email_claim: str = "email"
    trust_email: bool = False
    scopes: tuple[str, ...] = ("openid", "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session holds: `idle` without a request, `longest` in any case."""

    idle: timedelta = timedelta(hours=4)
    longest: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPolicy:
    oidc: OpenIdPolicy | None = None
    sessions: SessionLimits = SessionLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingPolicy:
    """The origins whose pages may show a chat in a frame; none: nobody's."""

    allowed_origins: tuple[str, ...] = ()
    session: timedelta = timedelta(hours=8)
