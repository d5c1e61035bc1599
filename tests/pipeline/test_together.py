"""Several workers at once, on each store: one contact, fair turns, nothing overwritten."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bridge.domain.facts import ChatFacts
from bridge.domain.names import AccountName
from bridge.pipeline import gather
from bridge.pipeline.lanes import Way, lane
from bridge.store import chats
from bridge.store.deciding import deciding
from bridge.store.schema import CONTACTS, CONVERSATIONS, DECISIONS, INBOX, OUTBOX, TURN_LOG
from tests.pipeline.world import CHAT, CRM, World

IN, OUT = lane(Way.IN, CHAT), lane(Way.OUT, CRM)


def all_at_once(deeds: Sequence[Callable[[], Any]]) -> None:
    failed: list[BaseException] = []
    gate = threading.Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout=60)
            deed()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def drains(house: World, accounts: Sequence[AccountName]) -> list[Callable[[], Any]]:
    def of(name: str) -> Callable[[], Any]:
        return lambda: house.drain(name)

    return [of(lane(Way.IN, account)) for account in accounts]


def test_lanes_that_meet_the_same_stranger_make_one_contact_and_one_turn(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have asked the CRM, which knows nobody, before either decides."""
    accounts = house.more_messengers(2)
    asked = threading.Barrier(2)
    ask = gather.look_up

    def together(*given: Any) -> Any:
        found = ask(*given)
        asked.wait(timeout=60)
        return found

    monkeypatch.setattr(gather, "look_up", together)
    for account in accounts:
        house.receives(account, {"messages": [house.message()]})
    all_at_once(drains(house, accounts))
    monkeypatch.undo()
    house.settle()
    crm = house.crm()
    assert [len(crm[k]) for k in ("contacts", "deals", "communications")] == [1, 1, 2]
    assert (house.count(TURN_LOG), house.count(CONTACTS)) == (1, 1)
    assert len({row["contact"] for row in house.rows(CONVERSATIONS)}) == 1


def test_turns_are_fair_over_eight_threads(house: World) -> None:
    """NEW-06: eight lanes, forty new clients, two who take them."""
    accounts = house.more_messengers(8)
    for n, account in enumerate(accounts):
        for m in range(5):
            house.receives(account, {"messages": [house.message(f"34600{n:03d}{m:03d}")]})
    all_at_once(drains(house, accounts))
    turns = [row["employee"] for row in house.rows(TURN_LOG)]
    assert Counter(turns) == {"ana@acme.example": 20, "bruno@acme.example": 20}
    assert all(turns[n] != turns[n + 1] for n in range(39))
    assert (house.count(DECISIONS), house.count(INBOX, state="done")) == (40, 40)
    assert house.count(OUTBOX) == 120


def test_deciding_and_delivering_do_not_overwrite_each_other(house: World) -> None:
    """A vendor's answer that comes while a decision is being made waits for it."""
    house.client_writes()
    house.drain(IN)
    delivered = threading.Thread(target=house.drain, args=(OUT,))
    with deciding(house.engine) as db:
        [conversation] = chats.conversations_by_id(db, house.conversations()).values()
        before: ChatFacts = chats.chat_facts(db, [conversation.id])[conversation.id]
        delivered.start()
        delivered.join(timeout=0.8)
        assert delivered.is_alive()
        assert house.crm()["deals"] == []
        again = chats.chat_facts(db, [conversation.id])[conversation.id]
        assert again.contact == before.contact
    delivered.join()
    house.settle()
    [contact] = house.rows(CONTACTS)
    assert contact["crm_id"] == house.crm()["contacts"][0]["id"]
