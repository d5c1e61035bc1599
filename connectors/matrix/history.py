"""Looks up in a room's history whether a message of ours is there, by our key in its content."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from bridge.domain.effects import SendMessage
from bridge.domain.errors import (
    BridgeError,
)
from bridge.payload import Payload
from bridge.ports import Absent, CannotTell, Delivery, Found
from connectors.matrix.client import V3, Homeserver, error_code, part, said
from connectors.matrix.words import KEY, MESSAGE

_CALLED = "GET messages"
_PAGE, _PAGES = 100, 10
# The homeserver's clock may differ from ours.
_SKEW = timedelta(minutes=10)


class History:
    def __init__(self, server: Homeserver) -> None:
        self._server = server
        wanted = {"senders": [server.user], "types": [MESSAGE]}
        self._filter = json.dumps(wanted, separators=(",", ":"))

    def find(self, delivery: Delivery, effect: SendMessage) -> Found | Absent | CannotTell:
        """Absent also where a send still hangs at the homeserver: the next one bears the same
        transaction id, and so comes to the same event."""
        since = (delivery.in_doubt_since or delivery.now) - _SKEW
        try:
            for item in self._sent(effect.chat_id):
                if item.at("content").mapping().get(KEY) == effect.key:
                    return Found(vendor_ids={"id": item.at("event_id").identifier()})
                if _time(item) < since:
                    return Absent()
        except BridgeError as error:
            return CannotTell(reason=f"matrix: {_CALLED}: {type(error).__name__}")
        except _Unclear as error:
            return CannotTell(reason=str(error))
        return Absent()

    def _sent(self, room: str) -> Iterator[Payload]:
        """What the bridge's user has sent into the room, the latest first."""
        start = ""
        for _ in range(_PAGES):
            page = self._page(room, start)
            yield from page.at("chunk").items()
            start = page.text_or("end")
            if not start:
                return
        raise _Unclear(f"matrix: {_CALLED}: more than {_PAGE * _PAGES} messages since")

    def _page(self, room: str, start: str) -> Payload:
        params = {"dir": "b", "limit": str(_PAGE), "filter": self._filter}
        where = {"from": start} if start else {}
        answer = self._server.read(f"{V3}/rooms/{part(room)}/messages", _CALLED, params | where)
        if not 200 <= answer.status < 300:
            raise _Unclear(f"matrix: {_CALLED}: HTTP {answer.status} {error_code(answer)}")
        return said(f"matrix: {_CALLED}", answer)


class _Unclear(Exception):
    """The history can't be read so far back."""


def _time(item: Payload) -> datetime:
    return item.at("origin_server_ts").milliseconds()
