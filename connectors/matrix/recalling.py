"""What has been said in the bridge's rooms, as the homeserver would have pushed it.

spec.matrix.org, client-server API: GET joined_rooms and GET rooms/{roomId}/messages. Invitations
are no part of it: the homeserver keeps pushing them until they are taken.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bridge.domain.errors import OutcomeUnknown, PayloadInvalid
from bridge.payload import Payload
from bridge.ports import Account, Recalled
from connectors.matrix.client import V3, Homeserver, error_code, part, said
from connectors.matrix.words import MEMBER

_ROOMS = "GET joined_rooms"
_CALLED = "GET messages"
_PAGE, _PAGES = 100, 100
_LEFT = ("M_FORBIDDEN", "M_NOT_FOUND")


class MatrixHistory:
    def __init__(self, account: Account) -> None:
        self._server = Homeserver(account)

    def recall(self, since: datetime, until: datetime) -> Sequence[Recalled]:
        """Every event of every room that we are in, since we came into it."""
        found = [one for room in self._rooms() for one in self._of(room, since, until)]
        return sorted(found, key=lambda one: one.at)

    def _rooms(self) -> Sequence[str]:
        answer = self._server.read(f"{V3}/joined_rooms", _ROOMS)
        if not 200 <= answer.status < 300:
            raise OutcomeUnknown(f"matrix: {_ROOMS}: HTTP {answer.status} {error_code(answer)}")
        try:
            return [
                room.text() for room in said(f"matrix: {_ROOMS}", answer).at("joined_rooms").items()
            ]
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"matrix: {_ROOMS}: {error}") from error

    def _of(self, room: str, since: datetime, until: datetime) -> list[Recalled]:
        found: list[Recalled] = []
        try:
            for item in self._events(room):
                at = item.at("origin_server_ts").milliseconds()
                if at < since:
                    break
                if at <= until:
                    event = {**item.mapping(), "room_id": room}
                    found.append(Recalled(body=_pushed(event), at=at))
                if self._came_in(item):
                    break
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"matrix: {_CALLED}: {error}") from error
        return found[::-1]

    def _events(self, room: str) -> Iterator[Payload]:
        """The latest first."""
        start = ""
        for _ in range(_PAGES):
            where = {"from": start} if start else {}
            params = {"dir": "b", "limit": str(_PAGE), **where}
            answer = self._server.read(f"{V3}/rooms/{part(room)}/messages", _CALLED, params)
            if error_code(answer) in _LEFT:
                return  # left meanwhile
            if not 200 <= answer.status < 300:
                raise OutcomeUnknown(f"matrix: {_CALLED}: HTTP {answer.status}")
            page = said(f"matrix: {_CALLED}", answer)
            yield from page.at("chunk").items()
            start = page.text_or("end")
            if not start:
                return
        raise OutcomeUnknown(f"matrix: {_CALLED}: more than {_PAGE * _PAGES} events in a room")

    def _came_in(self, item: Payload) -> bool:
        """What was said before was not for us to hear."""
        content = item.get("content")
        return (
            item.text_or("type") == MEMBER
            and item.text_or("state_key") == self._server.user
            and content is not None
            and content.text_or("membership") == "invite"
        )


def _pushed(event: Any) -> bytes:
    return json.dumps({"events": [event]}, separators=(",", ":")).encode()
