"""`bridge sessions`: who is signed in, and out with whom should not be."""

from bridge.store.audit import Deed, Wanted, find
from bridge.store.engine import reading, writing
from bridge.store.sessions import open_session, session_of
from tests.cli.commands import Installation

ANA, LUIS = "employee:ana@acme.example", "employee:luis@acme.example"


def sign_in(house: Installation, *people: str) -> list[str]:
    with house.parts() as parts, writing(parts.engine) as db:
        return [open_session(db, who, parts.now()) for who in people]


def open_now(house: Installation, tokens: list[str]) -> list[bool]:
    with house.parts() as parts, reading(parts.engine) as db:
        return [session_of(db, token, parts.now()) is not None for token in tokens]


def test_sessions_are_listed_and_one_of_them_ended(house: Installation) -> None:
    tokens = sign_in(house, ANA, LUIS)
    listed = house.json("sessions", "list")["sessions"]
    assert sorted(one["principal"] for one in listed) == [ANA, LUIS]
    assert not any(token in str(listed) for token in tokens)
    (hers,) = house.json("sessions", "list", "--for", ANA)["sessions"]
    assert house.json("sessions", "revoke", hers["id"]) == {"principal": ANA, "ended": 1}
    assert open_now(house, tokens) == [False, True]
    assert hers["id"] not in house.run("sessions", "list").stdout
    with house.parts() as parts, reading(parts.engine) as db:
        (line,) = find(db, Wanted(deed=Deed.SESSION_REVOKED))
    assert (line.object, line.way) == (ANA, "command")


def test_all_of_somebody_are_ended_at_once(house: Installation) -> None:
    tokens = sign_in(house, ANA, ANA, LUIS)
    assert house.json("sessions", "revoke", ANA.upper().replace("EMPLOYEE", "employee")) == {
        "principal": ANA,
        "ended": 2,
    }
    assert open_now(house, tokens) == [False, False, True]


def test_what_is_no_open_session_is_refused_with_what_to_do(house: Installation) -> None:
    said = house.run("sessions", "revoke", "ses_00000000000000000000", code=1).stderr
    assert "bridge sessions list" in said
    assert "nobody is signed in" in house.run("sessions", "list").stdout
