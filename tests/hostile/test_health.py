"""Pages without a key say how the bridge is, and nothing of whom it knows (S17)."""

from sqlalchemy import Engine

from bridge.store import configs
from bridge.store.engine import writing
from tests.web.doors import NOW, door

WRONG = (
    "config/roles.yaml:3:5: employees: ana@acme.example has no such role\n"
    "config/routing.yaml:9:1: rules: bruno@acme.example is nobody"
)


def test_s17_readiness_names_the_place_of_a_mistake_and_not_what_stands_there(
    engine: Engine,
) -> None:
    with writing(engine) as db:
        configs.put_config(db, "h1", "{}", NOW)
        configs.activate(db, "h1", NOW)
        configs.note_error(db, WRONG)
    with door(engine) as opened:
        told = opened.client.get("/readyz").get_json()["config"]
    assert "config/roles.yaml:3:5, config/routing.yaml:9:1;" in told
    assert "acme.example" not in told
