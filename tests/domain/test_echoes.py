"""Our own sends coming back, in each manner that vendors have (WZ-09)."""

from typing import Any

import pytest

from bridge.domain.changes import SettleSend
from bridge.domain.decisions import Wait
from bridge.domain.facts import OpenSend
from bridge.domain.messaging import Direction, Media, MediaKind
from bridge.domain.names import MessageId
from bridge.domain.routing import route
from tests.domain.building import ANA, POLICY, TEXT, chat, facts, message, messages_after, sent

FILE = Media(kind=MediaKind.IMAGE, url="https://files.example/1")


def lost(name: str, text: str = TEXT) -> OpenSend:
    return OpenSend(message=MessageId(name), text=text, unknown=True)


AWAITED = OpenSend(message=MessageId("ms_1"), text=TEXT, unknown=False)


@pytest.mark.parametrize(
    ("event", "known", "came_to"),
    [
        (sent(), {"open_sends": (AWAITED,)}, "waits"),
        (sent(), {"message": message(Direction.OUT, "m2", sent_from="bridge")}, "nothing"),
        (sent(), {"open_sends": (lost("ms_1"),)}, "ms_1"),
        (sent(), {"open_sends": (lost("ms_1"), lost("ms_2"))}, "ms_1"),
        (sent(), {"open_sends": (lost("ms_1"), AWAITED)}, "ms_1"),
        (sent(text="", media=(FILE,)), {"open_sends": (lost("ms_1", ""),)}, "ms_1"),
        (sent(text="", media=(FILE,)), {"open_sends": (lost("ms_1"),)}, "a message"),
        (sent(text="another"), {"open_sends": (lost("ms_1"),)}, "a message"),
        (sent(sent_from="phone"), {"open_sends": (lost("ms_1"), AWAITED)}, "a message"),
        (sent(sent_from="window"), {"open_sends": (AWAITED,)}, "a message"),
        (sent(), {}, "a message"),
    ],
    ids=[
        "before the answer",
        "after the answer",
        "of unknown outcome",
        "the same text twice in a row",
        "one of unknown outcome, one awaited",
        "a file without a text",
        "a file beside an open text",
        "another text",
        "typed on the phone",
        "typed in the vendor's window",
        "nothing open",
    ],
)
def test_what_an_echo_comes_to(event: Any, known: dict[str, Any], came_to: str) -> None:
    decided = route(event, facts(chat(ANA), **known), POLICY)
    assert _what(decided) == came_to


def _what(decided: Any) -> str:
    if isinstance(decided, Wait):
        return "waits"
    settled = [str(x.message) for x in decided.changes if isinstance(x, SettleSend)]
    return settled[0] if settled else "a message" if messages_after(decided) else "nothing"
