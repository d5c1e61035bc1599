"""A web process's parts on a real store, with a connector of our own."""

import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from wsgiref.types import WSGIApplication

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from bridge.codec import decode
from bridge.domain.errors import ConfigError, SignatureInvalid
from bridge.domain.names import AccountName
from bridge.domain.policy import AccountPolicy, Policy
from bridge.pipeline.parts import Active, Parts
from bridge.pipeline.receive import Receiver
from bridge.pipeline.vendors import AccountVendors
from bridge.ports import (
    Account,
    Answer,
    Connector,
    Parsed,
    RawRequest,
)
from bridge.queue.standing import QueueState
from bridge.settings import Settings
from bridge.store.engine import reading
from bridge.store.schema import INBOX
from bridge.web.app import Web, create_app
from bridge.web.metrics import Metrics

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
PUBLIC_URL = "https://bridge.acme.example/b"
KEY = "k3y-of+the/vendor"
SECRET_KEY = "0123456789abcdef" * 2


class PlainInbound:
    """Proves itself by the header `x-key` or by the path; GET is a challenge."""

    def __init__(self, account: Account) -> None:
        self._keys = account.required("key")
        self.seen: list[RawRequest] = []

    def handshake(self, request: RawRequest) -> Answer | None:
        return Answer(body=b"pong") if request.method == "GET" else None

    def verify(self, request: RawRequest) -> None:
        self.seen.append(request)
        given = request.headers.get("x-key", "").encode("utf-8", "surrogatepass")
        if not any(hmac.compare_digest(given, key.encode()) for key in self._keys):
            raise SignatureInvalid("plain: key does not match")

    def parse(self, request: RawRequest) -> Parsed:
        return Parsed()

    def accepted(self, request: RawRequest) -> Answer:
        return Answer(status=202, body=b"<ok/>", content_type="text/xml")


def never(account: Account) -> Any:
    raise AssertionError("a webhook asks neither for an outbound nor for a reader")


def no_sandbox(secrets: Mapping[str, str]) -> WSGIApplication:
    return Flask("plain")


PLAIN = Connector(
    name="plain",
    label="Plain",
    needs=frozenset({"key"}),
    inbound=PlainInbound,
    outbound=never,
    reader=never,
    delivers=frozenset(),
    sandbox=no_sandbox,
)


class Bells:
    def __init__(self) -> None:
        self.rung: list[str] = []

    def ring(self, lane: str) -> None:
        self.rung.append(lane)


class NoBudgets:
    def take(self, account: AccountName, calls: int) -> float:
        return 0.0


def accounts(**policies: AccountPolicy) -> Active:
    """Each account with its one key."""
    named = {AccountName(name): policy for name, policy in policies.items()}
    return Active(
        policy=Policy(accounts=named),
        hash="h1",
        accounts={
            name: Account(name=name, connector=policy.connector, secrets={"key": (KEY, "old-key")})
            for name, policy in named.items()
        },
    )


ACTIVE = accounts(acc=AccountPolicy(connector="plain", max_body_bytes=1000))


@dataclass(slots=True)
class Door:
    """A client of the application, and what stands behind it."""

    client: FlaskClient
    engine: Engine
    bells: Bells
    vendors: AccountVendors
    web: Web
    app: Flask = field(repr=False)

    def rows(self) -> list[Any]:
        with reading(self.engine) as db:
            return list(db.execute(select(INBOX).order_by(INBOX.c.id)))

    def headers(self, number: int = 0) -> dict[str, str]:
        return decode(dict, self.rows()[number].headers)

    def post(self, path: str = "/hooks/acc", **given: Any) -> Any:
        headers = {"x-key": KEY} | given.pop("headers", {})
        return self.client.post(path, headers=headers, data=given.pop("data", b"{}"), **given)


def no_active() -> Active:
    raise ConfigError("no configuration is active")


@contextmanager
def door(
    engine: Engine,
    active: Callable[[], Active] = lambda: ACTIVE,
    queue: QueueState | None = None,
    connector: Connector = PLAIN,
) -> Iterator[Door]:
    bells = Bells()
    vendors = AccountVendors(active, {"plain": connector})
    parts = Parts(
        engine=engine,
        active=active,
        vendors=vendors,
        bell=bells,
        budgets=NoBudgets(),
        now=lambda: NOW,
        public_url=PUBLIC_URL,
    )
    metrics = Metrics()
    receiver = Receiver(engine, bells, observe_batch=metrics.committed)
    web = Web(
        parts=parts,
        receiver=receiver,
        metrics=metrics,
        queue_state=lambda: queue or QueueState(kind="polling", works=True),
    )
    app = create_app(web, Settings.of({"BRIDGE_SECRET_KEY": SECRET_KEY}))
    try:
        yield Door(app.test_client(), engine, bells, vendors, web, app)
    finally:
        receiver.close()
