"""What the web process counts, for Prometheus; no label holds anything of a client."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """Counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._received = Counter(
            "bridge_webhooks_received",
            "Webhooks answered, by account and outcome",
            ("account", "outcome"),
            registry=self.registry,
        )
        self._batches = Histogram(
            "bridge_inbox_commit_rows",
            "Webhooks that one commit made durable",
            buckets=(1, 2, 5, 10, 20, 50, 100, 200),
            registry=self.registry,
        )
        self._ring_failures = Counter(
            "bridge_ring_failures", "Rings that Redis did not take", registry=self.registry
        )

    def watch(self, waiting_bytes: Callable[[], int]) -> None:
        Gauge(
            "bridge_webhooks_waiting_bytes",
            "Webhooks that are not answered yet because they wait for the store, in bytes",
            registry=self.registry,
        ).set_function(waiting_bytes)

    def webhook(self, account: str, outcome: str) -> None:
        self._received.labels(account, outcome).inc()

    def committed(self, rows: int) -> None:
        self._batches.observe(rows)

    def ring_failed(self) -> None:
        self._ring_failures.inc()
