"""Joins the web process. Apart from the rest of the wiring, because what it imports takes nearly as
long as all that workers, the clock and most commands need."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from bridge.pipeline.receive import Receiver
from bridge.queue.standing import queue_state
from bridge.settings import Settings
from bridge.store.engine import open_engine
from bridge.web.app import Web
from bridge.web.metrics import Metrics
from bridge.web.process import Address
from bridge.web.process import run as run_web
from bridge.wiring import bell_of, followed, joined

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
