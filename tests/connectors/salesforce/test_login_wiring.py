"""The whole bridge's parts hand the store's tokens to the account: what one process signs in for,
the next one uses."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from bridge.domain.errors import CredentialsInvalid
from bridge.domain.names import AccountName
from bridge.settings import Settings
from bridge.store.engine import reading
from bridge.store.schema import TOKENS
from bridge.wiring import built, prepare
from connectors.salesforce.sandbox_org import ORGANIZATION
from tests.connectors.salesforce.building import ANA, NAME, SECRETS
from tests.connectors.salesforce.conftest import SalesforceSandbox

ACCOUNT = AccountName(NAME)
CONFIG = """
crm: salesforce-main
accounts:
  salesforce-main:
    connector: salesforce
    secrets: {client_id: SF_ID, client_secret: SF_SECRET, path_secret: SF_PATH}
    options: {organization_id: 00D5g000000N001EAC}
employees:
  ana@acme.example: {role: manager}
new_clients: {create: lead}
"""


@pytest.fixture
def environ(salesforce: SalesforceSandbox, database_url: str, tmp_path: Path) -> Mapping[str, str]:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "all.yaml").write_text(CONFIG)
    return {
        "BRIDGE_CONFIG": str(tmp_path / "config"),
        "BRIDGE_STATE": str(tmp_path),
        "BRIDGE_DATABASE_URL": database_url,
        "BRIDGE_SECRET_KEY": "k" * 32,
        "BRIDGE_BASE_URL_SALESFORCE_MAIN": salesforce.url,
        "SF_ID": SECRETS["client_id"],
        "SF_SECRET": SECRETS["client_secret"],
        "SF_PATH": SECRETS["path_secret"],
    }


def owners(environ: Mapping[str, str]) -> list[str]:
    """As a process of its own reads them."""
    with built(Settings.of(environ), environ) as parts:
        return [one.crm_id for one in parts.vendors.reader(ACCOUNT).employees()]


def test_processes_one_after_another_sign_in_once(
    salesforce: SalesforceSandbox, environ: Mapping[str, str]
) -> None:
    settings = Settings.of(environ)
    prepare(settings, environ)
    for _ in range(3):
        assert ANA in owners(environ)
    assert salesforce.state()["logins"]["done"] == 1
    with built(settings, environ) as parts, reading(parts.engine) as db:
        row = db.execute(select(TOKENS)).one()
    assert row.account == NAME
    assert ORGANIZATION[:15].encode() not in row.sealed, "every token begins with it"


def test_without_a_secret_key_nobody_signs_in(
    salesforce: SalesforceSandbox, environ: Mapping[str, str]
) -> None:
    without = {**environ, "BRIDGE_SECRET_KEY": ""}
    prepare(Settings.of(without), without)
    with pytest.raises(CredentialsInvalid, match="BRIDGE_SECRET_KEY"):
        owners(without)
    assert salesforce.state()["logins"] == {"done": 0, "refused": 0, "tokens": 0}
