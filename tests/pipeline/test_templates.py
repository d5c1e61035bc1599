"""Templates of a messenger: mirrored, out of use at once, listed (WS-04)."""

from datetime import timedelta
from typing import Any

from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName
from bridge.domain.policy import ChannelPolicy
from bridge.pipeline.explain import is_reproducible
from bridge.pipeline.mirror import sync
from bridge.pipeline.upkeep import TEMPLATES_MAX_AGE, tick
from bridge.store.engine import reading
from bridge.store.schema import DECISIONS, REFRESHES
from bridge.store.templates import templates_of
from tests.pipeline.world import CHAT, POLICY, World

WABA = ChannelName("wa-business")
MIRROR = f"mirror:{CHAT}"
GREETING: dict[str, Any] = {
    "templateGuid": "t-1",
    "title": "Greeting",
    "language": "es",
    "status": "approved",
    "category": "UTILITY",
    "channels": ["chan-waba"],
    "components": [{"type": "BODY", "text": "Hola {{1}}"}],
}


def opened(house: World, *templates: dict[str, Any]) -> None:
    """A WhatsApp Business channel with these templates, mirrored."""
    channel = {"channelId": "chan-waba", "transport": "wapi", "plainId": "34600000009"}
    house.at_messenger("seed", channels=[channel], templates=list(templates))
    policy = ChannelPolicy(account=CHAT, messenger=Messenger.WHATSAPP, id="chan-waba", label="B")
    house.use(channels={**POLICY.channels, WABA: policy})
    sync(house.parts)


def known(house: World) -> list[tuple[str, bool, str]]:
    with reading(house.engine) as db:
        return [(t.template_id, t.usable, t.detail) for t in templates_of(db, [CHAT])]


def told(house: World, status: str, template: str = "t-1") -> None:
    item = {"templateGuid": template, "name": "greeting_1", "status": status}
    house.receives(CHAT, {"templateStatus": item})
    house.drain(f"in:{CHAT}")


def test_sync_reads_the_templates_and_forgets_those_that_are_gone(small: World) -> None:
    opened(small, GREETING, {**GREETING, "templateGuid": "t-2", "status": "rejected"})
    assert known(small) == [("t-1", True, "approved"), ("t-2", False, "rejected")]
    small.at_messenger("reset")
    opened(small, GREETING)
    assert known(small) == [("t-1", True, "approved")]


def test_what_the_messenger_takes_no_more_is_out_of_use_before_it_is_read_anew(
    small: World,
) -> None:
    opened(small, GREETING)
    told(small, "PAUSED")
    assert known(small) == [("t-1", False, "paused")]
    assert small.rows(DECISIONS)[-1]["headline"] == "template.changed"
    with reading(small.engine) as db:
        assert is_reproducible(db, str(small.rows(DECISIONS)[-1]["event_key"]))
    small.at_messenger("seed", templates=[{**GREETING, "status": "paused"}])
    small.settle()
    assert known(small) == [("t-1", False, "paused")]


def test_an_approved_one_is_usable_once_it_is_read(small: World) -> None:
    opened(small, {**GREETING, "status": "pending"})
    told(small, "APPROVED")
    assert known(small) == [("t-1", False, "pending")]
    small.at_messenger("seed", templates=[GREETING])
    small.settle()
    assert known(small) == [("t-1", True, "approved")]


def test_a_messenger_that_is_down_is_asked_again_later(small: World) -> None:
    opened(small, GREETING)
    small.fail(CHAT, match="GET /v3/templates", fault="500", times=1)
    told(small, "APPROVED", "t-9")
    small.drain(MIRROR)
    assert [row["kind"] for row in small.rows(REFRESHES)] == ["templates"]
    small.at_messenger("seed", templates=[{**GREETING, "templateGuid": "t-9"}])
    small.patiently(3)
    assert [name for name, _, _ in known(small)] == ["t-1", "t-9"]


def test_the_clock_reads_them_anew_now_and_then(small: World) -> None:
    opened(small, GREETING)
    small.at_messenger("seed", templates=[{**GREETING, "templateGuid": "t-3"}])
    tick(small.parts)
    small.settle()
    assert len(known(small)) == 1
    small.later((TEMPLATES_MAX_AGE + timedelta(minutes=1)).total_seconds())
    tick(small.parts)
    small.settle()
    assert len(known(small)) == 2
