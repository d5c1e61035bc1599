"""Filters of the list of conversations: each finds what fits of what one may read, no more."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import MessageStatus, Messenger
from bridge.domain.names import ChannelName, ConversationId, EmployeeId, MessageId
from bridge.domain.notifications import Mark
from bridge.domain.people import Employee, Role
from bridge.store.engine import reading, writing
from bridge.store.listing import Wanted
from bridge.store.records import messages_by_id, put_messages
from bridge.web.chatlist import Part, Place, list_chats
from bridge.web.viewer import Viewer, viewer
from tests.access.companies import Company, companies, fresh_world
from tests.access.planting import (
    FRESH,
    Chat,
    Planted,
    chats,
    directory,
    plant,
    some_of_everything,
)
from tests.web.asking import api
from tests.web.world import ANA, BRUNO, LUIS, NORTH, SALES, WA, World

FILTERS: Mapping[str, Callable[[World], Wanted]] = {
    "mine": lambda world: Wanted(mine=True),
    "red": lambda world: Wanted(mark=Mark.RED),
    "grey": lambda world: Wanted(mark=Mark.GREY),
    "owner": lambda world: Wanted(owner=BRUNO),
    "nobody's name": lambda world: Wanted(owner=EmployeeId("nobody@acme.example")),
    "channel": lambda world: Wanted(channel=NORTH),
    "messenger": lambda world: Wanted(messenger=Messenger.WHATSAPP),
    "another messenger": lambda world: Wanted(messenger=Messenger.TELEGRAM),
    "failed": lambda world: Wanted(failed=True),
    "since": lambda world: Wanted(since=world.now - timedelta(days=2) + timedelta(minutes=20)),
    "all at once": lambda world: Wanted(
        mark=Mark.RED,
        owner=ANA,
        channel=SALES,
        messenger=Messenger.WHATSAPP,
        failed=True,
        since=world.now - timedelta(days=2) + timedelta(minutes=3),
    ),
}


def found(world: World, wanted: Wanted, employee: Employee, page: int = 7) -> list[ConversationId]:
    """Page by page."""
    names: list[ConversationId] = []
    place: Place | None = Place(part=Part.OWN)
    with reading(world.engine) as db:
        eyes = viewer(db, employee, world.policy, world.now)
        while place is not None:
            listed = list_chats(db, eyes, wanted, place, page)
            names += [line.chat.conversation.id for line in listed.lines]
            place = listed.next
    return names


def fits(eyes: Viewer, chat: ChatFacts, wanted: Wanted, failed: set[ConversationId]) -> bool:
    conversation = chat.conversation
    at = conversation.last_message_at
    return all(
        (
            not wanted.mine or eyes.owns(chat),
            wanted.mark is None or eyes.mark(chat)[0] is wanted.mark,
            wanted.owner is None or eyes.is_of(chat, wanted.owner),
            wanted.channel in (None, conversation.channel),
            wanted.messenger in (None, conversation.messenger),
            not wanted.failed or conversation.id in failed,
            wanted.since is None or (at is not None and at >= wanted.since),
        )
    )


def fail_every_third(world: World, planted: list[Planted]) -> set[ConversationId]:
    some = [one.message for one in planted if one.chat.has_messages][::3]
    with writing(world.engine) as db:
        known = messages_by_id(db, some).values()
        lost = [replace(message, status=MessageStatus.FAILED) for message in known]
        put_messages(db, {message.id: WA for message in lost}, lost)
    return {message.conversation for message in lost}


def check_all(world: World, company: Company, wanted: list[Chat]) -> None:
    directory(world)
    planted = plant(world, wanted)
    failed = fail_every_third(world, planted)
    company.moves_into(world)
    with reading(world.engine) as db:
        eyes = viewer(db, company.ana, world.policy, world.now)
        readable = eyes.readable(db, [one.conversation for one in planted])
    for name, made in FILTERS.items():
        wish = made(world)
        listed = found(world, wish, company.ana)
        expected = {key for key, chat in readable.items() if fits(eyes, chat, wish, failed)}
        assert ({*listed}, len(listed)) == (expected, len(expected)), name


@settings(
    max_examples=10,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wanted=st.lists(chats, min_size=30, max_size=50), company=companies)
def test_a_filter_finds_all_that_fits_and_may_be_read(
    sqlite_template: Path, wanted: list[Chat], company: Company
) -> None:
    with fresh_world(sqlite_template) as world:
        check_all(world, company, wanted)


@pytest.mark.parametrize("role", [Role.SALESPERSON, Role.MANAGER, Role.QUALITY_CONTROL])
@pytest.mark.parametrize("few", [0, 2000])
def test_filters_answer_alike_on_both_stores(
    any_world: World, role: Role, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many conversations the channel has."""
    monkeypatch.setattr("bridge.store.listing.FEW", few)
    company = Company(
        ana=Employee(id=ANA, role=role, gets_new_clients=True),
        bruno=Employee(id=BRUNO, role=Role.SALESPERSON),
        fallback=LUIS,
    )
    check_all(any_world, company, some_of_everything(60))


def test_what_was_sent_again_has_not_failed(any_world: World) -> None:
    planted = plant(any_world, some_of_everything(3))[1]
    assert fail_every_third(any_world, [planted]) == {planted.conversation}
    luis = any_world.policy.employee(LUIS)
    assert found(any_world, Wanted(failed=True), luis) == [planted.conversation]
    with writing(any_world.engine) as db:
        lost = messages_by_id(db, [planted.message])[planted.message]
        put_messages(db, {lost.id: WA}, [replace(lost, resent_as=MessageId("ms_again"))])
    assert found(any_world, Wanted(failed=True), luis) == []


def test_the_api_takes_the_same_filters(world: World) -> None:
    planted = plant(world, [*some_of_everything(24)])
    fail_every_third(world, planted)
    asking, luis = api(world, LUIS), world.policy.employee(LUIS)
    for query, wanted in (
        ({"mine": "true"}, Wanted(mine=True)),
        ({"mark": "grey"}, Wanted(mark=Mark.GREY)),
        ({"owner": BRUNO, "channel": SALES}, Wanted(owner=BRUNO, channel=SALES)),
        ({"messenger": "whatsapp", "failed": "true"}, Wanted(failed=True)),
        ({"since": (world.now - FRESH).isoformat()}, Wanted(since=world.now - FRESH)),
    ):
        listed = [item["id"] for item in asking.all("/conversations", limit=5, **query)]
        assert sorted(listed) == sorted(found(world, wanted, luis)), query


@pytest.mark.parametrize(
    "query",
    [
        {"mark": "blue"},
        {"mark": "none"},
        {"messenger": "pigeon"},
        {"failed": "perhaps"},
        {"since": "yesterday"},
        {"since": "2026-03-04T15:06:07"},
    ],
)
def test_the_api_refuses_a_filter_that_it_does_not_know(
    world: World, query: Mapping[str, str]
) -> None:
    refused = api(world, LUIS).get("/conversations", **query)
    assert (refused.status, refused.json["field"]) == (422, next(iter(query)))


def test_a_cursor_is_good_for_the_same_filters_only(world: World) -> None:
    plant(world, some_of_everything(24))
    asking = api(world, LUIS)
    cursor = asking.get("/conversations", limit=2, owner=BRUNO).json["next"]
    assert asking.get("/conversations", limit=2, owner=ANA, cursor=cursor).status == 400


@pytest.mark.parametrize(
    "query",
    ["mark=blue&messenger=pigeon", "owner=%00&channel=%27%22", "failed=x&mine=y", "mark=none"],
)
def test_a_page_with_a_filter_of_nonsense_is_a_page(world: World, query: str) -> None:
    plant(world, some_of_everything(6))
    assert world.signed_in(LUIS).get(f"/conversations?{query}").status_code == 200


def test_a_channel_that_nobody_configured_is_empty(any_world: World) -> None:
    plant(any_world, some_of_everything(6))
    luis = any_world.policy.employee(LUIS)
    assert found(any_world, Wanted(channel=ChannelName("no-such")), luis) == []
