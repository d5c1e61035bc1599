"""A lead of each CRM goes to a partner and is followed wherever somebody moves it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from bridge.domain.names import PartnerLeadId
from bridge.pipeline.mirror import sync
from bridge.store.engine import open_engine
from tests.stories.messengers import TELEGRAM
from tests.stories.programme import (
    AT_HUBSPOT,
    AT_SALESFORCE,
    PABLO,
    PETRA,
    AtProgramme,
    Programme,
    programme,
    with_partners,
)
from tests.stories.side import MAIL, accounts, post_office
from tests.stories.town import ANA, BRUNO, LUIS, Besides, town


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    opened = open_engine(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture(params=[AT_SALESFORCE, AT_HUBSPOT], ids=lambda at: at.at.connector)
def partner(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Programme]:
    """The programme is on, and the partner's people are candidates."""
    at: AtProgramme = request.param
    with post_office() as (post, _):
        besides = Besides(accounts={MAIL: accounts(post)[MAIL]}, policy=with_partners(at))
        with town(engine, at.at, TELEGRAM, besides=besides) as story:
            story.crm.does("seed", **at.seed)
            if at.settings:
                story.crm.does("settings", **at.settings)
            sync(story.parts)
            made = programme(story, at, post)
            made.switch_on()
            yield made


def holder(partner: Programme, lead: PartnerLeadId) -> tuple[str, str, str]:
    seen = partner.seen(LUIS, lead)
    return seen["holder"]["name"], seen["state"], seen["how"]


def test_a_lead_comes_is_taken_is_moved_in_the_crm_and_given_back(partner: Programme) -> None:
    """PRM-12, PRM-13, PRM-15, PRM-23, PRM-24, PX-01, PX-02, PX-04: by the rule into the queue,
    taken by one of its members, who is the owner in the CRM then, though an assignment rule there
    would have it otherwise; somebody gives it to the other there, and the bridge follows."""
    story, owners = partner.story, partner.at.owners
    lead = partner.comes("Lea Uno")
    story.rests()
    assert holder(partner, lead) == ("latam", "queued", "rule")
    assert partner.owner_in_crm() == partner.at.queue or partner.at.queue is None
    assert [partner.seen(user, lead)["may_act"] for user in (PETRA, PABLO)] == [True, True]
    assert partner.seen(BRUNO, lead) is None

    assert partner.does(PETRA, "take", lead) == (200, "")
    assert partner.does(PABLO, "take", lead) == (409, "lead.already_taken")
    story.until(lambda: partner.owner_in_crm() == owners[PETRA], "Petra owns it in the CRM")
    story.rests()
    assert partner.seen(LUIS, lead)["written"]["state"] == "confirmed"
    assert holder(partner, lead) == (PETRA, "accepted", "queue")
    assert partner.seen(PABLO, lead) is None
    assert partner.seen(ANA, lead) is not None  # the channel manager of North

    partner.gives_in_crm(owners[PABLO])
    story.until(lambda: holder(partner, lead)[0] == PABLO, "the bridge follows the CRM")
    story.rests()
    assert holder(partner, lead)[2] == "crm"
    assert partner.seen(PETRA, lead) is None
    assert partner.seen(PABLO, lead)["is_new"]
    assert partner.owner_in_crm() == owners[PABLO]
    assert partner.post.letters() == []

    to_petra = {"to": {"user": PETRA}, "notify": True}
    assert partner.does(LUIS, "assign", lead, **to_petra) == (200, "")
    story.rests()
    assert partner.owner_in_crm() == owners[PETRA]
    (letter,) = partner.post.letters()
    assert (letter.recipient, letter.subject) == (PETRA, "Lea Uno of Lemon is yours")
    assert partner.does(PETRA, "decline", lead, why="no capacity") == (200, "")
    story.rests()
    assert holder(partner, lead)[0] == "latam"
    assert partner.does(PETRA, "take", lead) == (422, "partner.declined_before")
    assert partner.does(PABLO, "take", lead) == (200, "")
    story.rests()
    assert partner.owner_in_crm() == owners[PABLO]
    told = sorted(one.recipient for one in partner.post.letters())
    assert told == [ANA, PETRA]  # the channel manager hears of what was declined
