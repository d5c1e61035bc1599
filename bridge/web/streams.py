"""Live streams (server-sent events), the other async file: an open page holds no Flask thread.

One task per process asks the store for all open streams at once, about once a second, in a thread
of its own; a stream that nobody reads, or that has ended, holds nothing.
"""

import asyncio
import http.cookies
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import structlog
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from bridge.codec import encode
from bridge.domain.errors import ConfigError
from bridge.domain.reasons import Reason, ReasonCode
from bridge.web.cookies import is_https, sessions_in
from bridge.web.languages import LANGUAGE_COOKIE, language_of
from bridge.web.problems import CONTENT_TYPE, Problem, store_unavailable
from bridge.web.site import Site
from bridge.web.watches import Asked, News, Watch, opening
from bridge.web.watching import admit, look

PATH = b"/api/v1/notifications/stream"
LOOK_SECONDS = 1.0
HEARTBEAT_SECONDS = 15.0
MOST = 1000
MOST_EACH = 12
"""Browsers open six to one address at a time; a second browser has to find room as well."""
_WAITING = 20  # looks; who reads slower than that is cut off, and goes on from what he has had
_BEAT = b": still here\n\n"
_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
)
_FAILURES = (SQLAlchemyError, ConfigError)
_log = structlog.get_logger()

Scope = Mapping[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class _Stream:
    """One reader; None in the queue ends it."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        # From where it was let in: a look may move the watch on before anything is sent.
        self.opening = opening(watch)
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)

    def take(self, news: News) -> None:
        if news.pieces:
            self._put(b"".join(news.pieces))
        if news.watch is None:
            self._put(None)
        else:
            self.watch = news.watch

    def end(self) -> None:
        self._put(None)

    def _put(self, piece: bytes | None) -> None:
        try:
            self.pieces.put_nowait(piece)
        except asyncio.QueueFull:
            while not self.pieces.empty():
                self.pieces.get_nowait()
            self.pieces.put_nowait(None)


class Streams:
    """All streams of this process."""

    def __init__(
        self,
        site: Site,
        *,
        look_seconds: float = LOOK_SECONDS,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        most: int = MOST,
        most_each: int = MOST_EACH,
    ) -> None:
        self._site = site
        self._look_seconds = look_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._most = most
        self._most_each = most_each
        self._open: set[_Stream] = set()
        self._of: Counter[str] = Counter()
        self._fresh = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="streams")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            stream = await self._admitted(scope)
        except Problem as problem:
            await _refuse(send, problem)
            return
        try:
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            await self._run(stream, receive, send)
        finally:
            self._open.discard(stream)
            self._of[stream.watch.principal] -= 1

    def close(self) -> None:
        """Ends all streams; their readers come again."""
        self._closed = True
        for stream in self._open:
            stream.end()
        self._fresh.set()

    async def _admitted(self, scope: Scope) -> _Stream:
        """Counted in before anything else is waited for, so that the limits hold."""
        if scope["method"] != "GET":
            raise Problem(405, _invalid("a stream is only read"), headers={"Allow": "GET"})
        if self._closed or len(self._open) >= self._most:
            raise _too_many(503, "too many streams are open here")
        loop = asyncio.get_running_loop()
        try:
            asked = _asked(scope, https=is_https(self._site))
            watch = await loop.run_in_executor(self._threads, admit, self._site, asked)
        except _FAILURES:
            raise store_unavailable() from None
        if self._closed or len(self._open) >= self._most:
            raise _too_many(503, "too many streams are open here")
        if self._of[watch.principal] >= self._most_each:
            raise _too_many(429, f"you have {self._most_each} streams open already: close one")
        stream = _Stream(watch)
        self._open.add(stream)
        self._of[watch.principal] += 1
        self._fresh.set()
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._look_around())
        return stream

    async def _run(self, stream: _Stream, receive: Receive, send: Send) -> None:
        """Until it has ended, or its reader is gone."""
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await send(_body(stream.opening))
            while not gone.done():
                piece = await self._next(stream, gone)
                if piece is None:
                    break
                await send(_body(piece))
            await send(_body(b"", more=False))
        except OSError:
            return  # the reader went away while it was written to
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone

    async def _next(self, stream: _Stream, gone: "asyncio.Future[None]") -> bytes | None:
        """The next piece; a sign of life when there was none for long, or its reader is gone."""
        waiting = asyncio.ensure_future(stream.pieces.get())
        either: set[asyncio.Future[Any]] = {waiting, gone}
        await asyncio.wait(
            either, timeout=self._heartbeat_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if waiting.done():
            return waiting.result()
        waiting.cancel()
        return _BEAT

    async def _look_around(self) -> None:
        """As long as anybody watches. Whatever breaks it ends the streams: their readers come
        again, and go on where they were."""
        loop = asyncio.get_running_loop()
        try:
            while self._open and not self._closed:
                self._fresh.clear()
                streams = tuple(self._open)
                watches = [stream.watch for stream in streams]
                news = await loop.run_in_executor(self._threads, self._look, watches)
                for stream, one in zip(streams, news, strict=False):
                    stream.take(one)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._fresh.wait(), self._look_seconds)
        finally:
            for stream in self._open:
                stream.end()

    def _look(self, watches: Sequence[Watch]) -> Sequence[News]:
        """Nothing new while the store can't be asked: the streams stay."""
        try:
            return look(self._site, watches)
        except _FAILURES as error:
            _log.warning("streams wait for the store", cause=type(error).__name__)
            return ()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _asked(scope: Scope, *, https: bool) -> Asked:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope["query_string"].decode("latin-1"))
    after = headers.get("last-event-id") or query.get("after", [""])[0]
    cookies = _cookies(headers.get("cookie", ""))
    helping, own = sessions_in(cookies, https=https)
    accepted = parse_accept_header(headers.get("accept-language"), LanguageAccept)
    return Asked(
        session=own,
        helping=helping,
        authorization=headers.get("authorization", ""),
        after=after,
        conversation=query.get("conversation", [""])[0],
        language=language_of(cookies.get(LANGUAGE_COOKIE, ""), accepted),
    )


def _cookies(header: str) -> Mapping[str, str]:
    """As Flask would read them."""
    found: http.cookies.SimpleCookie = http.cookies.SimpleCookie()
    with suppress(http.cookies.CookieError):
        found.load(header)
    return {name: one.value for name, one in found.items()}


def _too_many(status: int, detail: str) -> Problem:
    reason = Reason(ReasonCode.REQUEST_TOO_MANY, detail)
    return Problem(status, reason, headers={"Retry-After": "30"})


def _invalid(detail: str) -> Reason:
    return Reason(ReasonCode.REQUEST_INVALID, detail)


def _body(content: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


async def _refuse(send: Send, problem: Problem) -> None:
    body = encode(problem.document())
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    headers += [(n.lower().encode(), v.encode("latin-1")) for n, v in problem.headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send(_body(body, more=False))
