"""The web process."""

import os
import sys

import click

from bridge.cli.answers import Command, answer
from bridge.cli.processes import LOOPBACK, PORT, free_port, start
from bridge.serving import serve_web
from bridge.settings import DEFAULT_PORT, environment

THREADS = 32


@click.command(cls=Command)
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=PORT, default=DEFAULT_PORT, show_default=True, help="Port to listen on."
)
@click.option("--threads", default=THREADS, show_default=True, help="Requests at a time.")
def web(host: str, port: int, threads: int) -> None:
    """Serve webhooks, pages and the API."""
    settings = start("web")
    settings.required_secret_key()
    port = free_port(host, port)
    serve_web(
        settings,
        environment(),
        host=host,
        port=port,
        threads=threads,
        ready=lambda: answer({"host": host, "port": port}, f"Listening on http://{host}:{port}"),
    )
    leave()


def leave() -> None:
    """Ends at once: the server's threads may still call into an interpreter that is ending."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
