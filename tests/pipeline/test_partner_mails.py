"""Mails about leads leave by a real mail server: once, and not to who left meanwhile."""

from dataclasses import replace

import pytest

from bridge.domain.names import PartnerLeadId
from bridge.pipeline.partnering import acting, bulk
from bridge.pipeline.partnering.acting import Order
from bridge.store.schema import OUTBOX
from tests.pipeline.partner_house import PABLO, PETRA, USERS, Partners, partner_user, target
from tests.pipeline.test_mails import Post, post
from tests.pipeline.world import ANA, World

__all__ = ["post"]


@pytest.fixture
def at(house: World, post: Post) -> Partners:
    made = Partners(house)
    made.switch_on()
    return made


def recipients(post: Post) -> list[str]:
    return [mail["to"] for mail in post.mails()]


def given_with_a_mail(at: Partners) -> PartnerLeadId:
    lead = at.has_lead()
    at.gives(lead, PETRA, notify=True)
    return lead


def dropped(at: Partners) -> list[str]:
    rows = at.house.rows(OUTBOX)
    return [row["reason"] for row in rows if row["state"] == "dropped"]


def test_prm_22_it_arrives_at_once_and_once(at: Partners, post: Post) -> None:
    """PRM-21."""
    given_with_a_mail(at)
    at.house.settle()
    at.house.patiently(rounds=3)
    [mail] = post.mails()
    assert (mail["to"], mail["subject"]) == (PETRA, "A lead for you: Lea 1")


def test_px_02_a_repeated_request_and_a_lost_answer_are_one_mail(at: Partners, post: Post) -> None:
    lead = at.has_lead()
    asked = at.asked(key="once")
    post.fail("reset_after", 1)
    for _ in range(2):
        acting.assign(at.house.parts, asked, lead, Order(to=target(PETRA), notify=True))
    at.house.patiently(rounds=3)
    assert recipients(post) == [PETRA]


def test_who_was_deactivated_between_assignment_and_mail_gets_none(
    at: Partners, post: Post
) -> None:
    at.agency.users[PETRA] = replace(at.agency.users[PETRA], active=False)
    lead = at.in_crm()
    at.has_lead()
    at.gives(lead, PETRA, notify=True)
    at.read_side()
    at.house.settle()
    assert recipients(post) == [ANA]  # her channel manager, who hears that she has left
    assert "is not active in the CRM" in " ".join(dropped(at))


def test_who_is_no_user_of_the_partner_any_more_gets_none(at: Partners, post: Post) -> None:
    given_with_a_mail(at)
    at.house.use(users={**USERS, "partner:north": (PABLO,)})
    at.house.settle()
    assert recipients(post) == []


def test_who_has_lost_the_lead_meanwhile_gets_none(at: Partners, post: Post) -> None:
    lead = given_with_a_mail(at)
    at.gives(lead, PABLO, notify=True)
    at.house.settle()
    assert recipients(post) == [PABLO]


def test_who_has_declined_it_before_the_mail_left_gets_none(at: Partners, post: Post) -> None:
    lead = given_with_a_mail(at)
    acting.decline(at.house.parts, at.asked(partner_user(PETRA)), lead, "no")
    at.house.settle()
    [mail] = post.mails()  # to her channel manager, who hears that she has declined it
    assert mail["to"] == ANA
    assert f"/partners/leads/{lead}" in mail["text"]
    assert "Lea 1" not in mail["text"]


def test_prm_25_of_many_leads_those_that_were_undone_are_not_told(at: Partners, post: Post) -> None:
    leads = [at.has_lead(number) for number in range(2)]
    order = Order(to=target(PETRA), notify=True)
    done = bulk.assign_many(at.house.parts, at.asked(), leads, order)
    bulk.undo(at.house.parts, at.asked(), done.batch)
    at.house.settle()
    assert recipients(post) == []
