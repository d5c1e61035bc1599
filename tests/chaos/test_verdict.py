"""The comparison sees every kind of damage: a crash test that can't fail proves nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bridge.domain.names import digest_id
from tests.chaos.clients import EDITED, Chat, Client, Sent, chats_of, clients_of
from tests.chaos.plan import LEASE_SECONDS, ROUNDS, WRITER, Aim, Kind, Plan, strikes
from tests.chaos.standing import Items, Store
from tests.chaos.verdict import judge

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


def test_an_entry_that_still_has_the_text_before_an_edit_is_found() -> None:
    edited = {Sent(0, 0), Sent(0, 1)}
    shown = crm()
    shown["communications"][0]["properties"]["hs_communication_body"] += f"<p>{EDITED}</p>"
    wrong = judge(TAKEN, CHATS, shown, STORE, edited=edited).wrong()
    assert wrong == {"edits lost": [Sent(0, 1)]}


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


REPLY = Sent(0, 0, True)
REPLIED = TAKEN | {REPLY}
REPLY_KEY = f"send:{WRITER}:{digest_id('rq', f'employee:{WRITER}', REPLY.id)}"
REPLIES = replace(STORE, decided=STORE.decided | {REPLY_KEY})


def crm_with_reply() -> Any:
    shown = crm()
    body = {"hs_communication_body": f"<p>{REPLY}</p>"}
    shown["communications"].append({**shown["communications"][0], "seq": 20, "properties": body})
    return shown


def messenger(*replies: Sent) -> Any:
    """What the messenger has carried to clients, in this order."""
    return {"sent": [{"seq": n, "text": str(sent)} for n, sent in enumerate(replies, 1)]}


@pytest.mark.parametrize(
    ("reached", "words"),
    [
        ((REPLY,), set()),
        ((), {"replies lost"}),
        ((REPLY, REPLY), {"replies doubled"}),
        ((Sent(0, 1, True), REPLY), {"never sent", "replies out of order"}),
    ],
)
def test_damage_to_replies_is_seen(reached: tuple[Sent, ...], words: set[str]) -> None:
    carried = messenger(*reached)
    assert set(judge(REPLIED, CHATS, crm_with_reply(), REPLIES, messenger=carried).wrong()) == words


@pytest.mark.parametrize("reached", [(), (REPLY,)])
def test_a_reply_that_is_marked_for_a_person_may_have_been_sent_or_not(
    reached: tuple[Sent, ...],
) -> None:
    store = replace(REPLIES, for_a_person=frozenset({REPLY}))
    assert judge(REPLIED, CHATS, crm(), store, messenger=messenger(*reached)).wrong() == {}


def test_a_reply_for_a_person_is_not_sent_twice_all_the_same() -> None:
    store = replace(REPLIES, for_a_person=frozenset({REPLY}))
    twice = judge(REPLIED, CHATS, crm(), store, messenger=messenger(REPLY, REPLY)).wrong()
    assert set(twice) == {"replies doubled"}


def test_a_reply_without_a_decision_is_seen() -> None:
    wrong = judge(REPLIED, CHATS, crm_with_reply(), STORE, messenger=messenger(REPLY)).wrong()
    assert wrong == {"undecided": [REPLY]}


def test_an_owner_who_is_another_here_than_at_the_crm_is_seen() -> None:
    store = replace(STORE, owners={("contacts", "c"): "102"})
    assert set(judge(TAKEN, CHATS, crm(), store).wrong()) == {"mirror"}


def test_items_without_a_decision_and_decisions_without_an_item_are_seen() -> None:
    items = Items(undecided=("hubspot-main 7",), besides=("hubspot-main 8",))
    wrong = judge(TAKEN, CHATS, crm(), STORE, items=items).wrong()
    assert set(wrong) == {"items undecided", "items besides"}


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


def test_workers_are_paused_for_longer_than_their_lease() -> None:
    pauses = [s for s in strikes(Plan(seed=7, seconds=60.0)) if s.aim is Aim.PAUSE]
    assert pauses
    assert all(LEASE_SECONDS < strike.absence for strike in pauses)


def test_some_strangers_write_on_two_channels() -> None:
    plan = Plan(seed=1, seconds=1.0, known=3, strangers=2, on_two_channels=1)
    chats = chats_of(plan, clients_of(plan))
    assert [chat.number for chat in chats] == list(range(plan.chats))
    assert [chat.client.is_known for chat in chats] == [True, False, True, False, True, False]
    assert chats[5].client == chats[1].client
    assert chats[5].channel_id != chats[1].channel_id


def test_a_reply_in_two_parts_arrives_whole_and_in_order() -> None:
    long = Sent(0, 4, True)
    assert Sent.read(long.text) == long
    assert Sent.read(long.text[9_000:]) == long.second
    assert (str(long.second), Sent(0, 3, True).is_long) == (
        "reply 000 message 00004 continued",
        False,
    )
