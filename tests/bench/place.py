"""Where a benchmark runs: a configuration, a fresh store, processes of its own that end with it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

CONFIG = Path(__file__).parents[2] / "config"
SECRETS = {
    "HUBSPOT_TOKEN": "bench-token-of-hubspot",
    "HUBSPOT_CLIENT_SECRET": "bench-secret-of-hubspot",
    "WAZZUP_API_KEY": "bench-key-of-wazzup",
    "WAZZUP_WEBHOOK_KEY": "bench-hook-of-wazzup",
}


def environ_of(folder: Path, database_url: str | None = None, **more: str) -> dict[str, str]:
    """The environment of every process of one run."""
    return {
        **os.environ,
        **SECRETS,
        "BRIDGE_CONFIG": str(CONFIG),
        "BRIDGE_STATE": str(folder),
        "BRIDGE_DATABASE_URL": database_url or f"sqlite:///{folder}/bridge.sqlite",
        "BRIDGE_SECRET_KEY": "bench" * 8,
        "BRIDGE_PUBLIC_URL": "https://bridge.example",
        **more,
    }


@contextmanager
def process(environ: Mapping[str, str], *arguments: str) -> Iterator[str]:
    """A Python process of ours; gives the first line that it prints, and ends it at the end."""
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(
        command,
        env=dict(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        try:
            assert child.stdout is not None
            said = child.stdout.readline()
            if not said:
                raise SystemExit(f"{' '.join(arguments)} did not start")
            yield said
        finally:
            child.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answering(url: str) -> str:
    """The address, once somebody listens there."""
    parts = urlsplit(url)
    for _ in range(100):
        try:
            socket.create_connection((parts.hostname or "", parts.port or 0), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return url
    raise SystemExit(f"nobody listens on {url}")
