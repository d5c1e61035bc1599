"""Removes what nothing refers to from the storage: forgotten copies, uploads never sent."""

import time
from datetime import timedelta

import structlog

from bridge.domain.errors import StorageFailed
from bridge.pipeline.parts import Parts
from bridge.store import media, uploads
from bridge.store.engine import reading, writing

UPLOAD_LIFE = timedelta(days=1)
HALF_WRITTEN = timedelta(days=1)
BATCH = 100
_log = structlog.get_logger()


def keep_files(parts: Parts) -> int:
    """How many contents were removed. While one is being removed nothing refers to it anew, so
    that no copy loses its content; a removal that was cut short is done again."""
    now = parts.now()
    with writing(parts.engine) as db:
        uploads.expire(db, now - UPLOAD_LIFE, now)
    with reading(parts.engine) as db:
        wanted = media.removals(db, BATCH)
    if not wanted:
        return 0
    gone: list[str] = []
    try:
        for sha256 in wanted:
            parts.storage.delete(sha256)
            gone.append(sha256)
    except StorageFailed as error:
        _log.warning("files not removed", cause=str(error))
    with writing(parts.engine) as db:
        media.removed(db, gone)
    return len(gone)


def tidy(parts: Parts) -> None:
    """Half files of processes that were killed."""
    try:
        parts.storage.tidy(time.time() - HALF_WRITTEN.total_seconds())
    except StorageFailed as error:
        _log.warning("storage not tidied", cause=str(error))
