"""A house with resellers: what their people and their systems do, and what is left of it."""

from dataclasses import replace
from typing import Any

from bridge.domain.names import HOUSE, ClientId
from bridge.domain.policy import AccountPolicy
from bridge.domain.reseller_clients import ResellerClient
from bridge.domain.reselling_events import ClientAdded
from bridge.pipeline.house import Outcome, decide_here
from bridge.pipeline.reselling.asking import asked_key, new_client
from bridge.ports import Account
from bridge.store.engine import reading
from bridge.store.reseller_clients import by_ids
from bridge.store.schema import RESELLER_CLIENTS, UNIT_MOVEMENTS
from bridge.store.unit_movements import imbalances
from tests.domain.reselling.building import (
    BILLING,
    BY_RITA,
    DETAILS,
    NORTE,
    RESELLERS,
    STAMPING,
)
from tests.pipeline.world import LUIS, World

SECRET = "whsec_" + "c2VjcmV0IG9mIGEgd2ViaG9vayBvZiByZXNlbGxlcnM="


def with_resellers(house: World, **plans: Any) -> World:
    """The house sells plans through resellers from now on."""
    policy = house.active().policy
    for name in (BILLING, STAMPING):
        account = Account(
            name=name, connector="webhook", base_url=None, secrets={"signing_secret": (SECRET,)}
        )
        house.has_account(account)
    resellers = dict(RESELLERS.reselling.resellers)
    resellers[NORTE] = replace(resellers[NORTE], manager=LUIS, **plans)
    house.use(
        accounts={
            **policy.accounts,
            BILLING: AccountPolicy(connector="webhook"),
            STAMPING: AccountPolicy(connector="webhook"),
        },
        reselling=replace(RESELLERS.reselling, resellers=resellers),
        users=RESELLERS.users,
    )
    return house


def add(house: World, key: str = "first", **fields: Any) -> ClientId:
    """A client of Rita's with the plan Basic."""
    name = asked_key("add", BY_RITA, key)
    reseller = fields.pop("reseller", NORTE)
    client = new_client(reseller, name)
    given = {"details": DETAILS, "plan": "basic", "by": BY_RITA, **fields}
    event = ClientAdded(
        event_key=name,
        occurred_at=house.parts.now(),
        account=HOUSE,
        client=client,
        reseller=reseller,
        **given,
    )
    (outcome,) = decide_here(house.parts, [event])
    assert outcome.refused is None, outcome.refused
    return client


def do(house: World, kind: type[Any], client: ClientId, key: str = "", **fields: Any) -> Outcome:
    """Rita does something to him."""
    (outcome,) = decide_here(house.parts, [asked(house, kind, client, key, **fields)])
    return outcome


def asked(house: World, kind: type[Any], client: ClientId, key: str = "", **fields: Any) -> Any:
    by = fields.pop("by", BY_RITA)
    return kind(
        event_key=asked_key(kind.__name__, by, key),
        occurred_at=house.parts.now(),
        account=HOUSE,
        by=by,
        client=client,
        **fields,
    )


def use(client: str, key: str, units: int = 1, **more: Any) -> dict[str, Any]:
    """As a reseller's system tells it."""
    return {
        "type": "units.used",
        "id": key,
        "occurred_at": "2026-03-05T14:20:00Z",
        "client": client,
        "units": units,
        **more,
    }


def client_of(house: World, client: ClientId) -> ResellerClient:
    with reading(house.engine) as db:
        return by_ids(db, [client])[client]


def ledger_of(house: World, client: ClientId) -> list[tuple[str, int, int]]:
    rows = [row for row in house.rows(UNIT_MOVEMENTS) if row["client"] == client]
    return [(row["movement"], row["delta"], row["balance"]) for row in rows]


def adds_up(house: World) -> bool:
    """Every ledger's sum and last line are its client's balance, and no line is below zero."""
    with reading(house.engine) as db:
        odd = imbalances(db, 100)
    lines = house.rows(UNIT_MOVEMENTS)
    last = {row["client"]: row["balance"] for row in lines}
    now = {row["id"]: row["balance"] for row in house.rows(RESELLER_CLIENTS)}
    return not odd and last == now and all(row["balance"] >= 0 for row in lines)


def refused(outcome: Outcome) -> str | None:
    return None if outcome.refused is None else outcome.refused.code.value
