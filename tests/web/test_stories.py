"""The story of a decision: what came, what was known, what was done, who sees it, why not."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from bridge.domain.names import EmployeeId
from bridge.domain.policy import ClientCondition, Ownership, Rule, Target, When
from bridge.store.config_changes import NewChange, note_change
from bridge.store.engine import writing
from bridge.store.schema import ATTEMPTS, DECISIONS, INBOX, OUTBOX
from bridge.store.wiping import Subject, wipe
from tests.web.asking import api
from tests.web.world import ANA, BRUNO, LUIS, World

MARTA = "+34600111222"


def latest(world: World) -> str:
    return str(api(world, LUIS).all("/timeline")[0]["event"])


def told(world: World, event: str, reader: EmployeeId = LUIS, asks: str = "") -> str:
    answer = world.signed_in(reader).get(f"/events/{event}{asks}")
    assert answer.status_code == 200
    return answer.text


def step(page: str, title: str) -> str:
    found = re.search(
        rf"</svg> {title}</h2>.*?(?=<details class=\"card step\"|</article>)", page, re.DOTALL
    )
    assert found is not None, title
    return found[0]


def test_facts_that_were_too_old_are_marked(world: World) -> None:
    world.policy = replace(
        world.policy, ownership=Ownership(fallback=LUIS, max_age=timedelta(hours=2))
    )
    world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "hello")
    assert "too old" not in told(world, latest(world))
    world.later(hours=3)
    world.writes(MARTA, "hello again")
    known = step(told(world, latest(world)), "What was known")
    assert "too old" in known
    assert "Owner of the contact" in known
    assert "Ana Ruiz" in known
    assert "3 hours old" in known


def test_why_not_names_the_rule_that_stood_against(world: World) -> None:
    new = When(client=ClientCondition.NEW)
    rules = (
        Rule(
            id="mx",
            label="Mexico <first>",
            when=replace(new, countries=frozenset({"MX"})),
            to=(Target(employee=LUIS),),
        ),
        Rule(id="rest", label="The rest", when=new, to=(Target(employee=ANA),)),
    )
    world.policy = replace(world.policy, rules=rules)
    world.writes(MARTA, "hello")
    event = latest(world)
    page = told(world, event, asks=f"?why_not={LUIS}")
    answer = page[page.index('class="answer"') :]
    for words in ("Luis Gil", "Mexico &lt;first&gt;", "Country: asks for MX, but it was ES"):
        assert words in answer, words
    assert "The rule “The rest” gives the client to Ana Ruiz." in page
    explained = api(world, LUIS).get(f"/events/{event}/explain", why_not=LUIS).json["why_not"]
    assert (explained["rule"]["id"], explained["reason"]["code"]) == (
        "mx",
        "candidate.rule_not_matched",
    )


def test_what_the_vendor_answered_stands_beside_what_was_done(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "hello")
    event = latest(world)
    with writing(world.engine) as db:
        row = db.execute(OUTBOX.select().order_by(OUTBOX.c.id)).mappings().first()
        assert row is not None
        db.execute(
            update(OUTBOX)
            .where(OUTBOX.c.id == row["id"])
            .values(state="dead", attempts=2, reason="refused: <no such field>")
        )
        tried = {"outbox_id": row["id"], "number": 1, "at": world.now, "said": "busy: 503"}
        db.execute(ATTEMPTS.insert().values(**tried))
    page = told(world, event)
    done = step(page, "What was done outside")
    for words in ("failed", "2 attempts", "refused: &lt;no such field&gt;", "busy: 503"):
        assert words in done, words
    assert f'href="/dead-letters/outbox/{row["id"]}"' in done
    assert "/dead-letters/" not in told(world, event, ANA)
    explained = api(world, LUIS).get(f"/events/{event}/explain").json["explanation"]
    assert explained["effects"][0]["tried"][0]["said"] == "busy: 503"


def test_who_can_see_it_now_is_told_with_the_cause(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "hello")
    seers = step(told(world, latest(world), ANA), "Who can see it now")
    assert "Owns the contact in the CRM" in seers
    assert "sees nothing" in seers
    assert seers.index("Ana Ruiz") < seers.index("Bruno Paz")


def test_an_event_whose_input_is_kept_no_longer_is_still_told(world: World) -> None:
    world.writes(MARTA, "private words")
    event = latest(world)
    world.later(days=400)
    with writing(world.engine) as db:
        for subject in (Subject.REQUESTS, Subject.DECISIONS, Subject.MESSAGES):
            wipe(db, subject, 0, world.now, world.now, 100)
    page = told(world, event)
    assert "kept no longer" in page
    assert "private words" not in page
    assert "was next in turn and gets the client." in page
    assert api(world, LUIS).get(f"/events/{event}/explain").json["explanation"]["is_kept"] is False


def test_a_story_whose_configuration_is_gone_is_told_by_the_one_of_now(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "hello")
    with writing(world.engine) as db:
        db.execute(update(DECISIONS).values(config_hash="gone"))
    assert "Owner of the contact" in told(world, latest(world))


def test_an_event_of_a_request_that_is_gone_has_no_time_of_coming(world: World) -> None:
    world.writes(MARTA, "hello")
    event = latest(world)
    assert "Reached us" in told(world, event)
    with writing(world.engine) as db:
        db.execute(INBOX.delete())
    assert "Reached us" not in told(world, event)


@pytest.mark.parametrize("asked", ["nobody@acme.example", "<script>", "\u202ex", " "])
def test_why_not_somebody_whom_nobody_knows(world: World, asked: str) -> None:
    world.writes(MARTA, "hello")
    browser = world.signed_in(LUIS)
    answer = browser.get(f"/events/{latest(world)}", query_string={"why_not": asked})
    assert answer.status_code == 200
    assert "<script>" not in answer.text.replace('<script src="', "")
    assert ('class="answer"' in answer.text) is bool(asked.strip())


def test_other_languages_get_the_sentence_and_the_detail_in_theirs(world: World) -> None:
    world.writes(MARTA, "hello")
    browser = world.signed_in(LUIS)
    page = browser.get("/feed", headers={"Accept-Language": "de"}).text
    assert '<small class="reason-more"><bdi>ana@acme.example ist an der Reihe' in page
    assert '<small class="reason-more"' not in browser.get("/feed").text


def test_a_story_is_opened_in_place_or_leads_to_its_page(world: World) -> None:
    world.writes(MARTA, "hello")
    event = latest(world)
    page = world.signed_in(LUIS).get("/feed").text
    assert f'href="/events/{event}" data-drawer hx-get="/events/{event}"' in page
    assert '<dialog id="drawer"' in page
    assert BRUNO not in re.sub(r"<option[^>]*>", "", page)


def test_the_configuration_then_in_force_is_linked_for_those_who_may_see_it(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "hello")
    event = latest(world)
    assert "/settings/changes/" not in step(told(world, event), "For support")
    change = NewChange(
        actor="employee:luis@acme.example",
        way="page",
        message="",
        back_to=None,
        folder="f",
        config=world.active().hash,
        contents={},
        digests={},
    )
    with writing(world.engine) as db:
        number = note_change(db, change, world.now)
    link = f'href="/settings/changes/{number}"'
    assert link in step(told(world, event), "For support")
    assert link not in step(told(world, event, ANA), "For support")
