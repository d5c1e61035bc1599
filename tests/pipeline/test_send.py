"""Who may write, from which channel, and what becomes of the message."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.messaging import Media, MediaKind, Messenger
from bridge.domain.names import ChannelName, ConversationId, EmployeeId, conversation_id
from bridge.domain.people import Employee, Role
from bridge.domain.policy import ChannelPolicy, Distribution, NewClients
from bridge.pipeline.dead import Box, dead_letters, drop, replay
from bridge.pipeline.dismiss import dismiss
from bridge.pipeline.explain import is_reproducible
from bridge.pipeline.mirror import sync
from bridge.pipeline.send import Refusal, SendRequest, Sent, send
from bridge.ports import Delivery, Done, Outcome
from bridge.store.schema import CONVERSATIONS, DECISIONS, INBOX, MESSAGES, OUTBOX
from tests.pipeline.world import (
    ANA,
    BRUNO,
    CHAT,
    LUIS,
    POLICY,
    QA,
    TG_SALES,
    WA_NORTH,
    WA_SALES,
    World,
    client,
    known_clients,
)

FILE = Media(kind=MediaKind.DOCUMENT, url="https://files.example/offer.pdf", name="offer.pdf")
OUT = "out:wazzup-main"


def chat(phone: str, channel: str = "chan-sales") -> ConversationId:
    return conversation_id(CHAT, channel, phone)


def writes(
    house: World, employee: EmployeeId, phone: str, text: str = "good day", **more: Any
) -> Sent:
    sent = send(
        house.parts, SendRequest(employee=employee, conversation=chat(phone), text=text, **more)
    )
    assert isinstance(sent, Sent), sent
    return sent


def refused(house: World, employee: EmployeeId, phone: str, **more: Any) -> tuple[str, int]:
    more = {"text": "good day", **more}
    answer = send(house.parts, SendRequest(employee=employee, conversation=chat(phone), **more))
    assert isinstance(answer, Refusal), answer
    return answer.reason.code, answer.status


def first(house: World, employee: EmployeeId, **more: Any) -> Sent | Refusal:
    given = {"to_phone": "+34611222333", "messenger": Messenger.WHATSAPP, **more}
    request = SendRequest(employee=employee, text="good day", **given)
    answer = send(house.parts, request)
    if isinstance(answer, Refusal) and answer.reason.code == "client.unidentified":
        house.settle()  # the CRM has been asked meanwhile
        answer = send(house.parts, request)
    return answer


def left(house: World) -> list[tuple[str, str]]:
    return [(m["channel_id"], m["text"] or m["content_uri"]) for m in house.phone()["sent"]]


def employed(**changes: Any) -> dict[EmployeeId, Employee]:
    made = {"id": ANA, "role": Role.SALESPERSON, "gets_new_clients": True, **changes}
    return {**POLICY.employees, ANA: Employee(**made)}


def shown(house: World) -> list[tuple[str, str, str]]:
    values = [json.loads(bytes(row["value"])) for row in house.rows(MESSAGES)]
    return [(v["text"], v["status"], v["error"]) for v in values if v["direction"] == "out"]


def test_the_owner_writes_and_the_timeline_names_him(house: World) -> None:
    [phone] = known_clients(house, 1)
    writes(house, ANA, phone)
    house.settle()
    assert left(house) == [("chan-sales", "good day")]
    assert house.phone()["sent"][0]["crm_user_id"] == "101"
    assert "good day" in house.entries()[-1]
    assert "Ana Alba" in house.entries()[-1]
    assert shown(house) == [("good day", "sent", "")]


def test_the_decision_to_send_gives_the_same_record_again(small: World) -> None:
    [phone] = known_clients(small, 1)
    sent = writes(small, ANA, phone)
    with small.engine.connect() as db:
        assert is_reproducible(db, sent.message)


def test_a_colleague_is_told_that_there_is_no_such_chat(small: World) -> None:
    """ROL-05, ROL-06: and nothing leaves."""
    [phone] = known_clients(small, 1)
    assert refused(small, BRUNO, phone) == ("request.not_found", 404)
    assert refused(small, EmployeeId("nobody@acme.example"), phone)[1] == 404
    small.settle()
    assert (left(small), small.count(OUTBOX, kind="SendMessage")) == ([], 0)


def test_a_manager_writes_to_any_client(small: World) -> None:
    """ROL-08"""
    [phone] = known_clients(small, 1)
    writes(small, LUIS, phone)
    small.settle()
    assert left(small) == [("chan-sales", "good day")]
    assert "Luis Lara" in small.entries()[-1]


def test_quality_control_never_writes(small: World) -> None:
    """ROL-10: not even to a client it owns in the CRM."""
    phone, contact = client(1, owner="104")
    small.seed(contacts=[contact])
    small.client_writes(phone)
    small.settle()
    assert refused(small, QA, phone) == ("role.quality_control", 403)
    assert refused(small, QA, phone, text="", media=FILE)[1] == 403
    answer = first(small, QA)
    assert isinstance(answer, Refusal)
    assert answer.status == 403
    refusal = dismiss(small.parts, QA, chat(phone))
    assert refusal is not None
    assert refusal.status == 403


def test_each_rep_writes_first_from_his_own_channel(small: World) -> None:
    """CHN-02, CHN-03"""
    people = {
        **employed(priority_channel={Messenger.WHATSAPP: WA_NORTH}),
        BRUNO: Employee(
            id=BRUNO,
            role=Role.SALESPERSON,
            gets_new_clients=True,
            priority_channel={Messenger.WHATSAPP: WA_SALES},
        ),
    }
    small.use(employees=people)
    answers = [first(small, ANA), first(small, BRUNO, to_phone="+34611222444")]
    channels = [(a.channel, a.reason.code) for a in answers if isinstance(a, Sent)]
    assert channels == [(WA_NORTH, "channel.rep_default"), (WA_SALES, "channel.rep_default")]
    small.settle()
    assert [channel for channel, _ in left(small)] == ["chan-north", "chan-sales"]


def test_a_reply_leaves_from_the_channel_of_the_chat(small: World) -> None:
    """CHN-03"""
    [phone] = known_clients(small, 1)
    small.use(employees=employed(priority_channel={Messenger.WHATSAPP: WA_NORTH}))
    sent = writes(small, ANA, phone)
    assert (sent.channel, sent.reason.code) == (WA_SALES, "channel.of_chat")


def test_a_rep_may_pick_another_channel_once(small: World) -> None:
    """CHN-04"""
    [phone] = known_clients(small, 1)
    sent = writes(small, ANA, phone, channel=WA_NORTH)
    assert (sent.channel, sent.reason.code) == (WA_NORTH, "channel.chosen")
    assert sent.conversation == chat(phone, "chan-north")
    assert writes(small, ANA, phone).channel == WA_SALES
    small.settle()
    assert [channel for channel, _ in left(small)] == ["chan-north", "chan-sales"]


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        (WA_NORTH, "channel.no_access"),
        (ChannelName("wa-nowhere"), "channel.unknown"),
        (TG_SALES, "channel.unknown"),
    ],
)
def test_a_channel_that_is_not_his_is_refused(
    small: World, channel: ChannelName, code: str
) -> None:
    """CHN-05"""
    [phone] = known_clients(small, 1)
    small.use(employees=employed(channels=frozenset({WA_SALES, TG_SALES})))
    assert refused(small, ANA, phone, channel=channel) == (code, 409)
    small.settle()
    assert left(small) == []


def test_a_closed_window_is_refused_before_the_vendor_is_called(small: World) -> None:
    """WS-04"""
    waba = {"channelId": "chan-waba", "transport": "wapi", "plainId": "34600000009"}
    small.at_messenger("seed", channels=[waba])
    name = ChannelName("wa-business")
    policy = ChannelPolicy(account=CHAT, messenger=Messenger.WHATSAPP, id="chan-waba", label="B")
    small.use(channels={**POLICY.channels, name: policy})
    sync(small.parts)
    phone, contact = client(1)
    small.seed(contacts=[contact])
    small.client_writes(phone, channelId="chan-waba")
    small.settle()
    small.later(timedelta(hours=23).total_seconds())
    in_time = SendRequest(employee=LUIS, conversation=chat(phone, "chan-waba"), text="in time")
    assert isinstance(send(small.parts, in_time), Sent)
    small.later(timedelta(hours=2).total_seconds())
    answer = send(
        small.parts,
        SendRequest(employee=LUIS, conversation=chat(phone, "chan-waba"), text="too late"),
    )
    assert isinstance(answer, Refusal)
    assert (answer.reason.code, answer.status) == ("channel.window_closed", 409)
    assert "template" in answer.reason.detail


def test_text_and_file_are_two_messages_in_order(small: World) -> None:
    """WS-03"""
    [phone] = known_clients(small, 1)
    writes(small, ANA, phone, text="the offer", media=FILE)
    small.settle()
    assert [said for _, said in left(small)] == ["the offer", FILE.url]
    assert ["the offer" in e for e in small.entries()[-2:]] == [True, False]


@pytest.mark.parametrize(
    ("more", "code"),
    [({"text": "  "}, "message.empty"), ({"text": "x" * 20_001}, "message.too_long")],
)
def test_what_no_messenger_takes_is_refused(small: World, more: dict[str, Any], code: str) -> None:
    [phone] = known_clients(small, 1)
    assert refused(small, ANA, phone, **more) == (code, 422)


def test_the_same_key_sends_once_whatever_changed_since(house: World) -> None:
    [phone] = known_clients(house, 1)
    sent = writes(house, ANA, phone, key="k-1")
    house.use(employees=employed(role=Role.QUALITY_CONTROL))
    again = writes(house, ANA, phone, key="k-1", channel=WA_NORTH)
    assert again == sent
    house.settle()
    assert len(left(house)) == 1
    other = writes(house, LUIS, phone, key="k-1")
    assert other.message != sent.message


def test_the_entry_is_written_only_once_the_message_has_left(small: World) -> None:
    [phone] = known_clients(small, 1)
    writes(small, ANA, phone)
    small.drain("out:hubspot-main")
    assert len(small.entries()) == 1
    small.drain(OUT)
    small.drain("out:hubspot-main")
    assert len(small.entries()) == 2


def test_a_failed_send_is_shown_and_never_on_the_timeline(small: World) -> None:
    [phone] = known_clients(small, 1)
    small.at_messenger("channel", channelId="chan-sales", state="rejected")
    writes(small, ANA, phone)
    small.settle()
    [(_, status, error)] = shown(small)
    assert status == "failed"
    assert "CHANNEL_WAPI_REJECTED" in error
    assert len(small.entries()) == 1
    states = {row["kind"]: row["state"] for row in small.rows(OUTBOX)[-2:]}
    assert states == {"SendMessage": "dead", "WriteTimelineEntry": "held"}
    small.at_messenger("channel", channelId="chan-sales", state="active")
    with small.engine.connect() as db:
        [letter] = dead_letters(db, Box.OUTBOX)
    assert replay(small.parts, Box.OUTBOX, letter.id)
    small.settle()
    assert shown(small) == [("good day", "sent", "")]
    assert "good day" in small.entries()[-1]


def test_a_dropped_send_drops_its_entry(small: World) -> None:
    [phone] = known_clients(small, 1)
    small.at_messenger("channel", channelId="chan-sales", state="rejected")
    writes(small, ANA, phone)
    small.settle()
    with small.engine.connect() as db:
        [letter] = dead_letters(db, Box.OUTBOX)
    assert drop(small.parts, Box.OUTBOX, letter.id)
    assert [row["state"] for row in small.rows(OUTBOX)[-2:]] == ["dropped", "dropped"]


def lost_answer(house: World) -> str:
    """The vendor has sent the message; nobody here knows."""
    [phone] = known_clients(house, 1)
    house.fail(CHAT, match="POST /v3/message", fault="reset_after", times=1)
    writes(house, ANA, phone)
    house.settle()
    return phone


def test_within_the_vendors_key_a_send_of_unknown_outcome_is_repeated_harmlessly(
    house: World,
) -> None:
    """WS-01"""
    lost_answer(house)
    assert shown(house)[0][1] == "unknown"
    house.later(12)
    house.settle()
    assert len(left(house)) == 1
    assert shown(house) == [("good day", "sent", "")]


def test_past_the_vendors_key_it_is_never_sent_again_by_itself(house: World) -> None:
    """WS-01: a person decides."""
    lost_answer(house)
    house.later(70)
    house.at_messenger("advance", seconds=70)
    house.patiently(6, 3600)
    assert len(left(house)) == 1
    assert shown(house)[0][1] == "unknown"
    assert len(house.entries()) == 1
    with house.engine.connect() as db:
        [letter] = dead_letters(db, Box.OUTBOX)
    assert replay(house.parts, Box.OUTBOX, letter.id)
    house.settle()
    assert len(left(house)) == 2
    assert (shown(house)[0][1], len(house.entries())) == ("sent", 2)


def test_what_is_in_doubt_and_then_held_up_past_the_vendors_key_is_not_sent_again(
    house: World,
) -> None:
    """WS-01, R8: a 429 says of that try only that it did not arrive, not of the one before."""
    lost_answer(house)
    house.fail(CHAT, match="POST /v3/message", fault="429", times=1, retry_after="120")
    house.later(12)
    house.settle()
    house.at_messenger("advance", seconds=130)
    house.patiently(8)
    assert len(left(house)) == 1
    assert shown(house)[0][1] == "unknown"
    with house.engine.connect() as db:
        [letter] = dead_letters(db, Box.OUTBOX)
    assert replay(house.parts, Box.OUTBOX, letter.id)
    house.settle()
    assert (len(left(house)), shown(house)[0][1]) == (2, "sent")


def test_what_surely_was_not_sent_is_sent_however_late(house: World) -> None:
    [phone] = known_clients(house, 1)
    house.fail(CHAT, match="POST /v3/message", fault="429", times=1, retry_after="120")
    writes(house, ANA, phone)
    house.settle()
    house.patiently(6)
    assert (len(left(house)), shown(house)[0][1]) == (1, "sent")


def test_its_echo_settles_a_send_of_unknown_outcome(house: World) -> None:
    phone = lost_answer(house)
    made = house.phone()["sent"][0]["message_id"]
    house.client_writes(phone, "good day", isEcho=True, status="sent", messageId=made)
    house.settle()
    assert shown(house) == [("good day", "sent", "")]
    assert "good day" in house.entries()[-1]
    house.patiently(4)
    assert (len(left(house)), len(house.entries())) == (1, 2)


@pytest.mark.parametrize("waits", [(), ("POST /v3/message",)], ids=["done", "pending again"])
def test_an_echo_that_comes_late_is_no_second_message(house: World, waits: tuple[str, ...]) -> None:
    """R2: the second try is refused as a repeated one, which names no id; or it is still to come.
    Either way the echo of the first one is known."""
    phone = lost_answer(house)
    made = house.phone()["sent"][0]["message_id"]
    for match in waits:
        house.fail(CHAT, match=match, fault="429", times=1)
    house.later(12)
    house.settle()
    house.client_writes(phone, "good day", isEcho=True, status="sent", messageId=made)
    house.settle()
    assert shown(house) == [("good day", "sent", "")]
    house.patiently(4)
    assert (len(left(house)), len(house.entries())) == (1, 2)
    assert house.rows(DECISIONS)[-1]["headline"] == "message.settled_send"


def test_what_the_vendor_never_answers_is_left_to_a_person(house: World) -> None:
    """However often the vendor's key allows another try: nobody knows whether one arrived."""
    [phone] = known_clients(house, 1)
    house.fail(CHAT, match="POST /v3/message", fault="reset_after")
    writes(house, ANA, phone)
    house.tune(CHAT, look_up_after_seconds="0")
    house.patiently(20, 10)
    [row] = [row for row in house.rows(OUTBOX) if row["kind"] == "SendMessage"]
    assert (row["state"], row["next_attempt_at"]) == ("unknown", None)
    assert "by hand" in row["reason"]
    assert shown(house)[0][1] == "unknown"


def test_an_echo_before_the_vendors_answer_waits_for_it(house: World) -> None:
    """WZ-09: our own message is stored once."""
    [phone] = known_clients(house, 1)
    writes(house, ANA, phone)
    seen: list[str] = []

    def echo_first(delivery: Delivery) -> Outcome:
        [answer] = script.inner.deliver([delivery])
        assert isinstance(answer, Done)
        echo = {"isEcho": True, "status": "sent", "messageId": answer.vendor_ids["id"]}
        house.client_writes(phone, "good day", **echo)
        house.drain("in:wazzup-main")
        seen.append(house.rows(INBOX)[-1]["state"])
        return answer

    script = house.script(CHAT, echo_first)
    house.settle()
    assert seen == ["held"]
    house.later(3)
    house.settle()
    assert shown(house) == [("good day", "sent", "")]
    assert house.rows(DECISIONS)[-1]["headline"] == "message.own_echo"
    assert len(house.entries()) == 2


def test_the_sandboxs_own_echo_and_statuses_move_the_message_on(house: World) -> None:
    [phone] = known_clients(house, 1)
    with house.hooks():
        writes(house, ANA, phone)
        house.settle()
        house.hears(CHAT, 4)
    for _ in range(4):
        house.settle()
        house.later(3.5)
    assert shown(house) == [("good day", "read", "")]
    assert len(house.entries()) == 2


def together(deeds: list[Callable[[], Any]]) -> list[Any]:
    """All at once, each on a thread of its own."""
    gate, answers = threading.Barrier(len(deeds)), {}

    def run(place: int, deed: Callable[[], Any]) -> None:
        gate.wait()
        answers[place] = deed()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[place] for place in range(len(deeds))]


def test_of_two_who_answer_first_at_the_same_moment_one_gets_the_client(house: World) -> None:
    """WZ-07, WS-10"""
    first_wins = NewClients(
        pipeline="default",
        stage="appointmentscheduled",
        distribution=Distribution.FIRST_TO_ANSWER,
    )
    house.use(new_clients=first_wins)
    phone = "34600555666"
    house.client_writes(phone)
    house.settle()
    assert house.crm()["contacts"] == []

    def answer(employee: EmployeeId) -> Callable[[], Any]:
        request = SendRequest(employee=employee, conversation=chat(phone), text="mine")
        return lambda: send(house.parts, request)

    answers = together([answer(ANA), answer(BRUNO)])
    assert sorted(type(a).__name__ for a in answers) == ["Refusal", "Sent"]
    house.settle()
    [contact] = house.crm()["contacts"]
    winner = "101" if isinstance(answers[0], Sent) else "102"
    assert contact["properties"]["hubspot_owner_id"] == winner
    assert (len(left(house)), len(house.entries())) == (1, 2)


def test_an_answer_takes_the_unanswered_mark(small: World) -> None:
    [phone] = known_clients(small, 1)
    assert small.rows(CONVERSATIONS)[0]["unanswered_since"] is not None
    writes(small, ANA, phone)
    assert small.rows(CONVERSATIONS)[0]["unanswered_since"] is None
    assert OUT in small.rings.rung


def test_no_answer_needed_takes_the_mark_and_is_a_decision(small: World) -> None:
    """WS-06"""
    [phone] = known_clients(small, 1)
    assert dismiss(small.parts, ANA, chat(phone)) is None
    assert small.rows(CONVERSATIONS)[0]["unanswered_since"] is None
    last = small.rows(DECISIONS)[-1]
    assert (last["headline"], last["target"]) == ("message.no_answer_needed", ANA)
    assert dismiss(small.parts, ANA, chat(phone)) is None
    assert small.count(DECISIONS, kind="Dismissal") == 1
    refusal = dismiss(small.parts, BRUNO, chat(phone))
    assert refusal is not None
    assert refusal.status == 404


def test_a_first_message_to_a_number_waits_until_the_crm_says_whose_it_is(small: World) -> None:
    """ROL-05: a client of a colleague who never wrote is not known here yet."""
    phone, contact = client(1, owner="102")
    small.seed(contacts=[contact])
    request = SendRequest(
        employee=ANA, to_phone=f"+{phone}", messenger=Messenger.WHATSAPP, text="good day"
    )
    asked = send(small.parts, request)
    assert isinstance(asked, Refusal)
    assert (asked.reason.code, asked.status) == ("client.unidentified", 409)
    small.settle()
    told = send(small.parts, request)
    assert isinstance(told, Refusal)
    assert (told.reason.code, told.status) == ("request.not_found", 404)
    assert isinstance(send(small.parts, replace(request, employee=BRUNO)), Sent)
    small.settle()
    assert [text for _, text in left(small)] == ["good day"]


def test_a_managers_first_message_is_written_once_the_crm_has_named_the_client(
    small: World,
) -> None:
    """ROL-08: he may write to anybody, so nobody waits; the entry does."""
    phone, contact = client(1, owner="102")
    small.seed(contacts=[contact])
    assert isinstance(first(small, LUIS, to_phone=f"+{phone}"), Sent)
    small.settle()
    assert "good day" in small.entries()[-1]


def test_a_first_message_names_a_phone_and_a_messenger(small: World) -> None:
    answer = first(small, ANA, messenger=None)
    assert isinstance(answer, Refusal)
    assert (answer.reason.code, answer.status) == ("request.invalid", 422)
    unreadable = first(small, ANA, to_phone="call me")
    assert isinstance(unreadable, Refusal)


def test_a_first_telegram_message_finds_the_client_by_phone(small: World) -> None:
    assert isinstance(first(small, ANA, messenger=Messenger.TELEGRAM), Sent)
    small.settle()
    assert left(small) == [("chan-tg", "good day")]
