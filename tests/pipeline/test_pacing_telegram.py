"""Telegram's limits: it does not say whose they are, and only the chat that it refuses waits."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from bridge.domain.messaging import ChatKind
from bridge.domain.names import AccountName
from bridge.domain.policy import AccountPolicy
from bridge.ports import Budget, RetryAt
from bridge.store import outbox
from bridge.store.engine import writing
from bridge.store.schema import ATTEMPTS, LANES, OUTBOX
from connectors.telegram import PER_CHAT
from connectors.telegram.sandbox import sandbox
from tests.connectors.telegram.building import SECRETS, account, sending
from tests.pipeline.world import World
from tests.serving import served

BOT = AccountName("tg")
OUT = f"out:{BOT}"
BUSY, *OTHERS = (str(number) for number in range(5001, 5007))
TEXTS = [f"to the busy one {n}" for n in range(60)]


class Bot:
    """The stand-in for Telegram as a further messenger of a house; six people have written."""

    def __init__(self, house: World, url: str) -> None:
        self.house = house
        self.url = url
        house._use_account(BOT, account(url))
        accounts = house.active().policy.accounts
        house.use(accounts={**accounts, BOT: AccountPolicy(connector="telegram")})
        for person in (BUSY, *OTHERS):
            self.steer("incoming", text="Hola", **{"from": {"id": int(person), "first_name": "E"}})

    def steer(self, deed: str, **body: Any) -> None:
        answer = requests.post(f"{self.url}/_sandbox/{deed}", json=body, timeout=30)
        assert answer.ok, answer.text

    def writes(self, person: str, text: str) -> None:
        row = self.house.outbox_row(sending(text, chat_id=person))
        named = replace(row, lane=OUT, account=BOT, ordering_key=person)
        with writing(self.house.engine) as db:
            outbox.add(db, [named], self.house.parts.now())

    def got(self, *people: str) -> list[str]:
        """What these people have got, in the order in which it came."""
        state = requests.get(f"{self.url}/_sandbox/state", timeout=30).json()
        return [str(m["text"]) for m in state["sent"] if str(m["chat"]) in people]

    def time_passes(self, seconds: int) -> None:
        self.house.later(seconds)
        self.steer("advance", seconds=seconds)

    def rows(self) -> list[dict[str, Any]]:
        return [row for row in self.house.rows(OUTBOX) if row["lane"] == OUT]


@pytest.fixture
def bot(small: World) -> Iterator[Bot]:
    with served(sandbox(SECRETS)) as url:
        yield Bot(small, url)


@pytest.mark.parametrize("limits", [PER_CHAT, {}], ids=["paced", "refused"])
def test_sixty_messages_to_one_delay_nobody_else(
    bot: Bot, limits: Mapping[ChatKind, Budget]
) -> None:
    known = bot.house.vendors.connectors[BOT]
    bot.house.vendors.connectors[BOT] = replace(known, per_chat=limits)
    for text in TEXTS:
        bot.writes(BUSY, text)
    for person in OTHERS:
        bot.writes(person, "to another")
    bot.house.settle()
    assert bot.got(*OTHERS) == ["to another"] * 5
    assert len(bot.got(BUSY)) < 60
    for _ in range(30):
        bot.time_passes(6)
        bot.house.settle()
    assert bot.got(BUSY) == TEXTS
    assert bot.got(*OTHERS) == ["to another"] * 5
    assert {(row["state"], row["attempts"]) for row in bot.rows()} == {("done", 1)}
    assert not [row for row in bot.house.rows(LANES) if row["name"] == OUT and row["held_cause"]]


def test_a_limit_is_never_a_rows_fault(bot: Bot) -> None:
    """However often it is refused: what waits for its chat's rate does not become a dead letter."""
    bot.writes(BUSY, "at last")
    wait = timedelta(seconds=30)
    real = bot.house.vendors.outbound(BOT)
    bot.house.script(BOT, lambda d: RetryAt(when=d.now + wait, reason="full", is_limit=True))
    for _ in range(12):
        bot.house.settle()
        bot.time_passes(30)
    assert [(row["state"], row["attempts"]) for row in bot.rows()] == [("pending", 0)]
    assert len(bot.house.rows(ATTEMPTS)) == 12
    bot.house.vendors.outbounds[BOT] = real
    bot.house.settle()
    assert bot.got(BUSY) == ["at last"]


def test_a_bot_that_is_refused_everywhere_costs_two_refusals_not_one_for_each_chat(
    bot: Bot,
) -> None:
    for person in (BUSY, *OTHERS):
        bot.writes(person, "to all")
    bot.steer("faults", rules=[{"match": "/send", "fault": "403_quota"}])
    bot.house.settle()
    assert len(bot.house.rows(ATTEMPTS)) == 2
    [lane] = [row for row in bot.house.rows(LANES) if row["name"] == OUT]
    assert lane["held_until"] is not None
    requests.delete(f"{bot.url}/_sandbox/faults", timeout=30).raise_for_status()
    bot.time_passes(31)
    bot.house.settle()
    assert sorted(bot.got(BUSY, *OTHERS)) == ["to all"] * 6
