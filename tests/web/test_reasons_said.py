"""Every reason has its sentence, in the reader's language; the stored detail stays as it is."""

import re

import pytest

from bridge.domain.reasons import Reason, ReasonCode
from bridge.web.reasons_said import NAMED, SENTENCES, WHOLE, sentence, told
from bridge.web.reasons_said.people import RULED
from tests.web.world import World

IN_TURN = Reason(ReasonCode.TARGET_IN_TURN, "ana@acme.example is next in turn of new_clients")
PLACES = re.compile(r"%\((\w+)\)s")


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_a_sentence(code: ReasonCode) -> None:
    said = sentence(code)
    assert re.fullmatch(r"[A-Z][^%]+\.", said), said


def test_no_two_reasons_are_told_alike() -> None:
    said = [str(one) for one in SENTENCES.values()]
    assert len(set(said)) == len(ReasonCode)


def test_a_sentence_has_places_for_what_is_known_alone() -> None:
    assert {tuple(PLACES.findall(str(one))) for one in NAMED.values()} == {("name",)}
    assert {tuple(sorted(PLACES.findall(str(one)))) for one in RULED.values()} == {("name", "rule")}
    assert NAMED.keys() | RULED.keys() | WHOLE <= SENTENCES.keys()


def test_who_and_by_which_rule_is_said_where_it_is_known() -> None:
    assert "Ana 100% %(x)s" in sentence(ReasonCode.TARGET_IN_TURN, "Ana 100% %(x)s")
    assert sentence(ReasonCode.TARGET_IN_TURN) == "The client goes to whoever is next in turn."
    ruled = sentence(ReasonCode.TARGET_RULE, "Ana", "Mexico first")
    assert ruled == "The rule “Mexico first” gives the client to Ana."
    assert sentence(ReasonCode.TARGET_RULE, "Ana") == "A rule says who gets the client."


@pytest.mark.parametrize(
    ("path", "language", "first", "more"),
    [
        ("/feed", "en", IN_TURN.detail, ""),
        ("/feed", "de", "Ana", "ana@acme.example ist an der Reihe, von: new_clients"),
        ("/api/v1/timeline", "de", IN_TURN.detail, ""),
    ],
)
def test_english_readers_get_the_detail_others_the_sentence_before_it(
    world: World, path: str, language: str, first: str, more: str
) -> None:
    asked = {"Accept-Language": language}
    with world.app.test_request_context(path, headers=asked):
        found = told(IN_TURN, "Ana")
    assert found.first.startswith(first) or first in found.first
    assert found.more == more


def test_a_detail_that_says_no_more_than_its_sentence_is_not_shown_twice(world: World) -> None:
    reason = Reason(ReasonCode.GETS_NO_NEW_CLIENTS, "does not take new clients")
    with world.app.test_request_context("/feed", headers={"Accept-Language": "es"}):
        assert told(reason).more == ""
    assert told(reason).first == "Does not take new clients"


def test_a_reason_without_detail_is_told_by_its_sentence() -> None:
    assert told(Reason(ReasonCode.LEAD_EXPIRED, "")).first == "The lead was not accepted in time."
