"""What a logout token has to say to be the provider's word that a session is over (OpenID Connect
Back-Channel Logout 1.0, 2.4 and 2.6)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bridge.domain.signing_in import (
    OpenIdClient,
    ProviderLogout,
    SignInFailed,
    Trouble,
    moment_of,
    provider_digest,
)

MOST_CHARACTERS = 16 * 1024
MOST_AGE = timedelta(minutes=10)
SKEW = timedelta(seconds=120)
_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_TYPES = ("logout+jwt", "application/logout+jwt", "jwt")


def logout_of(
    claims: Mapping[str, Any], header: Mapping[str, Any], client: OpenIdClient, now: datetime
) -> ProviderLogout:
    """Of a token whose signature holds; SignInFailed for one that says something else."""
    issuer = client.policy.issuer
    _require(str(header.get("typ", "jwt")).lower() in _TYPES, "typ")
    _require(claims.get("iss") == issuer, "iss")
    _require(client.policy.client_id in _audience(claims.get("aud")), "aud")
    # What signs somebody in has one; a token of another purpose must not be taken for this.
    _require("nonce" not in claims, "nonce")
    events = claims.get("events")
    _require(isinstance(events, dict) and isinstance(events.get(_EVENT), dict), "events")
    token, subject, session = (
        provider_digest(issuer, name, claims) for name in ("jti", "sub", "sid")
    )
    _require(token != "", "jti")
    _require(subject != "" or session != "", "sub")
    said_at = _moment(claims, "iat")
    _require(now - MOST_AGE - SKEW <= said_at <= now + SKEW, "iat")
    _require("exp" not in claims or now - SKEW < _moment(claims, "exp"), "exp")
    return ProviderLogout(token=token, subject=subject, session=session, said_at=said_at)


def _audience(given: object) -> tuple[object, ...]:
    return tuple(given) if isinstance(given, list) else (given,)


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    try:
        return moment_of(claims.get(name))
    except ValueError:
        raise _untrusted(name) from None


def _require(holds: bool, name: str) -> None:
    if not holds:
        raise _untrusted(name)


def _untrusted(name: str) -> SignInFailed:
    return SignInFailed(Trouble.UNTRUSTED, f"logout_token: {name}")
