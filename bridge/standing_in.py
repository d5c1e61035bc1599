"""Serves a vendor's stand-in, with its account's own secrets."""

import threading
from collections.abc import Mapping

from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName
from bridge.policy.secrets import secrets_of
from bridge.settings import Settings
from bridge.wiring import read_folder
from connectors import installed
from connectors.sandboxing import make_sandbox_server


def serve_sandbox(
    settings: Settings,
    environ: Mapping[str, str],
    account: AccountName,
    port: int,
    stopping: threading.Event,
) -> None:
    """A stand-in on loopback for this account's vendor, which takes the account's own secrets."""
    found = secrets_of(read_folder(settings).policy, environ).get(account)
    if found is None:
        raise ConfigError(f"accounts.yaml: there is no account {account}")
    secrets = {name: values[0] for name, values in found.secrets.items()}
    server = make_sandbox_server(installed()[found.connector].sandbox(secrets), port)
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    stopping.wait()
    server.shutdown()
    server.server_close()
