"""Live notifications: nothing lost, nothing twice, none for who may not know (NOT-01, ROL-06)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bridge.domain.people import Role
from bridge.domain.policy import Distribution
from bridge.pipeline.send import SendRequest, send
from bridge.store import notices as notices_store
from bridge.store.engine import writing
from bridge.store.keys import Scope, digest
from bridge.store.notices import notices
from bridge.store.schema import API_KEYS
from bridge.store.sessions import SESSION_LIFETIME, end_session, open_session
from bridge.web import streams as module
from bridge.web import watching
from tests.web.asking import api
from tests.web.watching import Reader, live
from tests.web.world import ANA, BRUNO, LUIS, NORA, QA, World

MARTA, INES = "+34600111222", "+34600111444"
Reading = Callable[..., Reader]


def key(world: World, employee: str = ANA, *scopes: Scope) -> str:
    return world.key(f"employee:{employee}", *(scopes or (Scope.READ,)))


@pytest.fixture
def house(world: World) -> World:
    world.client("Marta", MARTA, ANA)
    return world


def test_a_notification_comes_while_the_page_is_open(house: World) -> None:
    secret = key(house)

    async def story(reader: Reading) -> None:
        ana = await reader(secret).open()
        assert (ana.status, ana.told) == (200, [])
        where = house.writes(MARTA, "very private")
        (told,) = await ana.events(1)
        assert (told["conversation"], told["code"]) == (where, "notify.responsible")
        assert told["says"] == "Your client wrote"
        assert ana.last_id == told["id"]
        assert "private" not in ana.text
        assert "Marta" not in ana.text

    live(house, story)


def test_a_signed_in_browser_needs_no_key(house: World) -> None:
    with writing(house.engine) as db:
        token = open_session(db, f"employee:{ANA}", house.now)

    async def story(reader: Reading) -> None:
        ana = await reader(cookie=token).open()
        house.writes(MARTA, "hello")
        assert len(await ana.events(1)) == 1

    live(house, story)


def test_who_comes_again_goes_on_after_the_last_he_had(house: World) -> None:
    """Neither lost while he was away, nor told twice."""
    secret = key(house)

    async def story(reader: Reading) -> None:
        first = await reader(secret).open()
        house.writes(MARTA, "one")
        await first.events(1)
        await first.close()
        house.writes(MARTA, "two")
        house.writes(MARTA, "three")
        again = await reader(secret, after=first.last_id).open()
        later = await again.events(2)
        house.writes(MARTA, "four")
        later = await again.events(3)
        assert len({told["id"] for told in (*first.told, *later)}) == 4

    live(house, story)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds=st.lists(st.sampled_from(["write", "leave", "come"]), max_size=8))
def test_however_often_he_leaves_and_comes_he_hears_each_once(
    house: World, deeds: list[str]
) -> None:
    secret = key(house)
    heard: list[str] = []
    with house.engine.connect() as db:
        before = {n.id for n in notices(db, ANA, unread=False, before=None, limit=500)}

    async def story(reader: Reading) -> None:
        last = str(max(before, default=0))
        open_one: Reader | None = None
        for deed in (*deeds, "come"):
            match deed:
                case "write":
                    house.writes(MARTA, "hello")
                case "leave" if open_one is not None:
                    await open_one.close()
                    heard.extend(told["id"] for told in open_one.told)
                    last, open_one = open_one.last_id or last, None
                case "come" if open_one is None:
                    open_one = await reader(secret, after=last).open()
        assert open_one is not None
        await open_one.events(deeds.count("write") - len(heard))
        heard.extend(told["id"] for told in open_one.told)

    live(house, story)
    with house.engine.connect() as db:
        after = {n.id for n in notices(db, ANA, unread=False, before=None, limit=500)}
    assert sorted(heard, key=int) == [str(n) for n in sorted(after - before)]


def test_what_comes_while_the_store_is_read_is_told_once(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each statement sees the store as it is by then: the newest may be asked for before it."""
    newest = notices_store.newest
    meanwhile = ["while it is read"]

    def asked(db: Connection) -> int:
        found = newest(db)
        if meanwhile and found:
            house.writes(MARTA, meanwhile.pop())
        return found

    async def story(reader: Reading) -> None:
        one = await reader(key(house)).open()
        monkeypatch.setattr(notices_store, "newest", asked)
        house.writes(MARTA, "before")
        await one.events(2)
        house.writes(MARTA, "after")
        told = [piece["id"] for piece in await one.events(3)]
        assert (len(set(told)), len(told), meanwhile) == (3, 3, [])

    live(house, story)


def test_what_is_for_others_never_comes(house: World) -> None:
    """ROL-06: each hears what he may read, at the moment in which it is sent."""
    house.client("Ines", INES, LUIS)
    secrets = {who: key(house, who) for who in (ANA, BRUNO, LUIS, QA)}

    async def story(reader: Reading) -> None:
        open_ones = {who: await reader(secret).open() for who, secret in secrets.items()}
        house.writes(MARTA, "for Ana")
        house.writes(INES, "for Luis")
        await open_ones[ANA].events(1)
        await open_ones[LUIS].events(1)
        await open_ones[QA].counters(grey=2)
        assert [len(one.told) for one in open_ones.values()] == [1, 0, 1, 0]

    live(house, story)


def test_a_chat_that_has_moved_takes_its_notifications_along(house: World) -> None:
    """Written while he was away, and another's when he comes: ROL-11."""
    secret = key(house)
    house.writes(MARTA, "hello")
    house.client("Marta", MARTA, BRUNO)

    async def story(reader: Reading) -> None:
        ana = await reader(secret, after="0").open()
        house.client("Ines", INES, ANA)
        where = house.writes(INES, "hello")
        (told,) = await ana.events(1)
        assert told["conversation"] == where

    live(house, story)


def _revokes_key(house: World) -> None:
    with writing(house.engine) as db:
        db.execute(API_KEYS.update().values(revoked_at=house.now))


def _loses_role(house: World) -> None:
    house.change_role(ANA, Role.NONE)


@pytest.mark.parametrize("ends", [_revokes_key, _loses_role])
def test_a_stream_ends_with_the_key_or_the_role(
    house: World, ends: Callable[[World], None]
) -> None:
    """ROL-13, ROL-14: an open page is no way around it."""
    secret = key(house)

    async def story(reader: Reading) -> None:
        ana = await reader(secret).open()
        await ana.counters(red=0)
        ends(house)
        house.writes(MARTA, "hello")
        await ana.until(lambda: ana.over)
        assert ana.told == []
        assert len(ana.of("end")) == 1
        assert (await reader(secret).open()).status in (401, 403)

    live(house, story)


@pytest.mark.parametrize("ended", [True, False])
def test_a_stream_ends_with_the_session(house: World, ended: bool) -> None:
    """Signed out elsewhere, or its time is over."""
    with writing(house.engine) as db:
        token = open_session(db, f"employee:{ANA}", house.now)

    async def story(reader: Reading) -> None:
        ana = await reader(cookie=token).open()
        if ended:
            with writing(house.engine) as db:
                end_session(db, token, house.now)
        else:
            house.now += SESSION_LIFETIME + timedelta(seconds=1)
        await ana.until(lambda: ana.over)
        assert (await reader(cookie=token).open()).status == 401

    live(house, story)


@pytest.mark.parametrize(
    ("who", "more", "status", "reason"),
    [
        ("", {}, 401, "request.unauthenticated"),
        ("brk_unknown", {}, 401, "request.unauthenticated"),
        (NORA, {}, 403, "role.none"),
        (ANA, {"after": "last"}, 400, "request.invalid"),
        (ANA, {"after": "9" * 30}, 400, "request.invalid"),
        (ANA, {"query": "after=%00"}, 400, "request.invalid"),
        (ANA, {"method": "POST"}, 405, "request.invalid"),
    ],
)
def test_who_may_not_watch_hears_why(
    house: World, who: str, more: dict[str, Any], status: int, reason: str
) -> None:
    secret = key(house, who) if "@" in who else who

    async def story(reader: Reading) -> None:
        refused = await reader(secret, **more).open()
        assert refused.status == status
        assert f'"reason":"{reason}"' in refused.text

    live(house, story)


def test_a_key_without_the_scope_reads_no_stream(house: World) -> None:
    secret = key(house, ANA, Scope.SEND)

    async def story(reader: Reading) -> None:
        assert (await reader(secret).open()).status == 403

    live(house, story)


def test_an_id_from_before_the_store_was_restored_is_not_waited_for(house: World) -> None:
    secret = key(house)

    async def story(reader: Reading) -> None:
        ana = await reader(secret, after="999999").open()
        house.writes(MARTA, "hello")
        assert len(await ana.events(1)) == 1

    live(house, story)


def test_nobody_opens_more_streams_than_his_share(house: World) -> None:
    ana, luis = key(house), key(house, LUIS)

    async def story(reader: Reading) -> None:
        first = await reader(ana).open()
        assert (await reader(ana).open()).status == 200
        refused = await reader(ana).open()
        assert (refused.status, "request.too_many" in refused.text) == (429, True)
        assert (await reader(luis).open()).status == 200
        assert (await reader(luis).open()).status == 503
        await first.close()
        assert (await reader(luis).open()).status == 200

    live(house, story, most_each=2, most=3)


def test_a_silent_stream_shows_that_it_lives(house: World) -> None:
    secret = key(house)

    async def story(reader: Reading) -> None:
        ana = await reader(secret).open()
        await ana.until(lambda: ana.text.count(": still here") >= 2)
        assert not ana.over

    live(house, story, heartbeat_seconds=0.05)


def test_who_does_not_read_is_cut_off_and_goes_on_later(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """He holds no more than a few pieces, however much there is to tell."""
    monkeypatch.setattr(module, "_WAITING", 3)
    secret = key(house)

    async def story(reader: Reading) -> None:
        slow = await reader(secret).open()
        await slow.counters(red=0)
        slow.is_reading = False
        for _ in range(8):
            house.writes(MARTA, "hello")
            await asyncio.sleep(0.05)
        slow.is_reading = True
        await slow.until(lambda: slow.over)
        again = await reader(secret, after=slow.last_id or "0").open()
        await again.until(lambda: len(slow.told) + len(again.told) >= 8)
        assert len(slow.told) < 8

    live(house, story)


def test_the_counters_follow_what_others_do(house: World) -> None:
    """WS-06: an answer of hers takes the mark of his page too, without a word to him."""
    secret = key(house, LUIS)

    async def story(reader: Reading) -> None:
        luis = await reader(secret).open()
        where = house.writes(MARTA, "hello")
        house.later(seconds=6)
        await luis.counters(red=0, grey=1)
        api(house, ANA).post(f"/conversations/{where}/dismiss")
        house.later(seconds=6)
        await luis.counters(red=0, grey=0)
        assert not luis.over

    live(house, story)


@pytest.mark.parametrize(("who", "hears"), [(ANA, 1), (BRUNO, 0)])
def test_an_open_conversation_is_told_when_it_changes(house: World, who: str, hears: int) -> None:
    """And not to who may not read it: that it changes is a fact as well."""
    where = house.writes(MARTA, "first")
    secret, other = key(house, who), key(house, QA)

    async def story(reader: Reading) -> None:
        open_page = await reader(secret, query=f"conversation={where}").open()
        beside = await reader(other, query=f"conversation={where}").open()
        house.writes(MARTA, "second")
        await beside.until(lambda: len(beside.of("conversation")) >= 1)
        await asyncio.sleep(0.1)
        assert [told["id"] for told in open_page.of("conversation")] == [where] * hears

    live(house, story)


def test_a_store_that_is_gone_for_a_moment_ends_no_stream(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = key(house)
    real, troubles = watching.look, [OperationalError("select", {}, Exception("gone"))] * 3

    def look(*given: Any) -> Any:
        if troubles:
            raise troubles.pop()
        return real(*given)

    async def story(reader: Reading) -> None:
        ana = await reader(secret).open()
        monkeypatch.setattr(module, "look", look)
        await asyncio.sleep(0.1)
        house.writes(MARTA, "hello")
        assert len(await ana.events(1)) == 1

    live(house, story)


def test_a_bug_ends_the_streams_and_not_the_front(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their readers come again; none hangs without ever hearing anything."""
    secret = key(house)

    async def story(reader: Reading) -> None:
        ana = await reader(secret).open()
        with monkeypatch.context() as patch:
            patch.setattr(module, "look", lambda *_: 1 / 0)
            await ana.until(lambda: ana.over)
        again = await reader(secret, after="0").open()
        house.writes(MARTA, "hello")
        assert len(await again.events(1)) == 1

    live(house, story)


def test_many_at_once_are_read_page_by_page(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.web.watching.AT_ONCE", 2)
    secrets = [key(house), key(house, LUIS)]
    house.policy = replace(house.policy, managers_hear_all_chats=True)

    async def story(reader: Reading) -> None:
        both = [await reader(secret, after="0").open() for secret in secrets]
        for _ in range(4):
            house.writes(MARTA, "hello")
        for one in both:
            await one.events(4)
        ids = [told["id"] for one in both for told in one.told]
        assert len(set(ids)) == len(ids) == 8

    live(house, story)


def test_digests_of_proofs_are_kept_not_the_proofs(house: World) -> None:
    """What stays in memory for hours opens nothing."""
    secret = key(house)

    async def story(reader: Reading) -> None:
        ana = reader(secret)
        await ana.open()
        (stream,) = ana.streams._open
        assert stream.watch.ticket.proof == digest(secret)
        assert secret not in repr(stream.watch)

    live(house, story)


def test_without_the_front_the_stream_is_what_has_come_since(house: World) -> None:
    """The same rules, and the reader asks again by himself."""
    house.writes(MARTA, "hello")
    address = "/api/v1/notifications/stream"
    headers = {"Authorization": f"Bearer {key(house)}", "Last-Event-ID": "0"}
    answer = house.app.test_client().get(address, headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    assert answer.text.count("event: notification") == 1
    assert 'event: counters\ndata: {"red":1,"grey":0,"unread":1,"more":false}' in answer.text
    assert house.app.test_client().get(address).status_code == 401


def test_ws_10_a_chat_taken_away_while_it_is_open_is_told_once_and_then_nothing(
    house: World,
) -> None:
    """Who was told of it hears by whom; nothing of the chat itself is told any more."""
    new = replace(house.policy.new_clients, distribution=Distribution.FIRST_TO_ANSWER)
    bruno = replace(house.policy.employee(BRUNO), gets_new_clients=True)
    house.policy = replace(
        house.policy, new_clients=new, employees={**house.policy.employees, BRUNO: bruno}
    )
    where = house.writes("+34600777888", "hello")

    async def story(reader: Reading) -> None:
        ana = await reader(key(house), query=f"conversation={where}").open()
        luis = await reader(key(house, LUIS), query=f"conversation={where}").open()
        send(house.parts, SendRequest(employee=BRUNO, conversation=where, text="mine"))
        await ana.until(lambda: len(ana.of("taken")) == 1)
        assert ana.of("taken") == [{"id": where, "by": "Bruno Paz"}]
        await luis.until(lambda: len(luis.of("conversation")) == 1)
        house.writes("+34600777888", "more")
        await luis.until(lambda: len(luis.of("conversation")) == 2)
        assert (len(ana.of("taken")), ana.of("conversation")) == (1, [])
        assert luis.of("taken") == []

    live(house, story)


def test_a_chat_that_the_crm_gave_to_somebody_else_is_told_as_well(house: World) -> None:
    where = house.writes(MARTA, "hello")

    async def story(reader: Reading) -> None:
        ana = await reader(key(house), query=f"conversation={where}").open()
        house.client("Marta", MARTA, LUIS)
        house.writes(MARTA, "more")
        await ana.until(lambda: len(ana.of("taken")) == 1)
        assert ana.of("taken")[0]["id"] == where

    live(house, story)


def test_a_chat_that_was_never_for_these_eyes_is_never_taken(house: World) -> None:
    where = house.writes(MARTA, "hello")

    async def story(reader: Reading) -> None:
        bruno = await reader(key(house, BRUNO), query=f"conversation={where}").open()
        luis = await reader(key(house, LUIS), query=f"conversation={where}").open()
        house.writes(MARTA, "more")
        await luis.until(lambda: len(luis.of("conversation")) == 1)
        assert bruno.of("taken") == []

    live(house, story)
