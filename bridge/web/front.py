"""The front door: takes a whole body off the wire, within limits and in time,
before a Flask thread sees it, so that slow clients hold no thread.

Granian serves in this process, so a killed server leaves nothing behind that holds the port. It
refuses by itself: headers slower than `HEADER_SECONDS` or longer than `MAX_HEADER_BYTES`, two
different or a negative Content-Length; with Content-Length and Transfer-Encoding the latter counts.
"""

import asyncio
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import WSGIApplication

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from bridge.pipeline.shares import Shares
from bridge.web.environ import STREAMS, environ_of
from bridge.web.held import HELD, WAIT_SECONDS, Held
from bridge.web.streams import PATH as STREAM
from bridge.web.streams import Message, Receive, Scope, Send, Streams
from bridge.web.uploads import OWNER, UPLOAD_SECONDS, is_upload

HEADER_SECONDS = 10
BODY_SECONDS = 10.0
GRACE_SECONDS = 6.0
MAX_HEADER_BYTES = 64 * 1024
MAX_HELD_BYTES = 256 * 1024 * 1024
MAX_CONNECTIONS = 4096
THREADS = 32
QUICK = b"/hooks/"
"""Paths asked in the loop itself: a hand-over to a thread costs as much as the rest together."""

_PLAIN = {
    b"content-encoding": (b"identity", b""),
    b"transfer-encoding": (b"chunked", b"identity", b""),
}


class Refused(Exception):
    """Answered without asking Flask."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Gone(Exception):
    """The client went away before its body was whole; nobody waits for an answer."""


@dataclass(slots=True)
class _Reply:
    """What a WSGI application says through `start_response`."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        self.status = int(status.split(" ", 1)[0])
        self.headers = _encoded(headers)
        return _no_write

    @property
    def has_length(self) -> bool:
        return any(name == b"content-length" for name, _ in self.headers)


def _encoded(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]


class Front:
    """An ASGI application around a WSGI one.

    `max_body_bytes` is asked at each request: the largest of all accounts and pages.
    """

    def __init__(
        self,
        app: WSGIApplication,
        max_body_bytes: Callable[[], int],
        *,
        max_upload_bytes: Callable[[], int] | None = None,
        threads: int = THREADS,
        body_seconds: float = BODY_SECONDS,
        upload_seconds: float = UPLOAD_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
        max_held_bytes: int = MAX_HELD_BYTES,
        streams: Streams | None = None,
    ) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._max_upload_bytes = max_upload_bytes or max_body_bytes
        self._body_seconds = body_seconds
        self._upload_seconds = upload_seconds
        self._wait_seconds = wait_seconds
        self._held = Shares(max_held_bytes)
        self._in_flight = 0
        self._landing = _Landing()
        self._streams = streams
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="flask")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._streams is not None and scope["raw_path"] == STREAM:
            await self._streams(scope, receive, send)
            return
        self._in_flight += 1
        body = self._body(scope["raw_path"])
        try:
            await self._read(scope, receive, body)
            environ = environ_of(scope, body.handed_on())
            if scope["raw_path"].startswith(QUICK):
                await self._ask_here(environ, send)
            else:
                await self._ask(environ, send)
        except Refused as refused:
            await _refuse(send, refused)
        except Gone:
            # It may only have closed its own side; Granian would say 500 in our stead.
            await _refuse(send, Refused(400, "the body ended too soon\n"))
        finally:
            body.forget()
            self._in_flight -= 1

    def close(self) -> None:
        """Streams would never end by themselves."""
        if self._streams is not None:
            self._streams.close()

    def _body(self, raw_path: bytes) -> "_Body":
        if is_upload(raw_path.decode("latin-1")):
            most = self._max_upload_bytes()
            return _Body(self._held, OWNER, most, self._upload_seconds)
        return _Body(self._held, _owner(raw_path), self._max_body_bytes(), self._body_seconds)

    async def finished(self) -> None:
        """Returns when nothing is in flight."""
        while self._in_flight:
            await asyncio.sleep(0.02)

    async def _read(self, scope: Scope, receive: Receive, body: "_Body") -> None:
        headers = dict(scope["headers"])
        if any(_is_packed(name, value) for name, value in scope["headers"]):
            raise Refused(415, "send the body without Content-Encoding\n")
        if int(headers.get(b"content-length", b"0")) > body.limit:
            raise Refused(413, "the body is too large\n")
        try:
            async with asyncio.timeout(body.seconds):
                await _gather(receive, body)
        except TimeoutError:
            raise Refused(408, "the body came too slowly\n") from None

    async def _ask_here(self, environ: dict[str, Any], send: Send) -> None:
        """Without a thread: what is asked here computes, and waits for nothing."""
        environ[HELD] = None
        messages = _answer(self._app, environ)
        held: Held | None = environ[HELD]
        if held is not None:
            del environ["wsgi.input"]  # who waits holds his body once, not twice
            settled = await self._landing.wait(held.durable, self._wait_seconds)
            ready = held.finish(held.durable) if settled else held.give_up()
            messages = [_start(_Reply(ready.status, _encoded(ready.headers))), _body(ready.body)]
        for message in messages:
            await send(message)

    async def _ask(self, environ: dict[str, Any], send: Send) -> None:
        loop = asyncio.get_running_loop()

        def send_and_wait(message: Message) -> None:
            asyncio.run_coroutine_threadsafe(_sent(send, message), loop).result()

        messages = await loop.run_in_executor(self._threads, self._run, environ, send_and_wait)
        for message in messages:
            await send(message)

    def _run(
        self, environ: dict[str, Any], send_and_wait: Callable[[Message], None]
    ) -> list[Message]:
        """In a thread: the application's answer. One of unknown length is sent piece by piece."""
        reply = _Reply()
        pieces = self._app(environ, reply.start)
        try:
            if reply.has_length and not environ.get(STREAMS):
                return [_start(reply), _body(b"".join(pieces))]
            return _stream(pieces, reply, send_and_wait)
        finally:
            _close(pieces)


def _is_packed(name: bytes, value: bytes) -> bool:
    """Each header by itself: of two with one name a mapping would show the last."""
    plain = _PLAIN.get(name)
    return plain is not None and value.strip().lower() not in plain


@dataclass(slots=True)
class _Body:
    """What a request has sent so far, counted with what all hold until it is answered."""

    room: Shares
    owner: str
    limit: int
    seconds: float
    pieces: bytearray = field(default_factory=bytearray)
    counted: int = 0

    def add(self, piece: bytes) -> None:
        if self.counted + len(piece) > self.limit:
            raise Refused(413, "the body is too large\n")
        if not self.room.take(self.owner, len(piece)):
            raise Refused(503, "too much is being received; send again\n")
        self.counted += len(piece)
        self.pieces += piece

    def handed_on(self) -> bytes:
        """All of it, held from now on by who gets it."""
        whole = bytes(self.pieces)
        self.pieces.clear()
        return whole

    def forget(self) -> None:
        self.room.give_back(self.owner, self.counted)


async def _gather(receive: Receive, body: _Body) -> None:
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        body.add(message.get("body", b""))
        more = message.get("more_body", False)


def _owner(raw_path: bytes) -> str:
    """Whose share of the room it is: an account's, as the address has it, or of all else."""
    start = raw_path.split(b"/", 3)[:3]
    return b"/".join(start).decode("latin-1") if raw_path.startswith(QUICK) else ""


class _Landing:
    """Where requests wait for the committer's thread: however many it settles at once, it hands
    them over to the loop once."""

    def __init__(self) -> None:
        self._landed: deque[asyncio.Future[bool]] = deque()
        self._door = threading.Lock()

    async def wait(self, durable: Future[None], seconds: float) -> bool:
        """Whether it was settled, for good or ill, within this time."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        durable.add_done_callback(lambda _: self._land(waiter, loop))
        late = loop.call_later(seconds, _resolve, waiter, False)
        try:
            return await waiter
        finally:
            late.cancel()

    def _land(self, waiter: asyncio.Future[bool], loop: asyncio.AbstractEventLoop) -> None:
        with self._door:
            self._landed.append(waiter)
            is_first = len(self._landed) == 1
        if is_first:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._release)

    def _release(self) -> None:
        while self._landed:
            _resolve(self._landed.popleft(), True)


def _resolve(waiter: asyncio.Future[bool], settled: bool) -> None:
    if not waiter.done():
        waiter.set_result(settled)


def _answer(app: WSGIApplication, environ: dict[str, Any]) -> list[Message]:
    reply = _Reply()
    pieces = app(environ, reply.start)
    try:
        return [_start(reply), _body(b"".join(pieces))]
    finally:
        _close(pieces)


def _close(pieces: Iterable[bytes]) -> None:
    close = getattr(pieces, "close", None)
    if close is not None:
        close()


def _stream(
    pieces: Iterable[bytes], reply: _Reply, send_and_wait: Callable[[Message], None]
) -> list[Message]:
    started = False
    for piece in pieces:
        if not started:
            send_and_wait(_start(reply))
            started = True
        send_and_wait(_body(piece, more=True))
    return [_body(b"")] if started else [_start(reply), _body(b"")]


async def _sent(send: Send, message: Message) -> None:
    await send(message)


def _start(reply: _Reply) -> Message:
    return {"type": "http.response.start", "status": reply.status, "headers": reply.headers}


def _body(content: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


async def _refuse(send: Send, refused: Refused) -> None:
    text = refused.text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),  # the rest of the body is not read
    ]
    if refused.status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send(_body(text))


def _no_write(data: bytes) -> None:
    raise RuntimeError("this server takes the answer from the application's iterable")


def serve(front: Front, host: str, port: int, *, ready: Callable[[], None]) -> None:
    """Serves until SIGTERM or SIGINT, ends what is in flight within `GRACE_SECONDS`, returns."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(front, host, port, ready))


def _stop(front: Front, server: Server) -> None:
    front.close()
    server.stop()  # type: ignore[no-untyped-call]


async def _serve(front: Front, host: str, port: int, ready: Callable[[], None]) -> None:
    server = Server(
        front,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        backpressure=MAX_CONNECTIONS,
        log_enabled=False,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=MAX_HEADER_BYTES
        ),
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, _stop, front, server)
    loop.call_soon(ready)
    await server.serve()
    try:
        await asyncio.wait_for(front.finished(), GRACE_SECONDS)
    except TimeoutError:
        return
