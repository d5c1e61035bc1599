"""What moves in Salesforce beside messages, by its webhooks and by our polls: at once, and never in
circles."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bridge.domain.reasons import ReasonCode
from bridge.domain.records import RecordKind
from bridge.pipeline.catching_up import wish
from bridge.pipeline.drain import after, drain
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.mirror import request_sync
from bridge.pipeline.upkeep import tick
from bridge.store import mirror
from bridge.store.engine import open_engine, writing
from bridge.store.schema import DECISIONS, INBOX, NOTIFICATIONS, OUTBOX
from tests.stories.crms import SALESFORCE, email
from tests.stories.messengers import TELEGRAM
from tests.stories.town import ANA, BRUNO, CHAT, CRM, LUIS, PATIENCE_SECONDS, Town, town

MIRROR, IN = lane(Way.MIRROR, CRM), lane(Way.IN, CRM)
READS = "query"
DATA = "/services/data/v62.0"
MADE = {"Contact": 1, "Opportunity": 1, "OpportunityContactRole": 1, "Task": 2}
# Once the contact, once each message's task; the deal comes with its role in one call.
WRITES = {f"POST {DATA}/composite/sobjects": 3, f"POST {DATA}/composite": 1}


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    opened = open_engine(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def story(engine: Engine) -> Iterator[Town]:
    """A client of Ana's has written."""
    with town(engine, SALESFORCE, TELEGRAM) as made:
        made.client.writes("hello")
        made.until(lambda: len(made.crm.entries()) == 1, "his message in the timeline")
        quiet(made)
        yield made


def quiet(story: Town) -> None:
    """Until nothing is due and the org has nothing more to tell."""
    story.until(lambda: story.crm.state()["webhooks"]["waiting"] == 0, "all is told")
    story.rests()


def hears(story: Town, before: int) -> None:
    """Waits until the org has told something more, and does nothing about it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while len(rows(story, INBOX, account=CRM)) <= before:
        assert time.monotonic() < end, "the org told nothing"
        time.sleep(0.02)


def polls(story: Town) -> None:
    with writing(story.parts.engine) as db:
        mirror.request_refreshes(db, MIRROR, [wish(CRM)], story.parts.now())
    quiet(story)


def rows(story: Town, table: Any, **where: Any) -> list[Mapping[str, Any]]:
    found = select(table)
    for name, value in where.items():
        found = found.where(table.c[name] == value)
    with story.parts.engine.connect() as db:
        return [dict(row) for row in db.execute(found).mappings()]


def writes(story: Town) -> dict[str, int]:
    """Calls that may change something in the org."""
    calls: Mapping[str, int] = story.crm.state()["calls"]
    return {call: n for call, n in calls.items() if not call.startswith(("GET", "HEAD"))}


def made(story: Town) -> dict[str, int]:
    return {name: len(story.crm.state()[name]) for name in MADE}


def test_what_we_write_comes_back_by_webhook_and_by_poll_and_sets_off_nothing(story: Town) -> None:
    """A loop would write for ever: the whole house runs until it is quiet, and again."""
    story.client.writes("anybody there?")
    story.until(lambda: len(story.crm.entries()) == 2, "his question in the timeline")
    quiet(story)
    once, stamps = writes(story), changed_at(story)
    told = len(rows(story, INBOX, account=CRM, method="POST"))
    assert told > 0
    tick(story.parts)
    quiet(story)
    polled = len(rows(story, INBOX, account=CRM, method="POLL"))
    assert polled > 0
    polls(story)
    assert len(rows(story, INBOX, account=CRM, method="POLL")) == polled
    assert len(rows(story, INBOX, account=CRM, method="POST")) == told
    assert (writes(story), made(story), changed_at(story)) == (once, MADE, stamps)
    assert once == WRITES
    assert {row["state"] for row in rows(story, OUTBOX)} == {"done"}
    came = rows(story, DECISIONS, account=CRM)
    # Owners are confirmed: an assignment rule of the org's bears our name as well.
    known = {ReasonCode.ECHO_OWN_WRITE, ReasonCode.MIRROR_UPDATED}
    assert {row["headline"] for row in came} == known
    assert rows(story, OUTBOX, event_account=CRM) == []


def changed_at(story: Town) -> list[str]:
    state = story.crm.state()
    return [one["fields"]["SystemModstamp"] for name in MADE for one in state[name]]


@pytest.mark.parametrize("stage", ["Closed Won", "Closed Lost"])
def test_who_saw_a_chat_by_a_deal_does_so_no_more_though_the_org_can_not_be_asked(
    story: Town, stage: str
) -> None:
    """ROL-11: by what the org tells, on the very next request."""
    (deal,) = story.crm.records(RecordKind.DEAL)
    story.crm.gives(RecordKind.DEAL, deal, "bruno")
    story.until(lambda: len(story.sees(BRUNO)) == 1, "Bruno sees the chat by his deal")
    quiet(story)
    before = len(rows(story, INBOX, account=CRM))
    story.crm.does("faults", rules=[{"match": READS, "fault": "500"}])
    story.crm.does("change", object="Opportunity", id=deal.id, fields={"StageName": stage})
    hears(story, before)
    drain(story.parts, IN, over=after(20))
    assert story.sees(BRUNO) == []
    assert len(story.sees(ANA)) == len(story.sees(LUIS)) == 1


def test_a_close_that_nobody_told_is_found_by_the_poll(story: Town) -> None:
    (deal,) = story.crm.records(RecordKind.DEAL)
    story.crm.gives(RecordKind.DEAL, deal, "bruno")
    story.until(lambda: len(story.sees(BRUNO)) == 1, "Bruno sees the chat by his deal")
    quiet(story)
    story.crm.does("webhooks", url="http://127.0.0.1:9/nobody")
    story.crm.does("change", object="Opportunity", id=deal.id, fields={"StageName": "Closed Lost"})
    assert len(story.sees(BRUNO)) == 1
    polls_only(story)
    assert story.sees(BRUNO) == []


def polls_only(story: Town) -> None:
    with writing(story.parts.engine) as db:
        mirror.request_refreshes(db, MIRROR, [wish(CRM)], story.parts.now())
    story.rests()


def test_clients_of_a_user_who_was_deactivated_fall_back_with_one_notice(story: Town) -> None:
    """Managers are told once, however often people are read."""
    (chat,) = story.sees(ANA)
    user = {"Id": SALESFORCE.owners["ana"], "FirstName": "Ana", "LastName": "Paz"}
    for _ in range(2):
        leaves = {**user, "Email": email("ana"), "IsActive": False}
        story.crm.does("seed", User=[leaves])
        request_sync(story.parts)
        story.rests()
    left = [row for row in rows(story, NOTIFICATIONS) if row["code"] == ReasonCode.OWNER_LEFT]
    assert [(row["employee"], row["about"]) for row in left] == [(LUIS, ANA)]
    assert (story.sees(ANA), story.sees(BRUNO), story.sees(LUIS)) == ([], [], [chat])
    story.client.writes("is Ana there?")
    story.until(lambda: len(story.crm.entries()) == 2, "his question in the timeline")
    assert rows(story, DECISIONS, account=CHAT)[-1]["target"] == LUIS
