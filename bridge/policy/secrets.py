"""Secrets: YAML names environment variables, here they get their values. Empty closes the door."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from bridge.domain.names import AccountName
from bridge.domain.policy import AccountPolicy, Policy
from bridge.policy.checks.checked import Checked
from bridge.policy.codes import Code
from bridge.policy.findings import ConfigInvalid, Finding
from bridge.policy.paths import under
from bridge.ports import Account

_NOWHERE: Mapping[str, str] = MappingProxyType({})


def secrets_of(
    policy: Policy, environ: Mapping[str, str], places: Mapping[str, str] = _NOWHERE
) -> Mapping[AccountName, Account]:
    """Every account with the values of its secrets, white space around them removed.

    Raises ConfigInvalid, which names account and variable, when one is not set or empty.
    """
    if missing := secret_findings(policy, environ, places):
        raise ConfigInvalid(missing)
    return {name: _account(name, entry, environ) for name, entry in policy.accounts.items()}


def secret_findings(
    policy: Policy, environ: Mapping[str, str], places: Mapping[str, str] = _NOWHERE
) -> tuple[Finding, ...]:
    """One error for each variable that is named and not set, or empty."""
    checked = Checked(policy=policy, places=places)
    of_accounts = (
        _not_set(checked, account, secret, variable)
        for account, secret, variable in _variables(policy)
        if not environ.get(variable, "").strip()
    )
    oidc = policy.signin.oidc
    of_provider = (
        _provider_not_set(checked, variable)
        for variable in (() if oidc is None else oidc.client_secret)
        if not environ.get(variable, "").strip()
    )
    return (*of_accounts, *of_provider)


def provider_secret(policy: Policy, environ: Mapping[str, str]) -> str:
    """What this bridge proves itself with at the provider of sign-ins; empty for a public client,
    and where none is set up. `secrets_of` has looked before whether it is there."""
    oidc = policy.signin.oidc
    names = () if oidc is None else oidc.client_secret[:1]
    return "".join(environ[name].strip() for name in names)


def _variables(policy: Policy) -> Iterator[tuple[AccountName, str, str]]:
    for name, account in policy.accounts.items():
        for secret, variables in account.secrets.items():
            for variable in variables:
                yield name, secret, variable


def _not_set(checked: Checked, account: AccountName, secret: str, variable: str) -> Finding:
    path = under(under(under("accounts", account), "secrets"), secret)
    said = f"account {account}: the environment variable {variable} is not set, or empty"
    hint = f"set {variable} before starting"
    return checked.error(Code.SECRET_NOT_SET, path, said, hint)


def _provider_not_set(checked: Checked, variable: str) -> Finding:
    said = f"signing in: the environment variable {variable} is not set, or empty"
    hint = f"set {variable} before starting"
    return checked.error(Code.SECRET_NOT_SET, "signin.oidc.client_secret", said, hint)


def _account(name: AccountName, entry: AccountPolicy, environ: Mapping[str, str]) -> Account:
    return Account(
        name=name,
        connector=entry.connector,
        base_url=entry.base_url,
        secrets={
            secret: tuple(environ[variable].strip() for variable in variables)
            for secret, variables in entry.secrets.items()
        },
        options=entry.options,
    )
