"""New clients by channel: deal or lead, pipeline and stage; who hears that nobody was free."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.domain.effects import CreateContact, CreateDeal
from bridge.domain.policy import Creation, NewClients, OnClosedDeal, Policy
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import Pipeline, RecordKind, Stage
from bridge.policy.checks.crm import check_against_crm
from bridge.policy.codes import Code
from tests.domain.building import (
    ANA,
    BRUNO,
    DIRECTORY,
    LUIS,
    POLICY,
    TG,
    WA,
    chat,
    chat_after,
    codes,
    deal,
    decide,
    effects,
    facts,
    kinds,
    policy,
    received,
    told_of,
    where,
    with_employee,
    without,
)
from tests.policy.building import CLIENTS, MINIMAL, PEOPLE, only, refused

MADE = NewClients(create=Creation.DEAL, pipeline="sales", stage="first")


def with_channel(made: NewClients = MADE, **changed: Any) -> Policy:
    """Telegram as given, WhatsApp as `new_clients` says."""
    telegram = replace(POLICY.channels[TG], **changed)
    return policy(new_clients=made, channels={**POLICY.channels, TG: telegram})


def test_a_channel_may_make_leads_where_others_make_deals() -> None:
    """NEW-04."""
    by = with_channel(create=Creation.LEAD)
    on_telegram = decide(received(chat=where(TG)), facts(), by)
    assert kinds(on_telegram)[:2] == ["CreateContact", "CreateLead"]
    made = next(x for x in effects(on_telegram) if isinstance(x, CreateContact))
    assert made.with_lead
    assert kinds(decide(received(chat=where(WA)), facts(), by))[:2] == [
        "CreateContact",
        "CreateDeal",
    ]


@pytest.mark.parametrize(
    ("channel", "place"), [(WA, ("sales", "first")), (TG, ("support", "asked"))]
)
def test_a_channel_may_have_a_pipeline_and_stage_of_its_own(
    channel: str, place: tuple[str, str]
) -> None:
    by = with_channel(pipeline="support", stage="asked")
    decision = decide(received(chat=where(channel)), facts(), by)  # type: ignore[arg-type]
    (made,) = (x for x in effects(decision) if isinstance(x, CreateDeal))
    assert (made.pipeline, made.stage) == place


def test_the_new_deal_after_closed_ones_stands_where_the_channel_says() -> None:
    """WZ-08."""
    again = replace(MADE, on_closed_deal=OnClosedDeal.NEW_DEAL)
    given = chat(ANA, deals=(deal(ANA, is_open=False),), channel=TG)
    by = with_channel(again, pipeline="support", stage="asked")
    decision = decide(received(chat=where(TG)), facts(given), by)
    (made,) = (x for x in effects(decision) if isinstance(x, CreateDeal))
    assert (made.pipeline, made.stage) == ("support", "asked")


def test_of_two_messages_on_a_closed_deal_one_makes_the_new_deal() -> None:
    """WZ-08: once for each time that all are closed, not once a message."""
    by = policy(new_clients=replace(MADE, on_closed_deal=OnClosedDeal.NEW_DEAL))
    before = chat(ANA, deals=(deal(ANA, is_open=False),))
    first = decide(received("m1"), facts(before), by)
    after = chat_after(first, before)
    second = decide(received("m2"), facts(after), by)
    assert ("CreateDeal" in kinds(first), "CreateDeal" in kinds(second)) == (True, False)
    closed = tuple(replace(one, is_open=False) for one in after.deals)
    third = decide(received("m3"), facts(replace(after, deals=closed)), by)
    assert "CreateDeal" in kinds(third)


def test_that_nobody_was_free_is_noted_and_managers_hear_it_once() -> None:
    """NEW-07: the named fallback, a note at the top of the chat's feed, never silence."""
    by = with_employee(policy(default=BRUNO), BRUNO, gets_new_clients=False)
    first = decide(received("m1"), facts(directory=without(ANA)), by)
    assert (first.target, codes(first)[0]) == (BRUNO, ReasonCode.TARGET_DEFAULT)
    assert told_of(first) == {
        BRUNO: ReasonCode.NOTIFY_RESPONSIBLE,
        LUIS: ReasonCode.NOTIFY_DEFAULT,
    }
    second = decide(received("m2"), facts(chat_after(first), directory=without(ANA)), by)
    assert told_of(second) == {BRUNO: ReasonCode.NOTIFY_RESPONSIBLE}


@pytest.mark.parametrize(
    ("channel", "clients", "path"),
    [
        ("{pipeline: support}", CLIENTS, "channels.tg"),
        ("{create: deal}", "new_clients: {create: lead}", "channels.tg"),
        (
            "{label: Telegram}",
            "new_clients: {create: lead, on_closed_deal: new_deal}",
            "new_clients",
        ),
    ],
)
def test_deals_need_a_stage_wherever_they_are_made(
    tmp_path: Path, channel: str, clients: str, path: str
) -> None:
    place = "{account: chat-main, messenger: telegram, id: id-tg"
    accounts = MINIMAL.replace(place + "}", f"{place}, {channel.strip('{}')}}}")
    finding = only(refused(tmp_path, a=accounts + PEOPLE + clients))
    assert (finding.code, finding.path) == (Code.STAGE_MISSING, path)


def test_a_channels_pipeline_must_be_the_crms() -> None:
    stages = (Stage(id="first", label="First", is_open=True),)
    sales = Pipeline(id="sales", kind=RecordKind.DEAL, label="Sales", stages=stages)
    by = with_channel(pipeline="suport", stage="asked")
    found = [f for f in check_against_crm(by, [sales], DIRECTORY) if f.path.startswith("channels")]
    assert [(f.code, f.path) for f in found] == [(Code.UNKNOWN_PIPELINE, "channels.tg.pipeline")]
