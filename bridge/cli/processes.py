"""What processes begin with, and what brings the store up to date."""

import os
import signal
import socket
import threading
from pathlib import Path

import click

from bridge import logs
from bridge.cli.answers import Command, Failed, answer
from bridge.cli.house import store_answers
from bridge.settings import Settings, environment
from bridge.wiring import check_schema, prepare

LOOPBACK = "127.0.0.1"
PORT = click.IntRange(0, 65535)


@click.command(cls=Command)
def migrate() -> None:
    """Bring the store's schema up to date, and take in the configuration folder."""
    settings = Settings.of(environment())
    with store_answers():
        loaded = prepare(settings, environment())
    answer({"config": loaded.hash}, f"The store is up to date; configuration {loaded.hash[:12]}.")


def free_port(host: str, port: int) -> int:
    """The port, or any free one for 0; Failed when somebody has it already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Failed(
                f"port {port} on {host} can't be used ({error.strerror})",
                "stop what listens there, or choose another with --port",
            ) from error
        return int(probe.getsockname()[1])


def write_own(path: Path, text: str) -> None:
    """Makes a file that only its owner reads; FileExistsError when it is there already."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def start(kind: str) -> Settings:
    """Log and settings of one process; the store must have this version's schema."""
    settings = Settings.of(environment())
    logs.set_up(kind, for_people=settings.log_for_people, level=settings.log_level)
    with store_answers():
        check_schema(settings)
    return settings


def stop_signal() -> threading.Event:
    """Set when the process is told to end."""
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda signum, frame: stopping.set())
    return stopping
