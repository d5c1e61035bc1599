"""Each effect as a signed order, done once however often it is sent."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import requests
from jsonschema import Draft7Validator

from bridge.domain.effects import (
    AssignRecord,
    ChangeOwner,
    CreateContact,
    CreateDeal,
    CreateLead,
    CreateTask,
    Effect,
    JoinChat,
    PostNotification,
    SendEmail,
    SendMessage,
    SetProperty,
    UpdateTimelineEntry,
    WriteNote,
    WriteTimelineEntry,
)
from bridge.domain.messaging import Direction, Media, MediaKind, Messenger, Template
from bridge.domain.names import CrmId, EmployeeId, MessageId, RecordId
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import CrmKind, RecordKind
from bridge.ports import (
    Absent,
    Account,
    AccountDown,
    CannotTell,
    Done,
    Rejected,
    RetryAt,
    Unknown,
)
from connectors.webhook import schema
from connectors.webhook.forms import written
from connectors.webhook.ordering import Ids, order_of
from connectors.webhook.orders import ORDER_WORDS, ORDERS
from connectors.webhook.outbound import WebhookOutbound
from tests.connectors.webhook.building import NOW, account, delivery, long_ago
from tests.connectors.webhook.conftest import System

CONTACT, DEAL, LEAD = RecordId("rc_1"), RecordId("rd_1"), RecordId("rl_1")
MESSAGE = MessageId("ms_1")
ENTRY = WriteTimelineEntry(
    message=MESSAGE,
    records=((RecordKind.CONTACT, CONTACT), (RecordKind.DEAL, DEAL)),
    occurred_at=NOW,
    direction=Direction.IN,
    messenger=Messenger.WHATSAPP,
    source="webhook",
    channel="Sales",
    head="Eva: Hola",
    text="Hola",
    media=(Media(kind=MediaKind.IMAGE, url="https://files.example/1.png"),),
)
TEXT = SendMessage(
    message=MessageId("ms_2"),
    key="key",
    channel_id="line-1",
    messenger=Messenger.WHATSAPP,
    chat_id="5215512345678",
    text="Buenas",
    author=CrmId("7"),
)
EFFECTS: tuple[Effect, ...] = (
    CreateContact(contact=CONTACT, key="k", name="Eva", owner=CrmId("7"), phone="+5215512345678"),
    CreateDeal(deal=DEAL, contact=CONTACT, name="Eva", pipeline="p", stage="s", owner=None),
    CreateLead(lead=LEAD, contact=CONTACT, name="Eva", owner=CrmId("7")),
    ChangeOwner(kind=RecordKind.CONTACT, record=CONTACT, owner=CrmId("7")),
    ENTRY,
    TEXT,
    replace(TEXT, template=Template(name="renewal", language="es", values=("Eva",))),
    JoinChat(channel_id="line-1", messenger=Messenger.MATRIX, chat_id="!room:example"),
    SendEmail(key="k", recipient="ana@acme.example", subject="A lead", text="for you"),
    PostNotification(
        key="k",
        employee=EmployeeId("ana@acme.example"),
        code=ReasonCode.NOTIFY_TARGET,
        told_at=datetime(2026, 3, 5, 14, 20, tzinfo=UTC),
        about="Sales",
    ),
    AssignRecord(kind=CrmKind.LEAD, record=CrmId("l1"), owner=CrmId("7")),
    AssignRecord(kind=CrmKind.LEAD, record=CrmId("l1"), owner=CrmId("q1"), to_queue=True),
    SetProperty(kind=CrmKind.COMPANY, record=CrmId("co1"), name="renewals", value="partner"),
    CreateTask(
        kind=CrmKind.COMPANY,
        record=CrmId("co1"),
        subject="Renew Acme",
        text="Ends on 24 December.",
        due=date(2026, 12, 1),
        owner=CrmId("7"),
    ),
    WriteNote(
        kind=CrmKind.COMPANY, record=CrmId("co1"), subject="Low", text="5 left", occurred_at=NOW
    ),
)
OUTBOUND = Draft7Validator(
    json.loads((Path(schema.__file__).parent / "outbound.schema.json").read_text())
)


def test_every_effect_has_its_order() -> None:
    assert set(ORDER_WORDS) == set(get_args(Effect))
    assert set(ORDER_WORDS.values()) == set(ORDERS)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda e: type(e).__name__)
def test_an_order_is_done_and_fits_the_schema(effect: Effect, at_system: Account) -> None:
    (outcome,) = WebhookOutbound(at_system).deliver([delivery(effect)])
    assert isinstance(outcome, Done)
    order = order_of(delivery(effect), Ids())
    body = {"type": ORDER_WORDS[type(effect)], "data": written(order)}
    assert list(OUTBOUND.iter_errors(body)) == []


def test_a_broken_order_would_be_seen() -> None:
    assert not OUTBOUND.is_valid({"type": "message.send", "data": {"text": "Hola"}})
    assert not OUTBOUND.is_valid({"type": "fly", "data": {}})


def test_an_entry_is_written_and_rewritten(system: System, at_system: Account) -> None:
    outbound = WebhookOutbound(at_system)
    (written_entry,) = outbound.deliver([delivery(ENTRY, key="k-1")])
    assert isinstance(written_entry, Done)
    again = UpdateTimelineEntry(message=MESSAGE, entry=replace(ENTRY, text="Ciao"), note="edited")
    late = replace(
        delivery(again, key="k-2"), ids={"rc_1": "c1", "ms_1": written_entry.vendor_ids["id"]}
    )
    assert outbound.deliver([late]) == [Done(vendor_ids={})]
    (entry,) = system.state()["entries"]
    assert (entry["text"], entry["note"]) == ("Ciao", "edited")
    assert entry["records"] == [{"kind": "contact", "id": "c1"}]


def test_what_a_run_makes_the_rest_of_it_knows(system: System, at_system: Account) -> None:
    run = [replace(delivery(effect, key=f"k-{n}"), ids={}) for n, effect in enumerate(EFFECTS[:3])]
    outcomes = WebhookOutbound(at_system).deliver(run)
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    made = system.state()["records"]
    assert made["deal"][-1]["contacts"] == [made["contact"][-1]["crm_id"]]


@pytest.mark.parametrize(
    "effect", [*EFFECTS[1:5], UpdateTimelineEntry(message=MESSAGE, entry=ENTRY, note="")]
)
def test_without_the_ids_that_it_needs_it_is_refused(effect: Effect, at_system: Account) -> None:
    (outcome,) = WebhookOutbound(at_system).deliver([replace(delivery(effect), ids={})])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "record_missing"


def test_a_contact_with_our_key_is_not_made_twice(system: System, at_system: Account) -> None:
    outbound = WebhookOutbound(at_system)
    first, second = (outbound.deliver([delivery(EFFECTS[0], key=k)])[0] for k in ("k-1", "k-2"))
    assert first == second
    assert len(system.state()["records"]["contact"]) == 3


@pytest.mark.parametrize("fault", ["500_after", "reset_after", "html_after"])
def test_an_order_whose_answer_is_lost_reaches_the_client_once(
    system: System, at_system: Account, fault: str
) -> None:
    """R3, S8: done, but nobody heard; sent again under the same webhook-id."""
    system.fail(fault, times=1)
    outbound = WebhookOutbound(at_system)
    (lost,) = outbound.deliver([delivery(TEXT)])
    assert isinstance(lost, Unknown)
    in_doubt = delivery(TEXT, in_doubt_since=NOW)
    assert outbound.find([in_doubt]) == [Absent()]
    (again,) = outbound.deliver([in_doubt])
    state = system.state()
    assert isinstance(again, Done)
    assert [m["id"] for m in state["sent"]] == [again.vendor_ids["id"]]
    assert state["repeats"] == 1


def test_past_the_other_sides_memory_a_person_decides(system: System) -> None:
    outbound = WebhookOutbound(account(system.url, options={"dedupe_hours": "24"}))
    early, late = (delivery(TEXT, in_doubt_since=long_ago(hours)) for hours in (23, 24))
    assert outbound.find([early]) == [Absent()]
    (told,) = outbound.find([late])
    assert isinstance(told, CannotTell)
    assert isinstance(outbound.deliver([late])[0], Unknown)
    assert system.state()["sent"] == []


def test_a_file_without_a_link_is_refused(at_system: Account) -> None:
    file = replace(TEXT, text="", media=Media(kind=MediaKind.IMAGE, media_id="7"))
    (outcome,) = WebhookOutbound(at_system).deliver([delivery(file)])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "file_without_link"


def test_without_an_address_the_account_waits_for_one() -> None:
    (outcome,) = WebhookOutbound(account()).deliver([delivery(TEXT)])
    assert isinstance(outcome, AccountDown)
    assert outcome.until is None
    assert "base_url" in outcome.cause


def test_behind_a_silent_side_the_rest_is_not_tried(system: System, at_system: Account) -> None:
    system.fail("500")
    run = [delivery(TEXT, key=f"k-{n}") for n in range(3)]
    first, *rest = WebhookOutbound(at_system).deliver(run)
    assert isinstance(first, Unknown)
    assert all(isinstance(one, AccountDown) and "not tried" in one.cause for one in rest)
    assert requests_of(system) == {"500": 1}


def test_each_call_is_asked_for_right_before_it(system: System, at_system: Account) -> None:
    """R2: of a run whose lease is lost between two calls only the first is sent."""
    asked: list[bool] = []

    def ours() -> bool:
        asked.append(True)
        return len(asked) == 1

    run = [replace(delivery(TEXT, key=f"k-{n}"), still_ours=ours) for n in range(2)]
    done, late = WebhookOutbound(at_system).deliver(run)
    assert isinstance(done, Done)
    assert isinstance(late, RetryAt)
    assert len(system.state()["sent"]) == 1


def requests_of(system: System) -> Any:
    return requests.get(f"{system.url}/_sandbox/faults", timeout=60).json()["counts"]
