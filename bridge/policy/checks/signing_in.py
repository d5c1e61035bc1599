"""Signing in: limits that contradict each other, a provider where anybody could be anybody."""

from collections.abc import Iterator

from bridge.policy.checks.checked import Check, Checked
from bridge.policy.codes import Code
from bridge.policy.findings import Finding

_SHARED = (
    "accounts.google.com",
    "login.microsoftonline.com/common",
    "/organizations",
    "/consumers",
)


def sessions_can_be_idle(checked: Checked) -> Iterator[Finding]:
    limits = checked.policy.signin.sessions
    if limits.idle > limits.longest:
        said = "is longer than a session holds at all, so it limits nothing"
        hint = "give less than longest"
        yield checked.warning(Code.SESSION_LIMITS, "signin.sessions.idle", said, hint)


def addresses_are_vouched_for(checked: Checked) -> Iterator[Finding]:
    """An address that nobody has verified may be anybody's: whoever writes a manager's into his own
    profile at such a provider would be the manager here."""
    oidc = checked.policy.signin.oidc
    if oidc is None or not oidc.trust_email:
        return
    is_shared = any(place in oidc.issuer for place in _SHARED)
    if is_shared or not oidc.allowed_domains:
        said = "takes addresses that nobody has verified, from a provider that others use too"
        said = said if is_shared else "takes addresses of any domain that nobody has verified"
        hint = "leave out trust_email, or name allowed_domains and a provider of your own"
        yield checked.warning(Code.UNVERIFIED_EMAIL, "signin.oidc.trust_email", said, hint)


def issuer_is_one(checked: Checked) -> Iterator[Finding]:
    oidc = checked.policy.signin.oidc
    many = oidc is not None and any(word in oidc.issuer for word in ("{", *_SHARED[1:]))
    if many:
        said = "stands for many companies, so whose word it is can't be checked"
        hint = "name your own directory's issuer, with its id in place of common"
        yield checked.error(Code.SHARED_ISSUER, "signin.oidc.issuer", said, hint)


CHECKS: tuple[Check, ...] = (sessions_can_be_idle, addresses_are_vouched_for, issuer_is_one)
