"""`bridge explain` and `bridge who-can-see`."""

import json
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import update

from bridge.domain.access import access
from bridge.domain.names import ConversationId, EmployeeId
from bridge.store import chats, mirror
from bridge.store.engine import reading, writing
from bridge.store.schema import DECISIONS
from tests.cli.commands import Installation, both_stores

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schemas/explanation.json").read_text())


@both_stores
def test_the_answer_is_as_the_published_schema_says(town: Installation) -> None:
    town.receive(town.message(phone="5215512345678"))
    town.receive(town.message(phone="5215512345678", text="again"))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for event in ("1", "2"):
        found = town.json("explain", event, "--why-not", "ana@acme.example")
        jsonschema.validate(found, SCHEMA, format_checker=jsonschema.FormatChecker())
        assert found["reproduced"]["same"] is True


def test_the_schema_refuses_what_is_no_explanation(town: Installation) -> None:
    town.receive(town.message())
    found = town.json("explain", "1")
    found["explanation"]["record"]["reasons"][0].pop("code")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SCHEMA)


def test_people_read_a_story_without_the_clients_words_or_number(town: Installation) -> None:
    town.receive(town.message(text="my secret wish", phone="5215512345678"))
    said = town.run("explain", "1").stdout
    assert "goes to bruno@acme.example" in said
    assert "rule mx" in said
    assert "country is MX, the rule wants MX" in said
    assert "CreateContact at hubspot-main: done" in said
    assert "deciding again gives the same record" in said
    assert "wish" not in said
    assert "5215512345678" not in said


def test_an_event_is_found_by_key_and_message_too(town: Installation) -> None:
    town.receive(town.message())
    found = town.json("explain", "1")["explanation"]
    for name in (found["record"]["event_key"], found["message"]):
        assert town.json("explain", name)["explanation"] == found


def test_why_not_names_the_first_thing_against_somebody(town: Installation) -> None:
    town.receive(town.message(phone="34600111222"))
    found = town.json("explain", "1", "--why-not", "Bruno@acme.example")["why_not"]
    assert found["employee"] == "bruno@acme.example"
    assert found["reason"]["code"] == "candidate.not_next_in_turn"
    unknown = town.json("explain", "1", "--why-not", "x@acme.example")["why_not"]
    assert unknown["reason"]["code"] == "role.none"


def test_a_record_that_the_rules_no_longer_give_is_told(town: Installation) -> None:
    town.receive(town.message())
    with town.parts() as parts, writing(parts.engine) as db:
        db.execute(update(DECISIONS).values(facts=None))
    found = town.json("explain", "1")["reproduced"]
    assert found["same"] is None
    assert "not stored" in found["detail"]


def test_an_unknown_event_says_what_to_take(house: Installation) -> None:
    said = house.run("explain", "4711", code=1).stderr
    assert "there is no event 4711" in said
    assert "next: take a decision's number" in said


@both_stores
def test_who_can_see_is_what_access_says_of_everybody(town: Installation) -> None:
    """ROL-02: one function decides."""
    town.receive(town.message())
    where = town.json("explain", "1")["explanation"]["record"]["conversation"]
    told = {
        (p["employee"], p["can_read"], p["can_write"], p["reason"]["code"])
        for p in town.json("who-can-see", where)["people"]
    }
    with town.parts() as parts, reading(parts.engine) as db:
        policy = parts.active().policy
        directory = mirror.directory(db, policy.crm)
        chat = chats.chat_facts(db, [ConversationId(where)])[ConversationId(where)]
        granted = {
            e: access(policy.employee(e), chat, directory, policy, parts.now())
            for e in map(EmployeeId, {*policy.employees, *(p.email for p in directory.people)})
        }
    assert told == {(e, a.can_read, a.can_write, a.reason.code) for e, a in granted.items()}
    assert len({can_read for _, can_read, _, _ in told}) == 2


def test_who_can_see_names_the_cause(town: Installation) -> None:
    town.receive(town.message())
    where = town.json("explain", "1")["explanation"]["record"]["conversation"]
    lines = town.run("who-can-see", where).stdout.splitlines()
    assert lines[0].startswith("reads and writes  ana@acme.example: owns the contact")
    assert lines[-1].startswith("sees not          bruno@acme.example")


def test_an_unknown_conversation_is_told(house: Installation) -> None:
    assert "next: " in house.run("who-can-see", "cv_nowhere", code=1).stderr
