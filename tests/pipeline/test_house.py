"""Events of our own are decided at once, once, and leave nothing when they are refused."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import ContactsParted, Event
from bridge.domain.facts import Facts
from bridge.domain.names import HOUSE, EventKey
from bridge.domain.policy import Policy
from bridge.domain.reasons import ReasonCode
from bridge.domain.subjects import Subject, SubjectKind
from bridge.pipeline import house as deciding_here
from bridge.pipeline.house import decide_apart, decide_here
from bridge.store.engine import reading
from bridge.store.feed import FeedWanted, feed_rows
from bridge.store.schema import DECISIONS
from tests.pipeline.world import LUIS, World

CLIENT = Subject(kind=SubjectKind.CLIENT, id="cl_1", tenant="reseller:acme")


def order(key: str) -> ContactsParted:
    return ContactsParted(
        event_key=EventKey(key),
        occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
        account=HOUSE,
        merge="none",
        employee=LUIS,
    )


def stored(house: World) -> list[str]:
    with reading(house.engine) as db:
        keys = select(DECISIONS.c.event_key).where(DECISIONS.c.account == HOUSE)
        return sorted(db.scalars(keys))


def refuses_b(event: Event, facts: Facts, policy: Policy) -> Decision:
    draft = Draft(event, facts, policy)
    draft.subject = CLIENT
    if event.event_key == "b":
        return draft.rejected(ReasonCode.REQUEST_CONFLICT, "not like this")
    draft.because(ReasonCode.MIRROR_UPDATED, "done")
    return draft.applied()


def test_what_was_decided_is_not_decided_again(house: World) -> None:
    first = decide_here(house.parts, [order("a"), order("a")])
    again = decide_here(house.parts, [order("a"), order("c")])
    assert [one.decision is None for one in (*first, *again)] == [False, True, True, False]
    assert stored(house) == ["a", "c"]


def test_a_refusal_leaves_no_trace_and_the_others_stand(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding_here, "route", refuses_b)
    done = decide_here(house.parts, [order("a"), order("b"), order("c")])
    reasons = [one.refused for one in done]
    assert [None if reason is None else reason.detail for reason in reasons] == [
        None,
        "not like this",
        None,
    ]
    assert stored(house) == ["a", "c"]


def breaks_at_b(event: Event, facts: Facts, policy: Policy) -> Decision:
    if event.event_key == "b":
        raise KeyError("a fault of ours")
    return refuses_b(event, facts, policy)


def test_what_breaks_a_rule_stops_nobody_else_and_goes_whole(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding_here, "route", breaks_at_b)
    done = decide_apart(house.parts, [[order("a")], [order("with b"), order("b")], [order("c")]])
    assert [one.event.event_key for one in done] == ["a", "c"]
    assert stored(house) == ["a", "c"]


def test_a_feed_by_subject_or_by_tenant(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    decide_here(house.parts, [order("of nobody")])
    monkeypatch.setattr(deciding_here, "route", refuses_b)
    decide_here(house.parts, [order("a"), order("c")])
    with reading(house.engine) as db:
        of_subject = feed_rows(db, FeedWanted(subject="client:cl_1"), None, 10)
        of_tenant = feed_rows(db, FeedWanted(tenants=frozenset({"reseller:acme"})), None, 10)
        of_others = feed_rows(db, FeedWanted(tenants=frozenset({"reseller:b", ""})), None, 10)
    assert [row.event_key for row in of_subject] == ["c", "a"]
    assert [row.event_key for row in of_tenant] == ["c", "a"]
    assert of_others == ()
