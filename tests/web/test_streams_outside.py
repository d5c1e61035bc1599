"""Live for partners' and resellers' people and for clients: each hears what is his, as long as it
is (PRM-24, PX-05, RSL-01, RSL-27)."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.changes import Notify
from bridge.domain.names import EmployeeId
from bridge.domain.reasons import ReasonCode
from bridge.pipeline.partnering.expiring import expire_leads
from bridge.store import notices
from bridge.store.engine import writing
from bridge.store.keys import Scope
from bridge.store.sessions import SignedIn, end_session, keep_session, open_session
from tests.domain.partner_building import MARTA, PABLO, PETRA, Q1, SONIA, lead, offered, queued
from tests.domain.reselling.building import RITA, SARA
from tests.web.asking import service
from tests.web.programme import api, programme, signed_in
from tests.web.reselling import add, as_user, browser_of, with_resellers
from tests.web.watching import Reader, live
from tests.web.world import World

Reading = Callable[..., Reader]


def key(world: World, principal: str) -> str:
    return world.key(principal, Scope.READ)


def given(world: World, to: EmployeeId) -> None:
    answer = api(world, MARTA).post(f"/partners/leads/{lead().id}/assign", {"to": {"user": to}})
    assert answer.status == 200, answer.json


def says(told: dict[str, Any]) -> tuple[str, str, str]:
    return told["says"], told["title"], told["address"]


def test_a_lead_that_is_offered_is_told_at_once_and_counted(world: World) -> None:
    """PRM-24: with its name and where it is, and to nobody else of his company either."""
    programme(world, lead())
    secrets = {who: key(world, f"partner:{who}") for who in (PETRA, PABLO, SONIA)}

    async def story(reader: Reading) -> None:
        petra, pablo, sonia = [await reader(one).open() for one in secrets.values()]
        await petra.counters(unread=0, offered=0)
        given(world, PETRA)
        (told,) = await petra.events(1)
        assert says(told) == ("A lead is offered to you", "Lea 1", f"/inbox/{lead().id}")
        await petra.counters(unread=1, offered=1)
        await pablo.until(lambda: pablo.of("changed") == [{}])  # his company's business moved
        world.later(minutes=2)
        await sonia.until(lambda: len(sonia.of("counters")) == 1)
        assert (pablo.told, sonia.told, sonia.of("changed")) == ([], [], [])
        assert "Lea" not in pablo.text + sonia.text

    live(world, story)


def test_who_loses_a_lead_hears_that_and_no_more_of_it(world: World) -> None:
    programme(world, offered(PETRA))
    secret = key(world, f"partner:{PETRA}")

    async def story(reader: Reading) -> None:
        petra = await reader(secret).open()
        await petra.counters(offered=1)
        given(world, PABLO)
        (told,) = await petra.events(1)
        assert says(told) == ("A lead of yours was given to somebody else", "", "/inbox")
        assert told["about"] == ""
        await petra.counters(unread=1, offered=0)
        assert lead().id not in petra.text
        assert "Lea" not in petra.text

    live(world, story)


def test_who_let_the_time_run_out_is_told(world: World) -> None:
    """PX-05: once, and in his list as on the open page."""
    programme(world, offered(PETRA))
    world.now = offered(PETRA).offered_until or world.now
    secret = key(world, f"partner:{PETRA}")

    async def story(reader: Reading) -> None:
        petra = await reader(secret).open()
        world.later(seconds=1)
        assert expire_leads(world.parts) == 1
        (told,) = await petra.events(1)
        assert told["code"] == "lead.expired"
        await petra.counters(unread=1, offered=0)
        assert len(petra.told) == 1

    live(world, story)
    page = signed_in(world, PETRA).get("/notifications").text
    assert "A lead was not accepted in time and is offered to you no more" in page
    assert lead().id not in page


def test_a_lead_in_a_queue_that_another_takes_is_counted_no_more(world: World) -> None:
    """PRM-13: nothing is told of who took it."""
    programme(world, queued(Q1))
    secret = key(world, f"partner:{PABLO}")

    async def story(reader: Reading) -> None:
        pablo = await reader(secret).open()
        await pablo.counters(queued=1)
        api(world, PETRA).post(f"/partners/leads/{lead().id}/take")
        world.later(seconds=6)
        await pablo.counters(queued=0)
        assert pablo.told == []

    live(world, story)


def low(world: World, client: str) -> None:
    used = service(world).post(f"/clients/{client}/use", {"id": "cfdi-1", "units": 96})
    assert used.status == 200, used.json


def test_a_client_who_crosses_a_threshold_is_told_to_his_reseller_alone(world: World) -> None:
    """RSL-01, RSL-27: in the language of each reader."""
    with_resellers(world)
    client = add(as_user(world))["id"]
    with writing(world.engine) as db:
        cookie = open_session(db, f"reseller:{RITA}", world.now)
    sara = key(world, f"reseller:{SARA}")

    async def story(reader: Reading) -> None:
        mine = await reader(cookie=cookie).open()
        spanish = reader(cookie=cookie)
        spanish.headers["Accept-Language"] = "es, en;q=0.5"
        await spanish.open()
        other = await reader(sara).open()
        low(world, client)
        (told,) = await mine.events(1)
        here = ("A client of yours has few units left", "Papeles del Norte SA")
        assert says(told) == (*here, f"/clients/{client}")
        assert (await spanish.events(1))[0]["title"] == "Papeles del Norte SA"
        assert mine.of("changed") == [{}]
        world.later(minutes=2)
        await other.until(lambda: len(other.of("counters")) == 1)
        assert (other.told, other.of("changed")) == ([], [])

    live(world, story)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("es", "Se le ofrece un lead"),
        ("de", "Ihnen wird ein Lead angeboten"),
        ("fr", "A lead is off"),
    ],
)
def test_it_is_told_in_the_readers_language(world: World, language: str, said: str) -> None:
    """His choice goes before what his browser asks for."""
    programme(world, lead())
    with writing(world.engine) as db:
        token = open_session(db, f"partner:{PETRA}", world.now)

    async def story(reader: Reading) -> None:
        petra = reader(cookie=f"{token}; bridge_language={language}")
        petra.headers["Accept-Language"] = "en"
        await petra.open()
        given(world, PETRA)
        (told,) = await petra.events(1)
        assert told["says"].startswith(said)

    live(world, story)


def test_access_that_ends_while_a_page_is_open_ends_its_stream(world: World) -> None:
    """Taken out of the configuration: what is decided afterwards is not told."""
    programme(world, lead())
    secret = key(world, f"partner:{PETRA}")

    async def story(reader: Reading) -> None:
        petra = await reader(secret).open()
        await petra.counters(offered=0)
        users = {name: () for name in world.policy.users}
        world.policy = replace(world.policy, users=users)
        await petra.until(lambda: petra.over)
        assert len(petra.of("end")) == 1
        again = await reader(secret, after="0").open()
        assert (again.status, again.told) == (401, [])

    live(world, story)


def test_notices_of_another_tenant_and_of_an_employee_of_one_address_stay_apart(
    world: World,
) -> None:
    """The list of one is never the stream of the other, whoever shares an address."""
    programme(world, lead())
    told = Notify(employee=PETRA, conversation=None, message=None, code=ReasonCode.NOTIFY_TEST)
    secret = key(world, f"partner:{PETRA}")

    async def story(reader: Reading) -> None:
        petra = await reader(secret, after="0").open()
        with writing(world.engine) as db:
            notices.add(db, [told, replace(told, tenant="partner:south")], world.now)
        given(world, PETRA)
        (only,) = await petra.events(1)
        assert only["code"] == "lead.assigned"
        assert len(petra.told) == 1

    live(world, story)


def helping(world: World, client: str) -> tuple[str, str]:
    """Rita's session, and that in which she is signed in as the client."""
    behind, until = f"reseller:{RITA}", world.now + timedelta(minutes=30)
    with writing(world.engine) as db:
        own = open_session(db, behind, world.now)
        as_client = SignedIn(principal=f"client:{client}", expires_at=until, behind=behind)
        return own, keep_session(db, as_client, world.now)


def test_a_client_sees_his_plan_move_and_hears_of_nobody_else(world: World) -> None:
    with_resellers(world)
    rita = as_user(world)
    mine, other = add(rita)["id"], add(rita, legal_name="Another")["id"]
    own, as_client = helping(world, mine)

    async def story(reader: Reading) -> None:
        page = await reader(cookie=f"{own}; bridge_client={as_client}").open()
        low(world, other)
        world.later(minutes=2)
        low(world, mine)
        await page.until(lambda: len(page.of("changed")) == 1)
        with writing(world.engine) as db:
            end_session(db, as_client, world.now)
        await page.until(lambda: page.over)
        assert (page.told, page.of("counters"), len(page.of("changed"))) == ([], [{}], 1)
        hers = await reader(cookie=f"{own}; bridge_client={as_client}").open()
        await hers.counters(unread=2)

    live(world, story)


def test_the_numbers_stand_on_the_page_before_any_stream_is_heard(world: World) -> None:
    """Without a script as with one."""
    programme(world, offered(PETRA), offered(PETRA, 2))
    page = signed_in(world, PETRA).get("/inbox").text
    assert 'data-count="offered" title="offered to you, without an answer" ><span>2<' in page
    with_resellers(world)
    assert 'data-count="unread"' in browser_of(world).get("/clients").text


def test_who_opens_what_he_was_told_of_has_read_it(world: World) -> None:
    """His notices of that alone, and no colleague's."""
    programme(world, lead(), queued(Q1, 2))
    given(world, PETRA)
    with writing(world.engine) as db:
        for who in (PETRA, PABLO):
            told = Notify(
                employee=who,
                conversation=None,
                message=None,
                code=ReasonCode.LEAD_QUEUED,
                about=lead(2).id,
                tenant="partner:north",
                subject=f"lead:{lead(2).id}",
            )
            notices.add(db, [told], world.now)
    petra = api(world, PETRA, Scope.READ)
    assert len(petra.all("/notifications", unread="true")) == 2
    page = signed_in(world, PETRA).get(f"/inbox/{lead(2).id}").text
    assert 'data-count="unread" title="not read" ><span>1<' in page
    [left] = petra.all("/notifications", unread="true")
    assert left["about"] == lead().id
    assert len(api(world, PABLO, Scope.READ).all("/notifications", unread="true")) == 1


def test_who_asks_by_flask_alone_is_told_the_same(world: World) -> None:
    """Where no front stands before it: what came since, and an end."""
    programme(world, lead())
    given(world, PETRA)
    browser = signed_in(world, PETRA)
    sent = browser.get("/api/v1/notifications/stream?after=0").text
    [told] = [line for line in sent.split("\n") if '"says"' in line]
    assert json.loads(told.removeprefix("data: "))["says"] == "A lead is offered to you"
    assert sent.startswith("retry: 2000\nid: 0\n\n")
