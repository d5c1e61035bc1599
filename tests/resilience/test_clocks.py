"""Clocks that are wrong, on our hosts and at vendors: leases, waits, order and signatures hold."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from bridge.store.clock import StoreClock
from bridge.store.engine import open_engine, writing
from bridge.store.inbox import NewRow, append
from bridge.store.migrations import migrate
from bridge.store.schema import BEATS, DECISIONS, INBOX
from bridge.wiring import utc_now
from connectors.hubspot.signature import sign_v3
from tests.chaos.processes import Program, fleet
from tests.lanes import BY_NAME
from tests.pipeline.world import CHAT, CRM, SECRETS, World, client, known_clients
from tests.ports import free_port
from tests.resilience.scene import await_that, get
from tests.resilience.upgrading import Installation, installation
from tests.services import Postgres

CHATS = 8
TIMES = 4
LATE_SECONDS = 2.5  # after so long the CRM does what it was asked; we give up sooner
HOOK = f"/hooks/{CRM}"


def on_a_host(command: Sequence[str], ahead: timedelta) -> tuple[str, ...]:
    """The command, on a machine whose clock is wrong by so much."""
    program = BY_NAME["faketime"].program()
    assert program is not None  # tests without it never get here
    wrong = (str(program), "-f", f"{ahead.total_seconds():+.0f}s")
    # The clock by which a process waits is never set, on no machine.
    return ("/usr/bin/env", "FAKETIME_DONT_FAKE_MONOTONIC=1", *wrong, *command)


@pytest.fixture
def migrated(postgres_server: Postgres, postgres_template: str) -> Iterator[str]:
    yield postgres_server.create("skewed", postgres_template)
    postgres_server.drop("skewed")


@contextmanager
def home_with(url: str, folder: Path, port: int) -> Iterator[Installation]:
    """The configuration is active, and the CRM's people are known."""
    with installation(url, folder, port) as home:
        home.run("migrate")
        home.run("sync")
        yield home


def write(engine: Engine, texts: Sequence[tuple[str, str]]) -> None:
    """Each a request of its own, of a client by his phone."""
    rows = [
        NewRow(
            lane=f"in:{CHAT}",
            account=CHAT,
            received_at=utc_now(),
            method="POST",
            url=f"https://bridge.example/hooks/{CHAT}",
            headers=b"{}",
            body=json.dumps({"messages": [_message(phone, text)]}).encode(),
        )
        for phone, text in texts
    ]
    with writing(engine) as db:
        append(db, rows)


def _message(phone: str, text: str) -> dict[str, Any]:
    return {
        "messageId": f"m-{text.replace(' ', '-')}",
        "channelId": "chan-sales",
        "chatType": "whatsapp",
        "chatId": phone,
        "dateTime": utc_now().isoformat(),
        "type": "text",
        "isEcho": False,
        "contact": {"name": "Clara Client"},
        "text": text,
        "status": "inbound",
    }


def words(chat: int) -> list[str]:
    return [f"chat {chat} word {place}" for place in range(TIMES)]


def said_in(home: Installation, chat: int) -> list[str]:
    """What stands in the CRM of a chat, in the CRM's order."""
    return [text for entry in home.entries() for text in words(chat) if text in entry]


@pytest.mark.faketime
@pytest.mark.postgres
def test_workers_twenty_minutes_apart_neither_double_nor_wait_for_each_other(
    migrated: str, tmp_path: Path
) -> None:
    """Leases and waits go by the store's clock. By its own, a host that is behind would have an
    unknown outcome looked up before the CRM shows it, and one that is ahead would make all wait."""
    port = free_port()
    with home_with(migrated, tmp_path, port) as home, fleet(tmp_path, forked=True) as processes:
        ten = timedelta(minutes=10)
        for name, ahead in (("ahead", ten), ("behind", -ten)):
            command = on_a_host(home.bridge("worker"), ahead)
            processes.start(name, Program(command=command, environ=home.environ))
        create = "communications/batch/create"
        home.fault(match=create, fault="delay", seconds=LATE_SECONDS, times=2)
        home.fault(match=create, fault="429", retry_after="1", times=2)
        home.fault(match=create, fault="500_after", times=1)
        for place in range(TIMES):
            texts = [(client(chat)[0], words(chat)[place]) for chat in range(CHATS)]
            write(home.engine, texts)
            time.sleep(0.3)
        await_that(lambda: home.is_at_rest(), "one waits for the other's clock")
        assert [said_in(home, chat) for chat in range(CHATS)] == [words(c) for c in range(CHATS)]
        assert home.struck() == {"delay": 2, "429": 2, "500_after": 1}
        # One of the two may have had nothing to do yet, and compares its clock only now.
        for name in ("ahead", "behind"):
            said = partial(_says, tmp_path / f"{name}.log", "clock skew")
            await_that(said, f"the one that is {name} tells of no skew")


def _says(log: Path, words: str) -> bool:
    return words in log.read_text()


@contextmanager
def web(home: Installation, folder: Path, port: int, ahead: timedelta) -> Iterator[None]:
    command = home.bridge("web", "--port", str(port))
    program = Program(command=on_a_host(command, ahead) if ahead else command, environ=home.environ)
    with fleet(folder, forked=True) as processes:
        processes.start("web", program)
        await_that(lambda: _answers(port), "web does not answer")
        yield


def _answers(port: int) -> bool:
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
    except OSError:
        return False


def signed(port: int, age: timedelta, event: int = 1) -> tuple[bytes, dict[str, str]]:
    """A webhook of HubSpot's, signed so long ago."""
    body = json.dumps([_contact_changed(event)]).encode()
    moment = str(int((datetime.now(UTC) - age).timestamp() * 1000))
    url = f"http://127.0.0.1:{port}{HOOK}"
    proof = sign_v3(SECRETS[CRM]["client_secret"][0], "POST", url, body, moment)
    headers = {
        "Content-Type": "application/json",
        "X-HubSpot-Signature-v3": proof.decode(),
        "X-HubSpot-Request-Timestamp": moment,
    }
    return body, headers


def _contact_changed(event: int) -> dict[str, Any]:
    return {
        "eventId": event,
        "subscriptionId": 1,
        "portalId": 1,
        "appId": 1,
        "occurredAt": int(time.time() * 1000),
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": 100_000,
        "propertyName": "hubspot_owner_id",
        "propertyValue": "102",
        "changeSource": "CRM_UI",
    }


def post(port: int, sent: tuple[bytes, dict[str, str]]) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", HOOK, *sent)
        return connection.getresponse().status


def rows(engine: Engine, table: Any) -> int:
    with engine.connect() as db:
        return int(db.scalar(select(func.count()).select_from(table)) or 0)


def test_an_old_signature_is_refused_and_a_repeated_one_decided_once(tmp_path: Path) -> None:
    """S2: at the door of a real web process. To the second it is tried beside the signature."""
    port, url = free_port(), f"sqlite:///{tmp_path}/bridge.sqlite"
    migrate(url)
    with home_with(url, tmp_path, port) as home:
        with web(home, tmp_path, port, timedelta()):
            for age in (timedelta(seconds=330), timedelta(seconds=-330)):
                assert post(port, signed(port, age)) == 401
            assert rows(home.engine, INBOX) == 0
            again = signed(port, timedelta(seconds=200))
            assert [post(port, again), post(port, again)] == [200, 200]
            assert post(port, signed(port, timedelta(seconds=-200), event=2)) == 200
        with fleet(tmp_path, forked=True) as processes:
            worker = Program(command=home.bridge("worker"), environ=home.environ)
            processes.start("worker", worker)
            await_that(lambda: home.is_at_rest(), "never at rest")
        assert rows(home.engine, DECISIONS) == 2


@pytest.mark.faketime
@pytest.mark.postgres
@pytest.mark.parametrize("minutes", [10, -10])
def test_where_webs_own_clock_is_wrong_vendors_are_still_believed_and_old_ones_not(
    migrated: str, tmp_path: Path, minutes: int
) -> None:
    """S2: signatures are weighed by the store's clock once it was compared."""
    port = free_port()
    with (
        home_with(migrated, tmp_path, port) as home,
        web(home, tmp_path, port, timedelta(minutes=minutes)),
    ):
        await_that(lambda: rows(home.engine, BEATS), "web says nothing of itself")
        assert post(port, signed(port, timedelta())) == 200
        assert post(port, signed(port, timedelta(minutes=-minutes))) == 401
        assert rows(home.engine, INBOX) == 1
        ready = json.loads(get(port, "/readyz")[1])
        assert abs(ready["clock_skew_seconds"] - 60 * minutes) < 30
        assert "bridge_clock_skew_seconds" in get(port, "/metrics")[1]


def test_a_host_whose_clock_is_set_goes_on_by_the_stores(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set back or forth by an hour in a running worker: nothing waits, nothing is too early."""
    host = [datetime.now(UTC)]
    engine = open_engine(postgres_url)
    clock = StoreClock(engine, lambda: host[0])
    assert clock() == host[0]
    for step in (timedelta(hours=1), timedelta(hours=-1)):
        host[0] = datetime.now(UTC) + step
        assert abs(clock.compare() - step) < timedelta(minutes=1)
        before = clock()
        host[0] -= 2 * step
        assert timedelta() <= clock() - before < timedelta(minutes=1)
    engine.dispose()


def test_sqlite_knows_no_clock_but_the_hosts(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/bridge.sqlite")
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    clock = StoreClock(engine, lambda: moment)
    assert (clock.compare(), clock()) == (timedelta(), moment)
    engine.dispose()


@pytest.mark.parametrize("moved", [timedelta(days=400), timedelta(days=-400)])
def test_a_vendors_clock_changes_no_order(house: World, moved: timedelta) -> None:
    """What came later stays later, in the CRM and for whoever reads the chat."""
    [phone] = known_clients(house, 1)
    moment = (house.parts.now() + moved).isoformat()
    house.client_writes(phone, "word one")
    house.client_writes(phone, "word two", dateTime=moment)
    house.client_writes(phone, "word three")
    house.settle()
    found = [entry for entry in house.entries() if "word" in entry]
    assert ["one" in found[0], "two" in found[1], "three" in found[2]] == [True] * 3
