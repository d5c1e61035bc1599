"""`bridge sandbox ACCOUNT`: a stand-in for an account's vendor on loopback, to try things out."""

import click

from bridge.cli.answers import Command, answer
from bridge.cli.processes import LOOPBACK, PORT, free_port, stop_signal
from bridge.domain.names import AccountName
from bridge.settings import Settings, environment, variable_part
from bridge.standing_in import serve_sandbox


@click.command(cls=Command)
@click.argument("account")
@click.option("--port", type=PORT, default=0, help="Port to listen on; any free one by default.")
def sandbox(account: str, port: int) -> None:
    """Stand in for the vendor of ACCOUNT, an account of accounts.yaml.

    Set BRIDGE_BASE_URL_<ACCOUNT> to the address it prints, and the bridge talks to it. It keeps
    everything in memory.
    """
    name = AccountName(account)
    port = free_port(LOOPBACK, port)
    stopping = stop_signal()
    url = f"http://{LOOPBACK}:{port}"
    answer(
        {"account": account, "url": url},
        f"Sandbox of {account} on {url}\n"
        f"Start the bridge with BRIDGE_BASE_URL_{variable_part(account)}={url}",
    )
    serve_sandbox(Settings.of(environment()), environment(), name, port, stopping)
