"""Sets up the log: one line per event on stderr, JSON in production, readable in a terminal.

Of an error it tells where it broke and its kind, but not what it says: parsers and drivers quote
what clients wrote, and PostgreSQL whole keys. Only our own errors are told in their words.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import structlog

from bridge.domain.errors import BridgeError


def set_up(kind: str, *, for_people: bool = False, level: int = logging.INFO) -> None:
    """`kind` is the process: web, worker, clock, up. Call once, before any other thread starts."""
    renderer = _renderer(for_people or sys.stderr.isatty())

    def name_process(logger: Any, method: str, event: Any) -> Any:
        return {**event, "process": kind}

    shared: list[Any] = [
        name_process,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _tell_error,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _take_over_libraries(shared, renderer)
    _take_over_crashes()


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


def _take_over_crashes() -> None:
    """What nobody caught is a line of the log too."""
    log = structlog.get_logger()

    def crashed(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.critical("crashed", exc_info=error)

    def thread_crashed(args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread is not None else ""
        log.critical("thread crashed", thread=name, exc_info=args.exc_value)

    sys.excepthook = crashed
    threading.excepthook = thread_crashed


def _tell_error(logger: Any, method: str, event: Any) -> Any:
    """Puts `exception` in the place of `exc_info`."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else _error_in(given)
    return event if error is None else {**event, "exception": told(error)}


def _error_in(given: Any) -> BaseException | None:
    if isinstance(given, tuple):
        found: BaseException | None = given[1]
        return found
    return sys.exc_info()[1] if given else None


def told(error: BaseException) -> str:
    """A traceback of all that led to it, without the words of others."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        if cause in causes:
            break
        causes.append(cause)
    return "\n".join(line for cause in reversed(causes) for line in _lines(cause))


def _lines(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename}:{frame.lineno} in {frame.name}: {frame.line}"
    kind = type(error)
    yield f"{kind.__module__}.{kind.__qualname__}{_said(error)}"


def _said(error: BaseException) -> str:
    if isinstance(error, BridgeError):
        return f": {error}"
    # The driver's own code of what went wrong, the operating system's number of it.
    names = ("sqlstate", "sqlite_errorname", "errno")
    codes = [code for name in names if (code := getattr(error, name, None)) is not None]
    return f" [{' '.join(map(str, codes))}]" if codes else ""
