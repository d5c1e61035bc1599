"""Keys: made once, shown once, ended at once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.store.schema import API_ANSWERS, API_KEYS
from tests.web.asking import Api, api, service
from tests.web.world import ANA, LUIS, World

BODY = {"name": "CRM sync", "principal": "service:crm-sync", "scopes": ["read"]}


def test_a_new_key_works_is_listed_and_ends_when_revoked(any_world: World) -> None:
    luis = api(any_world, LUIS)
    made = luis.post("/keys", BODY)
    assert made.status == 201
    fresh = Api(any_world, made.json["secret"])
    assert fresh.get("/conversations").status == 200
    key = made.json["key"]["id"]
    assert key in [item["id"] for item in luis.all("/keys", limit=1)]
    assert luis.delete(f"/keys/{key}").status == 200
    assert fresh.get("/conversations").status == 401
    ended = next(item for item in luis.all("/keys") if item["id"] == key)
    assert ended["revoked_at"] is not None


def test_only_a_digest_of_the_secret_is_stored(world: World) -> None:
    secret = api(world, LUIS).post("/keys", BODY, key="once").json["secret"]
    with reading(world.engine) as db:
        stored = str(db.execute(select(API_KEYS)).all()) + str(
            db.execute(select(API_ANSWERS)).all()
        )
    assert secret.startswith("brk_")
    assert secret not in stored
    assert secret.removeprefix("brk_") not in stored


def test_the_secret_is_shown_once_even_to_the_same_request(world: World) -> None:
    luis = api(world, LUIS)
    made, again = (luis.post("/keys", BODY, key="once").json for _ in range(2))
    assert again == {"key": made["key"], "secret": None}


def test_an_expired_key_is_refused(world: World) -> None:
    soon = (world.now + timedelta(hours=1)).isoformat()
    made = api(world, LUIS).post("/keys", {**BODY, "expires_at": soon})
    fresh = Api(world, made.json["secret"])
    assert fresh.get("/conversations").status == 200
    world.later(hours=1)
    assert fresh.get("/conversations").status == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"principal": "employee:nobody@acme.example"}, "$.principal"),
        ({"principal": "service:Two Words"}, "$.principal"),
        ({"principal": "root"}, "$.principal"),
        ({"scopes": []}, "$.scopes"),
        ({"scopes": ["everything"]}, "$.scopes[0]"),
        ({"name": ""}, "$.name"),
        ({"expires_at": "2030-01-01T00:00:00"}, "$.expires_at"),
    ],
)
def test_a_wrong_key_is_not_made(world: World, change: dict[str, object], field: str) -> None:
    refused = api(world, LUIS).post("/keys", BODY | change)
    assert (refused.status, refused.json["field"]) == (422, field)


def test_an_employees_key_is_made_by_e_mail(world: World) -> None:
    made = api(world, LUIS).post("/keys", BODY | {"principal": f"employee:{ANA.upper()}"})
    assert made.json["key"]["principal"] == f"employee:{ANA}"


def test_keys_are_for_admins(world: World) -> None:
    reader = service(world, Scope.READ, Scope.SEND)
    assert reader.get("/keys").status == 403
    assert reader.post("/keys", BODY).status == 403
    assert service(world, Scope.ADMIN).get("/keys").status == 200


def test_a_key_that_is_not_there_is_not_revoked(world: World) -> None:
    assert api(world, LUIS).delete("/keys/key_0").status == 404
