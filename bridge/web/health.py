"""Alive, ready, and numbers: for the load balancer, the admin and Prometheus."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from bridge.pipeline.parts import Parts, Queue
from bridge.store import configs, media
from bridge.store.beats import beats
from bridge.store.engine import reading
from bridge.store.standing import Heap, LaneState, heaps, lane_states, lanes_held, oldest_due
from bridge.web.metrics import Metrics

MAX_WAIT = timedelta(minutes=5)
ALIVE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """`store` is ok, down, or says why it keeps nothing; `config` is ok, missing, or says since
    when it is stale and where it is wrong."""

    ready: bool
    store: str
    config: str
    queue: str
    workers: int | None = None
    processes: tuple[str, ...] = ()
    oldest_waiting_seconds: float | None = None
    clock_skew_seconds: float | None = None  # how far this host is ahead of the store


def readiness(parts: Parts, queue: Queue, trouble: str = "") -> Readiness:
    """Not ready without a store that keeps what comes (`trouble` says why it does not), without
    configuration, or when a row that is due waits for too long.

    Redis alone may be down: webhooks are stored, and the clock drains. So may a vendor: what waits
    for him keeps nobody from storing more.
    """
    word = queue.kind if queue.works else f"{queue.kind} down"
    try:
        skew = parts.keep_time()
        now = parts.now()
        with reading(parts.engine) as db:
            active = configs.active(db)
            oldest = oldest_due(heaps(db, now), lanes_held(db, now))
            alive = tuple(f"{beat.kind} {beat.process}" for beat in beats(db, now - ALIVE))
    except SQLAlchemyError:
        return Readiness(ready=False, store="down", config="unknown", queue=word)
    waited = None if oldest is None else now - oldest
    return Readiness(
        ready=not trouble and active is not None and (waited is None or waited <= MAX_WAIT),
        store=f"keeps nothing: {trouble}" if trouble else "ok",
        config=_config(active),
        queue=word,
        workers=queue.workers,
        processes=alive,
        oldest_waiting_seconds=None if waited is None else waited.total_seconds(),
        clock_skew_seconds=round(skew.total_seconds(), 3),
    )


def _config(active: configs.ActiveRow | None) -> str:
    if active is None:
        return "missing: run `bridge migrate`"
    if active.error:
        return f"stale since {active.activated_at.isoformat()}: {places(active.error)}"
    return "ok"


def places(error: str) -> str:
    """Where it is wrong. What stands there is for those who may read the configuration."""
    places = (line.partition(": ")[0] for line in error.splitlines())
    return f"{', '.join(places)}; the log and `bridge check` say why"


def register(
    app: Flask,
    parts: Parts,
    metrics: Metrics,
    queue_state: Callable[[], Queue],
    trouble: Callable[[], str],
) -> None:
    health = Blueprint("health", __name__)
    metrics.registry.register(StoreCollector(parts))

    @health.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", content_type="text/plain; charset=utf-8")

    @health.get("/readyz")
    def readyz() -> tuple[Response, int]:
        found = readiness(parts, queue_state(), trouble())
        return jsonify(asdict(found)), 200 if found.ready else 503

    @health.get("/metrics")
    def numbers() -> Response:
        return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)

    app.register_blueprint(health)


class StoreCollector(Collector):
    """Reads the lanes' state from the store at each scrape; none while the store is down."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        try:
            skew = self._parts.keep_time()
            now = self._parts.now()
            with reading(self._parts.engine) as db:
                found, lanes = heaps(db, now), lane_states(db)
                copies = media.counts(db)
        except SQLAlchemyError:
            return
        yield from _heap_metrics(found, now)
        yield from _lane_metrics(lanes, now)
        files = _gauge("bridge_files", "Files that are not copied", "account", "state")
        for (account, state), count in copies.items():
            files.add_metric([account, state], count)
        yield files
        ahead = _gauge("bridge_clock_skew_seconds", "How far this host is ahead of the store")
        ahead.add_metric([], skew.total_seconds())
        yield ahead

    def describe(self) -> Iterable[Metric]:
        """Nothing is read at registration, when there may be no store yet."""
        return ()


def _heap_metrics(found: Iterable[Heap], now: datetime) -> Iterator[Metric]:
    rows = _gauge("bridge_rows", "Rows that are not over", "lane", "state")
    oldest = _gauge("bridge_oldest_due_seconds", "Age of the oldest row that is due", "lane")
    for heap in found:
        rows.add_metric([heap.lane, heap.state], heap.rows)
        if heap.oldest_due is not None:
            oldest.add_metric([heap.lane], (now - heap.oldest_due).total_seconds())
    yield from (rows, oldest)


def _lane_metrics(lanes: Iterable[LaneState], now: datetime) -> Iterator[Metric]:
    success = _gauge("bridge_last_success_timestamp_seconds", "Last delivery or decision", "lane")
    lost = _gauge("bridge_lease_expired", "1 while a dead holder's lease is not taken over", "lane")
    held = _gauge("bridge_lane_held", "1 while a lane is held or paused", "lane")
    for lane in lanes:
        if lane.last_success_at is not None:
            success.add_metric([lane.name], lane.last_success_at.timestamp())
        lost.add_metric([lane.name], float(_is_over(lane.lease_until, now)))
        waits = lane.held_until is not None and not _is_over(lane.held_until, now)
        held.add_metric([lane.name], float(lane.paused or waits))
    yield from (success, lost, held)


def _is_over(when: datetime | None, now: datetime) -> bool:
    return when is not None and when <= now


def _gauge(name: str, text: str, *labels: str) -> Any:
    return GaugeMetricFamily(name, text, labels=labels)
