"""`python -m tests.bench.crm_server PORT`: the HubSpot sandbox in a process of its own, which notes
every call: when it came, how it was answered, and which messages it brought."""

import io
import json
import re
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import click

from connectors import installed
from connectors.sandboxing import make_sandbox_server
from tests.bench.place import SECRETS

MARK = re.compile(rb"#([a-z0-9]+)-(\d{6})#")
_CONTROL = "/_bench/"


@dataclass(frozen=True, slots=True)
class Call:
    """`arrived` and `ended` are time.time() when its head was there and when it was answered;
    `marks` name the run and number of each message that it wrote, `at` is where it was sent."""

    at: str
    arrived: float
    ended: float
    status: int
    marks: tuple[tuple[str, int], ...] = ()


@dataclass
class Ledger:
    """Every call, and how often each message of a run was written."""

    calls: list[Call] = field(default_factory=list)
    written: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, call: Call) -> None:
        with self.lock:
            self.calls.append(call)
            if 200 <= call.status < 300:
                for run, number in call.marks:
                    self.written[run][number] += 1

    def standing(self, run: str) -> dict[str, Any]:
        with self.lock:
            written = self.written[run]
            return {"messages": len(written), "doubles": written.total() - len(written)}

    def since(self, when: float) -> list[dict[str, Any]]:
        with self.lock:
            found = [call for call in self.calls if call.arrived >= when]
        return [{name: getattr(call, name) for name in Call.__slots__} for call in found]


class Noting:
    """Around the sandbox's application: one line in the ledger for each call of its API."""

    def __init__(self, app: WSGIApplication, ledger: Ledger) -> None:
        self._app = app
        self._ledger = ledger

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path.startswith(_CONTROL):
            return self._control(environ, start)
        if path.startswith("/_sandbox/"):
            return self._app(environ, start)
        return self._noted(environ, start)

    def _noted(self, environ: WSGIEnvironment, start: StartResponse) -> Iterator[bytes]:
        arrived = time.time()
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        statuses: list[int] = []

        def noting(status: str, *rest: Any) -> Callable[[bytes], object]:
            statuses.append(int(status.split(" ", 1)[0]))
            return start(status, *rest)

        yield from self._app(environ, noting)
        self._ledger.note(
            Call(
                at=f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}",
                arrived=arrived,
                ended=time.time(),
                status=statuses[-1],
                marks=tuple((run.decode(), int(n)) for run, n in MARK.findall(body)),
            )
        )

    def _control(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        asked = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        found: Any
        if environ["PATH_INFO"] == f"{_CONTROL}standing":
            found = self._ledger.standing(asked["run"])
        else:
            found = self._ledger.since(float(asked["since"]))
        body = json.dumps(found).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start("200 OK", headers)
        return [body]


def main(port: int) -> None:
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda signum, frame: stopping.set())
    secrets = {"access_token": SECRETS["HUBSPOT_TOKEN"], "client_secret": "unused"}
    server = make_sandbox_server(Noting(installed()["hubspot"].sandbox(secrets), Ledger()), port)
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    click.echo("ready")
    stopping.wait()
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
