"""Every cell of the choice of a channel, with its reason (CHN-02 to CHN-05, WS-04, WZ-15).

The writer's default × whether the client can be reached there × the channel's health × the window ×
a template × the writer's access; then groups, blocks and what is said besides.
"""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.channels import ChannelChoice, Standing, Wish, open_until, pick_channel
from bridge.domain.facts import ChannelFacts
from bridge.domain.messaging import ChannelState, ChatKind, Messenger
from bridge.domain.names import AccountName, ChannelName
from bridge.domain.people import Employee, Role
from bridge.domain.policy import ChannelPolicy, Policy
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import ClientWishes
from bridge.domain.templates import MessageTemplate
from tests.domain.building import ANA, CHAT, NOW, POLICY, WA, WA_NORTH

WHATSAPP = Messenger.WHATSAPP
BLOCKED = ClientWishes(blocked=True, as_of=NOW)
NO_ADS = ClientWishes(no_marketing=True, marketing_as_of=NOW)
DAY = timedelta(hours=24)
ELSEWHERE = ChannelName("wa-elsewhere")


def template(name: str = "greeting", **changed: Any) -> MessageTemplate:
    given: dict[str, Any] = {
        "account": CHAT,
        "template_id": name,
        "name": name,
        "language": "es",
        "text": "Hola",
        "usable": True,
        **changed,
    }
    return MessageTemplate(**given)


def writer(*channels: ChannelName, default: ChannelName | None = WA) -> Employee:
    return Employee(
        id=ANA,
        role=Role.SALESPERSON,
        channels=frozenset(channels) if channels else None,
        priority_channel={} if default is None else {WHATSAPP: default},
    )


def state(name: ChannelName, **changed: Any) -> dict[ChannelName, ChannelFacts]:
    return {name: ChannelFacts(name=name, **{"state": ChannelState.ACTIVE, **changed})}


def picked(
    wish: dict[str, Any], *states: dict[ChannelName, ChannelFacts], by: Policy = POLICY
) -> ChannelChoice:
    known = {name: facts for one in states for name, facts in one.items()}
    given = {"employee": writer(), "messenger": WHATSAPP, **wish}
    return pick_channel(Wish(**given), by, known, NOW)


def outcome(choice: ChannelChoice) -> tuple[str | None, str]:
    return choice.channel, choice.reason.code.value


ANSWERED = "channel.of_chat"
DEFAULT, ONLY = "channel.rep_default", "channel.only_reachable"
FALLBACK, NO_ACCESS = "channel.fallback_same_messenger", "channel.no_access"
CLOSED, INACTIVE = "channel.window_closed", "channel.inactive"

# Of a reply: may he write on the chat's channel? does it work? is its window open? a template?
REPLIES = {
    (True, True, True, False): (WA, ANSWERED),
    (True, True, True, True): (WA, ANSWERED),
    (True, True, False, False): (None, CLOSED),
    (True, True, False, True): (WA, ANSWERED),
    (True, False, True, False): (WA_NORTH, FALLBACK),
    (True, False, True, True): (WA_NORTH, FALLBACK),
    (True, False, False, False): (WA_NORTH, FALLBACK),
    (True, False, False, True): (WA_NORTH, FALLBACK),
    (False, True, True, False): (None, NO_ACCESS),
    (False, True, True, True): (None, NO_ACCESS),
    (False, True, False, False): (None, NO_ACCESS),
    (False, True, False, True): (None, NO_ACCESS),
    (False, False, True, False): (None, NO_ACCESS),
    (False, False, True, True): (None, NO_ACCESS),
    (False, False, False, False): (None, NO_ACCESS),
    (False, False, False, True): (None, NO_ACCESS),
}
# Of a first message: has he a default? may he write there? can the client be reached? does it work?
FIRST = {
    (True, True, True, True): (WA, DEFAULT),
    (True, True, True, False): (WA_NORTH, FALLBACK),
    (True, True, False, True): (WA_NORTH, ONLY),
    (True, True, False, False): (WA_NORTH, FALLBACK),
    (True, False, True, True): (WA_NORTH, ONLY),
    (True, False, True, False): (WA_NORTH, ONLY),
    (True, False, False, True): (WA_NORTH, ONLY),
    (True, False, False, False): (WA_NORTH, ONLY),
    (False, True, True, True): (WA, FALLBACK),
    (False, True, True, False): (WA_NORTH, FALLBACK),
    (False, True, False, True): (WA_NORTH, ONLY),
    (False, True, False, False): (WA_NORTH, FALLBACK),
    (False, False, True, True): (WA_NORTH, ONLY),
    (False, False, True, False): (WA_NORTH, ONLY),
    (False, False, False, True): (WA_NORTH, ONLY),
    (False, False, False, False): (WA_NORTH, ONLY),
}


def test_the_tables_have_every_cell() -> None:
    cells = set(itertools.product((True, False), repeat=4))
    assert set(REPLIES) == set(FIRST) == cells


@pytest.mark.parametrize(("cell", "expected"), REPLIES.items())
def test_a_reply(cell: tuple[bool, ...], expected: tuple[str | None, str]) -> None:
    """CHN-03, WS-04, WZ-15"""
    allowed, works, is_open, with_template = cell
    wish = {
        "employee": writer() if allowed else writer(WA_NORTH),
        "chat_channel": WA,
        "last_inbound_at": NOW - (DAY if is_open else DAY + timedelta(microseconds=1)),
        "template": template() if with_template else None,
    }
    word = ChannelState.ACTIVE if works else ChannelState.UNREACHABLE
    choice = picked(wish, state(WA, state=word, window_hours=24), state(WA_NORTH))
    assert outcome(choice) == expected


@pytest.mark.parametrize(("cell", "expected"), FIRST.items())
def test_a_first_message(cell: tuple[bool, ...], expected: tuple[str | None, str]) -> None:
    """CHN-02, CHN-05, WZ-15"""
    has_default, allowed, reachable, works = cell
    default = WA if has_default else None
    wish = {"employee": writer(*(() if allowed else (WA_NORTH,)), default=default)}
    word = ChannelState.ACTIVE if works else ChannelState.UNPAID
    choice = picked(wish, state(WA, state=word, can_write_first=reachable), state(WA_NORTH))
    assert outcome(choice) == expected


@pytest.mark.parametrize(
    ("wish", "states", "expected"),
    [
        ({"requested": WA_NORTH}, {}, (WA_NORTH, "channel.chosen")),
        ({"requested": WA}, {}, (WA, "channel.chosen")),
        ({"requested": ChannelName("nowhere")}, {}, (None, "channel.unknown")),
        ({"requested": WA_NORTH, "employee": writer(WA)}, {}, (None, NO_ACCESS)),
        (
            {"requested": WA_NORTH},
            state(WA_NORTH, state=ChannelState.BLOCKED),
            (None, INACTIVE),
        ),
        ({"requested": WA_NORTH}, state(WA_NORTH, window_hours=24), (None, CLOSED)),
        (
            {"requested": WA_NORTH, "template": template()},
            state(WA_NORTH, window_hours=24),
            (WA_NORTH, "channel.chosen"),
        ),
        (
            {"requested": WA_NORTH, "there": {WA_NORTH: Standing(last_inbound_at=NOW - DAY)}},
            state(WA_NORTH, window_hours=24),
            (WA_NORTH, "channel.chosen"),
        ),
        (
            {"requested": WA_NORTH, "there": {WA_NORTH: Standing(wishes=BLOCKED)}},
            {},
            (None, "chat.blocked"),
        ),
    ],
)
def test_another_channel_than_the_default(
    wish: dict[str, Any],
    states: dict[ChannelName, ChannelFacts],
    expected: tuple[str | None, str],
) -> None:
    """CHN-04, CHN-05: refused where it can't be used, never replaced."""
    given = {"chat_channel": WA, "last_inbound_at": NOW, **wish}
    assert outcome(picked(given, states)) == expected


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"requested": WA_NORTH}, f"the default would have been {WA}: a reply stays"),
        ({"requested": WA}, "the default is the same: a reply stays"),
        ({"requested": WA_NORTH, "wishes": BLOCKED}, "there is no default: the client wants"),
    ],
)
def test_who_chose_and_what_the_default_would_have_been_is_on_record(
    wish: dict[str, Any], said: str
) -> None:
    choice = picked({"chat_channel": WA, "last_inbound_at": NOW, **wish})
    assert choice.reason.detail.startswith(f"chosen by {ANA}; {said}")


def test_a_closed_window_names_what_may_be_sent_there() -> None:
    others = (
        template("pausado", usable=False),
        template("de otro", account=AccountName("other-main")),
        template("del norte", channel_id="id-north"),
    )
    wish = {"chat_channel": WA, "templates": (template(), template("adios"), *others)}
    choice = picked(wish, state(WA, window_hours=24))
    assert choice.reason.detail.endswith("sent: greeting (es), adios (es)")


def test_where_no_template_is_known_he_has_to_write_again() -> None:
    wish = {"chat_channel": WA, "last_inbound_at": NOW - timedelta(days=8)}
    choice = picked(wish, state(WA, window_hours=168, can_write_first=False))
    assert choice.reason.code is ReasonCode.WINDOW_CLOSED
    assert choice.reason.detail.endswith("wait for him to write")


@pytest.mark.parametrize(("hours", "messenger"), [(24, "WhatsApp"), (168, "Instagram")])
@pytest.mark.parametrize(
    ("late", "is_open"),
    [(timedelta(0), True), (timedelta(microseconds=-1), True), (timedelta(microseconds=1), False)],
)
def test_the_edge_of_a_window(hours: int, messenger: str, late: timedelta, is_open: bool) -> None:
    """WS-04: the last moment belongs to it."""
    last = NOW - timedelta(hours=hours) - late
    wish = {"chat_channel": WA, "last_inbound_at": last}
    choice = picked(wish, state(WA, window_hours=hours))
    assert (choice.channel == WA) is is_open, messenger


def test_a_window_has_an_end_that_can_be_shown() -> None:
    wish = Wish(employee=writer(), messenger=WHATSAPP, chat_channel=WA, last_inbound_at=NOW)
    ends = [open_until(wish, WA, one) for one in (state(WA, window_hours=24), state(WA), {})]
    assert ends == [NOW + DAY, None, None]


@pytest.mark.parametrize(
    ("wish", "states", "expected"),
    [
        ({}, {}, (WA, ANSWERED)),
        ({"requested": WA}, {}, (WA, "channel.chosen")),
        ({"requested": WA_NORTH}, {}, (None, "channel.group_stays")),
        ({}, state(WA, state=ChannelState.BLOCKED), (None, INACTIVE)),
    ],
)
def test_a_group_is_answered_in_its_chat_or_not_at_all(
    wish: dict[str, Any],
    states: dict[ChannelName, ChannelFacts],
    expected: tuple[str | None, str],
) -> None:
    given = {"chat_channel": WA, "kind": ChatKind.GROUP, "by_number": False, **wish}
    assert outcome(picked(given, states)) == expected


@pytest.mark.parametrize(
    ("wishes", "with_template", "expected"),
    [
        (BLOCKED, None, (None, "chat.blocked")),
        (BLOCKED, template(), (None, "chat.blocked")),
        (NO_ADS, None, (WA, ANSWERED)),
        (NO_ADS, template(category="utility"), (WA, ANSWERED)),
        (NO_ADS, template(category="marketing"), (None, "chat.no_marketing")),
        (ClientWishes(as_of=NOW), template(category="marketing"), (WA, ANSWERED)),
    ],
)
def test_what_a_client_has_refused_is_not_sent(
    wishes: ClientWishes, with_template: MessageTemplate | None, expected: tuple[str | None, str]
) -> None:
    wish = {"chat_channel": WA, "wishes": wishes, "template": with_template}
    assert outcome(picked(wish)) == expected


def test_a_template_leaves_from_a_channel_that_has_it() -> None:
    norths = template(channel_id="id-north")
    assert outcome(picked({"template": norths})) == (WA_NORTH, ONLY)
    reply = picked({"template": norths, "chat_channel": WA})
    assert outcome(reply) == (None, "template.not_on_channel")


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"by_number": True}, (ELSEWHERE, "channel.chosen")),
        ({"by_number": False}, (None, "channel.client_unreachable")),
        ({"by_number": False, "there": {ELSEWHERE: Standing()}}, (ELSEWHERE, "channel.chosen")),
    ],
)
def test_another_account_reaches_him_only_by_number_or_in_a_chat_of_its_own(
    wish: dict[str, Any], expected: tuple[str | None, str]
) -> None:
    other = ChannelPolicy(
        account=AccountName("other-main"), messenger=WHATSAPP, id="id-other", label="Other"
    )
    by = Policy(channels={**POLICY.channels, ELSEWHERE: other})
    given = {"chat_channel": WA, "last_inbound_at": NOW, "requested": ELSEWHERE, **wish}
    assert outcome(picked(given, by=by)) == expected
