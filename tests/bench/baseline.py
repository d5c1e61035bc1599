"""Runs the obvious program: one worker as RQ has it by default, a fork for each job."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from redis import Redis
from rq import Queue
from rq.registry import StartedJobRegistry

from tests.bench import obvious
from tests.bench.crm import Crm
from tests.bench.crm_server import Call
from tests.bench.people import People, mark, phone
from tests.bench.place import environ_of, process, program_of, wait_until
from tests.services import redis_running


@dataclass(frozen=True, slots=True, kw_only=True)
class Obvious:
    """`pid` is its worker's."""

    queue: Queue
    pid: int

    def drain(self, crm: Crm, people: People, run: str, count: int) -> tuple[float, Sequence[Call]]:
        """When it began, and its calls; SystemExit when one of its jobs fails."""
        jobs = [
            Queue.prepare_data(
                obvious.handle,
                (crm.url, f"+{phone(people.first + n % people.count)}", mark(run, n)),
            )
            for n in range(count)
        ]
        began = time.time()
        self.queue.enqueue_many(jobs)
        crm.await_run(run, count)
        wait_until(self._is_done, "the end of the obvious program")
        if failed := len(self.queue.failed_job_registry):
            raise SystemExit(f"{failed} jobs of the obvious program failed: it proves nothing")
        return began, crm.calls(began)

    def _is_done(self) -> bool:
        running = StartedJobRegistry(queue=self.queue)
        return len(self.queue) == 0 and len(running) == 0


@contextmanager
def obvious_worker() -> Iterator[Obvious]:
    """With a Redis of its own, and waiting for work."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        redis = stack.enter_context(redis_running(program_of("redis")))
        client = stack.enter_context(Redis.from_url(redis.url))
        environ = environ_of(folder, "")
        worker = stack.enter_context(process(environ, folder, "tests.bench.obvious", redis.url))
        wait_until(
            lambda: int(client.scard("rq:workers")) > 0, "the obvious program's worker", worker
        )
        yield Obvious(queue=Queue(obvious.QUEUE, connection=client), pid=worker.pid)
