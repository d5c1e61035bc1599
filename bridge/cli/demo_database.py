"""Where the demo keeps its store: a file of its own, or a database that is given to it alone."""

import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from bridge.cli.answers import Failed
from bridge.store import own_schema
from bridge.store.engine import open_engine, writing

VARIABLE = "BRIDGE_DEMO_DATABASE_URL"
BUSY_SECONDS = 30.0
# A server may notice only after a moment that a killed demo is gone.
GONE_SECONDS = 5.0
_EMPTY_ONE = (
    f"name an empty database (createdb bridge_demo), or unset {VARIABLE}: "
    "the demo has a file of its own then"
)
_NO_RIGHT = "42501"  # insufficient_privilege


@contextmanager
def own_database(environ: MutableMapping[str, str]) -> Iterator[str | None]:
    """The address of an emptied store, which is this process's alone meanwhile; None where none is
    named. Failed, with nothing changed, where something lies there that no demo has made."""
    url = environ.pop(VARIABLE, "")
    if not url:
        yield None
        return
    engine = open_engine(_postgres(url), pool_size=2, busy_seconds=BUSY_SECONDS)
    try:
        with _taken(engine):
            yield own_schema.address_within(url)
    finally:
        engine.dispose()


@contextmanager
def _taken(engine: Engine) -> Iterator[None]:
    try:
        held = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    except SQLAlchemyError as error:
        raise _trouble(error) from error
    with held:
        try:
            _refuse_unless_ours(held)
            with writing(engine) as db:
                own_schema.made_anew(db)
        except SQLAlchemyError as error:
            raise _trouble(error) from error
        yield


def _refuse_unless_ours(held: Connection) -> None:
    end = time.monotonic() + GONE_SECONDS
    while not own_schema.taken_for_itself(held):
        if time.monotonic() > end:
            raise Failed(
                f"another demo runs on the database that {VARIABLE} names",
                "stop it, or name another empty database",
            )
        time.sleep(0.1)
    if found := own_schema.not_the_demos(held):
        raise Failed(
            f"the database that {VARIABLE} names holds what no demo has made "
            f"({', '.join(found)} …); nothing in it was touched",
            _EMPTY_ONE,
        )


def _postgres(url: str) -> str:
    """Only there a demo can tell what is its own."""
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:
        backend = ""
    if backend != "postgresql":
        raise Failed(f"{VARIABLE}: not the address of a PostgreSQL database", _EMPTY_ONE)
    return url


def _trouble(error: SQLAlchemyError) -> Failed:
    """By the kind of error alone: its words may hold a password."""
    if getattr(getattr(error, "orig", None), "sqlstate", None) == _NO_RIGHT:
        return Failed(
            f"the user of {VARIABLE} may not make a schema in that database",
            "give it the right: GRANT CREATE ON DATABASE … TO …",
        )
    return Failed(
        f"the demo's database does not answer: {type(error).__name__}",
        f"is it running, and is {VARIABLE} right?",
    )
