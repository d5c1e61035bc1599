"""Accounts, channels and the CRM."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from bridge.domain.names import AccountName
from bridge.domain.policy import AccountPolicy, Creation, NewClients, OnClosedDeal, Policy
from bridge.policy.checks.checked import Check, Checked
from bridge.policy.codes import Code
from bridge.policy.findings import Finding, did_you_mean
from bridge.policy.paths import under


def connectors_exist(checked: Checked) -> Iterator[Finding]:
    for name, account in checked.policy.accounts.items():
        if account.connector not in checked.connectors:
            known = ", ".join(sorted(checked.connectors))
            hint = did_you_mean(account.connector, checked.connectors) or f"installed: {known}"
            path = under(under("accounts", name), "connector")
            said = f"{account.connector} is not an installed connector"
            yield checked.error(Code.UNKNOWN_CONNECTOR, path, said, hint)


def secrets_are_named(checked: Checked) -> Iterator[Finding]:
    for name, account in checked.policy.accounts.items():
        connector = checked.connectors.get(account.connector)
        for needed in sorted(connector.needs if connector else ()):
            if needed not in account.secrets:
                yield _missing_secret(checked, name, account, needed)
        either = connector.needs_one_of if connector else frozenset()
        if either and not either & set(account.secrets):
            yield _missing_secret(checked, name, account, min(either), " or ".join(sorted(either)))


def options_are_given(checked: Checked) -> Iterator[Finding]:
    """Those that a connector can't do without."""
    for name, account in checked.policy.accounts.items():
        connector = checked.connectors.get(account.connector)
        for option, example in (connector.options if connector else {}).items():
            if option not in account.options:
                said = f"{account.connector} needs the option {option}"
                path = under(under("accounts", name), "options")
                hint = f"such as options: {{{option}: {example}}}"
                yield checked.error(Code.MISSING_OPTION, path, said, hint)


def _missing_secret(
    checked: Checked, name: AccountName, account: AccountPolicy, needed: str, either: str = ""
) -> Finding:
    unneeded = set(account.secrets) - checked.connectors[account.connector].needs
    variable = f"{account.connector}_{needed}".upper()
    hint = f"add {needed}: and the name of an environment variable, such as {variable}"
    if close := did_you_mean(needed, unneeded):
        hint = f"{close.split()[-1].rstrip('?')} should read {needed}"
    said = f"{account.connector} needs the secret {either or needed}"
    path = under(under("accounts", name), "secrets")
    return checked.error(Code.MISSING_SECRET, path, said, hint)


def addresses_are_safe(checked: Checked) -> Iterator[Finding]:
    for name, account in checked.policy.accounts.items():
        url = urlsplit(account.base_url or "https://vendor.example")
        if url.scheme == "http" and not _is_loopback(url.hostname or ""):
            path = under(under("accounts", name), "base_url")
            said = "sends secrets unencrypted to another machine"
            yield checked.warning(Code.INSECURE_URL, path, said, "use https")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def crm_is_one(checked: Checked) -> Iterator[Finding]:
    crm = checked.policy.crm
    if crm is None:
        return
    account = checked.policy.accounts.get(crm)
    if account is None:
        hint = did_you_mean(crm, checked.policy.accounts) or "add it under accounts"
        yield checked.error(Code.UNKNOWN_ACCOUNT, "crm", f"{crm} is not an account", hint)
        return
    connector = checked.connectors.get(account.connector)
    if connector is not None and not connector.is_crm:
        crms = ", ".join(sorted(c.name for c in checked.connectors.values() if c.is_crm))
        said = f"{crm} is an account of {connector.label}, which is not a CRM"
        yield checked.error(Code.NOT_A_CRM, "crm", said, f"CRMs are: {crms}")


def crm_comes_first(checked: Checked) -> Iterator[Finding]:
    """Roles and distribution make sense once a CRM is connected (ROL-01)."""
    if checked.policy.crm is None and checked.policy.employees:
        said = "roles and distribution have no effect without a CRM: connect a CRM first"
        yield checked.warning(Code.CRM_MISSING, "employees", said, "set crm in accounts.yaml")


def deals_have_a_stage(checked: Checked) -> Iterator[Finding]:
    policy = checked.policy
    hint = "add stage: and the stage's id in the CRM, or create: lead"
    if _makes_deals(policy, policy.new_clients) and not policy.new_clients.stage:
        said = "deals can't be created without a stage"
        yield checked.error(Code.STAGE_MISSING, "new_clients", said, hint)
        return
    for name, channel in policy.channels.items():
        settings = policy.new_clients_on(name)
        elsewhere = channel.pipeline is not None and channel.stage is None
        if _makes_deals(policy, settings) and (elsewhere or not settings.stage):
            said = "deals of this channel can't be created without a stage of their pipeline"
            yield checked.error(Code.STAGE_MISSING, under("channels", name), said, hint)


def _makes_deals(policy: Policy, settings: NewClients) -> bool:
    """A client whose deals are closed may get a new one where strangers get leads."""
    on_closed = settings.on_closed_deal is OnClosedDeal.NEW_DEAL
    return policy.crm is not None and (settings.create is Creation.DEAL or on_closed)


def channels_have_accounts(checked: Checked) -> Iterator[Finding]:
    for name, channel in checked.policy.channels.items():
        if channel.account not in checked.policy.accounts:
            hint = did_you_mean(channel.account, checked.policy.accounts) or "add it under accounts"
            path = under(under("channels", name), "account")
            said = f"{channel.account} is not an account"
            yield checked.error(Code.UNKNOWN_ACCOUNT, path, said, hint)


def channels_are_distinct(checked: Checked) -> Iterator[Finding]:
    first: dict[tuple[AccountName, str], str] = {}
    for name, channel in checked.policy.channels.items():
        other = first.setdefault((channel.account, channel.id), name)
        if other != name:
            path = under(under("channels", name), "id")
            said = f"{name} and {other} are one channel of {channel.account}"
            yield checked.error(Code.DUPLICATE_CHANNEL, path, said, "remove one of them")


def windows_are_on_or_off(checked: Checked) -> Iterator[Finding]:
    """Option `window`, of messengers that have a window of their own."""
    for name, account in checked.policy.accounts.items():
        connector = checked.connectors.get(account.connector)
        given = account.options.get("window")
        if given is None or connector is None or connector.window is None:
            continue
        if given not in ("on", "off"):
            path = under(under(under("accounts", name), "options"), "window")
            yield checked.error(Code.WRONG_VALUE, path, f"{given} is not one of on, off")


CHECKS: tuple[Check, ...] = (
    windows_are_on_or_off,
    connectors_exist,
    secrets_are_named,
    options_are_given,
    addresses_are_safe,
    crm_is_one,
    crm_comes_first,
    deals_have_a_stage,
    channels_have_accounts,
    channels_are_distinct,
)
