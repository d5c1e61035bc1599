"""Joins what serves: the web process, and the vendors' stand-ins.

Apart from the rest of the wiring, because what it imports takes as long as all that workers, the
clock and most commands need.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName
from bridge.pipeline.receive import Receiver
from bridge.policy.secrets import secrets_of
from bridge.queue.standing import queue_state
from bridge.settings import Settings
from bridge.store.engine import open_engine
from bridge.web.app import Web
from bridge.web.metrics import Metrics
from bridge.web.process import Address
from bridge.web.process import run as run_web
from bridge.wiring import bell_of, followed, joined, read_folder
from connectors import installed
from connectors.sandboxing import make_sandbox_server

# Senders wait for five seconds; a locked store must be told to them before that.
WEB_BUSY_SECONDS = 3.0


def serve_web(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    host: str,
    port: int,
    threads: int,
    ready: Callable[[], None],
) -> None:
    """Serves until SIGTERM or SIGINT; what waits then is still committed and answered."""
    address = Address(host=host, port=port, threads=threads)
    with web_of(settings, environ) as web:
        run_web(web, settings, address, ready=ready)


@contextmanager
def web_of(settings: Settings, environ: Mapping[str, str]) -> Iterator[Web]:
    """What the web process serves with."""
    metrics = Metrics()
    engine = open_engine(settings.database_url, busy_seconds=WEB_BUSY_SECONDS)
    active = followed(settings, environ, engine)
    parts = joined(settings, environ, engine, active, bell_of(settings, metrics.ring_failed))
    intake = open_engine(
        settings.database_url, pool_size=1, busy_seconds=WEB_BUSY_SECONDS, only_when_free=True
    )
    receiver = Receiver(intake, parts.bell, observe_batch=metrics.committed)
    web = Web(
        parts=parts,
        receiver=receiver,
        metrics=metrics,
        queue_state=lambda: queue_state(settings.redis_url),
    )
    try:
        with active.by_thread():
            yield web
    finally:
        receiver.close()
        intake.dispose()
        engine.dispose()


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
