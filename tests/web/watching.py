"""Readers of live streams without a network: what a stream was sent, and a reader who goes away."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bridge.web.site import site_of
from bridge.web.streams import PATH, Streams
from tests.web.world import Key, World

PATIENCE = 120.0


@dataclass
class Reader:
    """One request for the stream, as the server hands it over."""

    streams: Streams
    headers: dict[str, str]
    query: str = ""
    method: str = "GET"
    status: int = 0
    text: str = ""
    is_reading: bool = True
    over: bool = False
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    async def open(self) -> "Reader":
        self._task = asyncio.create_task(self._ask())
        await self.until(lambda: self.status != 0)
        return self

    async def close(self) -> None:
        self._gone.set()
        assert self._task is not None
        await asyncio.wait_for(self._task, PATIENCE)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def events(self, count: int) -> list[dict[str, Any]]:
        """The first notifications, as soon as there are so many."""
        await self.until(lambda: len(self.told) >= count)
        return self.told

    async def counters(self, **wanted: int) -> None:
        """Waits until the latest counters say this."""
        await self.until(lambda: wanted.items() <= self.of("counters")[-1:][0].items())

    @property
    def told(self) -> list[dict[str, Any]]:
        return self.of("notification")

    def of(self, name: str) -> list[dict[str, Any]]:
        """The data of all events of this name so far."""
        found = []
        for block in self.text.split("\n\n")[:-1]:
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line[1:])
            if lines.get("event") == name:
                found.append(json.loads(lines["data"]))
        return found or ([{}] if name == "counters" else [])

    @property
    def last_id(self) -> str:
        ids = [line[4:] for line in self.text.split("\n") if line.startswith("id: ")]
        return ids[-1] if ids else ""

    async def _ask(self) -> None:
        scope = {
            "method": self.method,
            "raw_path": PATH,
            "query_string": self.query.encode(),
            "headers": [(n.lower().encode(), v.encode()) for n, v in self.headers.items()],
        }
        await self.streams(scope, self._receive, self._send)
        self.over = True
        self._news.set()

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        while not self.is_reading:
            await asyncio.sleep(0.01)
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.text += message.get("body", b"").decode()
        self._news.set()


def live(
    world: World, story: Callable[[Callable[..., Reader]], Awaitable[None]], **limits: Any
) -> None:
    """Runs a story with a maker of readers, each by a key or a session's cookie."""

    async def run() -> None:
        streams = Streams(
            site_of(world.parts, Key()),
            **{"look_seconds": 0.02, "heartbeat_seconds": 5.0, **limits},
        )
        made: list[Reader] = []

        def reader(key: str = "", *, cookie: str = "", **more: Any) -> Reader:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            headers |= {"Cookie": f"bridge_session={cookie}"} if cookie else {}
            headers |= {"Last-Event-ID": more.pop("after")} if more.get("after") else {}
            more.pop("after", None)
            made.append(Reader(streams, headers, **more))
            return made[-1]

        try:
            await story(reader)
        finally:
            streams.close()
            for one in made:
                if one._task is not None:
                    await asyncio.wait_for(one._task, PATIENCE)

    asyncio.run(run())
