"""Notifications leave the house by mail and by its webhook: to whom it still concerns, once."""

from collections.abc import Iterator
from typing import Any

import pytest

from bridge.domain.people import MailWish, Role
from bridge.pipeline.outages import LONG, tell_of_outages
from bridge.pipeline.parts import Parts
from bridge.ports import AccountDown
from bridge.store.schema import DECISIONS, NOTIFICATIONS
from tests.pipeline.telling import PAGER, Telling, telling
from tests.pipeline.test_send import together
from tests.pipeline.world import ANA, BRUNO, CHAT, CRM, LUIS, World, client, known_clients

HOUR = LONG.total_seconds()


@pytest.fixture
def told(small: World) -> Iterator[Telling]:
    with telling(small) as opened:
        yield opened


def a_client_writes(told: Telling, text: str = "Palabras") -> None:
    known_clients(told.house, 1)
    (phone,) = [client(0)[0]]
    told.house.receives(CHAT, {"messages": [told.house.message(phone, text)]})
    told.house.settle()


def test_each_notification_is_posted_without_a_word_of_the_client(told: Telling) -> None:
    """Signed as Standard Webhooks say, or the other side would have refused it."""
    a_client_writes(told)
    (conversation,) = told.house.conversations()
    posts = told.posts()
    assert {post["conversation"] for post in posts} == {conversation}
    assert [(post["employee"], post["code"]) for post in posts] == [(ANA, "notify.responsible")] * 2
    assert posts[0]["link"] == f"https://bridge.example/conversations/{conversation}"
    assert posts[0]["about"] == "Sales"
    assert not any(word in str(posts) for word in ("Palabras", "first", "Client 0", "34600"))
    assert [row["state"] for row in told.rows("PostNotification")] == ["done", "done"]


@pytest.mark.parametrize("fault", ["500", "500_after", "reset_after"])
def test_a_post_is_tried_again_and_arrives_once(told: Telling, fault: str) -> None:
    """Retried under the same id, by which who gets it twice takes it once."""
    told.pager_fails(fault, times=1)
    a_client_writes(told)
    told.house.patiently(4)
    assert [row["state"] for row in told.rows("PostNotification")] == ["done", "done"]
    assert len(told.posts()) == 2


def _demotes(told: Telling) -> None:
    told.becomes(ANA, role=Role.NONE)


def _loses_channel(told: Telling) -> None:
    told.becomes(ANA, channels=frozenset())


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (_demotes, "has no role any more"),
        (_loses_channel, "has no access to this channel"),
    ],
)
def test_who_may_not_know_any_more_is_told_nothing_at_the_last_moment(
    told: Telling, meanwhile: Any, why: str
) -> None:
    """ROL-06, ROL-14: decided with his right to read, delivered without it."""
    known_clients(told.house, 1)
    before = len(told.mails()), len(told.posts())
    told.house.later(1)
    told.house.client_writes(client(0)[0], "secret")
    told.house.drain("in:wazzup-main")
    meanwhile(told)
    told.house.settle()
    (row,) = [row for row in told.rows("PostNotification") if row["state"] == "dropped"]
    assert row["reason"] == f"notify.no_more: {why}"
    assert row["done_at"] is not None
    assert (len(told.mails()), len(told.posts())) == before


def test_a_mail_for_a_chat_that_is_anothers_by_now_does_not_leave(told: Telling) -> None:
    phone, contact = client(0)
    told.house.seed(contacts=[contact])
    told.house.client_writes(phone)
    told.house.drain("in:wazzup-main")
    told.becomes(ANA, channels=frozenset())
    told.house.settle()
    assert told.mails() == []
    (row,) = told.rows("SendEmail")
    assert (row["state"], row["reason"]) == (
        "dropped",
        "notify.no_more: has no access to this channel",
    )


def test_the_rest_of_a_run_goes_on_when_all_before_it_is_withheld(told: Telling) -> None:
    """A full run of the webhook's is twenty: those behind it are not forgotten."""
    phones = known_clients(told.house, 22)
    told.house.receives_each(phones, "again")
    told.house.client_writes("34600999999", "somebody new")
    told.house.drain("in:wazzup-main")
    told.becomes(ANA, role=Role.NONE, gets_new_clients=False)
    told.house.settle()
    ends = {row["state"] for row in told.rows("PostNotification")}
    assert ends == {"done", "dropped"}
    assert {post["employee"] for post in told.posts()[22:]} <= {BRUNO, LUIS}


@pytest.mark.parametrize(
    ("wish", "mails"), [(MailWish.EACH, 1), (MailWish.DIGEST, 0), (MailWish.NONE, 0)]
)
def test_everybody_gets_the_mails_that_he_wants(told: Telling, wish: MailWish, mails: int) -> None:
    told.wishes(ANA, wish)
    a_client_writes(told)
    assert len(told.mails()) == mails
    assert len(told.posts()) == 2


def notices(house: World, code: str) -> list[str]:
    return [row["employee"] for row in house.rows(NOTIFICATIONS) if row["code"] == code]


@pytest.mark.parametrize("wish", [MailWish.EACH, MailWish.DIGEST])
def test_a_refused_account_is_told_once_by_mail_and_post(told: Telling, wish: MailWish) -> None:
    """Once, although every delivery that is tried meets the same refusal."""
    told.wishes(LUIS, wish)
    told.house.fail(CRM, match="/crm/", times=50, fault="401")
    told.house.client_writes("34600777777")
    told.house.patiently(4)
    assert notices(told.house, "account.paused") == [LUIS]
    (mail,) = [m for m in told.mails() if "credentials" in m["subject"]]
    assert (mail["to"], f"Account: {CRM}" in mail["text"]) == (LUIS, True)
    (post,) = [p for p in told.posts() if p["code"] == "account.paused"]
    assert (post["employee"], post["about"]) == (LUIS, CRM)
    assert told.house.count(DECISIONS, kind="AccountPaused") == 1


def test_nothing_is_told_by_the_account_that_is_down(told: Telling) -> None:
    """It would lie in that very lane until it is too late."""
    told.house.script(PAGER, lambda _: AccountDown(cause="pager: 401"))
    a_client_writes(told)
    assert notices(told.house, "account.paused") == [LUIS]
    assert [m["to"] for m in told.mails() if "paused" in m["subject"]] == [LUIS]
    assert {row["conversation"] for row in told.rows("PostNotification")} != {None}


def stands_still(told: Telling) -> None:
    """The messenger answers with errors for as long as it is not mended."""
    told.house.fail(CRM, match="communications", times=1000, fault="500")
    a_client_writes(told)
    for _ in range(8):
        told.house.later(HOUR / 7)
        told.house.settle()


def test_an_account_that_stands_still_for_an_hour_is_told_once(told: Telling) -> None:
    """No credentials are refused, so nothing is paused; and yet nobody would know."""
    stands_still(told)
    assert notices(told.house, "account.outage") == []
    for _ in range(3):
        tell_of_outages(told.house.parts)
        told.house.later(HOUR)
        told.house.settle()
    assert notices(told.house, "account.outage") == [LUIS]
    (mail,) = [m for m in told.mails() if "stood still" in m["subject"]]
    assert (mail["to"], f"Account: {CRM}" in mail["text"]) == (LUIS, True)


def test_an_outage_that_ends_in_time_is_told_to_nobody(told: Telling) -> None:
    told.house.fail(CRM, match="communications", times=3, fault="500")
    a_client_writes(told)
    told.house.patiently(10)
    told.house.later(HOUR)
    tell_of_outages(told.house.parts)
    assert notices(told.house, "account.outage") == []


def test_the_next_outage_is_told_again(told: Telling) -> None:
    stands_still(told)
    tell_of_outages(told.house.parts)
    told.house.mend()
    told.house.patiently(40, 60)
    stands_still(told)
    tell_of_outages(told.house.parts)
    assert notices(told.house, "account.outage") == [LUIS, LUIS]


def test_several_clocks_tell_of_an_outage_once(house: World) -> None:
    """On both stores: the row of the lane has the last word."""
    house.fail(CRM, match="communications", times=1000, fault="500")
    known_clients(house, 1)
    for _ in range(8):
        house.later(HOUR / 7)
        house.settle()

    def clock(parts: Parts) -> Any:
        return lambda: tell_of_outages(parts)

    together([clock(house.parts) for _ in range(4)])
    assert notices(house, "account.outage") == [LUIS]
    house.mend()
