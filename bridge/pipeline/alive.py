"""A process's beat in the store: that it is alive, for readiness."""

import os
import socket
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bridge.pipeline.parts import Parts
from bridge.store.beats import beat, forget
from bridge.store.engine import writing

BEAT_SECONDS = 5.0
FORGET_AFTER = timedelta(hours=1)
MAX_SKEW = timedelta(seconds=5)
_log = structlog.get_logger()


def say_alive(parts: Parts, kind: str) -> None:
    """`kind` is web, worker or clock. A store that is down is not this process's to mend."""
    try:
        _tell_skew(kind, parts.keep_time())
        now = parts.now()
        with writing(parts.engine) as db:
            beat(db, f"{socket.gethostname()}:{os.getpid()}", kind, now)
            forget(db, now - FORGET_AFTER)
    except SQLAlchemyError as error:
        _log.warning("no beat", cause=type(error).__name__)


def _tell_skew(kind: str, skew: timedelta) -> None:
    """Everything goes by the store's clock, but whoever reads this host's logs is misled."""
    if abs(skew) > MAX_SKEW:
        ahead = round(skew.total_seconds())
        _log.warning("clock skew", kind=kind, seconds_ahead_of_the_store=ahead)
