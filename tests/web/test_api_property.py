"""Whatever the company looks like: every list shows exactly the chats that `access` lets read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.domain.access import access
from bridge.domain.messaging import ChatKind
from bridge.domain.names import ChannelName, ConversationId, EmployeeId
from bridge.domain.people import Employee, Role
from bridge.store.chats import chat_facts
from bridge.store.engine import open_engine, reading
from bridge.store.mirror import directory
from tests.web.asking import api
from tests.web.world import ANA, BRUNO, CRM, LUIS, NORTH, OWNER, QA, SALES, TELEGRAM, World

PEOPLE = (ANA, BRUNO, LUIS, QA)
owners = st.sampled_from((None, *PEOPLE))
clients = st.tuples(
    owners,  # of the contact
    owners,  # of an open deal; None: there is none
    st.sampled_from((SALES, NORTH, TELEGRAM)),
    st.sampled_from((*([ChatKind.DIRECT] * 4), ChatKind.GROUP)),
    st.booleans(),  # known to the CRM
)
employees = st.builds(
    Employee,
    id=st.just(ANA),
    role=st.sampled_from(Role),
    gets_new_clients=st.booleans(),
    channels=st.sampled_from((None, frozenset({SALES}), frozenset({NORTH, TELEGRAM}))),
)


@contextmanager
def fresh_world(template: Path) -> Iterator[World]:
    with TemporaryDirectory() as folder:
        copyfile(template, Path(folder) / "store.sqlite3")
        engine = open_engine(f"sqlite:///{folder}/store.sqlite3")
        try:
            yield World(engine)
        finally:
            engine.dispose()


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    people=st.lists(clients, min_size=1, max_size=7), seer=employees, hours=st.sampled_from((0, 30))
)
def test_rol_02_every_list_shows_exactly_what_access_lets_read(
    sqlite_template: Path,
    people: list[tuple[EmployeeId | None, EmployeeId | None, ChannelName, ChatKind, bool]],
    seer: Employee,
    hours: int,
) -> None:
    with fresh_world(sqlite_template) as world:
        for number, (owner, deal_of, channel, kind, is_known) in enumerate(people):
            phone = f"+3460011{number:04}"
            if is_known and kind is ChatKind.DIRECT:
                world.client(f"Client {number}", phone, owner, deal_of=deal_of)
            world.writes(phone, f"needle {number}", channel=channel, kind=kind)
        world.policy = replace(world.policy, employees={**world.policy.employees, ANA: seer})
        world.later(hours=hours)
        _check(world, seer)


def _check(world: World, seer: Employee) -> None:
    chats = _all_chats(world)
    may_read = _readable(world, seer, chats)
    eyes = api(world, seer.id)
    assert {item["id"] for item in eyes.all("/conversations", limit=2)} == may_read
    assert {item["id"] for item in eyes.all("/conversations", q="needle", limit=3)} == may_read
    assert {e["conversation"] for e in eyes.all("/timeline", limit=2)} == may_read
    assert {c for c in chats if eyes.get(f"/conversations/{c}").status == 200} == may_read
    assert {c for c in chats if eyes.get(f"/conversations/{c}/messages").status == 200} == may_read
    told = {notice["conversation"] for notice in eyes.all("/notifications")} - {None}
    assert told <= may_read
    _check_events(world, seer, may_read)
    _check_pages(world, seer, chats, may_read)


def _check_events(world: World, seer: Employee, may_read: set[ConversationId]) -> None:
    everything = {
        e["event"]: e["conversation"] for e in api(world, LUIS).all("/timeline", all=True)
    }
    eyes = api(world, seer.id)
    for event, conversation in everything.items():
        expected = 200 if conversation in may_read else 404
        assert eyes.get(f"/events/{event}").status == expected
        assert eyes.get(f"/events/{event}/explain").status == expected


def _check_pages(
    world: World, seer: Employee, chats: list[ConversationId], may_read: set[ConversationId]
) -> None:
    browser = world.signed_in(seer.id)
    for page in ("/conversations", "/conversations?q=needle", "/feed?all=1"):
        shown = browser.get(page).text
        assert {c for c in chats if f"/conversations/{c}" in shown} == may_read, page
    opened = {c for c in chats if browser.get(f"/conversations/{c}").status_code == 200}
    assert opened == may_read


def _all_chats(world: World) -> list[ConversationId]:
    return [ConversationId(item["id"]) for item in api(world, LUIS).all("/conversations")]


def _readable(world: World, seer: Employee, chats: list[ConversationId]) -> set[ConversationId]:
    with reading(world.engine) as db:
        facts = chat_facts(db, chats)
        people = directory(db, CRM)
    assert {person.email for person in people.people} == set(OWNER)
    return {
        name
        for name, chat in facts.items()
        if access(seer, chat, people, world.policy, world.now).can_read
    }
