"""The stand-in pushes what a client does as a homeserver does; both keep to the interface."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask, Response, request
from jsonschema import Draft202012Validator

from bridge.domain.errors import CredentialsInvalid
from bridge.domain.events import ChatBlocked, ChatInvited, MessageReacted
from bridge.domain.messaging import ChatKind, Media, MediaKind
from bridge.ports import Done
from connectors.matrix.doctor import MatrixDoctor
from connectors.matrix.outbound import MatrixOutbound
from connectors.matrix.reader import MatrixReader
from connectors.matrix.sandbox import sandbox
from tests.connectors.matrix.building import (
    AS_TOKEN,
    EVA,
    PUBLIC,
    SECRETS,
    USER,
    account,
    delivery,
    sending,
)
from tests.connectors.matrix.door import Door, opened
from tests.connectors.matrix.stand_in import StandIn
from tests.connectors.matrix.test_outbound import joining
from tests.serving import served

INTERFACE = Path(__file__).parents[2] / "fixtures" / "matrix" / "openapi" / "interface.json"


@cache
def interface() -> Any:
    return json.loads(INTERFACE.read_text())


def operation(method: str, path: str) -> Any:
    for template, found in interface()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return found[method.lower()]
    raise AssertionError(f"{method} {path} is not in the interface")


def check(schema: Any, value: Any) -> None:
    whole = {**schema, "definitions": interface()["definitions"]}
    Draft202012Validator(whole).validate(value)


def check_call(method: str, url: str, body: Any, status: int, answer: Any) -> None:
    parts = urlsplit(url)
    found = operation(method, parts.path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    query.pop("user_id", None)  # of every call of an application service
    wanted = {"type": "object", "properties": found.get("query", {})}
    given = {**wanted, "required": found.get("query_required", [])}
    check({**given, "additionalProperties": False}, query)
    if "request" in found:
        check(found["request"], body)
    check(found["responses"][str(status)], answer)


@pytest.fixture
def calls() -> list[tuple[Any, ...]]:
    return []


@pytest.fixture
def watched(calls: list[tuple[Any, ...]]) -> Iterator[StandIn]:
    """The stand-in, all calls to it noted."""
    app: Flask = sandbox(SECRETS)

    @app.after_request
    def note(answer: Response) -> Response:
        if request.path.startswith("/_matrix/"):
            asked = request.get_json(silent=True)
            said = answer.get_json(silent=True)
            calls.append((request.method, request.full_path, asked, answer.status_code, said))
        return answer

    with served(app) as url:
        made = StandIn(url)
        made.seed(user=USER)
        yield made


def test_calls_and_answers_keep_to_the_specification(
    watched: StandIn, calls: list[tuple[Any, ...]]
) -> None:
    given = account(watched.url)
    outbound = MatrixOutbound(given)
    room = watched.play(do="invite")["room"]
    place = Media(kind=MediaKind.LOCATION, url="geo:1,2")
    sent = sending(room=room)
    outbound.deliver([delivery(joining(room)), delivery(sent)])
    outbound.deliver([delivery(sending(room=room, media=place, key="ms_2"))])
    outbound.find([delivery(sent)])
    MatrixDoctor(given).examine(PUBLIC)
    requests.post(
        f"{watched.url}/_matrix/media/v3/upload?filename=a",
        headers={"authorization": f"Bearer {AS_TOKEN}"},
        data=b"x",
        timeout=30,
    )
    for call in calls:
        check_call(*call)
    assert len({(method, status) for method, _, _, status, _ in calls}) >= 4
    assert len(calls) >= 7


def test_what_is_pushed_keeps_to_the_specification(stand_in: StandIn, door: Door) -> None:
    first = stand_in.play(text="Hola")
    for action in ("edit", "react", "redact", "read"):
        stand_in.play(do=action, event=first["event"], text="👍")
    stand_in.play(do="locate", geo="geo:1,2")
    stand_in.play(do="leave")
    stand_in.settle()
    pushed = operation("PUT", "/_matrix/app/v1/transactions/1")["request"]
    assert len(door.transactions()) == 8
    for transaction in door.transactions():
        check(pushed, transaction)


@pytest.mark.parametrize(
    "name",
    [path.name for path in INTERFACE.parents[1].glob("*.json") if "expected" not in path.name],
)
def test_what_was_recorded_keeps_to_the_specification(name: str) -> None:
    """So that the extract is not narrower than a real homeserver."""
    pushed = operation("PUT", "/_matrix/app/v1/transactions/1")["request"]
    check(pushed, json.loads((INTERFACE.parents[1] / name).read_text()))


def test_what_a_client_does_becomes_events(stand_in: StandIn, door: Door) -> None:
    first = stand_in.play(client=EVA, display_name="Eva", text="Hola")
    event = first["event"]
    stand_in.play(client=EVA, do="edit", event=event, text="Hola!")
    stand_in.play(client=EVA, do="react", event=event, text="👍")
    stand_in.play(client=EVA, do="redact", event=event)
    stand_in.play(client=EVA, do="read", event=event)
    stand_in.play(client=EVA, do="leave")
    stand_in.play(client=EVA, do="return")
    stand_in.settle()
    assert [type(e).__name__ for e in door.events()] == [
        "ChatInvited",
        "MessageReceived",
        "MessageEdited",
        "MessageReacted",
        "MessageDeleted",
        "MessageStatusChanged",
        "ChatBlocked",
        "ChatBlocked",
    ]
    invited, *_, left, back = door.events()
    assert isinstance(invited, ChatInvited)
    assert (invited.chat.name, invited.chat.username) == ("Eva", EVA)
    assert [e.blocked for e in (left, back) if isinstance(e, ChatBlocked)] == [True, False]
    (reaction,) = [e for e in door.events() if isinstance(e, MessageReacted)]
    assert (reaction.emoji, reaction.message_id) == ("👍", event)


def test_a_named_room_is_a_group(stand_in: StandIn, door: Door) -> None:
    stand_in.play(do="invite", name="Team", group=True)
    stand_in.settle()
    (invited,) = door.events()
    assert (invited.chat.kind, invited.chat.name) == (ChatKind.GROUP, "Team")


def test_the_same_transaction_until_it_is_taken_and_the_next_one_after_it(
    stand_in: StandIn, door: Door
) -> None:
    door.refusals = 2
    stand_in.play(text="One")
    stand_in.play(text="Two")
    stand_in.settle()
    assert [told.url for told in door.refused] == [door.taken[0].url] * 2
    texts = [e.text for e in door.events() if hasattr(e, "text")]
    assert texts == ["One", "Two"]


def test_what_is_redacted_before_it_is_pushed_is_pushed_as_it_was_said(
    stand_in: StandIn, door: Door
) -> None:
    door.refusals = 4  # so that the redaction comes first
    said = stand_in.play(client=EVA, text="Hola")
    stand_in.play(client=EVA, do="redact", event=said["event"])
    stand_in.settle()
    names = [type(e).__name__ for e in door.events()]
    assert names == ["ChatInvited", "MessageReceived", "MessageDeleted"]
    assert [e["content"] for e in stand_in.said(EVA)] == [{}]


def test_our_own_words_come_back(stand_in: StandIn, door: Door) -> None:
    room = stand_in.play(do="invite")["room"]
    outbound = MatrixOutbound(account(stand_in.url))
    _, outcome = outbound.deliver([delivery(joining(room)), delivery(sending(room=room))])
    stand_in.settle()
    *_, echo = door.events()
    assert isinstance(outcome, Done)
    assert (echo.message_id, echo.sent_from) == (outcome.vendor_ids["id"], "api")


@pytest.mark.parametrize("token", ["", "Bearer wrong", f"Basic {AS_TOKEN}"])
def test_nobody_is_let_in_without_the_token(stand_in: StandIn, token: str) -> None:
    url = f"{stand_in.url}/_matrix/client/v3/account/whoami"
    answer = requests.get(url, headers={"authorization": token}, timeout=30)
    assert answer.status_code == 401
    assert answer.json()["errcode"] in ("M_MISSING_TOKEN", "M_UNKNOWN_TOKEN")


def test_the_doctor_makes_the_user_and_looks_whether_we_are_reached() -> None:
    with served(sandbox(SECRETS)) as url, opened() as door:
        doctor = MatrixDoctor(account(url))
        assert [a.code for a in doctor.examine(PUBLIC)] == ["user_missing"]
        assert list(MatrixReader(account(url)).channels()) == []
        assert list(doctor.fix(PUBLIC, take_over=False)) == [f"the user {USER} was made"]
        assert list(doctor.fix(PUBLIC, take_over=False)) == []
        assert [a.code for a in doctor.examine(PUBLIC)] == ["url_missing"]
        StandIn(url).seed(url="http://127.0.0.1:9/hooks/mx")
        assert [a.code for a in doctor.examine(PUBLIC)] == ["not_reached"]
        StandIn(url).seed(url=door.url)
        assert list(doctor.examine(PUBLIC)) == []
        assert json.loads(door.pings[-1].body) == {"transaction_id": "doctor-mx"}
        other = MatrixDoctor(account(url, registration_id="other"))
        assert [a.code for a in other.examine(PUBLIC)] == ["other_registration"]
        assert [c.channel_id for c in MatrixReader(account(url)).channels()] == [USER]


def test_a_homeserver_with_another_token_is_refused_and_the_doctor_says_so() -> None:
    other = {**SECRETS, "hs_token": "another"}
    with served(sandbox(other)) as url, opened() as door:
        StandIn(url).seed(user=USER, url=door.url)
        (ailment,) = MatrixDoctor(account(url)).examine(PUBLIC)
        assert ailment.code == "refused"
        assert f"{PUBLIC}/hooks/mx" in ailment.todo
        assert door.taken == []


def test_the_doctor_without_a_token(stand_in: StandIn) -> None:
    stand_in.fail("401")
    with pytest.raises(CredentialsInvalid):
        MatrixDoctor(account(stand_in.url)).examine(PUBLIC)


def test_the_page_plays_a_client(stand_in: StandIn, door: Door) -> None:
    first = {"client": EVA, "display_name": "Eva <b>", "text": "Hola <i>"}
    requests.post(f"{stand_in.url}/", data=first, timeout=30).raise_for_status()
    page = requests.get(f"{stand_in.url}/", timeout=30).text
    assert "Hola &lt;i&gt;" in page
    assert "Eva &lt;b&gt;" in page
    (event,) = [e for e in stand_in.state()["events"] if e["type"] == "m.room.message"]
    where = {"client": EVA, "room": event["room_id"], "event": event["event_id"]}
    for action in ("react", "redact", "leave"):
        data = {**where, "do": action, "text": "👍"}
        requests.post(f"{stand_in.url}/", data=data, timeout=30).raise_for_status()
    stand_in.settle()
    assert len(door.events()) == 5
    assert requests.get(f"{stand_in.url}/", timeout=30).status_code == 200
