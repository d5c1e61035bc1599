"""The small company sells plans through resellers: their people, by key and by browser."""

from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient

from bridge.domain.names import ClientId
from bridge.domain.reseller_clients import ResellerClient
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.reseller_clients import by_ids
from bridge.store.sessions import open_session
from bridge.store.unit_movements import imbalances
from tests.domain.reselling.building import NORTE, RESELLING, RITA, SARA
from tests.web.asking import Api
from tests.web.world import LUIS, World

PAPELES = {"legal_name": "Papeles del Norte SA", "plan": "basic"}
USERS = {"reseller:norte": (RITA, "raul@norte.example"), "reseller:sur": (SARA,)}


def with_resellers(world: World) -> World:
    resellers = dict(RESELLING.resellers)
    resellers[NORTE] = replace(resellers[NORTE], manager=LUIS)
    reselling = replace(RESELLING, resellers=resellers)
    world.policy = replace(world.policy, reselling=reselling, users=USERS)
    return world


def as_user(world: World, email: str = RITA) -> Api:
    """A reseller's user with a key of his own."""
    return Api(world, world.key(f"reseller:{email}", Scope.READ, Scope.SEND))


def browser_of(world: World, email: str = RITA) -> FlaskClient:
    with writing(world.engine) as db:
        token = open_session(db, f"reseller:{email}", world.now)
    browser = world.app.test_client()
    browser.set_cookie("bridge_session", token)
    return browser


def add(asker: Api, **fields: Any) -> Any:
    """A client, as the API shows him; no two at one moment."""
    asker.world.later(seconds=1)
    made = asker.post("/clients", {**PAPELES, **fields})
    assert made.status == 201, made.json
    return made.json["client"]


def kept(world: World, client: str) -> ResellerClient:
    with reading(world.engine) as db:
        return by_ids(db, [ClientId(client)])[ClientId(client)]


def adds_up(world: World) -> bool:
    with reading(world.engine) as db:
        return not imbalances(db, 10)
