"""An RQ worker for lanes: it forgets dead workers soon, and stops within seconds."""

import signal
import threading
from typing import Any

from redis import Redis
from redis.client import Pipeline
from rq import Worker
from rq.worker_registration import register

from bridge.queue.lane_job import QUEUE, LaneJob

GRACE_SECONDS = 4.0


class LaneWorker(Worker):
    """Stops a turn at a SIGTERM by handing the signal on to it; a turn that hangs in a vendor's
    call is killed after `GRACE_SECONDS`, and its lease runs out."""

    job_class = LaneJob
    log_job_description = False
    max_connection_wait_time = 2.0

    @property
    def asked_to_stop(self) -> bool:
        """False when the work ended for another reason, such as a lost Redis."""
        return self._shutdown_requested_date is not None

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """RQ tells a server only once who works: one that was wiped meanwhile is told again."""
        if pipeline is None and not self.connection.sismember(self.redis_workers_keys, self.key):
            with self.connection.pipeline() as told:
                told.hset(self.key, mapping=self.serialize())
                register(self, told)
                told.execute()
        super().heartbeat(timeout, pipeline)

    def handle_warm_shutdown_request(self) -> None:
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)
            killer = threading.Timer(GRACE_SECONDS, self.kill_horse)
            killer.daemon = True
            killer.start()


def lane_worker(url: str, **options: Any) -> LaneWorker:
    """A worker on the one queue; on more than one RQ could lose a job between two lists."""
    return LaneWorker(
        [QUEUE],
        connection=Redis.from_url(url),
        serializer="json",
        worker_ttl=30,
        maintenance_interval=5,
        job_monitoring_interval=1,
        log_job_description=False,
        **options,
    )
