"""The demo on a PostgreSQL database: one of its own, and never one with something else in it."""

import itertools
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from bridge.cli.answers import Failed
from bridge.cli.demo_database import VARIABLE, own_database
from bridge.store.engine import open_engine, reading, writing
from tests.cli.running import all_gone, children, eventually, make_house
from tests.services import Postgres

_numbers = itertools.count(1)
_CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def empty_database(postgres_server: Postgres) -> Iterator[str]:
    name = f"given_{next(_numbers)}"
    yield postgres_server.create(name)
    postgres_server.drop(name)


def execute(url: str, *statements: str) -> None:
    engine = open_engine(url)
    with writing(engine) as db:
        for statement in statements:
            db.execute(text(statement))
    engine.dispose()


def values(url: str, query: str) -> list[object]:
    engine = open_engine(url)
    with reading(engine) as db:
        found = list(db.scalars(text(query)))
    engine.dispose()
    return found


@contextmanager
def opened(url: str) -> Iterator[str]:
    environ = {VARIABLE: url}
    with own_database(environ) as within:
        assert (environ, bool(within)) == ({}, True)
        yield str(within)


def test_without_the_variable_there_is_a_file() -> None:
    with own_database({}) as within:
        assert within is None


def test_an_empty_database_is_taken_and_emptied_again_at_the_next_start(
    empty_database: str,
) -> None:
    with opened(empty_database) as within:
        execute(within, "CREATE TABLE kept (id int)", "CREATE VIEW seen AS SELECT id FROM kept")
        schemas = "SELECT table_schema FROM information_schema.tables WHERE table_name = 'kept'"
        assert values(within, schemas) == ["bridge_demo"]
    with opened(empty_database) as within:
        assert values(within, "SELECT to_regclass('kept')::text") == [None]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE real_clients (id int)",
        "CREATE SCHEMA other; CREATE TABLE other.things (id int)",
        "CREATE VIEW public.numbers AS SELECT 1 AS n",
        "CREATE SEQUENCE public.counter",
        "CREATE SCHEMA bridge_demo",
        "CREATE SCHEMA bridge_demo; CREATE TABLE bridge_demo.mine (id int)",
    ],
)
def test_what_no_demo_has_made_is_refused_and_left_alone(
    empty_database: str, statement: str
) -> None:
    execute(empty_database, statement)
    everything = """SELECT relname::text FROM pg_class WHERE relnamespace IN
        (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'other', 'bridge_demo'))
        UNION SELECT nspname FROM pg_namespace ORDER BY 1"""
    before = values(empty_database, everything)
    with pytest.raises(Failed, match="no demo has made") as refused, opened(empty_database):
        pass
    assert "empty database" in refused.value.next_step
    assert values(empty_database, everything) == before


def test_a_table_that_somebody_put_beside_the_demos_ends_its_use(empty_database: str) -> None:
    with opened(empty_database):
        pass
    execute(empty_database, "CREATE TABLE public.mine (id int)")
    with pytest.raises(Failed, match=r"public\.mine"), opened(empty_database):
        pass


def test_what_an_extension_brings_is_nobodys(empty_database: str) -> None:
    available = "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_stat_statements'"
    if values(empty_database, available) == [0]:
        pytest.skip("this server has no pg_stat_statements")
    execute(empty_database, "CREATE EXTENSION pg_stat_statements")
    with opened(empty_database) as within:
        assert within


def test_two_demos_never_share_one(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.cli.demo_database.GONE_SECONDS", 0.2)
    with opened(empty_database) as within:
        execute(within, "CREATE TABLE kept (id int)")
        with pytest.raises(Failed, match="another demo runs"), opened(empty_database):
            pass
        assert values(within, "SELECT count(*) FROM kept") == [0]


@pytest.mark.parametrize(
    "url",
    ["nonsense", "sqlite:///somewhere.sqlite3", "mysql://root@127.0.0.1/x", "postgresql//x"],
)
def test_only_postgresql_can_be_named(url: str) -> None:
    with pytest.raises(Failed, match="PostgreSQL") as refused, opened(url):
        pass
    assert VARIABLE in refused.value.next_step


def test_a_server_that_is_away_is_told_without_the_password() -> None:
    url = "postgresql://demo:s3cret@127.0.0.1:9/demo"
    with pytest.raises(Failed, match="does not answer") as refused, opened(url):
        pass
    assert "s3cret" not in f"{refused.value} {refused.value.next_step}"


def test_a_user_without_the_right_is_told_which(
    postgres_server: Postgres, empty_database: str
) -> None:
    execute(empty_database, "DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN")
    guest = empty_database.replace("postgres@", "guest@")
    with pytest.raises(Failed, match="may not make a schema") as refused, opened(guest):
        pass
    assert "GRANT CREATE" in refused.value.next_step
    execute(empty_database, "DROP ROLE guest")


@pytest.mark.redis
def test_a_killed_demo_is_started_again_on_the_same_database(
    tmp_path: Path, empty_database: str
) -> None:
    """Its own marks tell that it may be emptied; BRIDGE_DATABASE_URL plays no part."""
    house = make_house(tmp_path, BRIDGE_SECRET_KEY="", BRIDGE_CONFIG=str(_CONFIG))
    house.extra |= {VARIABLE: empty_database, "BRIDGE_DATABASE_URL": "postgresql://x@127.0.0.1:1/y"}
    told = "Clients write every few seconds"
    decided = "SELECT count(*) > 0 FROM bridge_demo.decisions"
    with house.started("up", "--demo", "--port", str(house.port)) as process:
        assert eventually(lambda: told in house.log("up") or process.poll() is not None)
        assert values(empty_database, decided) == [True]
        every = list(children(process.pid).values())
        process.kill()
        process.wait()
        assert eventually(lambda: all_gone(every))
    execute(empty_database, "CREATE TABLE bridge_demo.of_the_first_run (id int)")
    with house.started("up", "--demo", "--port", str(house.port)) as process:
        assert eventually(lambda: house.log("up").count(told) == 2 or process.poll() is not None)
        gone = "SELECT to_regclass('bridge_demo.of_the_first_run')::text"
        assert values(empty_database, gone) == [None]
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert process.returncode == 0
    assert not list(house.state.rglob("bridge.sqlite*"))
    assert empty_database not in house.log("up")
