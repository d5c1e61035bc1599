"""Sets up the log: one line per event on stderr, JSON in production, readable in a terminal."""

import logging
import sys
from typing import Any

import structlog


def set_up(kind: str, *, for_people: bool = False, level: int = logging.INFO) -> None:
    """`kind` is the process: web, worker, clock, up. Call once, before any other thread starts."""
    renderer = _renderer(for_people or sys.stderr.isatty())

    def name_process(logger: Any, method: str, event: Any) -> Any:
        return {**event, "process": kind}

    shared: list[Any] = [
        name_process,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _take_over_libraries(shared, renderer)


def _renderer(for_people: bool) -> Any:
    if for_people:
        return structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.processors.JSONRenderer()


def _take_over_libraries(shared: list[Any], renderer: Any) -> None:
    """Libraries log through the same lines, from warnings up; RQ finds a handler and adds none."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("rq.worker", "rq.job"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
