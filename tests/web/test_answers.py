"""Answers kept for repeated requests, on both stores."""

from datetime import timedelta

from sqlalchemy import Engine, func, select

from bridge.store.answers import Reserved, Standing, keep, release, reserve
from bridge.store.engine import reading, writing
from bridge.store.schema import API_ANSWERS, LOGIN_LINKS, SESSIONS
from bridge.store.sessions import create_login_link, open_session
from tests.web.asking import api
from tests.web.browsing import link, sign_in
from tests.web.world import ANA, LUIS, NOW, World


def ask(engine: Engine, fingerprint: str = "f1", minutes: float = 0) -> Reserved:
    with writing(engine) as db:
        return reserve(db, "service:x", "k1", fingerprint, NOW + timedelta(minutes=minutes))


def test_a_key_is_reserved_once_while_the_work_goes_on(engine: Engine) -> None:
    standings = [ask(engine).standing for _ in range(2)]
    assert standings == [Standing.NEW, Standing.WORKING]


def test_a_given_answer_is_given_again_to_the_same_request_only(engine: Engine) -> None:
    ask(engine)
    with writing(engine) as db:
        keep(db, "service:x", "k1", 202, b"{}")
    assert ask(engine) == Reserved(standing=Standing.GIVEN, status=202, body=b"{}")
    assert ask(engine, "f2").standing is Standing.OTHER_REQUEST


def test_a_released_key_is_new_again(engine: Engine) -> None:
    ask(engine)
    with writing(engine) as db:
        release(db, "service:x", "k1")
    assert ask(engine, "f2").standing is Standing.NEW


def test_a_process_that_died_over_an_answer_gives_way_after_a_minute(engine: Engine) -> None:
    ask(engine)
    assert ask(engine, minutes=0.9).standing is Standing.WORKING
    assert ask(engine, minutes=1).standing is Standing.NEW


def test_an_answer_is_kept_for_a_day(engine: Engine) -> None:
    ask(engine)
    with writing(engine) as db:
        keep(db, "service:x", "k1", 202, b"{}")
    assert ask(engine, minutes=24 * 60 - 1).standing is Standing.GIVEN
    assert ask(engine, minutes=24 * 60).standing is Standing.NEW


def test_what_nobody_can_use_any_more_is_swept_out(world: World) -> None:
    world.writes("+34600111222", "hello")
    chat = api(world, LUIS).all("/conversations")[0]["id"]
    api(world, LUIS).post(f"/conversations/{chat}/dismiss", key="k1")
    with writing(world.engine) as db:
        create_login_link(db, f"employee:{ANA}", world.now)
        open_session(db, f"employee:{ANA}", world.now)
    world.later(days=9)
    assert sign_in(world, world.app.test_client(), link(world)) == 303
    with reading(world.engine) as db:
        counts = [
            db.scalar(select(func.count()).select_from(table))
            for table in (API_ANSWERS, LOGIN_LINKS, SESSIONS)
        ]
    assert counts == [0, 1, 1]  # the link just used and the session it opened
