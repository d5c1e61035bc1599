"""A manager says which of several open deals counts: by the API and on the page."""

import pytest
from sqlalchemy import select

from bridge.domain.names import ConversationId, CrmId, EmployeeId, RecordId
from bridge.domain.records import Deal
from bridge.store import chats, records
from bridge.store.engine import reading, writing
from bridge.store.schema import DECISIONS
from tests.web.asking import api
from tests.web.browsing import csrf
from tests.web.world import ANA, BRUNO, CRM, LUIS, QA, World

PHONE = "+34600222000"


FIRST, SECOND = RecordId("dl_first"), RecordId("dl_second")


@pytest.fixture
def chat(world: World) -> ConversationId:
    """Ana owns the first deal, Bruno the second."""
    world.client("Zoe", PHONE, None)
    where = world.writes(PHONE, "hi")
    with writing(world.engine) as db:
        contact = chats.chat_facts(db, [where])[where].contact
        assert contact is not None
        for number, (name, owner) in enumerate(((FIRST, ANA), (SECOND, BRUNO))):
            deal = Deal(
                id=name,
                crm_id=CrmId(f"90{number}"),
                name=f"Deal {number}",
                pipeline="default",
                stage="first",
                is_open=True,
                owner=world.owner(owner),
                contacts=(contact.id,),
                active_at=world.now,
            )
            records.put_deals(db, CRM, [deal])
    return where


def target_of_the_next(world: World) -> str:
    world.writes(PHONE, "again")
    with reading(world.engine) as db:
        newest = select(DECISIONS.c.target).order_by(DECISIONS.c.id.desc()).limit(1)
        return str(db.scalar(newest))


def test_the_owner_of_the_pinned_deal_gets_the_next_message(
    world: World, chat: ConversationId
) -> None:
    luis = api(world, LUIS)
    for deal, owner in ((SECOND, BRUNO), (FIRST, ANA)):
        assert luis.post(f"/conversations/{chat}/deal", {"deal": deal}).status == 200
        shown = luis.get(f"/conversations/{chat}").json["deals"]
        assert [one["id"] for one in shown if one["is_pinned"]] == [deal]
        assert target_of_the_next(world) == owner


def test_on_the_page_a_pin_is_set_and_taken_away(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(LUIS)
    page = browser.get(f"/conversations/{chat}").text
    assert page.count("This one counts") == 2
    form = {"csrf": csrf(page), "deal": SECOND}
    assert browser.post(f"/conversations/{chat}/deal", data=form).status_code == 303
    page = browser.get(f"/conversations/{chat}").text
    assert "counts: pinned" in page
    form = {"csrf": csrf(page), "deal": ""}
    assert browser.post(f"/conversations/{chat}/deal", data=form).status_code == 303
    assert "counts: pinned" not in browser.get(f"/conversations/{chat}").text


@pytest.mark.parametrize("deal", ["dl_nowhere", ""])
def test_what_is_no_open_deal_of_his_is_refused(
    world: World, chat: ConversationId, deal: str
) -> None:
    refused = api(world, LUIS).post(f"/conversations/{chat}/deal", {"deal": deal})
    assert refused.status == 422
    assert "no open deal of the client" in refused.json["detail"]


@pytest.mark.parametrize("who", [ANA, BRUNO, QA])
def test_only_managers_pin(world: World, chat: ConversationId, who: EmployeeId) -> None:
    assert api(world, who).post(f"/conversations/{chat}/deal", {"deal": None}).status == 403
