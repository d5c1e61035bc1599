"""`python -m tests.hostile.failing STORE CANARY FORGED`: fails in every way that gets logged."""

import logging
import sys
import threading
from collections.abc import Callable

import structlog
from sqlalchemy import Engine, text

from bridge import logs
from bridge.domain.errors import ConfigError
from bridge.store.engine import open_engine, writing

_log = structlog.get_logger()
_MADE = "CREATE TABLE t (a INTEGER UNIQUE, b VARCHAR(5), c VARCHAR(99) UNIQUE)"


def store(engine: Engine, statement: str, canary: str) -> None:
    with writing(engine) as db:
        db.execute(text(_MADE))
        db.execute(text("INSERT INTO t VALUES (1, 'x', :canary)"), {"canary": canary})
        db.execute(text(statement), {"canary": canary})


def ways(url: str, canary: str) -> dict[str, Callable[[], object]]:
    engine = open_engine(url)

    def unique() -> None:
        store(engine, "INSERT INTO t VALUES (2, 'y', :canary)", canary)

    def too_long() -> None:
        store(engine, "INSERT INTO t VALUES (3, :canary, 'z')", canary)
        raise ValueError(canary)  # SQLite takes any length

    def no_number() -> None:
        store(engine, "UPDATE t SET a = CAST(:canary AS INTEGER)", canary)
        raise ValueError(canary)

    def chained() -> None:
        try:
            int(canary)
        except ValueError as error:
            raise RuntimeError(canary) from error

    def ours() -> None:
        raise ConfigError("roles.yaml:3:1: told in words")

    found = (unique, too_long, no_number, chained, ours)
    return {way.__name__: way for way in found}


def main(url: str, canary: str, forged: str) -> None:
    logs.set_up("test")
    for name, way in ways(url, canary).items():
        try:
            way()
        except Exception:
            _log.exception("failed", way=name)
    thread = threading.Thread(target=lambda: int(canary), name="t1")
    thread.start()
    thread.join()
    library = logging.getLogger("urllib3")
    try:
        raise OSError(28, canary)
    except OSError:
        library.warning("lost", exc_info=True)
    _log.warning("odd", name=forged, number=forged.encode())
    library.warning("odd %s", forged)
    raise RuntimeError(canary)


if __name__ == "__main__":
    main(*sys.argv[1:])
