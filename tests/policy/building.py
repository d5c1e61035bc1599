"""Connectors without a vendor, and folders written in a line."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from bridge.domain.effects import PostNotification, SendEmail
from bridge.policy.codes import Code
from bridge.policy.findings import ConfigInvalid, Finding
from bridge.policy.reading import Loaded, load
from bridge.ports import (
    Account,
    Connector,
    Inbound,
    Outbound,
    PartnerReader,
    Reader,
    RenewalReader,
    Window,
)

EXAMPLES = Path(__file__).parents[2] / "config"

MINIMAL = """
crm: crm-main
accounts:
  crm-main: {connector: crm, secrets: {token: CRM_TOKEN}}
  chat-main: {connector: chat, secrets: {api_key: CHAT_KEY}}
channels:
  wa: {account: chat-main, messenger: whatsapp, id: id-wa}
  wa-north: {account: chat-main, messenger: whatsapp, id: id-north}
  tg: {account: chat-main, messenger: telegram, id: id-tg}
"""
PEOPLE = """
employees:
  ana@acme.example: {role: salesperson, gets_new_clients: true}
  bruno@acme.example: {role: salesperson, channels: [wa]}
  luis@acme.example: {role: manager}
  qa@acme.example: {role: quality_control}
default: {employee: luis@acme.example}
"""
CLIENTS = """
new_clients: {stage: first}
"""
WHOLE = MINIMAL + PEOPLE + CLIENTS


def _no_inbound(account: Account) -> Inbound:
    raise AssertionError("a policy is read without any vendor")


def _no_outbound(account: Account) -> Outbound:
    raise AssertionError("a policy is read without any vendor")


def _no_reader(account: Account) -> Reader:
    raise AssertionError("a policy is read without any vendor")


def _no_partners(account: Account) -> PartnerReader:
    raise AssertionError("a policy is read without any vendor")


def _no_window(account: Account) -> Window:
    raise AssertionError("a policy is read without any vendor")


def _no_renewals(account: Account) -> RenewalReader:
    raise AssertionError("a policy is read without any vendor")


def _no_sandbox(environ: WSGIEnvironment, start: StartResponse) -> Sequence[bytes]:
    raise AssertionError("a policy is read without any vendor")


def connector(name: str, needs: set[str], *, is_crm: bool = False) -> Connector:
    return Connector(
        name=name,
        label=name.title(),
        needs=frozenset(needs),
        inbound=_no_inbound,
        outbound=_no_outbound,
        reader=_no_reader,
        delivers=frozenset(),
        sandbox=lambda secrets: _no_sandbox,
        is_crm=is_crm,
    )


CONNECTORS: Mapping[str, Connector] = {
    "crm": connector("crm", {"token"}, is_crm=True),
    "chat": replace(connector("chat", {"api_key"}), window=_no_window),
    "mail": replace(
        connector("mail", {"password"}),
        options={"host": "mail.example"},
        delivers=frozenset({SendEmail}),
    ),
    "hook": replace(connector("hook", {"signing_secret"}), delivers=frozenset({PostNotification})),
    "hubspot": replace(
        connector("hubspot", {"access_token", "client_secret"}, is_crm=True),
        renewals=_no_renewals,
    ),
    "wazzup": connector("wazzup", {"api_key", "webhook_key"}),
    "salesforce": replace(
        connector("salesforce", {"client_id", "path_secret"}, is_crm=True),
        partners=_no_partners,
        record_ids="[A-Za-z0-9]{18}",
    ),
    "whatsapp": connector("whatsapp", {"access_token", "app_secret", "verify_token"}),
    "telegram": connector("telegram", {"bot_token", "secret_token"}),
    "twilio": connector("twilio", {"account_sid", "auth_token"}),
}


def written(folder: Path, **files: str) -> Path:
    """The folder with a file `<name>.yaml` for each argument."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
    return folder


def loaded(folder: Path, **files: str) -> Loaded:
    return load(written(folder, **files), CONNECTORS)


def refused(folder: Path, **files: str) -> tuple[Finding, ...]:
    """What is found in a configuration that has errors."""
    with pytest.raises(ConfigInvalid) as caught:
        loaded(folder, **files)
    return caught.value.findings


def only(findings: Sequence[Finding]) -> Finding:
    assert len(findings) == 1, [str(f) for f in findings]
    return findings[0]


def of_code(findings: Sequence[Finding], code: Code) -> Finding:
    return only([f for f in findings if f.code is code])
