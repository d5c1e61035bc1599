"""How people sign in: by their company's provider or a link; and who an address is here."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from bridge.domain.names import EmployeeId
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.signin_policy import OpenIdPolicy

_ADDRESS_CHARACTERS = 320


class Trouble(StrEnum):
    """Why somebody could not be signed in; each has a page of its own words."""

    OFF = "off"  # no provider is set up
    AWAY = "away"  # it does not answer, or not as it should
    BUSY = "busy"  # too many are signing in at this moment
    DENIED = "denied"  # it says no, or the person did
    STALE = "stale"  # begun elsewhere, long ago, or twice
    UNTRUSTED = "untrusted"  # what came is not proven to come from it
    NO_ADDRESS = "no_address"  # it names no e-mail address
    UNVERIFIED = "unverified"  # it does not vouch for the address
    OTHER_DOMAIN = "other_domain"
    NO_ACCOUNT = "no_account"  # nobody here has this address


class SignInFailed(Exception):
    """`detail` is for the log of the house: no token, no address of a person."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(f"{trouble}: {detail}" if detail else str(trouble))
        self.trouble = trouble
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What a sign-in that was begun has to come back with; made anew for each."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What the provider said of somebody, once proven to be its words for us."""

    claims: Mapping[str, object] = field(repr=False)
    id_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLogin:
    """A session at the provider, as what it said of somebody names it: digests, of which `session`
    is empty where it names none."""

    subject: str
    session: str
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLogout:
    """The provider's word that sessions are over: one, or, without `session`, all of `subject`.
    `token` is the digest by which this word is known again."""

    token: str
    subject: str
    session: str
    said_at: datetime


def login_of(claims: Mapping[str, object], issuer: str) -> ProviderLogin:
    """Of claims that are proven; `iat` is among them."""
    return ProviderLogin(
        subject=provider_digest(issuer, "sub", claims),
        session=provider_digest(issuer, "sid", claims),
        said_at=moment_of(claims["iat"]),
    )


def provider_digest(issuer: str, name: str, claims: Mapping[str, object]) -> str:
    """What is kept of a name that the provider gives; empty where it gives none."""
    found = claims.get(name)
    if not isinstance(found, str) or not found:
        return ""
    text = "\x00".join((issuer, name, found))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def moment_of(seconds: object) -> datetime:
    """ValueError for what is no time."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("not a time")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("not a time") from error


def address_of(claims: Mapping[str, object], policy: OpenIdPolicy) -> str:
    """The e-mail address that these claims stand for, in lower case; SignInFailed without one that
    counts."""
    address = claims.get(policy.email_claim)
    if not isinstance(address, str) or not _is_address(address.strip()):
        raise SignInFailed(Trouble.NO_ADDRESS, f"no address in the claim {policy.email_claim}")
    if not policy.trust_email and claims.get("email_verified") not in (True, "true"):
        raise SignInFailed(Trouble.UNVERIFIED, "email_verified is not true")
    address = address.strip().lower()
    domain = address.rpartition("@")[2]
    if policy.allowed_domains and domain not in policy.allowed_domains:
        raise SignInFailed(Trouble.OTHER_DOMAIN, "not in allowed_domains")
    return address


def _is_address(text: str) -> bool:
    """Plain enough that no two spellings of it can be taken for each other."""
    name, _, domain = text.partition("@")
    plain = text.isascii() and text.isprintable() and " " not in text
    return (
        plain and len(text) <= _ADDRESS_CHARACTERS and bool(name and domain) and "@" not in domain
    )


def people_of(policy: Policy, address: str) -> tuple[Person, ...]:
    """As whom the owner of an address may sign in: an employee of the configuration, a user of a
    partner, of a reseller; several where he is several."""
    found = []
    if EmployeeId(address) in policy.employees:
        found.append(policy.person(PersonKind.EMPLOYEE, address))
    for kind in (PersonKind.PARTNER_USER, PersonKind.RESELLER_USER):
        found.append(policy.person(kind, address))
    return tuple(person for person in found if person is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdClient:
    """What this house is at its provider; `redirect` is where the provider sends people back to."""

    policy: OpenIdPolicy
    redirect: str
    secret: str = field(default="", repr=False)


class Provider(Protocol):
    """The provider of sign-ins. Every method raises SignInFailed, and is over within seconds."""

    def address(self, client: OpenIdClient, begun: Begun) -> str:
        """Where the browser is sent to."""

    def proven(
        self, client: OpenIdClient, begun: Begun, answer: Mapping[str, str], now: datetime
    ) -> Proven:
        """What it says of who came back with this answer (`code`, `state`, `iss`)."""

    def goodbye(self, client: OpenIdClient, back: str) -> str:
        """Where somebody signs out of the provider too; empty where it has no such place."""

    def logged_out(self, client: OpenIdClient, token: str, now: datetime) -> ProviderLogout:
        """What a `logout_token` says, proven to be the provider's word for us, now."""

    def examine(self, client: OpenIdClient) -> str:
        """What it calls itself, asked anew; SignInFailed says what is wrong."""
