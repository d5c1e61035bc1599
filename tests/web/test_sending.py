"""Templates, channels with reasons, failed and doubtful messages: by the API and on the page."""

from typing import Any

import pytest
from sqlalchemy import update

from bridge.domain.events import ChatBlocked
from bridge.domain.messaging import ChannelState, MessageStatus, Messenger
from bridge.domain.names import ConversationId, EmployeeId, EventKey, MessageId
from bridge.ports import ChannelReading, TemplateReading
from bridge.store.engine import writing
from bridge.store.mirror import put_channels
from bridge.store.schema import OUTBOX
from bridge.store.sends import note_failed
from bridge.store.templates import put_templates
from tests.web.asking import api
from tests.web.browsing import csrf
from tests.web.world import ANA, BRUNO, LUIS, NORTH, QA, SALES, WA, World

MARTA = "+34600111222"
TEMPLATE = {"id": "t-1", "values": ["Marta"]}


@pytest.fixture
def chat(world: World) -> ConversationId:
    world.client("Marta", MARTA, ANA)
    where = world.writes(MARTA, "hello")
    readings = [
        ChannelReading(
            channel_id=channel.id,
            messenger=Messenger.WHATSAPP,
            state=ChannelState.ACTIVE,
            window_hours=24,
        )
        for name, channel in world.active().policy.channels.items()
        if name == SALES
    ]
    greeting = TemplateReading(
        template_id="t-1",
        name="greeting",
        language="es",
        text="Hola {{1}}",
        usable=True,
        places=1,
        category="utility",
    )
    paused = TemplateReading(
        template_id="t-2", name="offer", language="es", text="x", usable=False, detail="paused"
    )
    with writing(world.engine) as db:
        put_channels(db, WA, readings, world.parts.now())
        put_templates(db, WA, [greeting, paused], world.parts.now())
    return where


def ended(world: World, message: str, status: MessageStatus, state: str) -> None:
    """What became of a send of ours."""
    with writing(world.engine) as db:
        db.execute(update(OUTBOX).where(OUTBOX.c.message == message).values(state=state))
        note_failed(db, WA, MessageId(message), status, "131047: closed; send a template")


def sent(world: World, chat: ConversationId, who: EmployeeId = ANA, **body: Any) -> Any:
    return api(world, who).post(f"/conversations/{chat}/messages", {"text": "hi", **body})


def newest(world: World, chat: ConversationId) -> Any:
    return api(world, LUIS).all(f"/conversations/{chat}/messages")[0]


def test_ws_04_templates_are_listed_with_what_keeps_them_from_being_sent(
    world: World, chat: ConversationId
) -> None:
    found = api(world, ANA).get("/templates", channel=SALES).items
    assert [(t["name"], t["usable"], t["places"], t["detail"]) for t in found] == [
        ("greeting", True, 1, ""),
        ("offer", False, 0, "paused"),
    ]
    assert len(api(world, ANA).get("/templates").items) == 2
    assert api(world, ANA).get("/templates", channel="nowhere").status == 404


def test_ws_04_a_template_is_sent_when_the_window_is_closed_and_reads_as_the_client_sees_it(
    world: World, chat: ConversationId
) -> None:
    world.later(hours=25)
    refused = sent(world, chat, LUIS)
    assert (refused.status, refused.reason) == (409, "channel.window_closed")
    assert "greeting (es)" in refused.json["detail"]
    done = sent(world, chat, LUIS, text="", template=TEMPLATE)
    assert done.status == 202
    last = newest(world, chat)
    assert (last["text"], last["template"]) == ("Hola Marta", "greeting")


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ({"id": "t-1"}, "template.values"),
        ({"id": "t-1", "values": ["a", "b"]}, "template.values"),
        ({"id": "t-1", "values": [" "]}, "template.values"),
        ({"id": "t-1", "values": ["a\nb"]}, "template.values"),
        ({"name": "offer", "language": "es"}, "template.unusable"),
        ({"name": "nobody"}, "template.unknown"),
        ({}, "template.unknown"),
    ],
)
def test_a_template_that_does_not_fit_is_refused_with_why(
    world: World, chat: ConversationId, template: dict[str, Any], reason: str
) -> None:
    refused = sent(world, chat, text="", template=template)
    assert (refused.status, refused.reason) == (422, reason)


def test_a_template_goes_alone(world: World, chat: ConversationId) -> None:
    refused = sent(world, chat, template=TEMPLATE)
    assert (refused.status, refused.reason) == (422, "request.invalid")


def test_chn_03_where_a_reply_would_leave_from_and_what_speaks_against_the_others(
    world: World, chat: ConversationId
) -> None:
    world.later(hours=25)
    told = api(world, LUIS).get(f"/conversations/{chat}/channels").json
    assert (told["channel"], told["reason"]["code"]) == (None, "channel.window_closed")
    options = {option["channel"]: option for option in told["options"]}
    assert options[SALES]["needs_template"]
    assert [t["name"] for t in options[SALES]["templates"]] == ["greeting"]
    assert options[SALES]["open_until"] is not None
    assert (options[NORTH]["usable"], options[NORTH]["reason"]["code"]) == (True, "channel.chosen")
    assert api(world, BRUNO).get(f"/conversations/{chat}/channels").status == 404
    assert api(world, QA).get(f"/conversations/{chat}/channels").status == 403


@pytest.mark.parametrize("text", ["  ", "\u200b\ufeff", "\u202e"])
def test_nothing_that_can_be_seen_is_nothing(world: World, chat: ConversationId, text: str) -> None:
    refused = sent(world, chat, text=text)
    assert (refused.status, refused.reason) == (422, "message.empty")


def test_a_nul_is_named(world: World, chat: ConversationId) -> None:
    refused = sent(world, chat, text="a\x00b")
    assert (refused.status, refused.json["field"]) == (422, "$.text")


def test_right_to_left_words_pass_as_they_are(world: World, chat: ConversationId) -> None:
    text = "\u200fשלום \u202bمرحبا\u202c"
    assert sent(world, chat, text=text).status == 202
    assert newest(world, chat)["text"] == text


def test_a_double_click_sends_once(world: World, chat: ConversationId) -> None:
    ana, path = api(world, ANA), f"/conversations/{chat}/messages"
    first, second = (ana.post(path, {"text": "hi"}, key="k-1") for _ in range(2))
    assert first.json == second.json
    assert len(ana.all(path)) == 2


def test_what_failed_is_sent_again_once(world: World, chat: ConversationId) -> None:
    name = sent(world, chat).json["message"]
    ended(world, name, MessageStatus.FAILED, "dead")
    path = f"/conversations/{chat}/messages/{name}"
    assert api(world, BRUNO).post(f"{path}/resend").status == 404
    assert api(world, QA).post(f"{path}/resend").status == 403
    first = api(world, ANA).post(f"{path}/resend", key="k")
    assert (first.status, api(world, ANA).post(f"{path}/resend", key="k").json) == (202, first.json)
    assert api(world, ANA).post(f"{path}/resend", key="other").reason == "request.conflict"
    again, old = api(world, ANA).all(f"/conversations/{chat}/messages")[:2]
    assert (again["again_of"], old["resent_as"]) == (name, again["id"])


def test_what_is_in_doubt_is_marked_as_sent(world: World, chat: ConversationId) -> None:
    name = sent(world, chat).json["message"]
    path = f"/conversations/{chat}/messages/{name}/mark-sent"
    assert api(world, ANA).post(path).reason == "request.conflict"
    ended(world, name, MessageStatus.UNKNOWN, "unknown")
    assert api(world, QA).post(path).status == 403
    assert api(world, LUIS).post(path, key="k").json == {"done": True}
    assert newest(world, chat)["status"] == "sent"


def test_the_page_shows_what_became_of_a_message_and_lets_its_reader_act(
    world: World, chat: ConversationId
) -> None:
    name = sent(world, chat).json["message"]
    ended(world, name, MessageStatus.UNKNOWN, "unknown")
    browser = world.signed_in(ANA)
    page = browser.get(f"/conversations/{chat}").text
    assert "Send again" in page
    assert "Mark as sent" in page
    assert "131047: closed; send a template" in page
    form = {"csrf": csrf(page), "key": "k"}
    done = browser.post(f"/conversations/{chat}/messages/{name}/resend", data=form)
    assert done.status_code == 303
    after = browser.get(f"/conversations/{chat}").text
    assert "another was sent in its place" in after
    assert "Mark as sent" not in after
    assert "Send again" not in world.signed_in(QA).get(f"/conversations/{chat}").text


def test_the_page_marks_as_sent_and_says_why_not_the_second_time(
    world: World, chat: ConversationId
) -> None:
    name = sent(world, chat).json["message"]
    ended(world, name, MessageStatus.UNKNOWN, "unknown")
    browser = world.signed_in(ANA)
    form = {"csrf": csrf(browser.get(f"/conversations/{chat}").text)}
    path = f"/conversations/{chat}/messages/{name}/mark-sent"
    assert browser.post(path, data=form).status_code == 303
    refused = browser.post(path, data={**form, "key": "other"})
    assert (refused.status_code, "Its outcome is known" in refused.text) == (409, True)


def test_the_page_offers_templates_and_sends_one(world: World, chat: ConversationId) -> None:
    world.later(hours=25)
    browser = world.signed_in(LUIS)
    page = browser.get(f"/conversations/{chat}").text
    assert "the time to write freely has ended" in page
    assert "greeting (es)" in page
    form = {"csrf": csrf(page), "key": "k", "template": f"{SALES}|t-1", "values": "Marta\n"}
    refused = browser.post(f"/conversations/{chat}/template", data={**form, "values": ""})
    assert (refused.status_code, "wants 1 values" in refused.text) == (422, True)
    assert browser.post(f"/conversations/{chat}/template", data=form).status_code == 303
    assert "Hola Marta" in browser.get(f"/conversations/{chat}").text


def wishes(world: World, *, blocked: bool, marketing_only: bool = False) -> None:
    number = len(world.script)
    world.happens(
        ChatBlocked(
            event_key=EventKey(f"blocked-{number}"),
            occurred_at=world.now,
            account=WA,
            chat=world.chat(MARTA),
            blocked=blocked,
            marketing_only=marketing_only,
        )
    )


def test_who_has_opted_out_is_not_written_to_until_he_takes_it_back(
    world: World, chat: ConversationId
) -> None:
    wishes(world, blocked=True)
    refused = sent(world, chat)
    assert (refused.status, refused.reason) == (409, "chat.blocked")
    assert sent(world, chat, text="", template=TEMPLATE).reason == "chat.blocked"
    page = world.signed_in(ANA).get(f"/conversations/{chat}").text
    assert "wants to hear nothing more on this channel" in page
    assert api(world, ANA).get(f"/conversations/{chat}").json["blocked"]
    world.later(minutes=1)
    wishes(world, blocked=False)
    assert sent(world, chat).status == 202


def test_who_wants_no_advertising_gets_all_but_that(world: World, chat: ConversationId) -> None:
    offer = TemplateReading(
        template_id="t-3",
        name="summer",
        language="es",
        text="Now!",
        usable=True,
        category="marketing",
    )
    with writing(world.engine) as db:
        put_templates(db, WA, [offer], world.parts.now())
    wishes(world, blocked=True, marketing_only=True)
    refused = sent(world, chat, text="", template={"id": "t-3"})
    assert (refused.status, refused.reason) == (409, "chat.no_marketing")
    assert sent(world, chat).status == 202
    assert "wants no advertising here" in world.signed_in(ANA).get(f"/conversations/{chat}").text
