"""What stands before a vendor: passes calls on, or answers in its place, and counts them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse

import requests

from tests.serving import served

Given = tuple[int, Mapping[str, str], bytes]  # status, headers, body
Trick = Callable[["Call"], "Given | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`passed_on` gives the vendor's own answer, whatever becomes of it."""

    method: str
    path: str
    body: bytes
    passed_on: Callable[[bytes], Given]


@dataclass
class Gateway:
    """`trick` may answer a call itself; None lets it pass."""

    behind: str
    trick: Trick = lambda call: None
    url: str = ""
    calls: Counter[str] = field(default_factory=Counter)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        query = environ.get("QUERY_STRING", "")
        headers = _headers(environ)

        def passed_on(body: bytes) -> Given:
            url = f"{self.behind}{path}" + (f"?{query}" if query else "")
            answer = requests.request(method, url, data=body, headers=headers, timeout=10)
            return answer.status_code, {"Content-Type": "application/json"}, answer.content

        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.calls[f"{method} {path}"] += 1
        call = Call(method=method, path=path, body=body, passed_on=passed_on)
        status, given, answer = self.trick(call) or passed_on(body)
        line = f"{status} {HTTPStatus(status).phrase}"
        start_response(line, [*given.items(), ("Content-Length", str(len(answer)))])
        return [answer]

    def made(self, ending: str = "") -> int:
        """How many calls came whose path ends so."""
        return sum(count for line, count in self.calls.items() if line.endswith(ending))


@contextmanager
def gateway(behind: str, trick: Trick = lambda call: None) -> Iterator[Gateway]:
    made = Gateway(behind, trick)
    with served(made) as url:
        made.url = url
        yield made


def refusal(status: int, **headers: str) -> Given:
    """An answer without a word; `retry_after="5"` becomes `Retry-After: 5`."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return status, {"Content-Type": "application/json", **named}, b"{}"


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    wanted = {"Authorization": "HTTP_AUTHORIZATION", "Content-Type": "CONTENT_TYPE"}
    return {name: environ[key] for name, key in wanted.items() if environ.get(key)}
