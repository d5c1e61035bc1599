"""The configuration over the API: read with its ETag, tried, changed, taken back."""

from pathlib import Path
from typing import Any

import pytest

from bridge.domain.names import EmployeeId
from bridge.store.engine import open_engine
from bridge.store.keys import Scope
from tests.web.asking import api
from tests.web.configured import ROLES, ConfiguredWorld
from tests.web.world import ANA, LUIS, QA

MANAGER = {"do": "put", "path": ["employees", ANA, "role"], "value": "manager"}
PHONE = "+525512345678"


class Admin:
    """Keys of whom, with whatever header."""

    def __init__(self, house: ConfiguredWorld, who: EmployeeId = LUIS, *scopes: Scope) -> None:
        self._browser = house.app.test_client()
        self._key = house.key(f"employee:{who}", *scopes)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self._key}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self._browser.open(f"/api/v1{path}", method=method, json=body, headers=sent)

    @property
    def etag(self) -> str:
        return str(self.ask("GET", "/config").headers["ETag"])


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> ConfiguredWorld:
    return ConfiguredWorld(open_engine(sqlite_url), tmp_path / "config")


@pytest.fixture
def luis(house: ConfiguredWorld) -> Admin:
    return Admin(house)


def test_the_files_come_with_the_etag_that_a_change_names(
    house: ConfiguredWorld, luis: Admin
) -> None:
    got = luis.ask("GET", "/config")
    assert got.json["files"]["roles.yaml"] == ROLES
    assert got.headers["ETag"] == f'"{got.json["digest"]}"'
    body = {"edits": [MANAGER], "message": "Ana leads"}
    saved = luis.ask("PUT", "/config", body, If_Match=got.headers["ETag"])
    assert (saved.status_code, saved.json["change"]) == (200, 2)
    assert saved.headers["ETag"] == luis.etag != got.headers["ETag"]
    assert house.text("roles.yaml") == ROLES.replace("salesperson", "manager", 1)
    assert house.history[0].actor == f"employee:{LUIS}"
    assert house.history[0].way == "api"


def test_what_was_not_seen_is_not_changed(house: ConfiguredWorld, luis: Admin) -> None:
    body = {"edits": [MANAGER]}
    assert luis.ask("PUT", "/config", body).status_code == 428
    seen = luis.etag
    house.breaks("roles.yaml", f"{ROLES}# moved\n")
    answer = luis.ask("PUT", "/config", body, If_Match=seen)
    assert (answer.status_code, answer.json["reason"]) == (409, "request.conflict")
    assert house.text("roles.yaml") == f"{ROLES}# moved\n"


def test_the_same_key_changes_once(house: ConfiguredWorld, luis: Admin) -> None:
    seen = luis.etag
    asked = {"If_Match": seen, "Idempotency_Key": "once"}
    first, again = (luis.ask("PUT", "/config", {"edits": [MANAGER]}, **asked) for _ in range(2))
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert len(house.history) == 2


def test_a_change_is_tried_without_being_made(house: ConfiguredWorld) -> None:
    house.writes(PHONE, "hola")
    to_luis = {"do": "put", "path": ["rules", 0, "to", 0, "employee"], "value": LUIS}
    tried = api(house, LUIS).post("/config/check", {"edits": [to_luis], "effect_days": 7})
    assert tried.status == 200
    assert (tried.json["ok"], tried.json["tests"]) == (False, [0, 1])
    assert tried.json["findings"][0]["code"] == "test-failed"
    assert tried.json["effect"]["moved"] == 1
    assert "+  - {id: mx, when: {country: MX}, to: [{employee: luis" in tried.json["diff"]
    assert len(house.history) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"edits": [{"do": "put", "path": ["employees", ANA, "role"]}]}, "value is missing"),
        ({"edits": [{"do": "burn", "path": ["x"]}]}, "burn"),
        ({"edits": [{"do": "remove", "path": ["rules", 7]}]}, "there is no rules[7]"),
        ({"edits": [{"do": "put", "path": [], "value": "x"}]}, "path"),
        ({"edits": [{"do": "put", "path": ["rules", -1], "value": "x"}]}, "number from 0"),
        ({"texts": {"../x.yaml": "a: b"}}, "a file is named"),
        ({"edits": [MANAGER], "more": 1}, "more"),
    ],
)
def test_what_is_no_change_is_refused(house: ConfiguredWorld, body: Any, said: str) -> None:
    answer = api(house, LUIS).post("/config/check", body)
    assert answer.status in (400, 422)
    assert said in str(answer.json)


def test_what_has_mistakes_is_not_saved(house: ConfiguredWorld, luis: Admin) -> None:
    wrong = {"texts": {"roles.yaml": ROLES.replace("role: manager", "role: boss")}}
    answer = luis.ask("PUT", "/config", wrong, If_Match=luis.etag)
    assert answer.status_code == 422
    assert "boss is not one of" in answer.json["detail"]
    assert house.text("roles.yaml") == ROLES


def test_history_and_the_way_back(house: ConfiguredWorld, luis: Admin) -> None:
    luis.ask("PUT", "/config", {"edits": [MANAGER]}, If_Match=luis.etag)
    known = api(house, LUIS)
    assert [one["id"] for one in known.all("/config/history")] == [2, 1]
    opened = known.get("/config/history/2")
    assert "+    role: manager  # since May\n" in opened.json["diff"]
    assert known.get("/config/history/9").status == 404
    assert luis.ask("POST", "/config/rollback", {"to": 1}).status_code == 428
    assert luis.ask("POST", "/config/rollback", {"to": 9}, If_Match=luis.etag).status_code == 404
    back = luis.ask("POST", "/config/rollback", {"to": 1}, If_Match=luis.etag)
    assert (back.status_code, back.json["change"]) == (200, 3)
    assert house.text("roles.yaml") == ROLES


@pytest.mark.parametrize("who", [ANA, QA])
def test_who_is_no_manager_neither_reads_nor_writes_it(
    house: ConfiguredWorld, who: EmployeeId
) -> None:
    asking = Admin(house, who)
    assert asking.ask("GET", "/config").status_code == 403
    assert asking.ask("PUT", "/config", {"edits": [MANAGER]}, If_Match="x").status_code == 403


def test_a_key_without_the_scope_is_no_admins(house: ConfiguredWorld) -> None:
    asking = Admin(house, LUIS, Scope.READ, Scope.SEND)
    assert asking.ask("GET", "/config").status_code == 403
