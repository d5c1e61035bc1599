"""Timeline entries: closed tasks on every record named, each once, edits in their place."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.effects import UpdateTimelineEntry, WriteTimelineEntry
from bridge.domain.messaging import Direction, Media, MediaKind
from bridge.domain.names import RecordId
from bridge.domain.records import RecordKind
from bridge.ports import Delivery, Done, Rejected, RetryAt
from connectors.salesforce.outbound import SalesforceOutbound
from connectors.salesforce.sandbox_org import INTEGRATION_USER
from connectors.salesforce.timeline import MAX_DESCRIPTION, MAX_SUBJECT, description, subject
from tests.connectors.salesforce.building import (
    ANA,
    NOW,
    OLD,
    account,
    delivery,
    entry,
    ids_of,
    new_contact,
    new_deal,
    new_lead,
    run_of,
)
from tests.connectors.salesforce.conftest import SalesforceSandbox

Ids = dict[str, str]


@pytest.fixture
def outbound(salesforce: SalesforceSandbox) -> SalesforceOutbound:
    return SalesforceOutbound(account(salesforce.url))


@pytest.fixture
def ids(outbound: SalesforceOutbound) -> Ids:
    """A contact r1 with deals d1 and d2, and another person, the lead l1."""
    run = run_of(
        new_contact(),
        new_deal(),
        new_deal("d2"),
        new_contact("l0", "+34600000002", with_lead=True),
        new_lead("l1", "l0"),
    )
    return dict(zip(("r1", "d1", "d2", "l0", "l1"), ids_of(outbound.deliver(run)), strict=True))


def update(written: WriteTimelineEntry, text: str, note: str = "edited") -> UpdateTimelineEntry:
    return UpdateTimelineEntry(
        message=written.message, entry=replace(written, text=text), note=note
    )


def on_two_deals() -> WriteTimelineEntry:
    first = entry(deal="d1", lead="l1")
    return replace(first, records=(*first.records, (RecordKind.DEAL, RecordId("d2"))))


def links(salesforce: SalesforceSandbox) -> list[tuple[str | None, str | None]]:
    return [(task["WhoId"], task["WhatId"]) for task in salesforce.held("Task")]


def test_an_entry_is_a_closed_task_of_the_client_and_his_deal(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    (outcome,) = outbound.deliver([delivery(entry(deal="d1"), ids=ids)])
    (task,) = salesforce.held("Task")
    assert outcome == Done(vendor_ids={"id": task["Id"]})
    assert (task["WhoId"], task["WhatId"]) == (ids["r1"], ids["d1"])
    assert (task["Status"], task["IsClosed"], task["ActivityDate"]) == (
        "Completed",
        True,
        "2026-11-22",
    )
    assert task["Subject"] == "→ WhatsApp from the client · Sales"
    assert task["Description"] == (
        "2026-11-22 10:00 UTC · whatsapp · Sales\n\nhola\n\n"
        "Conversation: https://bridge.acme.example/conversations/cv_1\nwazzup"
    )
    assert task["OwnerId"] == INTEGRATION_USER


def test_a_closed_task_waits_for_no_lock_of_its_client(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    for locked in (ids["r1"], ids["d1"]):
        salesforce.post("lock", {"id": locked, "times": 5})
    (outcome,) = outbound.deliver([delivery(entry(deal="d1"), ids=ids)])
    assert isinstance(outcome, Done)


def test_what_an_employee_wrote_is_his_task(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    written = replace(entry(), direction=Direction.OUT, author=ANA, author_name="Ana Ruiz")
    outbound.deliver([delivery(written, ids=ids)])
    (task,) = salesforce.held("Task")
    assert task["OwnerId"] == ANA
    assert task["Subject"] == "← WhatsApp from the client · Sales · Ana Ruiz"


def test_an_author_who_has_left_does_not_keep_the_message_out(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    written = replace(entry(), direction=Direction.OUT, author=OLD, author_name="Old")
    (outcome,) = outbound.deliver([delivery(written, ids=ids)])
    assert isinstance(outcome, Done)
    (task,) = salesforce.held("Task")
    assert (task["OwnerId"], task["Subject"][-3:]) == (INTEGRATION_USER, "Old")


def test_a_deal_that_is_gone_does_not_keep_the_message_out(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    salesforce.post("delete", {"id": ids["d1"]})
    (outcome,) = outbound.deliver([delivery(entry(deal="d1"), ids=ids)])
    assert isinstance(outcome, Done)
    assert links(salesforce) == [(ids["r1"], None)]


def test_a_client_who_is_gone_is_told(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    salesforce.post("delete", {"id": ids["r1"]})
    (outcome,) = outbound.deliver([delivery(entry(), ids=ids)])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "record_missing"


def test_a_message_stands_on_every_record_named(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    """A task names one person and one deal: the others get a task of their own, in one call."""
    before = salesforce.calls("composite/sobjects")
    (outcome,) = outbound.deliver([delivery(on_two_deals(), ids=ids)])
    assert links(salesforce) == [
        (ids["r1"], ids["d1"]),
        (None, ids["d2"]),
        (ids["l1"], None),
    ]
    assert salesforce.calls("composite/sobjects") == before + 1
    assert ids_of([outcome]) == [",".join(task["Id"] for task in salesforce.held("Task"))]


def test_a_client_who_is_a_lead_has_one_task_and_nothing_beside_it(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    as_lead = {**ids, "r1": ids["l1"]}
    outbound.deliver([delivery(entry(lead="l1"), ids=as_lead)])
    assert links(salesforce) == [(ids["l1"], None)]
    outbound.deliver([delivery(entry("m2", deal="d1", lead="l1"), ids=as_lead)])
    assert links(salesforce)[1:] == [(ids["l1"], None), (None, ids["d1"])]


def test_a_converted_lead_is_written_to_as_his_contact(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    made = salesforce.post("convert", {"lead": ids["l1"]})
    as_lead = {**ids, "r1": ids["l1"]}
    outbound.deliver([delivery(entry(deal="d1", lead="l1"), ids=as_lead)])
    assert links(salesforce) == [(made["Contact"], ids["d1"])]


def test_a_deal_alone_is_enough(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    outbound.deliver([delivery(entry(deal="d1"), ids={"d1": ids["d1"]})])
    assert links(salesforce) == [(None, ids["d1"])]


def test_an_entry_of_nobody_is_refused_and_of_one_to_come_it_waits(
    outbound: SalesforceOutbound,
) -> None:
    (refused,) = outbound.deliver([delivery(entry())])
    assert isinstance(refused, Rejected)
    assert refused.reason == "record_missing"


def test_an_entry_of_a_client_made_in_the_same_run_stands_on_him(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    run = [*run_of(entry(deal="d1"), new_deal(), new_contact())]
    written, deal, contact = ids_of(outbound.deliver(run))
    assert links(salesforce) == [(contact, deal)]
    assert salesforce.held("Task")[0]["Id"] == written


def test_a_second_delivery_is_the_same_task(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    first = ids_of(outbound.deliver([delivery(on_two_deals(), ids=ids)]))
    again = [delivery(on_two_deals(), "another", ids, attempt=2)] * 2
    assert ids_of(outbound.deliver(again)) == first * 2
    assert len(salesforce.held("Task")) == 3


def test_a_hundred_entries_of_one_client_are_one_call(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    before = salesforce.calls("composite/sobjects")
    run = [delivery(entry(f"m{n}", deal="d1"), f"e{n}", ids) for n in range(100)]
    found = ids_of(outbound.deliver(run))
    assert found == [task["Id"] for task in salesforce.held("Task")]
    assert salesforce.calls("composite/sobjects") == before + 1


def test_more_tasks_than_a_call_takes_are_two(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    before = salesforce.calls("composite/sobjects")
    run = [delivery(entry(f"m{n}", deal="d1", lead="l1"), f"e{n}", ids) for n in range(101)]
    assert len(ids_of(outbound.deliver(run))) == 101
    assert len(salesforce.held("Task")) == 202
    assert salesforce.calls("composite/sobjects") == before + 2


def test_an_edit_changes_all_tasks_of_its_message(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    written = on_two_deals()
    ids["m1"] = ids_of(outbound.deliver([delivery(written, ids=ids)]))[0]
    assert outbound.deliver([delivery(update(written, "adios"), "u", ids)]) == [
        Done(vendor_ids={"id": ids["m1"]})
    ]
    tasks = salesforce.held("Task")
    assert len(tasks) == 3
    assert all("adios" in task["Description"] for task in tasks)
    assert all(task["Subject"].endswith(" (edited)") for task in tasks)


def test_the_last_of_several_edits_stays(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    ids["m1"] = ids_of(outbound.deliver([delivery(entry(), ids=ids)]))[0]
    run = [delivery(update(entry(), text), text, ids) for text in ("one", "two", "three")]
    assert all(isinstance(one, Done) for one in outbound.deliver(run))
    assert "three" in salesforce.held("Task")[0]["Description"]


def test_an_edit_of_a_task_that_somebody_deleted_is_told(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    ids["m1"] = ids_of(outbound.deliver([delivery(entry(), ids=ids)]))[0]
    salesforce.post("delete", {"id": ids["m1"]})
    (outcome,) = outbound.deliver([delivery(update(entry(), "x"), "u", ids)])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "record_missing"


def test_an_edit_of_a_message_without_an_entry_is_refused(
    outbound: SalesforceOutbound, ids: Ids
) -> None:
    (outcome,) = outbound.deliver([delivery(update(entry(), "x"), "u", ids)])
    assert isinstance(outcome, Rejected)


def test_a_lock_is_waited_for_longer_each_time_and_by_each_for_himself(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    ids["m1"] = ids_of(outbound.deliver([delivery(entry(), ids=ids)]))[0]
    salesforce.post("lock", {"id": ids["r1"], "times": 100})

    def waits(key: str, attempt: int) -> timedelta:
        given = replace(delivery(update(entry(), "x"), key, ids), attempt=attempt)
        (outcome,) = outbound.deliver([given])
        assert isinstance(outcome, RetryAt)
        assert "UNABLE_TO_LOCK_ROW" in outcome.reason
        return outcome.when - NOW

    assert len({waits(key, 1) for key in ("a", "b", "c", "d")}) > 1
    for attempt in (1, 3, 5):
        longest = timedelta(seconds=2**attempt)
        assert longest / 2 <= waits("a", attempt) <= longest
    assert waits("a", 1000) <= timedelta(minutes=1)
    salesforce.post("lock", {"id": ids["r1"], "times": 0})
    assert isinstance(outbound.deliver([delivery(update(entry(), "x"), "u", ids)])[0], Done)


def test_the_closed_status_is_in_the_orgs_own_words_and_asked_for_once(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    salesforce.seed(
        without=["TaskStatus"],
        TaskStatus=[
            {"MasterLabel": "Offen", "ApiName": "Offen", "IsClosed": False, "SortOrder": 1},
            {"MasterLabel": "Weg", "ApiName": "Weg", "IsClosed": True, "SortOrder": 3},
            {"MasterLabel": "Erledigt", "ApiName": "Erledigt", "IsClosed": True, "SortOrder": 2},
        ],
    )
    before, client = salesforce.calls("query/"), {"r1": ids["r1"]}
    for number in range(3):
        outbound.deliver([delivery(entry(f"m{number}"), f"e{number}", client)])
    assert [task["Status"] for task in salesforce.held("Task")] == ["Erledigt"] * 3
    assert salesforce.calls("query/") == before + 1
    salesforce.seed(
        without=["TaskStatus"],
        TaskStatus=[{"MasterLabel": "Neu", "ApiName": "Neu", "IsClosed": True, "SortOrder": 1}],
    )
    (later,) = outbound.deliver([delivery(entry("m9"), "e9", ids)])
    assert isinstance(later, RetryAt)
    assert isinstance(outbound.deliver([delivery(entry("m9"), "e9", ids, attempt=2)])[0], Done)


def test_the_status_may_be_chosen(salesforce: SalesforceSandbox, ids: Ids) -> None:
    outbound = SalesforceOutbound(account(salesforce.url, {"task_status": "Deferred"}))
    outbound.deliver([delivery(entry(), ids=ids)])
    assert salesforce.held("Task")[0]["Status"] == "Deferred"


def test_an_org_without_a_closed_status_is_told(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    salesforce.seed(without=["TaskStatus"])
    (outcome,) = outbound.deliver([delivery(entry(), ids=ids)])
    assert isinstance(outcome, Rejected)
    assert "closed status" in outcome.detail


FILES = (
    Media(kind=MediaKind.IMAGE, url="https://files.example/1.jpg", name="cat.jpg"),
    Media(kind=MediaKind.AUDIO, url="javascript:alert(1)", content_type="audio/ogg"),
    Media(kind=MediaKind.VOICE, url=""),
)


def test_files_are_links_with_their_names_and_never_anything_else() -> None:
    told = description(entry(text="", media=FILES))
    assert "\n\ncat.jpg: https://files.example/1.jpg\naudio/ogg\nvoice\nConversation: " in told
    assert "javascript" not in told


@pytest.mark.parametrize("text", ["x" * 40_000, "𝕏" * 40_000, "\n" * 40_000])
def test_a_long_message_is_cut_and_says_so(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids, text: str
) -> None:
    written = replace(entry(text=text), head="h" * 300, channel="c" * 300)
    (outcome,) = outbound.deliver([delivery(written, ids=ids)])
    assert isinstance(outcome, Done)
    (task,) = salesforce.held("Task")
    assert len(task["Subject"]) <= MAX_SUBJECT
    assert len(task["Description"]) <= MAX_DESCRIPTION
    assert "cut: the whole message is in the conversation" in task["Description"]
    assert "Conversation: https://" in task["Description"]


def test_a_note_is_never_what_is_cut() -> None:
    told = subject(replace(entry(), head="h" * 300), "deleted by contact")
    assert told.endswith("… (deleted by contact)")
    assert len(told) == MAX_SUBJECT


def test_what_hides_or_turns_text_is_left_out_line_ends_stay() -> None:
    told = description(entry(text="a\u202eb\x00c\r\nd\te"))
    assert "abc\nd\te" in told
    assert "\n" not in subject(replace(entry(), head="a\nb"))


def test_many_links_never_make_it_too_long() -> None:
    many = tuple(replace(FILES[0], name=f"{n}" * 200) for n in range(300))
    assert len(description(entry(media=many))) <= MAX_DESCRIPTION


def entries(ids: Ids, count: int = 4) -> list[Delivery]:
    return [delivery(entry(f"m{n}"), f"e{n}", ids) for n in range(count)]


def test_a_partial_answer_is_told_for_each(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    """R7: only those that failed are tried again."""
    salesforce.told("207_partial", "POST /services/data/v62.0/composite/sobjects", 1)
    outcomes = outbound.deliver(entries(ids))
    assert [type(one).__name__ for one in outcomes] == ["Done", "Unknown"] * 2
