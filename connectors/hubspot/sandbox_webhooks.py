"""Sends the sandbox's changes as HubSpot does: signed, in hundreds, and again when refused."""

import heapq
import itertools
import json
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from connectors.hubspot.sandbox_records import Change
from connectors.hubspot.sandbox_schema import SINGULAR, TYPE_IDS
from connectors.hubspot.signature import sign_v1, sign_v3

_MAX_EVENTS = 100
_GATHER_SECONDS = 0.02
_FIRST_WAIT_SECONDS = 0.25  # HubSpot spreads its ten tries over a day; nobody waits that long here
_LONGEST_WAIT_SECONDS = 8.0
_TIMEOUT_SECONDS = 5.0
_UNTOLD = frozenset({"communications", "notes", "companies", "tasks"})
_GENERIC = frozenset({"leads", "partner_clients"})


@dataclass(frozen=True)
class Target:
    url: str
    client_secret: str
    app_id: int = 1
    portal_id: int = 1
    generic: bool = False  # `object.*` for contacts and deals too
    sent_twice: float = 0.0  # share of the accepted bodies that are sent again
    attempts: int = 10


class Webhooks:
    """One thread for each target, until the next one. Any thread may call `listen`."""

    def __init__(self) -> None:
        self._target: Target | None = None
        self._generation = 0
        self._due: list[tuple[float, int, int, list[dict[str, Any]]]] = []
        self._wake = threading.Condition()
        self._numbers = itertools.count(1)
        self._session = requests.Session()
        self._session.trust_env = False
        self._random = random.Random(0)  # noqa: S311 - not for secrets
        self._under_way = 0
        self.accepted: list[int] = []
        self.given_up = 0

    def shown(self) -> Mapping[str, Any]:
        """Event ids answered with 2xx, how many events were given up, how many wait for an
        answer."""
        with self._wake:
            waiting = self._under_way + sum(len(events) for *_, events in self._due)
            return {"accepted": self.accepted[:], "given_up": self.given_up, "waiting": waiting}

    def aim(self, target: Target | None) -> None:
        with self._wake:
            self._target = target
            self._generation += 1
            generation = self._generation
            self._due.clear()
            self._wake.notify_all()
        if target is not None:
            threading.Thread(target=self._run, args=(target, generation), daemon=True).start()

    def listen(self, changes: Sequence[Change]) -> None:
        with self._wake:
            if self._target is None:
                return
            events = [
                self._event(change, self._target)
                for change in changes
                if change.kind not in _UNTOLD and change.more.get("other_kind") not in _UNTOLD
            ]
            if events:
                self._add(time.monotonic() + _GATHER_SECONDS, 0, events)
                self._wake.notify()

    def _add(self, due: float, attempt: int, events: list[dict[str, Any]]) -> None:
        heapq.heappush(self._due, (due, next(self._numbers), attempt, events))

    def _run(self, target: Target, generation: int) -> None:
        while True:
            with self._wake:
                if self._generation != generation:
                    return
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._wake.wait(wait)
                    continue
                attempt, events = self._take()
                self._under_way += len(events)
            taken = self._post(target, attempt, events)
            with self._wake:
                if not taken:
                    self._again(attempt + 1, events, generation)
                else:
                    self.accepted.extend(event["eventId"] for event in events)
                    if self._random.random() < target.sent_twice:
                        self._add(time.monotonic() + _FIRST_WAIT_SECONDS, attempt + 1, events)
                self._under_way -= len(events)

    def _take(self) -> tuple[int, list[dict[str, Any]]]:
        """All that is due in the first try goes together; a retry goes by itself."""
        _, _, attempt, events = heapq.heappop(self._due)
        now = time.monotonic()
        while attempt == 0 and self._due and len(events) < _MAX_EVENTS:
            due, _, other, more = self._due[0]
            if due > now or other != 0 or len(events) + len(more) > _MAX_EVENTS:
                break
            heapq.heappop(self._due)
            events = events + more
        return attempt, events

    def _post(self, target: Target, attempt: int, events: list[dict[str, Any]]) -> bool:
        body = json.dumps([{**event, "attemptNumber": attempt} for event in events]).encode()
        timestamp = str(time.time_ns() // 1_000_000)
        signature = sign_v3(target.client_secret, "POST", target.url, body, timestamp)
        headers = {
            "content-type": "application/json",
            "x-hubspot-request-timestamp": timestamp,
            "x-hubspot-signature-v3": signature.decode(),
            "x-hubspot-signature": sign_v1(target.client_secret, body).decode(),
            "x-hubspot-signature-version": "v1",
        }
        try:
            answer = self._session.post(
                target.url,
                data=body,
                headers=headers,
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException:
            return False
        return 200 <= answer.status_code < 300

    def _again(self, attempt: int, events: list[dict[str, Any]], generation: int) -> None:
        wait = min(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1), _LONGEST_WAIT_SECONDS)
        target = self._target if self._generation == generation else None
        if target is not None and attempt < target.attempts:
            self._add(time.monotonic() + wait, attempt, events)
        else:
            self.given_up += len(events)

    def _event(self, change: Change, target: Target) -> dict[str, Any]:
        by_app = change.source.change_source == "INTEGRATION"
        generic = target.generic or bool(_GENERIC & {change.kind, change.more.get("other_kind")})
        is_privacy = change.what == "privacyDeletion"
        name = "object" if generic and not is_privacy else SINGULAR[change.kind]
        return {
            "eventId": next(self._numbers),
            "subscriptionId": 4_000_000 + len(change.what),
            "portalId": target.portal_id,
            "appId": target.app_id,
            "occurredAt": time.time_ns() // 1_000_000,
            "subscriptionType": f"{name}.{change.what}",
            "changeSource": change.source.change_source,
            "sourceId": str(target.app_id) if by_app else f"userId:{change.source.user}",
            **_named(change, generic and not is_privacy),
            **_FLAGS.get(change.what, {}),
        }


_FLAGS: Mapping[str, Mapping[str, str]] = {
    "creation": {"changeFlag": "CREATED"},
    "deletion": {"changeFlag": "DELETED"},
}


def _named(change: Change, generic: bool) -> dict[str, Any]:
    if change.what != "associationChange":
        typed = {"objectTypeId": TYPE_IDS[change.kind]} if generic else {}
        return {"objectId": int(change.record_id), **typed, **change.more}
    other = change.more["other_kind"]
    named = {
        "fromObjectId": int(change.record_id),
        "toObjectId": int(change.more["other_id"]),
        "associationRemoved": change.more["associationRemoved"],
        "isPrimaryAssociation": False,
    }
    if generic:
        types = {"fromObjectTypeId": TYPE_IDS[change.kind], "toObjectTypeId": TYPE_IDS[other]}
        return {**named, **types, "associationCategory": "HUBSPOT_DEFINED"}
    return {**named, "associationType": f"{SINGULAR[change.kind]}_TO_{SINGULAR[other]}".upper()}
