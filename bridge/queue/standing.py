"""Whether the queue is there, for readiness."""

from dataclasses import dataclass

from rq import Worker

from bridge.queue import clients


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """`kind` is redis or polling; `works` is always true of polling."""

    kind: str
    works: bool
    workers: int | None = None  # those on Redis; polling ones leave beats in the store


def queue_state(url: str | None) -> QueueState:
    """Answers within half a second, whatever Redis does."""
    if url is None:
        return QueueState(kind="polling", works=True)
    client = clients.quick(url)
    try:
        return QueueState(kind="redis", works=True, workers=Worker.count(connection=client))
    except clients.ERRORS:
        return QueueState(kind="redis", works=False)
    finally:
        client.close()
