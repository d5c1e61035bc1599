"""Digests through the whole house: once for each period, to whom it still concerns."""

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bridge.domain.people import MailWish, Role
from bridge.domain.policy import Digest, DigestEvery
from bridge.pipeline import digests
from bridge.pipeline.digests import make_digests
from bridge.pipeline.dismiss import dismiss
from bridge.pipeline.parts import Parts
from bridge.store.digests import HOUSE
from bridge.store.schema import DECISIONS, DIGESTS
from tests.pipeline.telling import MAIL, Telling, telling
from tests.pipeline.test_send import chat, together
from tests.pipeline.world import ANA, BRUNO, LUIS, World, in_another_process, known_clients

HOURLY = Digest(every=DigestEvery.HOUR, at="00:00")


@pytest.fixture
def told(house: World) -> Iterator[Telling]:
    """Ana wants digests, and the first period has begun."""
    with telling(house) as opened:
        house.use(digest=HOURLY, webhook=None)
        opened.wishes(ANA, MailWish.DIGEST)
        make_digests(house.parts)
        yield opened


def an_hour_passes(told: Telling) -> None:
    told.house.later(3600)
    make_digests(told.house.parts)
    told.house.settle()


def test_one_mail_for_each_period_says_how_many_wait(told: Telling) -> None:
    """With links, and not a word or a number of a client's."""
    known_clients(told.house, 3)
    assert told.mails() == []
    an_hour_passes(told)
    make_digests(told.house.parts)
    told.house.settle()
    (mail,) = told.mails()
    assert (mail["to"], mail["subject"]) == (ANA, "Clients wait for your answer")
    assert "Clients who wait for your answer: 3" in mail["text"]
    assert "New notifications that you have not read: 3" in mail["text"]
    assert "https://bridge.example/conversations?unanswered=1" in mail["text"]
    assert not any(word in str(mail) for word in ("first", "Client 0", "34600"))
    (decision,) = [row for row in told.house.rows(DECISIONS) if row["kind"] == "Digest"]
    assert (decision["target"], decision["account"]) == (ANA, MAIL)
    an_hour_passes(told)
    unread = {re.findall(r"not read: (\d+)", mail["text"])[0] for mail in told.mails()}
    assert (len(told.mails()), unread) == (2, {"3", "0"})


def test_nothing_to_tell_is_no_mail(told: Telling) -> None:
    (phone,) = known_clients(told.house, 1)
    an_hour_passes(told)
    assert dismiss(told.house.parts, ANA, chat(phone)) is None
    an_hour_passes(told)
    an_hour_passes(told)
    assert len(told.mails()) == 1


def test_who_may_not_read_any_more_is_told_of_nothing(told: Telling) -> None:
    """ROL-14: access is asked for when the digest is made, the role again when it leaves."""
    known_clients(told.house, 1)
    told.becomes(ANA, channels=frozenset())
    an_hour_passes(told)
    assert told.mails() == []
    told.becomes(ANA, channels=None)
    told.house.later(3600)
    make_digests(told.house.parts)
    told.becomes(ANA, role=Role.NONE)
    told.house.settle()
    assert told.mails() == []
    (row,) = told.rows("SendEmail")
    assert row["reason"] == "notify.no_more: has no role any more"


def test_the_first_period_only_begins(small: World) -> None:
    """To switch digests on in the afternoon sends no mail about the morning."""
    with telling(small) as opened:
        opened.wishes(ANA, MailWish.DIGEST)
        known_clients(small, 1)
        small.use(digest=HOURLY)
        make_digests(small.parts)
        small.settle()
        assert opened.mails() == []
        assert small.count(DIGESTS) == 1


def test_who_comes_later_gets_the_next_one(told: Telling) -> None:
    told.wishes(LUIS, MailWish.DIGEST)
    told.house.client_writes("34600777777")
    told.house.settle()
    told.becomes(LUIS, gets_new_clients=True)
    an_hour_passes(told)
    assert told.house.count(DIGESTS, employee=LUIS) == 1
    assert BRUNO not in {mail["to"] for mail in told.mails() if "wait for your" in mail["subject"]}


def test_several_clocks_make_one(told: Telling) -> None:
    known_clients(told.house, 1)
    told.house.later(3600)
    together([lambda: make_digests(told.house.parts) for _ in range(4)])
    told.house.settle()
    assert len(told.mails()) == 1


@pytest.mark.parametrize("place", ["commit", "note_period"])
def test_a_clock_that_dies_in_between_makes_no_second_one(
    told: Telling, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Killed before the mail is planned, or after it and before the period is closed."""
    known_clients(told.house, 1)
    told.house.later(3600)
    real = getattr(digests, place)

    def strike(*given: object) -> object:
        if place == "commit" or HOUSE in given:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given)

    def clock(parts: Parts) -> None:
        monkeypatch.setattr(digests, place, strike)
        make_digests(parts)

    told.house.engine.dispose()
    assert in_another_process(told.house, clock) == signal.SIGKILL
    make_digests(told.house.parts)
    make_digests(told.house.parts)
    told.house.settle()
    assert len(told.mails()) == 1


def test_a_digest_by_an_account_that_is_gone_is_not_made(told: Telling) -> None:
    known_clients(told.house, 1)
    told.house.use(email=None)
    an_hour_passes(told)
    told.house.use(email=MAIL, digest=None)
    an_hour_passes(told)
    assert told.mails() == []


def test_a_day_is_a_day_of_the_house(small: World) -> None:
    """Twenty-four hours and a bit: once, whatever the zone."""
    with telling(small) as opened:
        opened.wishes(ANA, MailWish.DIGEST)
        small.use(digest=replace(Digest(), time_zone="Europe/Madrid"), webhook=None)
        make_digests(small.parts)
        known_clients(small, 1)
        for _ in range(13):
            small.later(7200)
            make_digests(small.parts)
            small.settle()
        assert len(opened.mails()) in (1, 2)
        assert small.count(DECISIONS, kind="Digest") == len(opened.mails())
