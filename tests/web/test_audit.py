"""Who did what when, from where: every deed leaves its line, and the line names no client."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.people import Role
from bridge.pipeline.retention import forget
from bridge.store import audit
from bridge.store.audit import COMMAND, Deed, NewLine, Way, Who
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.schema import AUDIT
from tests.web.asking import api, service
from tests.web.browsing import csrf, link, sign_in
from tests.web.world import ANA, BRUNO, LUIS, NORTH, QA, WA, World

PHONE = "+34600111222"


@pytest.fixture
def chat(any_world: World) -> ConversationId:
    any_world.client("Marta", PHONE, ANA)
    return any_world.writes(PHONE, "a secret of mine")


def lines(world: World, **wanted: object) -> list[audit.Line]:
    with reading(world.engine) as db:
        return list(audit.find(db, audit.Wanted(**wanted)))  # type: ignore[arg-type]


def deeds(world: World) -> list[tuple[str, str, str]]:
    """The oldest first."""
    return [(one.actor, one.deed, one.way) for one in reversed(lines(world))]


def test_signing_in_and_out_is_on_record_with_the_address(any_world: World) -> None:
    browser = any_world.app.test_client()
    sign_in(any_world, browser, link(any_world))
    form = {"csrf": csrf(browser.get("/conversations").text)}
    browser.post("/logout", data=form)
    assert deeds(any_world) == [
        (f"employee:{ANA}", "signed_in", "page"),
        (f"employee:{ANA}", "signed_out", "page"),
    ]
    assert {one.address for one in lines(any_world)} == {"127.0.0.1"}


def test_keys_are_on_record_without_their_secrets(any_world: World) -> None:
    luis = api(any_world, LUIS)
    body = {"name": "n", "principal": "service:crm-sync", "scopes": ["read"]}
    made = luis.post("/keys", body).json
    luis.delete(f"/keys/{made['key']['id']}")
    luis.delete("/keys/none")
    found = list(reversed(lines(any_world)))
    assert [(one.deed, one.object) for one in found] == [
        ("key_made", made["key"]["id"]),
        ("key_revoked", made["key"]["id"]),
    ]
    assert made["secret"] not in str(found)


def test_replays_and_drops_are_on_record_and_refused_ones_are_not(any_world: World) -> None:
    any_world.arrives(WA, b"no JSON")
    for _ in range(12):
        any_world.later(minutes=1)
        any_world.drain(f"in:{WA}")
    luis = api(any_world, LUIS)
    luis.post("/dead-letters/inbox/77/replay")
    luis.post("/dead-letters/inbox/1/drop")
    found = lines(any_world)
    assert [(one.deed, one.object, one.detail) for one in found] == [
        ("dropped", "inbox:1", f"request of {WA}")
    ]


def test_what_people_decide_is_on_record_and_names_no_client(
    any_world: World, chat: ConversationId
) -> None:
    """A dismissal, a channel chosen by hand, an export, an erasure."""
    ana, luis = api(any_world, ANA), api(any_world, LUIS)
    assert ana.post(f"/conversations/{chat}/dismiss").status == 200
    sent = ana.post(f"/conversations/{chat}/messages", {"text": "hello", "channel": NORTH})
    assert sent.status == 202, sent.json
    with any_world.app.test_client() as browser:
        headers = {"Authorization": f"Bearer {any_world.key(f'employee:{ANA}')}"}
        assert browser.get(f"/api/v1/conversations/{chat}/export", headers=headers).status_code
    assert luis.post(f"/conversations/{chat}/erase").status == 200
    assert deeds(any_world) == [
        (f"employee:{ANA}", "dismissed", "house"),
        (f"employee:{ANA}", "channel_overridden", "house"),
        (f"employee:{ANA}", "exported", "api"),
        (f"employee:{LUIS}", "erased", "house"),
    ]
    told = str(lines(any_world))
    assert not any(secret in told for secret in ("Marta", PHONE, PHONE[1:], "secret", "hello"))


def test_managers_and_quality_control_read_it_others_do_not(any_world: World) -> None:
    with writing(any_world.engine) as db:
        audit.note(db, [NewLine(who=COMMAND, deed=Deed.KEY_MADE, object="key_1")], any_world.now)
    for employee in (LUIS, QA):
        assert [one["deed"] for one in api(any_world, employee).all("/audit")] == ["key_made"]
    for path in ("/audit", "/audit/export"):
        assert api(any_world, ANA).get(path).status == 403
        assert service(any_world, Scope.READ).get(path).status == 403
    assert service(any_world, Scope.READ, Scope.ADMIN).get("/audit").status == 200
    any_world.change_role(LUIS, Role.SALESPERSON)
    assert api(any_world, LUIS).get("/audit").status == 403


def written(world: World, count: int) -> None:
    """One a minute, by Ana and Luis in turn."""
    for number in range(count):
        actor = f"employee:{(ANA, LUIS)[number % 2]}"
        deed = (Deed.SIGNED_IN, Deed.SIGNED_OUT, Deed.EXPORTED)[number % 3]
        line = NewLine(who=Who(actor=actor, way=Way.PAGE), deed=deed, object=f"o{number}")
        with writing(world.engine) as db:
            audit.note(db, [line], world.now + timedelta(minutes=number))


def test_it_is_narrowed_by_person_deed_and_time_and_paged(any_world: World) -> None:
    written(any_world, 12)
    luis = api(any_world, LUIS)
    every = [f"o{n}" for n in reversed(range(12))]
    assert [one["object"] for one in luis.all("/audit", limit=5)] == every
    mine = luis.all("/audit", person=ANA.upper(), limit=4)
    assert [one["object"] for one in mine] == every[1::2]
    assert {one["deed"] for one in luis.all("/audit", deed="exported")} == {"exported"}
    since, until = (any_world.now + timedelta(minutes=n) for n in (3, 5))
    some = luis.all("/audit", from_=since.isoformat(), to=until.isoformat())
    assert [one["object"] for one in some] == ["o4", "o3"]
    assert luis.get("/audit", person="nobody@acme.example").items == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-03-01T00:00:00"}, "from"),
        ({"limit": "0"}, "limit"),
        ({"who": "ana"}, "who"),
    ],
)
def test_a_wrong_filter_is_named(world: World, query: dict[str, str], field: str) -> None:
    asked = api(world, LUIS).get("/audit", **query)
    assert (asked.status, asked.json["field"]) == (422, field)


def test_the_file_has_every_line_and_no_formula(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.web.auditlog._BATCH", 5)
    written(any_world, 11)
    hostile = NewLine(who=COMMAND, deed=Deed.DECIDED, object="=HYPERLINK(1)", detail='a"b\n,c')
    with writing(any_world.engine) as db:
        audit.note(db, [hostile], any_world.now + timedelta(hours=1))
    headers = {"Authorization": f"Bearer {any_world.key(f'employee:{LUIS}')}"}
    answer = any_world.app.test_client().get("/api/v1/audit/export", headers=headers)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["object"] for row in rows] == [
        "audit log",
        "'=HYPERLINK(1)",
        *(f"o{n}" for n in reversed(range(11))),
    ]
    assert rows[1]["detail"] == 'a"b\n,c'


def test_it_is_kept_as_long_as_the_configuration_says(any_world: World) -> None:
    written(any_world, 3)
    any_world.later(days=729)
    forget(any_world.parts)
    assert len(lines(any_world)) == 3
    any_world.later(days=3)
    forget(any_world.parts)
    assert lines(any_world) == []


def test_a_deed_that_fails_leaves_no_line(
    any_world: World, chat: ConversationId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written in the same transaction."""
    with monkeypatch.context() as patch:
        patch.setattr("bridge.pipeline.house.commit", _dies)
        with pytest.raises(KeyboardInterrupt):
            api(any_world, ANA).post(f"/conversations/{chat}/dismiss")
    assert lines(any_world) == []
    with reading(any_world.engine) as db:
        assert db.scalar(select(func.count()).select_from(AUDIT)) == 0


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


def test_lists_of_others_are_not_longer_for_a_long_word(world: World) -> None:
    actor = Who(actor=f"employee:{EmployeeId('x' * 300)}", way=Way.API)
    with writing(world.engine) as db:
        audit.note(db, [NewLine(who=actor, deed=Deed.DECIDED, detail="y" * 9000)], world.now)
    assert len(lines(world)[0].detail) == 500
    assert api(world, BRUNO).get("/audit").status == 403
