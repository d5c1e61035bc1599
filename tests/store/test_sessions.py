"""Sessions: unused for too long they are over; lists of them open nothing (S14)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from bridge.domain.signin_policy import SessionLimits
from bridge.store.engine import writing
from bridge.store.sessions import (
    Entrance,
    SignedIn,
    end_named,
    end_others,
    id_of,
    keep_session,
    open_session,
    open_sessions,
    seen,
    session_named,
    session_of,
    was_session_of,
)

NOW = datetime(2026, 3, 4, 15, 6, 7, tzinfo=UTC)
ANA, LUIS = "employee:ana@acme.example", "employee:luis@acme.example"
LIMITS = SessionLimits(idle=timedelta(minutes=30), longest=timedelta(hours=2))
ENTRANCE = Entrance(via="link", browser="Firefox, Linux", limits=LIMITS)


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)


def test_a_session_that_nobody_uses_is_over_and_does_not_come_back(engine: Engine) -> None:
    with writing(engine) as db:
        token = open_session(db, ANA, NOW, ENTRANCE)
        assert session_of(db, token, later(minutes=29)) is not None
        assert session_of(db, token, later(minutes=30)) is None
        assert was_session_of(db, token) == ANA


def test_a_session_that_is_used_holds_up_to_its_longest_time(engine: Engine) -> None:
    with writing(engine) as db:
        token = open_session(db, ANA, NOW, ENTRANCE)
        for minutes in range(20, 120, 20):
            seen(db, token, LIMITS, later(minutes=minutes))
        assert session_of(db, token, later(minutes=119)) is not None
        seen(db, token, LIMITS, later(minutes=119))
        assert session_of(db, token, later(minutes=120)) is None


def test_an_ended_session_is_not_brought_back_by_being_used(engine: Engine) -> None:
    with writing(engine) as db:
        token = open_session(db, ANA, NOW, ENTRANCE)
        assert end_named(db, id_of(token), NOW)
        seen(db, token, LIMITS, NOW)
        assert session_of(db, token, NOW) is None
        assert not end_named(db, id_of(token), NOW)


def test_lists_say_when_from_what_and_how_and_open_nothing(engine: Engine) -> None:
    with writing(engine) as db:
        token = open_session(db, ANA, NOW, ENTRANCE)
        (found,) = open_sessions(db, NOW, principal=ANA)
    assert (found.via, found.browser, found.created_at) == ("link", "Firefox, Linux", NOW)
    assert (found.id, found.expires_at) == (id_of(token), later(hours=2))
    assert token not in str(found)
    with writing(engine) as db:
        assert session_of(db, found.id, NOW) is None


def test_everybodys_sessions_come_page_by_page_each_once(engine: Engine) -> None:
    with writing(engine) as db:
        tokens = [open_session(db, who, NOW, ENTRANCE) for who in (ANA, LUIS) for _ in range(3)]
        tokens += [open_session(db, ANA, later(minutes=n), ENTRANCE) for n in (1, 2)]
        over = open_session(db, ANA, later(minutes=-60), ENTRANCE)
        pages: list[str] = []
        while page := open_sessions(db, NOW, after=pages[-1] if pages else "", limit=3):
            pages += [one.id for one in page]
    assert sorted(pages) == sorted(map(id_of, tokens))
    assert id_of(over) not in pages
    assert pages[:2] == [id_of(tokens[7]), id_of(tokens[6])]


def test_who_is_signed_in_as_a_client_is_in_no_list_and_outlives_no_parent(engine: Engine) -> None:
    helping = SignedIn(principal="client:cl_1", expires_at=later(minutes=30), behind=ANA, help="h")
    with writing(engine) as db:
        token = keep_session(db, helping, NOW, ENTRANCE)
        assert open_sessions(db, NOW) == ()
        assert session_named(db, id_of(token), NOW) is None
        assert not end_named(db, id_of(token), NOW)
        assert was_session_of(db, token) == ""


def test_ending_all_others_leaves_this_one_and_those_of_others(engine: Engine) -> None:
    with writing(engine) as db:
        mine, other = (open_session(db, ANA, NOW, ENTRANCE) for _ in range(2))
        theirs = open_session(db, LUIS, NOW, ENTRANCE)
        assert end_others(db, ANA, mine, NOW) == 1
        open_now = {one.id for one in open_sessions(db, NOW)}
    assert open_now == {id_of(mine), id_of(theirs)}
    assert id_of(other) not in open_now


@pytest.mark.parametrize("name", ["", "ses_", "ses_0", "%", "ses_" + "g" * 20, "ses_" + "0" * 40])
def test_what_is_no_id_names_no_session(engine: Engine, name: str) -> None:
    with writing(engine) as db:
        open_session(db, ANA, NOW, ENTRANCE)
        assert session_named(db, name, NOW) is None
        assert not end_named(db, name, NOW)
        assert len(open_sessions(db, NOW)) == 1
