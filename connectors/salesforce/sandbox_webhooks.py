"""Sends the org's changes as Salesforce does: in hundreds, in no order, until acknowledged."""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import requests

from connectors.salesforce.sandbox_ids import made_id
from connectors.salesforce.sandbox_messages import (
    FIELDS,
    JSON_FIELDS,
    MAX_NOTIFICATIONS,
    Notice,
    Post,
    is_ack,
    is_taken,
    json_post,
    soap_post,
)
from connectors.salesforce.sandbox_org import INTEGRATION_USER, ORGANIZATION, Change, Org

_GATHER_SECONDS = 0.02
_FIRST_WAIT_SECONDS = 0.25  # Salesforce waits from seconds to two hours; nobody does so here
_LONGEST_WAIT_SECONDS = 8.0
_LATE_SECONDS = 0.5
_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Target:
    """`url` ends with the path_secret. `format` is soap or json."""

    url: str
    format: str = "soap"
    signing_secret: str = ""  # of JSON from Apex; a Flow has none
    organization_id: str = ORGANIZATION
    sent_twice: float = 0.0  # share of the accepted messages that are sent again
    out_of_order: float = 0.0  # share of the messages that later ones overtake
    own_changes: bool = True  # False: the integration user's profile sends no outbound messages
    attempts: int = 10

    def __post_init__(self) -> None:
        if self.format not in ("soap", "json"):
            raise ValueError(f"format {self.format} is not one of soap, json")

    def wants(self, change: Change) -> bool:
        """Outbound messages know no deletions, and not every object."""
        if change.user == INTEGRATION_USER and not self.own_changes:
            return False
        if self.format == "json":
            return change.object in JSON_FIELDS
        return change.object in FIELDS and change.what in ("created", "updated")


@dataclass(order=True)
class Message:
    due: float
    number: int
    attempt: int
    notices: list[Notice]
    is_repeated: bool = False  # accepted before


class Webhooks:
    """All targets. Any thread may call."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._lines: tuple[Line, ...] = ()
        self._numbers = itertools.count(1)  # no id is given twice

    def aim(self, targets: Sequence[Target]) -> None:
        for line in self._lines:
            line.stop()
        self._lines = tuple(Line(self._org, target, self._numbers) for target in targets)
        for line in self._lines:
            threading.Thread(target=line.run, daemon=True).start()

    def listen(self, changes: Sequence[Change]) -> None:
        for line in self._lines:
            line.listen(changes)

    def shown(self) -> Mapping[str, Any]:
        """Ids of notices that were acknowledged, how many were given up, how many wait."""
        lines = [line.shown() for line in self._lines]
        return {
            "accepted": [one for line in lines for one in line["accepted"]],
            "given_up": sum(line["given_up"] for line in lines),
            "waiting": sum(line["waiting"] for line in lines),
        }


class Line:
    """One target and its thread."""

    def __init__(self, org: Org, target: Target, numbers: Iterator[int]) -> None:
        self._org = org
        self._target = target
        self._wake = threading.Condition()
        self._due: list[Message] = []
        self._numbers = numbers
        self._random = random.Random(0)  # noqa: S311 - not for secrets
        self._session = requests.Session()
        self._session.trust_env = False
        self._stopped = False
        self._at_work = 0
        self.accepted: list[str] = []
        self.given_up = 0

    def shown(self) -> Mapping[str, Any]:
        with self._wake:
            waiting = self._at_work + sum(len(one.notices) for one in self._due)
            return {
                "accepted": self.accepted[:],
                "given_up": self.given_up,
                "waiting": waiting,
            }

    def stop(self) -> None:
        with self._wake:
            self._stopped = True
            self._wake.notify()

    def listen(self, changes: Sequence[Change]) -> None:
        with self._wake:
            for change in changes:
                if self._target.wants(change):
                    late = self._random.random() < self._target.out_of_order
                    wait = _LATE_SECONDS if late else _GATHER_SECONDS
                    due = time.monotonic() + wait
                    notices = [self._notice(change)]
                    heapq.heappush(self._due, Message(due, next(self._numbers), 0, notices))
            self._wake.notify()

    def run(self) -> None:
        while True:
            with self._wake:
                if self._stopped:
                    return
                wait = self._due[0].due - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._wake.wait(wait)
                    continue
                message = self._take()
                self._at_work = len(message.notices)
            taken = self._post(message.notices)
            with self._wake:
                self._at_work = 0
                self._note(message, taken=taken)

    def _take(self) -> Message:
        """What is due in the first try goes together, of one object; a retry goes by itself."""
        first = heapq.heappop(self._due)
        if self._target.format == "json" or first.attempt or first.is_repeated:
            return first
        now = time.monotonic()
        fits = [one for one in self._due if self._joins(one, first, now)]
        for one in sorted(fits)[: MAX_NOTIFICATIONS - len(first.notices)]:
            self._due.remove(one)
            first.notices.extend(one.notices)
        heapq.heapify(self._due)
        return first

    @staticmethod
    def _joins(one: Message, first: Message, now: float) -> bool:
        same = one.notices[0].object == first.notices[0].object
        return same and one.attempt == 0 and not one.is_repeated and one.due <= now

    def _note(self, message: Message, *, taken: bool) -> None:
        now = time.monotonic()
        if taken:
            self.accepted.extend(one.id for one in message.notices)
            if not message.is_repeated and self._random.random() < self._target.sent_twice:
                again = replace(message, due=now + _FIRST_WAIT_SECONDS, is_repeated=True)
                heapq.heappush(self._due, again)
            return
        if message.attempt + 1 < self._target.attempts:
            wait = min(_FIRST_WAIT_SECONDS * 2**message.attempt, _LONGEST_WAIT_SECONDS)
            later = replace(message, due=now + wait, attempt=message.attempt + 1)
            heapq.heappush(self._due, later)
        else:
            self.given_up += len(message.notices)

    def _post(self, notices: Sequence[Notice]) -> bool:
        post = self._written(notices)
        try:
            answer = self._session.post(
                self._target.url,
                data=post.body,
                headers=dict(post.headers),
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException:
            return False
        check = is_ack if self._target.format == "soap" else is_taken
        return check(answer.status_code, answer.content)

    def _written(self, notices: Sequence[Notice]) -> Post:
        target = self._target
        if target.format == "soap":
            return soap_post(self._org, notices, target.organization_id)
        return json_post(notices[0], target.organization_id, target.signing_secret)

    def _notice(self, change: Change) -> Notice:
        """With the fields as they are now: a Flow or trigger sends what it has seen."""
        number = next(self._numbers)
        values = self._org.records[change.object][change.id].values
        wanted = JSON_FIELDS[change.object]
        return Notice(
            id=made_id("04l", number),
            object=change.object,
            record=change.id,
            change=change.what,
            fields={name: values.get(name) for name in wanted},
            old={name: value for name, value in change.old.items() if name in wanted},
        )
