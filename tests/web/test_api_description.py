"""The API describes itself whole, and answers every trouble as a problem document."""

import re

import pytest
from openapi_spec_validator import validate
from sqlalchemy.exc import OperationalError

from bridge.web.api import PREFIX
from tests.web.asking import api
from tests.web.world import ANA, LUIS, World


def test_the_description_is_valid_openapi(world: World) -> None:
    described = world.app.test_client().get(f"{PREFIX}/openapi.json").get_json()
    validate(described)
    assert described["openapi"].startswith("3.1")


def test_every_route_is_described_and_nothing_else(world: World) -> None:
    described = world.app.test_client().get(f"{PREFIX}/openapi.json").get_json()["paths"]
    rules = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX)), method.lower())
        for rule in world.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        and rule.endpoint not in ("api.nowhere", "api.description")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {
        (path, method) for path, operations in described.items() for method in operations
    } == rules


def test_every_parameter_of_a_path_is_described(world: World) -> None:
    described = world.app.test_client().get(f"{PREFIX}/openapi.json").get_json()["paths"]
    for path, operations in described.items():
        for operation in operations.values():
            names = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert names == set(re.findall(r"{(\w+)}", path))


def test_the_description_needs_no_key_and_names_no_secret(world: World) -> None:
    shown = world.app.test_client().get(f"{PREFIX}/openapi.json")
    assert shown.status_code == 200
    assert "acme" not in shown.text


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("PUT", "/conversations"), ("PATCH", "/keys/1")]
)
def test_an_address_that_no_route_has_is_a_problem_document(
    world: World, method: str, path: str
) -> None:
    answer = world.app.test_client().open(PREFIX + path, method=method)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.get_json()["reason"] == "request.not_found"


def test_answers_are_not_kept_by_anybody_on_the_way(world: World) -> None:
    assert api(world, LUIS).get("/conversations").headers["Cache-Control"] == "no-store"


def test_a_store_that_is_down_is_503_and_says_when_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    luis = api(world, LUIS)

    def broken() -> None:
        raise OperationalError("SELECT", {}, ConnectionError())

    monkeypatch.setattr(world.engine, "connect", broken)
    refused = luis.get("/conversations")
    assert (refused.status, refused.reason) == (503, "store.unavailable")
    assert refused.headers["Retry-After"] == "5"


def test_what_nobody_foresaw_is_500_without_its_details(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = api(world, ANA)

    def broken() -> None:
        raise ZeroDivisionError("secret inner thing")

    monkeypatch.setattr(world.engine, "connect", broken)
    refused = ana.get("/conversations")
    assert (refused.status, refused.reason) == (500, "request.failed")
    assert "secret inner thing" not in str(refused.json)
