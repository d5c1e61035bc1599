"""The web process: Flask behind the front door, until it is told to stop."""

import gc
import threading
from collections.abc import Callable
from dataclasses import dataclass

from bridge.pipeline.alive import BEAT_SECONDS, say_alive
from bridge.settings import Settings
from bridge.web.app import BodyLimit, Web, create_app
from bridge.web.front import THREADS, Front, serve
from bridge.web.site import site_of
from bridge.web.streams import Streams

REFRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    host: str
    port: int
    threads: int = THREADS


def run(web: Web, settings: Settings, address: Address, *, ready: Callable[[], None]) -> None:
    """Returns after SIGTERM or SIGINT, when what was in flight is answered."""
    limit = BodyLimit()
    stopping = threading.Event()
    for work, seconds in (
        (lambda: limit.refresh(web.parts), REFRESH_SECONDS),
        (lambda: say_alive(web.parts, "web"), BEAT_SECONDS),
    ):
        threading.Thread(target=_repeat, args=(work, seconds, stopping), daemon=True).start()
    streams = Streams(site_of(web.parts, settings))
    front = Front(
        create_app(web, settings),
        limit,
        max_upload_bytes=limit.of_upload,
        threads=address.threads,
        streams=streams,
    )
    gc.freeze()  # what is there now stays; looking at it again would be felt by every webhook
    serve(front, address.host, address.port, ready=ready)
    stopping.set()


def _repeat(work: Callable[[], None], seconds: float, stopping: threading.Event) -> None:
    work()
    while not stopping.wait(seconds):
        work()
