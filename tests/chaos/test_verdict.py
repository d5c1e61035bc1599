"""The comparison sees every kind of damage: a crash test that can't fail proves nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.clients import Chat, Client, Sent, chats_of, clients_of
from tests.chaos.plan import ROUNDS, Kind, Plan, strikes
from tests.chaos.verdict import Store, judge

CHATS = [Chat(number=0, client=Client(number=0, is_known=False))]
TAKEN = {Sent(0, 0), Sent(0, 1)}
STORE = Store(
    decided=frozenset({"received:m-000-00000", "received:m-000-00001"}),
    rows={"inbox done": 2, "outbox done": 4},
    dead=(),
    tried_again=0,
)


def crm() -> Any:
    """As the CRM's sandbox shows it when all is well."""
    contact = {"id": "c", "properties": {"phone": "+34600000000"}, "associations": {}}
    deal = {"id": "d", "properties": {}, "associations": {"contacts": ["c"]}}
    entries = [
        {
            "seq": 10 + place,
            "properties": {"hs_communication_body": f"<p>{Sent(0, place)}</p>"},
            "associations": {"contacts": ["c"], "deals": ["d"]},
        }
        for place in range(2)
    ]
    return {"contacts": [contact], "deals": [deal], "communications": entries}


def test_what_is_right_is_found_right() -> None:
    assert judge(TAKEN, CHATS, crm(), STORE).wrong() == {}


def lose(shown: Any) -> None:
    shown["communications"].pop()


def double(shown: Any) -> None:
    shown["communications"].append({**shown["communications"][1], "seq": 12})


def swap(shown: Any) -> None:
    shown["communications"][0]["seq"] = 13


def misplace(shown: Any) -> None:
    shown["communications"][0]["associations"] = {"contacts": ["c"]}


def double_contact(shown: Any) -> None:
    shown["contacts"].append({**shown["contacts"][0], "id": "c2"})


def double_deal(shown: Any) -> None:
    shown["deals"].append({**shown["deals"][0], "id": "d2"})


def lose_deal(shown: Any) -> None:
    shown["deals"].clear()


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lose, "lost"),
        (double, "doubled"),
        (swap, "out of order"),
        (misplace, "misplaced"),
        (double_contact, "clients"),
        (double_deal, "clients"),
        (lose_deal, "clients"),
    ],
)
def test_damage_in_the_crm_is_seen(damage: Callable[[Any], None], word: str) -> None:
    shown = crm()
    damage(shown)
    assert word in judge(TAKEN, CHATS, shown, STORE).wrong()


@pytest.mark.parametrize(
    ("decided", "rows", "dead", "words"),
    [
        (frozenset({"received:m-000-00000"}), {}, (), {"undecided"}),
        (STORE.decided | {"received:m-9"}, {}, (), {"decided besides"}),
        (STORE.decided, {"outbox unknown": 1, "outbox done": 1}, (), {"at work"}),
        (STORE.decided, {"outbox dead": 1}, ("outbox: refused",), {"dead letters"}),
    ],
)
def test_damage_in_the_store_is_seen(
    decided: frozenset[str], rows: dict[str, int], dead: tuple[str, ...], words: set[str]
) -> None:
    store = Store(decided=decided, rows=rows, dead=dead, tried_again=0)
    assert set(judge(TAKEN, CHATS, crm(), store).wrong()) == words


def test_what_was_never_acknowledged_must_not_stand_there() -> None:
    wrong = judge({Sent(0, 0)}, CHATS, crm(), STORE).wrong()
    assert set(wrong) == {"never sent", "decided besides"}


def test_a_seed_gives_the_same_kills_again() -> None:
    plan = Plan(seed=5, seconds=30.0)
    assert list(strikes(plan)) == list(strikes(plan))
    assert list(strikes(plan)) != list(strikes(Plan(seed=6, seconds=30.0)))


@pytest.mark.parametrize("store", Kind)
def test_nobody_is_spared(store: Kind) -> None:
    plan = Plan(seed=7, seconds=30.0, store=store)
    struck = {(strike.victim, strike.aim) for strike in strikes(plan)}
    assert struck == set(ROUNDS[store])


def test_some_strangers_write_on_two_channels() -> None:
    plan = Plan(seed=1, seconds=1.0, known=3, strangers=2, on_two_channels=1)
    chats = chats_of(plan, clients_of(plan))
    assert [chat.number for chat in chats] == list(range(plan.chats))
    assert [chat.client.is_known for chat in chats] == [True, False, True, False, True, False]
    assert chats[5].client == chats[1].client
    assert chats[5].channel_id != chats[1].channel_id
