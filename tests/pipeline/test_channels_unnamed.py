"""Channels of a messenger that is being set up: read by themselves, so that one can name them."""

from datetime import timedelta

from bridge.pipeline.upkeep import CHANNELS_MAX_AGE, tick
from bridge.store.engine import reading
from bridge.store.mirror import channels_seen
from bridge.store.schema import REFRESHES
from tests.pipeline.world import CHAT, POLICY, World

NEW = {"channelId": "chan-new", "transport": "whatsapp", "plainId": "34600000009"}


def knows_it(house: World) -> bool:
    with reading(house.engine) as db:
        return "chan-new" in {one.channel_id for one in channels_seen(db)}


def goes_by(house: World) -> None:
    house.later((CHANNELS_MAX_AGE + timedelta(minutes=1)).total_seconds())
    tick(house.parts)


def wishes(house: World) -> list[object]:
    return [row["kind"] for row in house.rows(REFRESHES)]


def test_the_clock_reads_them_until_one_is_named(small: World) -> None:
    """CHN-02: nobody runs a command for it, and no webhook tells of what was there before."""
    small.use(channels={})
    small.at_messenger("seed", channels=[NEW])
    tick(small.parts)
    assert "channels" not in wishes(small)  # they were read a moment ago
    goes_by(small)
    small.settle()
    assert knows_it(small)
    small.use(channels=POLICY.channels)
    goes_by(small)
    assert "channels" not in wishes(small)


def test_a_messenger_that_is_down_is_asked_again_later(small: World) -> None:
    small.use(channels={})
    small.at_messenger("seed", channels=[NEW])
    small.fail(CHAT, match="GET /v3/channels", fault="500", times=1)
    goes_by(small)
    small.drain(f"mirror:{CHAT}")
    assert "channels" in wishes(small)
    assert not knows_it(small)
    small.patiently(3)
    assert knows_it(small)
