"""One chat's limit: its messages wait in their order, and no other chat waits with them."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import ChatKind
from bridge.domain.names import AccountName
from bridge.pipeline.drain import after, drain, due_lanes
from bridge.pipeline.pacing import WAITS, Chat, Paces
from bridge.pipeline.parts import Parts
from bridge.pipeline.send import SendRequest, Sent, send
from bridge.ports import Budget, Delivery, Outcome
from bridge.store.schema import ATTEMPTS, LANES, OUTBOX
from connectors.whatsapp import PAIR_RATE
from connectors.whatsapp.sandbox import sandbox
from tests.pipeline.test_cloud import CLOUD, NUMBER, OUT, SECRETS, Cloud
from tests.pipeline.world import ANA, World, client, in_another_process
from tests.serving import served

BUSY, *OTHERS = (client(number)[0] for number in range(111_220, 111_226))
TEXTS = [f"to the busy one {n}" for n in range(60)]
MINUTE = Budget(calls=2, per_seconds=60)
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ONE: Chat = (AccountName("a"), "channel", "one")
TWO: Chat = (AccountName("a"), "channel", "two")


@pytest.fixture
def cloud(house: World) -> Iterator[Cloud]:
    """Six clients of Ana's have written."""
    house.seed(contacts=[client(number)[1] for number in range(111_220, 111_226)])
    with served(sandbox(SECRETS)) as url, served(house._let_in) as hooks:
        made = Cloud(house, url, hooks)
        for phone in (BUSY, *OTHERS):
            made.steer("incoming", number_id=NUMBER, wa_id=phone, text="Hola")
        made.comes_in()
        yield made


def ask_for(cloud: Cloud, phone: str, text: str) -> None:
    request = SendRequest(employee=ANA, conversation=cloud.chat(phone), text=text)
    assert isinstance(send(cloud.house.parts, request), Sent)


def sixty_and_five(cloud: Cloud) -> None:
    for text in TEXTS:
        ask_for(cloud, BUSY, text)
    for phone in OTHERS:
        ask_for(cloud, phone, "to another")


def arrived(cloud: Cloud, phones: Sequence[str]) -> list[str]:
    """What these clients have got, in the order in which it came."""
    return [str(sent["text"]) for sent in cloud.sent() if sent["wa_id"] in phones]


def time_passes(cloud: Cloud, seconds: int) -> None:
    """For the house and for Meta."""
    cloud.house.later(seconds)
    cloud.steer("advance", seconds=seconds)


def waiting(cloud: Cloud) -> list[str]:
    """Why rows wait for a time."""
    rows = cloud.house.rows(OUTBOX)
    return [str(row["reason"]) for row in rows if row["next_attempt_at"] is not None]


def refused(cloud: Cloud) -> int:
    return sum("131056" in row["said"] for row in cloud.house.rows(ATTEMPTS))


def is_held(cloud: Cloud) -> bool:
    return any(r["held_until"] is not None for r in cloud.house.rows(LANES) if r["name"] == OUT)


def ends(cloud: Cloud) -> Counter[str]:
    return Counter(row["state"] for row in cloud.house.rows(OUTBOX) if row["lane"] == OUT)


def test_a_busy_chat_is_paced_before_its_vendor_refuses(cloud: Cloud) -> None:
    sixty_and_five(cloud)
    cloud.house.settle()
    assert arrived(cloud, OTHERS) == ["to another"] * 5
    assert arrived(cloud, [BUSY]) == TEXTS[: PAIR_RATE.calls]
    assert waiting(cloud) == [WAITS]
    time_passes(cloud, PAIR_RATE.per_seconds)
    cloud.house.settle()
    assert arrived(cloud, [BUSY]) == TEXTS
    assert (ends(cloud), refused(cloud)) == ({"done": 65}, 0)


def unpaced(cloud: Cloud) -> None:
    known = cloud.house.vendors.connectors[CLOUD]
    cloud.house.vendors.connectors[CLOUD] = replace(known, per_chat={})


def test_a_chat_that_its_vendor_refuses_waits_alone(cloud: Cloud) -> None:
    """131056 is one client's: the account is not held, and none of his messages overtakes."""
    unpaced(cloud)
    sixty_and_five(cloud)
    cloud.house.settle()
    assert arrived(cloud, OTHERS) == ["to another"] * 5
    before = arrived(cloud, [BUSY])
    assert 45 <= len(before) < 60
    assert before == TEXTS[: len(before)]
    assert ["131056" in reason for reason in waiting(cloud)] == [True]
    assert not is_held(cloud)
    ask_for(cloud, OTHERS[0], "meanwhile")
    cloud.house.settle()
    assert arrived(cloud, OTHERS)[-1] == "meanwhile"
    for _ in range(8):
        time_passes(cloud, 64)
        cloud.house.settle()
    assert arrived(cloud, [BUSY]) == TEXTS
    assert ends(cloud) == {"done": 66}
    assert refused(cloud) >= 1


@pytest.mark.parametrize("last", [TEXTS[1], TEXTS[44]])
def test_a_worker_that_ends_in_between_loses_and_doubles_nothing(cloud: Cloud, last: str) -> None:
    """What it knew of the chat's rate is gone with it: then the vendor's word holds the chat."""
    sixty_and_five(cloud)
    real = cloud.house.vendors.outbound(CLOUD)

    def dies(delivery: Delivery) -> Outcome | None:
        if isinstance(delivery.effect, SendMessage) and delivery.effect.text == last:
            real.deliver([delivery])
            os.kill(os.getpid(), signal.SIGKILL)
        return None

    cloud.house.script(CLOUD, dies)
    status = in_another_process(cloud.house, _turn)
    assert os.WTERMSIG(status) == signal.SIGKILL
    cloud.house.vendors.outbounds[CLOUD] = real
    assert arrived(cloud, [BUSY])[-1] == last
    for _ in range(10):
        time_passes(cloud, 64)
        cloud.comes_in()
    assert arrived(cloud, [BUSY]) == TEXTS
    assert arrived(cloud, OTHERS) == ["to another"] * 5
    assert ends(cloud) == {"done": 65}


def _turn(parts: Parts) -> None:
    drain(parts, OUT, over=after(60))


def test_turns_of_one_message_each_by_workers_that_know_nothing_of_each_other(
    cloud: Cloud,
) -> None:
    """Each begins to count anew, so that Meta refuses: still in order, and once."""
    sixty_and_five(cloud)
    for _ in range(200):  # it ends long before
        house = cloud.house
        drain(replace(house.parts, paces=Paces()), OUT, over=once())
        if ends(cloud) == {"done": 65}:
            break
        if OUT not in due_lanes(house.parts):
            time_passes(cloud, 64)
    assert arrived(cloud, [BUSY]) == TEXTS
    assert arrived(cloud, OTHERS) == ["to another"] * 5
    assert refused(cloud) >= 1


def once() -> Callable[[], bool]:
    """Over as soon as something has been taken."""
    asked = iter([False])
    return lambda: next(asked, True)


@pytest.mark.parametrize(
    ("went", "asked", "until"),
    [
        ([], 0, None),
        ([0], 0, None),
        ([0, 1], 2, 60),
        ([0, 1], 59, 60),
        ([0, 1], 60, None),
        ([0, 30], 60, None),
        ([0, 30, 60], 61, 90),
        ([100, 110], 0, None),  # the clock was put back
    ],
)
def test_a_chat_has_so_many_messages_in_any_window(
    went: list[int], asked: int, until: int | None
) -> None:
    paces = Paces()
    assert [paces.take(ONE, MINUTE, at(seconds)) for seconds in went] == [None] * len(went)
    assert paces.take(ONE, MINUTE, at(asked)) == (None if until is None else at(until))
    assert paces.take(TWO, MINUTE, at(asked)) is None


def test_only_the_chats_that_were_written_to_last_are_known() -> None:
    paces = Paces(most_chats=2)
    for chat in (ONE, ONE, TWO, (AccountName("b"), "channel", "one")):
        assert paces.take(chat, MINUTE, at(0)) is None
    assert paces.take(ONE, MINUTE, at(1)) is None


def at(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_limit_counts_for_its_kind_of_chat_alone(cloud: Cloud) -> None:
    known = cloud.house.vendors.connectors[CLOUD]
    limits = {ChatKind.GROUP: Budget(calls=1, per_seconds=60)}
    cloud.house.vendors.connectors[CLOUD] = replace(known, per_chat=limits)
    ask_for(cloud, BUSY, "one")
    ask_for(cloud, BUSY, "two")
    cloud.house.settle()
    assert arrived(cloud, [BUSY]) == ["one", "two"]
