"""A reseller with thousands of clients: no statement more than with a few, and a table of 5,000."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from bridge.domain.names import ClientId
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reseller_clients import ResellerClient
from bridge.pipeline.reselling.importing import ImportOrder, ImportReport, RowFate, import_clients
from bridge.store.engine import writing
from bridge.store.reseller_clients import put_clients
from tests.domain.building import NOW
from tests.domain.reselling.building import DETAILS, NORTE, RITA, client
from tests.web.reselling import browser_of, with_resellers
from tests.web.world import World

MANY = 5000
PAGES = ("", "?sort=name", "?sort=units", "?sort=ends", "?near_end=1", "?status=active", "?q=of+1")
_BY = Person(kind=PersonKind.RESELLER_USER, id=RITA, tenant="reseller:norte")


def _one(number: int) -> ResellerClient:
    made = client(
        id=ClientId(f"cl_{number:05d}"),
        reference=f"R-{number}",
        balance=number % 101,
        created_at=NOW - timedelta(minutes=number),
    )
    return replace(made, details=replace(DETAILS, legal_name=f"Client of {number:05d}"))


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    said: list[str] = []

    def note(*given: object) -> None:
        said.append(str(given[2]))

    event.listen(world.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(world.engine, "before_cursor_execute", note)


def statements(world: World) -> list[int]:
    browser, found = browser_of(world), []
    for page in PAGES:
        assert browser.get(f"/clients{page}").status_code == 200
        with counted(world) as said:
            browser.get(f"/clients{page}")
        found.append(len(said))
    return found


def test_pages_of_thousands_ask_as_little_as_of_a_few(world: World) -> None:
    """RSL-01: in every order and by every filter; and each page is full."""
    with_resellers(world)
    with writing(world.engine) as db:
        put_clients(db, [_one(number) for number in range(40)])
    few = statements(world)
    with writing(world.engine) as db:
        put_clients(db, [_one(number) for number in range(MANY)])
    assert statements(world) == few
    page = browser_of(world).get("/clients?sort=name").text
    assert re.findall(r"Client of (\d+)</bdi>", page) == [f"{n:05d}" for n in range(30)]
    assert f"All ({MANY})" in page


def imported(world: World, rows: int, *, dry_run: bool = False) -> tuple[ImportReport, int]:
    lines = (f"Client {number} SA,basic,R-{number}\n" for number in range(rows))
    content = ("legal_name,plan,reference\n" + "".join(lines)).encode()
    order = ImportOrder(by=_BY, reseller=NORTE, dry_run=dry_run)
    with counted(world) as said:
        report = import_clients(world.parts, order, content)
    assert isinstance(report, ImportReport)
    return report, len(said)


@pytest.mark.parametrize("rows", [MANY])
def test_a_table_of_thousands_is_taken_whole_and_once(world: World, rows: int) -> None:
    """The preview adds nobody; sent again it is known, row by row; as few statements as for two."""
    with_resellers(world)
    _, least = imported(world, 2, dry_run=True)
    preview, asked = imported(world, rows, dry_run=True)
    assert (dict(preview.counts), preview.imported) == ({RowFate.RIGHT: rows}, False)
    assert asked <= least + 5  # lists of keys go in parts
    assert "No clients here" in browser_of(world).get("/clients").text
    assert dict(imported(world, rows)[0].counts) == {RowFate.ADDED: rows}
    assert dict(imported(world, rows)[0].counts) == {RowFate.KNOWN: rows}
    assert f"All ({rows})" in browser_of(world).get("/clients").text
