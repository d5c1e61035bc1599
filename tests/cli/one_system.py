"""An installation of which one system, by the generic webhook, is CRM and messenger at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.domain.names import AccountName
from connectors.webhook.sandbox import sandbox
from tests.cli.commands import PUBLIC_URL, Installation
from tests.connectors.webhook.building import SECRET
from tests.connectors.webhook.conftest import SEED
from tests.serving import served

ERP = AccountName("erp")
STRANGER = {"channel_id": "line-1", "messenger": "whatsapp", "chat_id": "34600111222"}
KNOWN = STRANGER | {"chat_id": "5215512345678", "phone": "+5215512345678"}
CONFIG = """
crm: erp
accounts:
  erp:
    connector: webhook
    secrets: {signing_secret: ERP_SIGNING_SECRET}
    options: {look_up_after_seconds: "0.1"}
channels:
  line: {account: erp, messenger: whatsapp, id: line-1, label: Line}
employees:
  ana@acme.example: {role: salesperson, gets_new_clients: true}
new_clients: {create: deal, pipeline: p, stage: s, distribution: in_turn}
"""


@contextmanager
def one_system(folder: Path, database_url: str) -> Iterator[Installation]:
    config = folder / "config"
    config.mkdir()
    (config / "all.yaml").write_text(CONFIG)
    with served(sandbox({"signing_secret": SECRET})) as url:
        environ = {
            "BRIDGE_CONFIG": str(config),
            "BRIDGE_STATE": str(folder / "state"),
            "BRIDGE_DATABASE_URL": database_url,
            "BRIDGE_PUBLIC_URL": PUBLIC_URL,
            "BRIDGE_BASE_URL_ERP": url,
            "ERP_SIGNING_SECRET": SECRET,
        }
        made = Installation(config=config, environ=environ, crm_url=url)
        made.tell(url, "seed", SEED)
        made.run("migrate")
        made.run("sync")
        yield made
