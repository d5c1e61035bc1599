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
_log = structlog.get_logger()


def say_alive(parts: Parts, kind: str) -> None:
    """`kind` is web, worker or clock. A store that is down is not this process's to mend."""
    now = parts.now()
    try:
        with writing(parts.engine) as db:
            beat(db, f"{socket.gethostname()}:{os.getpid()}", kind, now)
            forget(db, now - FORGET_AFTER)
    except SQLAlchemyError as error:
        _log.warning("no beat", cause=type(error).__name__)
