"""Sets up the log: one line per event on stderr, JSON in production, readable in a terminal."""

import logging
import sys
from typing import Any

import structlog


def set_up(kind: str, *, level: int = logging.INFO) -> None:
    """`kind` is the process: web, worker, clock, up. Call once, before any other thread starts."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, _renderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=kind)
    _take_over_libraries([*shared, structlog.stdlib.ProcessorFormatter.remove_processors_meta])


def _renderer() -> Any:
    if sys.stderr.isatty():
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer()


def _take_over_libraries(shared: list[Any]) -> None:
    """Libraries log through the same lines, from warnings up; RQ finds a handler and adds none."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared[:-1], processors=[shared[-1], _renderer()]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("rq.worker", "rq.job"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
