"""The plan of the house: which rooms there are and what each may import. Change it in a commit
of its own, with the reason."""

from collections.abc import Sequence

import pytest

from tests.house import (
    ROOT,
    Finder,
    Plan,
    Source,
    calls,
    catches_everything,
    compares_secrets,
    is_async,
    reads,
    sources,
    uses_module,
    vendors,
)

# Each room, and below it what it may import besides itself and the standard library.
ROOMS = """
bridge
bridge.domain
    phonenumbers
bridge.tokens
bridge.readings
    bridge.domain
bridge.ports
    bridge.domain bridge.tokens bridge.readings
bridge.codec
    bridge.domain msgspec
bridge.payload
    bridge.domain
bridge.settings
    bridge.domain
bridge.storage
    bridge.domain
    fsspec
bridge.sheets
    bridge.domain
    openpyxl
bridge.policy
    bridge.domain bridge.ports bridge.codec
    yaml phonenumbers
bridge.store
    bridge.domain bridge.ports bridge.codec bridge.store.migrations
    sqlalchemy msgspec cryptography
bridge.store.migrations
    bridge.domain bridge.store
    sqlalchemy alembic
bridge.openid
    bridge.domain connectors.fetching
    authlib joserfc requests
bridge.pipeline
    bridge.domain bridge.ports bridge.codec bridge.payload bridge.policy bridge.store
    bridge.sheets
    sqlalchemy structlog
bridge.queue
    bridge.domain bridge.ports bridge.store
    sqlalchemy structlog redis rq limits
bridge.web
    bridge.domain bridge.ports bridge.codec bridge.payload bridge.settings bridge.policy
    bridge.store bridge.pipeline bridge.sheets
    sqlalchemy structlog flask werkzeug jinja2 markupsafe itsdangerous prometheus_client
    granian msgspec uvloop flask_babel babel
bridge.wiring
    bridge.domain bridge.ports bridge.codec bridge.payload bridge.settings bridge.policy
    bridge.store bridge.store.migrations bridge.pipeline bridge.queue connectors
    bridge.storage bridge.openid connectors.fetching
    sqlalchemy structlog
bridge.serving
    bridge.settings bridge.store bridge.pipeline bridge.queue bridge.web bridge.wiring
bridge.standing_in
    bridge.domain bridge.settings bridge.policy bridge.wiring connectors connectors.sandboxing
bridge.logs
    bridge.domain
    structlog
bridge.jobs
    bridge.domain bridge.settings bridge.policy bridge.store bridge.pipeline bridge.queue
    bridge.wiring bridge.logs
    structlog rq
bridge.worker
    bridge.domain bridge.settings bridge.policy bridge.store bridge.pipeline bridge.queue
    bridge.wiring bridge.logs bridge.jobs
    structlog rq redis
bridge.clock
    bridge.domain bridge.settings bridge.policy bridge.store bridge.pipeline bridge.queue
    bridge.wiring bridge.logs bridge.jobs
    structlog redis sqlalchemy
bridge.cli
    bridge.domain bridge.ports bridge.codec bridge.settings bridge.policy bridge.store
    bridge.pipeline bridge.queue bridge.wiring bridge.serving bridge.standing_in bridge.jobs
    bridge.worker bridge.clock bridge.logs bridge.sheets
    sqlalchemy structlog click
connectors
    bridge.domain bridge.ports connectors.<vendor>
connectors.http
    bridge.domain bridge.payload
    requests
connectors.standard_webhooks
    bridge.domain bridge.ports
connectors.fetching
    bridge.domain bridge.ports connectors.http
    requests
connectors.sandboxing
    flask werkzeug
connectors.standing_in
connectors.<vendor>
    bridge.domain bridge.ports bridge.payload connectors.http connectors.standard_webhooks
    connectors.fetching connectors.standing_in connectors.<vendor>.sandbox*
connectors.<vendor>.sandbox*
    bridge.domain bridge.ports bridge.payload connectors.<vendor> connectors.sandboxing
    connectors.standard_webhooks
    flask werkzeug requests
"""

# A vendor's own client library is for its own connector alone.
SDKS = {
    "connectors.hubspot": {"hubspot", "urllib3"},
    "connectors.salesforce": {"simple_salesforce", "defusedxml", "jwt"},
    # Its sandbox checks assertions that were signed for it, and reads the XML that answers it.
    "connectors.salesforce.sandbox*": {"defusedxml", "jwt"},
}

# The rules know no clock, no chance, no network, no files: of the standard library only these.
PURE = "bridge.domain"
VALUES = """
abc bisect collections dataclasses datetime decimal enum fractions functools hashlib heapq
itertools math operator re string types typing unicodedata
"""

# What stands in few places, and which: (habit, how it is found, where it may stand).
FEW_PLACES: tuple[tuple[str, Finder, tuple[str, ...]], ...] = (
    ("printing", calls("print"), ("bridge/cli/",)),
    ("the environment", reads("os.environ", "os.getenv"), ("bridge/settings.py",)),
    # The front, and the streams that it keeps open: a thread for each open page would be too dear.
    ("async code", is_async, ("bridge/web/front.py", "bridge/web/streams.py")),
    (
        "an event loop",
        uses_module("asyncio", "anyio", "trio"),
        ("bridge/web/front.py", "bridge/web/streams.py"),
    ),
    (
        "catching everything",
        catches_everything,
        # Around a job, a webhook, one row, what the clock decides, and around a connector, which
        # may come from elsewhere.
        (
            "bridge/jobs.py",
            "bridge/web/hooks.py",
            "bridge/pipeline/process.py",
            "bridge/pipeline/house.py",
            "bridge/pipeline/deliver.py",
            "bridge/pipeline/copying.py",
        ),
    ),
    ("a secret compared in a time that tells", compares_secrets, ()),
    ("annotations turned into strings", uses_module("__future__.annotations"), ()),
    ("data that can run code", uses_module("pickle", "marshal", "shelve"), ()),
)

CONNECTOR_FILES = {
    "README.md",
    "__init__.py",
    "inbound.py",
    "outbound.py",
    "reader.py",
    "sandbox.py",
}

PLAN = Plan.read(ROOMS, PURE, VALUES).with_more(SDKS)
HOUSE = sources("bridge", "connectors")


def test_every_file_belongs_to_a_room() -> None:
    _expect_none(PLAN.without_room, HOUSE)


def test_no_room_imports_what_it_may_not_know() -> None:
    _expect_none(PLAN.trespasses, HOUSE)


@pytest.mark.parametrize(
    ("find", "places"),
    [pytest.param(find, places, id=name) for name, find, places in FEW_PLACES],
)
def test_it_stands_in_few_places(find: Finder, places: tuple[str, ...]) -> None:
    _expect_none(find, [file for file in HOUSE if not file.path.startswith(places)])


def test_the_domain_does_not_ask_what_time_it_is() -> None:
    asks = calls(".now", ".utcnow", ".today")
    _expect_none(asks, sources("bridge/domain"))


@pytest.mark.parametrize("vendor", vendors())
def test_every_connector_has_the_same_files(vendor: str) -> None:
    present = {path.name for path in (ROOT / "connectors" / vendor).iterdir()}
    assert present >= CONNECTOR_FILES


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("bridge/domain/access.py", "import requests"),
        ("bridge/domain/access.py", "import time"),
        ("bridge/domain/access.py", "import random"),
        ("bridge/domain/access.py", "from bridge.store import engine"),
        ("bridge/domain/access.py", "from bridge import ports"),
        ("bridge/domain/access.py", "def late():\n    import bridge.store.engine"),
        ("bridge/domain/access.py", "from .people import Role"),
        ("bridge/ports.py", "import flask"),
        ("bridge/pipeline/receive.py", "from bridge.wiring import build"),
        ("bridge/pipeline/receive.py", "from connectors import CONNECTORS"),
        ("bridge/store/engine.py", "from bridge.policy import load"),
        ("connectors/wazzup/inbound.py", "from connectors.hubspot.inbound import HubspotInbound"),
        ("connectors/wazzup/inbound.py", "import hubspot"),
        ("connectors/wazzup/inbound.py", "import flask"),
        ("connectors/wazzup/inbound.py", "from connectors import CONNECTORS"),
        ("connectors/wazzup/inbound.py", "from bridge.store import engine"),
    ],
)
def test_a_trespass_is_seen(path: str, text: str) -> None:
    assert list(PLAN.trespasses(Source(path, text)))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("bridge/domain/phones.py", "import phonenumbers"),
        ("bridge/wiring.py", "from connectors import installed"),
        ("connectors/__init__.py", "from connectors.wazzup import CONNECTOR"),
        ("connectors/wazzup/inbound.py", "from connectors.wazzup.words import STATUSES"),
        ("connectors/wazzup/sandbox.py", "import flask"),
        ("connectors/hubspot/outbound.py", "import hubspot"),
    ],
)
def test_what_the_plan_allows_is_no_trespass(path: str, text: str) -> None:
    assert list(PLAN.trespasses(Source(path, text))) == []


@pytest.mark.parametrize(
    "path", ["bridge/utils.py", "bridge/helpers/text.py", "connectors/common.py"]
)
def test_a_file_that_nobody_planned_is_seen(path: str) -> None:
    assert list(PLAN.without_room(Source(path, "")))


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        ("printing", "print(1)"),
        ("the environment", "import os\nos.environ['HOME']"),
        ("async code", "async def walk(): pass"),
        ("an event loop", "import asyncio.queues"),
        ("catching everything", "try:\n    pass\nexcept Exception:\n    pass"),
        ("catching everything", "try:\n    pass\nexcept:\n    pass"),
        ("catching everything", "try:\n    pass\nexcept (ValueError, BaseException):\n    pass"),
        ("a secret compared in a time that tells", "given == self._secret"),
        ("a secret compared in a time that tells", "headers['x-signature'] != expected"),
        ("a secret compared in a time that tells", "given in account.required_secrets"),
        ("a secret compared in a time that tells", "mac.hexdigest() == given"),
        ("annotations turned into strings", "from __future__ import annotations"),
        ("data that can run code", "from pickle import loads"),
    ],
)
def test_a_habit_is_seen(habit: str, text: str) -> None:
    find = next(find for name, find, _ in FEW_PLACES if name == habit)
    assert list(find(_anywhere(text)))


@pytest.mark.parametrize(
    "text",
    [
        "secret is None",
        "secret == ''",
        "hmac.compare_digest(given, secret)",
        "needed in account.secrets",
        "SESSIONS.c.digest == digest(token)",
        "LANES.c.lease_token == token",
    ],
)
def test_asking_whether_there_is_a_secret_compares_none(text: str) -> None:
    assert list(compares_secrets(_anywhere(text))) == []


def _expect_none(find: Finder, files: Sequence[Source]) -> None:
    found = "\n".join(found for file in files for found in find(file))
    assert not found, f"\n{found}"


def _anywhere(text: str) -> Source:
    return Source("bridge/web/hooks.py", text)
