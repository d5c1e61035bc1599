"""Writing through the API: from which channel, in whose name, once."""

import json

import pytest
from sqlalchemy import func, select

from bridge.domain.effects import SendMessage
from bridge.domain.names import ConversationId
from bridge.store.engine import reading
from bridge.store.schema import OUTBOX
from tests.web.asking import api
from tests.web.world import ANA, BRUNO, LUIS, NORTH, SALES, TELEGRAM, World

MARTA, KENJI = "+34600111222", "+34600111333"


@pytest.fixture
def chat(world: World) -> ConversationId:
    world.client("Marta", MARTA, ANA)
    return world.writes(MARTA, "hello")


def sends(world: World) -> int:
    query = select(func.count()).where(OUTBOX.c.kind == SendMessage.__name__)
    with reading(world.engine) as db:
        return db.scalar(query) or 0


def test_rol_08_a_manager_answers_a_client_of_somebody_else_and_is_named_as_author(
    world: World, chat: ConversationId
) -> None:
    luis = api(world, LUIS)
    sent = luis.post(f"/conversations/{chat}/messages", {"text": "Hi Marta"})
    assert (sent.status, sent.json["channel"]) == (202, SALES)
    newest = luis.all(f"/conversations/{chat}/messages")[0]
    assert (newest["id"], newest["author"], newest["text"]) == (
        sent.json["message"],
        LUIS,
        "Hi Marta",
    )
    entry = luis.all("/timeline", conversation=chat)[0]
    assert (entry["direction"], entry["author"], entry["source"]) == ("out", LUIS, "wazzup")


def test_chn_03_a_reply_leaves_from_the_channel_of_the_chat(
    world: World, chat: ConversationId
) -> None:
    reply = api(world, ANA).get(f"/conversations/{chat}").json["reply"]
    assert (reply["channel"], reply["reason"]["code"]) == (SALES, "channel.of_chat")


def test_chn_02_chn_03_a_first_message_leaves_from_the_priority_channel(world: World) -> None:
    world.client("Kenji", KENJI, ANA)
    sent = api(world, ANA).post("/messages", first(phone=KENJI))
    assert (sent.status, sent.json["channel"]) == (202, NORTH)
    assert sent.json["reason"]["code"] == "channel.rep_default"


def test_chn_04_the_writer_may_name_another_channel(world: World) -> None:
    world.client("Kenji", KENJI, ANA)
    sent = api(world, ANA).post("/messages", {**first(phone=KENJI), "channel": SALES})
    assert (sent.json["channel"], sent.json["reason"]["code"]) == (SALES, "channel.chosen")


@pytest.mark.parametrize(
    ("channel", "reason"), [(NORTH, "channel.no_access"), ("nowhere", "channel.unknown")]
)
def test_chn_05_a_channel_that_is_not_the_writers_is_refused(
    world: World, channel: str, reason: str
) -> None:
    world.client("Kenji", KENJI, BRUNO)
    refused = api(world, BRUNO).post("/messages", {**first(phone=KENJI), "channel": channel})
    assert (refused.status, refused.reason) == (409, reason)
    assert sends(world) == 0


def test_chn_06_each_messenger_has_its_own_channel(world: World) -> None:
    world.client("Kenji", KENJI, ANA)
    to = {"phone": KENJI, "messenger": "telegram"}
    sent = api(world, ANA).post("/messages", {"to": to, "text": "hi"})
    assert sent.json["channel"] == TELEGRAM


def test_rol_05_a_first_message_to_a_client_of_somebody_else_is_refused(world: World) -> None:
    world.client("Kenji", KENJI, BRUNO)
    refused = api(world, ANA).post("/messages", first(phone=KENJI))
    assert (refused.status, refused.reason) == (403, "owner.mismatch")
    assert sends(world) == 0


@pytest.mark.parametrize("name", ["rc_", "c-"])
def test_a_contact_is_written_to_by_our_id_or_the_crms(world: World, name: str) -> None:
    world.client("Kenji", KENJI, ANA)
    sent = api(world, ANA).post("/messages", first(contact=name + KENJI))
    assert sent.status == 202
    titles = [item["title"] for item in api(world, ANA).all("/conversations")]
    assert titles == ["Kenji"]


def test_an_unknown_contact_is_not_there(world: World) -> None:
    assert api(world, ANA).post("/messages", first(contact="c-nobody")).status == 404


@pytest.mark.parametrize("to", [{}, {"phone": KENJI, "contact": "c-1"}])
def test_a_receiver_is_named_in_one_way(world: World, to: dict[str, str]) -> None:
    refused = api(world, ANA).post("/messages", first(**to))
    assert (refused.status, refused.json["field"]) == (422, "$.to")


def test_ws_03_text_and_file_leave_as_two_messages(world: World, chat: ConversationId) -> None:
    body = {"text": "The plan", "media_url": "https://files.acme.example/plan.pdf"}
    api(world, ANA).post(f"/conversations/{chat}/messages", body)
    said = api(world, ANA).all(f"/conversations/{chat}/messages")
    assert [(m["text"], len(m["media"])) for m in said] == [("", 1), ("The plan", 0), ("hello", 0)]
    entry = api(world, ANA).all("/timeline")[0]
    assert [m["media"][0]["url"] for m in entry["also"]] == [body["media_url"]]


def test_an_address_that_is_no_web_address_is_refused(world: World, chat: ConversationId) -> None:
    body = {"media_url": "javascript:alert(1)"}
    refused = api(world, ANA).post(f"/conversations/{chat}/messages", body)
    assert (refused.status, refused.json["field"]) == (422, "$.media_url")


def test_an_empty_message_is_refused(world: World, chat: ConversationId) -> None:
    refused = api(world, ANA).post(f"/conversations/{chat}/messages", {"text": "  "})
    assert (refused.status, refused.reason) == (422, "message.empty")


def test_the_same_idempotency_key_sends_once_and_answers_alike(
    world: World, chat: ConversationId
) -> None:
    path, body = f"/conversations/{chat}/messages", {"text": "Hi"}
    ana = api(world, ANA)
    first_time, again = (ana.post(path, body, key="k-1") for _ in range(2))
    assert (again.status, again.json) == (202, first_time.json)
    assert sends(world) == 1
    assert ana.post(path, body, key="k-2").json["message"] != first_time.json["message"]


def test_the_same_idempotency_key_with_another_body_is_refused(
    world: World, chat: ConversationId
) -> None:
    path = f"/conversations/{chat}/messages"
    ana = api(world, ANA)
    ana.post(path, {"text": "Hi"}, key="k-1")
    refused = ana.post(path, {"text": "Hello"}, key="k-1")
    assert (refused.status, refused.reason) == (409, "request.conflict")
    assert sends(world) == 1


def test_an_idempotency_key_belongs_to_its_principal(world: World, chat: ConversationId) -> None:
    path = f"/conversations/{chat}/messages"
    statuses = [api(world, e).post(path, {"text": e}, key="k-1").status for e in (ANA, LUIS)]
    assert (statuses, sends(world)) == ([202, 202], 2)


def test_a_refused_request_may_be_tried_again_with_its_key(world: World) -> None:
    world.client("Kenji", KENJI, BRUNO)
    ana = api(world, ANA)
    assert ana.post("/messages", first(phone=KENJI), key="k-1").status == 403
    world.client("Kenji", KENJI, ANA)
    assert ana.post("/messages", first(phone=KENJI), key="k-1").status == 202


@pytest.mark.parametrize("key", ["a b", "é", "x" * 256])
def test_a_strange_idempotency_key_is_refused(world: World, chat: ConversationId, key: str) -> None:
    refused = api(world, ANA).post(f"/conversations/{chat}/messages", {"text": "Hi"}, key=key)
    assert (refused.status, refused.json["field"]) == (400, "Idempotency-Key")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b'{"text": "hi"', 400, "$"),
        (b"\xff", 400, "$"),
        (b"[" * 20_000, 422, "$"),
        (b"[]", 422, "$"),
        (b'{"txt": "hi"}', 422, "$.txt"),
        (b'{"text": 7}', 422, "$.text"),
        (b'{"text": "hi", "media_kind": "song"}', 422, "$.media_kind"),
        (json.dumps({"text": "x" * 70_000}).encode(), 413, "$"),
    ],
)
def test_a_wrong_body_is_refused_and_the_field_named(
    world: World, chat: ConversationId, body: bytes, status: int, field: str
) -> None:
    refused = api(world, ANA).post_raw(f"/conversations/{chat}/messages", body)
    assert (refused.status, refused.json["field"]) == (status, field)
    assert refused.reason == "request.invalid"


def test_a_field_of_an_inner_object_is_named_by_its_path(world: World) -> None:
    body = {"to": {"phone": KENJI, "messenger": "whatsapp", "fax": "1"}, "text": "hi"}
    assert api(world, ANA).post("/messages", body).json["field"] == "$.to.fax"
    assert api(world, ANA).post("/messages", {"text": "hi"}).json["field"] == "$.to"


def test_only_json_is_taken(world: World, chat: ConversationId) -> None:
    path = f"/conversations/{chat}/messages"
    assert api(world, ANA).post_raw(path, b"text=hi", "text/plain").status == 415


def test_ws_06_reading_keeps_the_mark_an_answer_or_a_word_takes_it_away(
    world: World, chat: ConversationId
) -> None:
    ana = api(world, ANA)
    ana.get(f"/conversations/{chat}/messages")
    assert [c["mark"] for c in ana.all("/conversations", unanswered=True)] == ["red"]
    assert ana.post(f"/conversations/{chat}/dismiss").status == 200
    assert ana.all("/conversations", unanswered=True) == []
    world.writes(MARTA, "are you there?")
    assert len(ana.all("/conversations", unanswered=True)) == 1
    ana.post(f"/conversations/{chat}/messages", {"text": "yes"})
    assert ana.all("/conversations", unanswered=True) == []


def first(**to: str) -> dict[str, object]:
    return {"to": {"messenger": "whatsapp", **to}, "text": "Good morning"}
