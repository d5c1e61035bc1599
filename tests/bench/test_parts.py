"""The benchmark's own parts: what it sends, what it reads, what it copies."""

import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bridge.domain.adopting import record_id
from bridge.domain.names import AccountName, CrmId, conversation_id
from bridge.domain.records import RecordKind
from bridge.settings import Settings
from bridge.store.schema import METADATA
from bridge.wiring import prepare
from tests.bench.copying import NUMBERS, Template
from tests.bench.crm_server import Call, Ledger, Noting
from tests.bench.door import KINDS
from tests.bench.load import is_whole, send_all
from tests.bench.people import CHANNEL, People, as_requests, crm_of, mark, messages, phone
from tests.bench.place import environ_of, listens, process, wait_until
from tests.bench.volume import ACTIVE, active_of
from tests.bench.webhooks import BATCH, signed_webhooks
from tests.ports import free_port

CHAT, CRM = AccountName("wazzup-main"), AccountName("hubspot-main")


@pytest.mark.parametrize(
    ("message", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length:2\r\n\r\nok", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"", False),
    ],
)
def test_an_answer_is_read_to_its_end(message: bytes, whole: bool) -> None:
    assert is_whole(message) is whole


def test_webhooks_are_all_different() -> None:
    sent = [*signed_webhooks(5, 0), *signed_webhooks(5, 1)]
    assert len(set(sent)) == 10
    assert all(is_whole(one) for one in sent)


def test_a_batch_is_as_large_as_hubspots() -> None:
    [one] = signed_webhooks(1, 0, BATCH)
    assert 28_000 < len(one) < 36_000
    [small] = signed_webhooks(1, 0)
    assert 1_000 < len(small) < 1_500


def test_clients_write_by_turns_and_every_text_bears_its_mark() -> None:
    bodies = [json.loads(one)["messages"][0] for one in messages(People(count=2, first=7), "r", 4)]
    assert [one["chatId"] for one in bodies] == [phone(7), phone(8)] * 2
    assert [one["text"].split(" ")[0] for one in bodies] == [mark("r", n) for n in range(4)]
    assert all(is_whole(one) for one in as_requests(messages(People(count=1), "r", 2)))


def test_only_clients_with_leads_have_leads() -> None:
    filled = crm_of([People(count=3), People(count=2, first=3, leads=True)])
    assert (len(filled["contacts"]), len(filled["deals"]), len(filled["leads"])) == (5, 5, 2)


def test_nothing_of_the_callers_own_bridge_reaches_the_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("BRIDGE_REDIS_URL", "redis://production")
    monkeypatch.setenv("BRIDGE_LEASE_SECONDS", "1")
    made = environ_of(tmp_path, "sqlite:///x")
    assert not {"BRIDGE_REDIS_URL", "BRIDGE_LEASE_SECONDS"} & made.keys()


def asked(app: Noting, path: str, body: bytes = b"") -> bytes:
    def start(status: str, headers: Any, *rest: Any) -> Callable[[bytes], object]:
        return lambda data: None

    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    return b"".join(app(environ, start))


def _vendor(status: str) -> Any:
    def app(environ: Any, start: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        start(status, [])
        return [b"{}"]

    return app


def test_the_crm_notes_each_message_that_it_took() -> None:
    ledger = Ledger()
    body = json.dumps([f"<p>{mark('r', n)} hello</p>" for n in (1, 2)]).encode()
    asked(Noting(_vendor("201 CREATED"), ledger), "/crm/v3/objects/communications/batch", body)
    asked(Noting(_vendor("429 Too Many"), ledger), "/crm/v3/objects/communications/batch", body)
    assert [call.status for call in ledger.calls] == [201, 429]
    assert ledger.calls[0].marks == (("r", 1), ("r", 2))
    assert ledger.standing("r") == {"messages": 2, "doubles": 0}


def test_the_crm_sees_a_message_that_came_twice() -> None:
    ledger = Ledger()
    for _ in range(2):
        ledger.note(Call("POST /x", 1.0, 2.0, 201, (("r", 1),)))
    answer = asked(Noting(_vendor("200 OK"), ledger), "/_bench/standing?run=r")
    assert json.loads(answer) == {"messages": 1, "doubles": 1}


def test_calls_are_told_since_a_moment() -> None:
    ledger = Ledger()
    for arrived in (1.0, 2.0, 3.0):
        ledger.note(Call("POST /x", arrived, arrived, 200))
    answer = asked(Noting(_vendor("200 OK"), ledger), "/_bench/calls?since=2.0")
    assert [call["arrived"] for call in json.loads(answer)] == [2.0, 3.0]


def test_active_clients_stand_far_apart() -> None:
    firsts = [one.first for one in active_of(1_000_000)]
    assert len(set(firsts)) == ACTIVE
    assert firsts[1] - firsts[0] == 200
    assert len(active_of(2_500)) == 100


@pytest.fixture
def template() -> Template:
    """A store with one client who wrote once."""
    client, contact = phone(0), record_id(CRM, RecordKind.CONTACT, CrmId("1000000"))
    where = conversation_id(CHAT, CHANNEL, client)
    with closing(sqlite3.connect(":memory:")) as db:
        for table in METADATA.sorted_tables:
            columns = ", ".join(column.name for column in table.columns)
            db.execute(f"CREATE TABLE {table.name} ({columns})")
        db.execute(
            "INSERT INTO inbox (id, body) VALUES (1, ?)", (f'{{"chatId":"{client}"}}'.encode(),)
        )
        db.execute(
            "INSERT INTO messages (seq, id, conversation, value) VALUES (1, ?, ?, ?)",
            (
                "ms_" + "a" * 20,
                where,
                f'{{"id":"ms_{"a" * 20}","text":"100 % of {where}"}}'.encode(),
            ),
        )
        db.execute("INSERT INTO contacts (id, crm_id) VALUES (?, '1000000')", (contact,))
        return Template(db, 1)


def copied(template: Template, table: str, copy: int) -> dict[str, Any]:
    [found] = [one for one in template.tables if one.name == table]
    [row] = found.of(copy, template.values(copy))
    return dict(zip(found.columns, row, strict=True))


def test_the_first_copy_is_the_template_itself(template: Template) -> None:
    assert copied(template, "inbox", 0)["body"] == f'{{"chatId":"{phone(0)}"}}'.encode()
    assert copied(template, "messages", 0)["id"] == "ms_" + "a" * 20


def test_a_copy_is_another_client_as_the_bridge_would_name_him(template: Template) -> None:
    where = conversation_id(CHAT, CHANNEL, phone(3))
    contact = copied(template, "contacts", 3)
    assert contact["crm_id"] == "1000003"
    assert contact["id"] == record_id(CRM, RecordKind.CONTACT, CrmId("1000003"))
    assert copied(template, "inbox", 3)["body"] == f'{{"chatId":"{phone(3)}"}}'.encode()
    message = copied(template, "messages", 3)
    assert message["conversation"] == where
    assert json.loads(message["value"]) == {"id": message["id"], "text": f"100 % of {where}"}
    assert message["seq"] == 4


def test_copies_share_no_id(template: Template) -> None:
    assert len({copied(template, "messages", n)["id"] for n in range(20)}) == 20


def test_every_table_that_is_copied_exists() -> None:
    tables = {table.name: table for table in METADATA.sorted_tables}
    for name, numbers in NUMBERS.items():
        assert set(numbers) <= set(tables[name].columns.keys())


def test_a_process_that_fails_is_told_at_once_with_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(SystemExit, match=r"tests\.bench\.ceiling no-port said:\n(.|\n)*ValueError"),
        process(environ_of(tmp_path, ""), tmp_path, "tests.bench.ceiling", "no-port") as child,
    ):
        wait_until(lambda: False, "the server that answers at once", child)


@pytest.mark.parametrize("kind", KINDS)
def test_each_door_takes_webhooks(kind: str, sqlite_url: str, tmp_path: Path) -> None:
    environ = environ_of(tmp_path, sqlite_url)
    prepare(Settings.of(environ), environ)
    port = free_port()
    with process(environ, tmp_path, "tests.bench.door", kind, str(port)) as child:
        wait_until(lambda: listens(port), "the web process", child)
        answers = send_all(port, signed_webhooks(20, 0), 4)
    assert (answers.count, answers.refused) == (20, 0)
    with closing(sqlite3.connect(tmp_path / "bridge.sqlite3")) as db:
        [stored] = db.execute("SELECT count(*) FROM inbox").fetchone()
    assert stored == (20 if kind == "durable" else 0)


def test_a_process_ends_with_its_block(tmp_path: Path) -> None:
    port = free_port()
    with process(environ_of(tmp_path, ""), tmp_path, "tests.bench.ceiling", str(port)) as child:
        wait_until(lambda: listens(port), "the server that answers at once", child)
        answers = send_all(port, signed_webhooks(20, 0), 4)
    assert (answers.count, answers.refused, len(answers.latencies)) == (20, 0, 20)
    assert child.returncode is not None
    assert not listens(port)
