"""Long texts, templates and windows, through the messenger's stand-in (WS-03, WS-04, CHN-04)."""

import json
from datetime import timedelta
from typing import Any

from bridge.domain.messaging import Media, MediaKind, Template
from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.people import Employee, Role
from bridge.pipeline.refusals import Refusal, Sent
from bridge.pipeline.send import SendRequest, send
from bridge.store.schema import DECISIONS
from tests.pipeline.test_send import chat, left, shown, together, writes
from tests.pipeline.test_templates import GREETING, WABA, opened, told
from tests.pipeline.world import ANA, BRUNO, LUIS, POLICY, WA_NORTH, World, client, known_clients

DAY = 24 * 60 * 60
FILE = Media(kind=MediaKind.DOCUMENT, url="https://files.example/offer.pdf", name="offer.pdf")


def talking(house: World, **message: Any) -> ConversationId:
    """A client of Ana's who has just written on the WhatsApp Business channel."""
    opened(house, GREETING, {**GREETING, "templateGuid": "t-2", "title": "Offer"})
    phone, contact = client(1)
    house.seed(contacts=[contact])
    house.client_writes(phone, channelId="chan-waba", **message)
    house.at_messenger("incoming", channelId="chan-waba", chatId=phone, text="hello")
    house.settle()
    return chat(phone, "chan-waba")


def tried(
    house: World, where: ConversationId, who: EmployeeId = LUIS, **more: Any
) -> Sent | Refusal:
    given = {"text": "" if "template" in more else "good day", **more}
    return send(house.parts, SendRequest(employee=who, conversation=where, **given))


def code(answer: Sent | Refusal) -> str:
    return answer.reason.code.value


def greeting(*values: str, name: str = "Greeting") -> Template:
    return Template(name=name, language="es", values=values)


def test_a_long_text_arrives_in_order_each_part_on_the_timeline(house: World) -> None:
    [phone] = known_clients(house, 1)
    words = " ".join(f"word-{n:04}" for n in range(1_500))
    sent = writes(house, ANA, phone, text=words)
    house.settle()
    parts = [text for _, text in left(house)]
    assert (len(parts), len(sent.messages)) == (2, 2)
    assert " ".join(parts) == words
    assert [status for _, status, _ in shown(house)] == ["sent", "sent"]
    assert len(house.entries()) == 3
    assert house.count(DECISIONS, kind="MessageWritten") == 1


def test_a_channel_that_takes_less_than_its_messenger_says_so(small: World) -> None:
    where = talking(small)
    assert isinstance(tried(small, where, text="word " * 300), Sent)
    small.settle()
    assert [len(text) <= 1_024 for _, text in left(small)] == [True, True]


def test_a_text_with_a_file_is_split_as_well_and_the_file_comes_last(small: World) -> None:
    """WS-03"""
    where = talking(small)
    assert isinstance(tried(small, where, text="word " * 300, media=FILE), Sent)
    small.settle()
    assert [said == FILE.url for _, said in left(small)] == [False, False, True]


def test_a_template_leaves_when_the_window_is_closed_and_reads_as_the_client_sees_it(
    house: World,
) -> None:
    """WS-04"""
    where = talking(house)
    house.later(DAY + 60)
    house.at_messenger("advance", seconds=DAY + 60)
    refused = tried(house, where)
    assert code(refused) == "channel.window_closed"
    assert "Greeting (es), Offer (es)" in refused.reason.detail
    assert isinstance(tried(house, where, template=greeting("Marta")), Sent)
    house.settle()
    [at_the_client] = house.phone()["sent"]
    assert at_the_client["template_id"] == "t-1"
    assert at_the_client["text"] == "Hola Marta"
    assert shown(house) == [("Hola Marta", "sent", "")]
    assert "Hola Marta" in house.entries()[-1]


def test_a_template_that_was_paused_a_moment_ago_is_refused(small: World) -> None:
    where = talking(small)
    told(small, "PAUSED")
    assert code(tried(small, where, template=greeting("Marta"))) == "template.unusable"
    assert code(tried(small, where, template=greeting("Marta", name="Offer"))) == "channel.of_chat"


def test_what_the_messenger_refuses_meanwhile_says_what_to_do(small: World) -> None:
    """The window closed between our yes and its call."""
    where = talking(small)
    small.later(DAY - 60)
    assert isinstance(tried(small, where), Sent)
    small.at_messenger("advance", seconds=DAY + 60)
    small.settle()
    [(_, status, error)] = shown(small)
    assert status == "failed"
    assert "24_HOURS_EXCEEDED" in error
    assert "use a template" in error


def test_a_message_from_the_future_opens_no_longer_window(small: World) -> None:
    """The vendor's clock, but never later than it came."""
    ahead = (small.parts.now() + timedelta(days=3)).isoformat()
    where = talking(small, dateTime=ahead)
    small.later(DAY - 60)
    assert isinstance(tried(small, where), Sent)
    small.later(120)
    assert code(tried(small, where)) == "channel.window_closed"


def test_an_old_message_that_comes_late_opens_no_window(small: World) -> None:
    before = (small.parts.now() - timedelta(hours=25)).isoformat()
    where = talking(small, dateTime=before)
    assert code(tried(small, where)) == "channel.window_closed"


def test_an_edit_opens_no_window(small: World) -> None:
    """What is new about it is no message of his."""
    where = talking(small)
    phone, _ = client(1)
    small.later(DAY + 60)
    for number in ("m-1", "m-of-nobody"):
        more = {"isEdited": True, "oldInfo": {"oldText": "hello"}, "messageId": number}
        small.client_writes(phone, "hello?", channelId="chan-waba", **more)
    small.settle()
    assert code(tried(small, where)) == "channel.window_closed"


def test_who_chose_another_channel_and_what_the_default_was_stands_in_the_decision(
    small: World,
) -> None:
    """CHN-04"""
    [phone] = known_clients(small, 1)
    writes(small, ANA, phone, channel=WA_NORTH)
    record = json.loads(bytes(small.rows(DECISIONS)[-1]["record"]))
    assert record["reasons"][0] == {
        "code": "channel.chosen",
        "detail": "chosen by ana@acme.example; the default would have been wa-sales: "
        "a reply stays on the channel of the chat",
    }


def test_a_reply_is_answered_on_another_channel_only_where_he_may_write_there(
    small: World,
) -> None:
    where = talking(small)
    answer = tried(small, where, ANA, channel=WA_NORTH)
    assert isinstance(answer, Sent)
    assert answer.conversation == chat("34600000001", "chan-north")
    assert WABA not in (answer.channel,)


def test_a_role_that_changes_while_he_sends_lets_all_of_it_through_or_nothing(
    house: World,
) -> None:
    [phone] = known_clients(house, 1)
    request = SendRequest(employee=ANA, conversation=chat(phone), text="good day", media=FILE)
    demoted = {**POLICY.employees, ANA: Employee(id=ANA, role=Role.QUALITY_CONTROL)}
    answers = together([lambda: send(house.parts, request), lambda: house.use(employees=demoted)])
    house.settle()
    whole = ["good day", FILE.url] if isinstance(answers[0], Sent) else []
    assert [said for _, said in left(house)] == whole
    refused = send(house.parts, request)
    assert isinstance(refused, Refusal)
    assert (refused.reason.code, refused.status) == ("role.quality_control", 403)


def test_two_who_write_at_once_are_both_heard_and_neither_is_mixed_up(house: World) -> None:
    [phone] = known_clients(house, 1)

    def letter(who: EmployeeId) -> Any:
        text = f"{who} " * 700
        request = SendRequest(employee=who, conversation=chat(phone), text=text)
        return lambda: send(house.parts, request)

    answers = together([letter(ANA), letter(LUIS), letter(BRUNO)])
    assert [isinstance(answer, Sent) for answer in answers] == [True, True, False]
    house.settle()
    writers = [text.split()[0] for _, text in left(house)]
    assert sorted(writers) == sorted([ANA, ANA, LUIS, LUIS])
    assert writers[0] == writers[1]
