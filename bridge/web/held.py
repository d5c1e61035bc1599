"""An answer that is held back until its webhook is durable, without a thread that waits for it."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIEnvironment

from bridge.pipeline.receive import NotStored

HELD = "bridge.held"
"""Where a server that can wait by itself, and puts None there, finds the `Held` of its request."""
WAIT_SECONDS = 4.5
"""Senders wait for five seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An answer that is whole; both sides of the door know how to send it."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    retry_after: int | None = None
    allow: str = ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        given = [("content-type", self.content_type), ("content-length", str(len(self.body)))]
        if self.retry_after is not None:
            given.append(("retry-after", str(self.retry_after)))
        if self.allow:
            given.append(("allow", self.allow))
        return given

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """As a WSGI application."""
        start_response(f"{self.status} {HTTPStatus(self.status).phrase}", self.headers)
        return [self.body]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """`finish` makes the answer out of what became of `durable`."""

    durable: Future[None]
    finish: Callable[[Future[None]], Ready]

    def wait(self) -> Ready:
        try:
            self.durable.exception(WAIT_SECONDS)
        except TooLate:
            return self.give_up()
        return self.finish(self.durable)

    def give_up(self) -> Ready:
        """The commit may still come: the vendor sends again then, and it is known as a double."""
        late: Future[None] = Future()
        late.set_exception(NotStored("the store does not answer"))
        return self.finish(late)


def hold(held: Held, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """What a WSGI application gives: nothing yet to a server that waits by itself."""
    if HELD not in environ:
        return held.wait()(environ, start_response)
    environ[HELD] = held
    return ()
