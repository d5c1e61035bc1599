"""The store of very many conversations, in small: everybody finds in it what he is asked for."""

from pathlib import Path

from sqlalchemy import func, select

from bridge.store.engine import reading
from bridge.store.schema import CONVERSATIONS, MESSAGES, SEARCH_DUE, SEARCH_NAMES
from tests.bench.many_chats import EACH, OWNERS, many_chats
from tests.bench.pages import (
    EMPTY,
    PEOPLE,
    addresses_of,
    all_others,
    is_for,
    made,
    signed_in,
)

CHATS = 400
FINDS = (
    "conversations",
    "conversations, failed",
    "search for a common word",
    "search for a name",
    "search for part of a number",
)


def test_the_pages_are_asked_of_a_store_that_holds_what_they_show(tmp_path: Path) -> None:
    with many_chats("sqlite", CHATS, tmp_path, lambda _: None) as (parts, settings):
        with reading(parts.engine) as db:
            held = {
                table.name: db.scalar(select(func.count()).select_from(table))
                for table in (CONVERSATIONS, MESSAGES, SEARCH_NAMES, SEARCH_DUE)
            }
            nobodys = select(func.count()).where(CONVERSATIONS.c.unowned)
            assert db.scalar(nobodys) == 0
        assert held == {
            "conversations": CHATS,
            "messages": CHATS * EACH,
            "search_names": CHATS * 2,
            "search_due": 0,
        }
        app, addresses = made(parts, settings), addresses_of(parts, CHATS)
        shown = {}
        others, seen = all_others(parts), set()
        for role, principal in PEOPLE.items():
            browser = signed_in(app, parts, principal)
            assert browser.get(EMPTY).status_code == 200
            seen |= {name for name, address in others.items() if is_for(browser, address)}
            shown[role] = {
                name: browser.get(addresses[name]).text.count('href="/conversations/cv_')
                for name in FINDS
            }
    assert seen == {*others}  # each is somebody's
    assert all(shown["manager"].values()), shown
    assert shown["salesperson"]["conversations"] == CHATS // OWNERS, shown


def test_the_store_is_kept_for_the_next_run(tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        with many_chats("sqlite", 10, tmp_path, said.append):
            pass
    assert len(said) == 1
    assert [*tmp_path.glob("working-*")] == []
