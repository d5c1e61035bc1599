"""What a body becomes: keys, several events, and refusals that name the place."""

import json
from typing import get_args

import pytest

from bridge.domain.errors import PayloadInvalid
from bridge.domain.events import CrmEvent, MessageReceived, MessageSent, MessengerEvent
from connectors.webhook.inbound import WebhookInbound
from connectors.webhook.words import EVENTS
from tests.connectors.webhook.building import CHAT, account, event, message, posted, request


def refusals(*events: object) -> list[tuple[str, str]]:
    parsed = WebhookInbound(account()).parse(posted(*events))
    assert parsed.events == ()
    return [(refused.path, refused.detail) for refused in parsed.rejected]


def test_every_event_of_the_vocabulary_has_its_word() -> None:
    vocabulary = {*get_args(MessengerEvent), *get_args(CrmEvent)}
    assert set(EVENTS.values()) == vocabulary
    assert len(EVENTS) == len(vocabulary)


def test_the_key_is_the_type_and_the_senders_id() -> None:
    """R4: the same fact told twice has one key, another fact another."""
    parsed = WebhookInbound(account()).parse(
        posted(message("m-1"), event("message.deleted", "m-1", message_id="m-1", direction="in"))
    )
    assert [e.event_key for e in parsed.events] == ["message.received:m-1", "message.deleted:m-1"]


def test_an_event_that_a_body_holds_twice_counts_once() -> None:
    parsed = WebhookInbound(account()).parse(posted(message("m-1"), message("m-1")))
    assert (len(parsed.events), parsed.ignored) == (1, ("repeated",))


def test_two_facts_under_one_id_are_not_taken_for_one() -> None:
    parsed = WebhookInbound(account()).parse(posted(message("m-1"), message("m-1", text="other")))
    assert [e.event_key for e in parsed.events] == ["message.received:m-1"]
    assert [refused.path for refused in parsed.rejected] == ["$.events[1].id"]


@pytest.mark.parametrize(
    ("broken", "path"),
    [
        ({"text": 5}, "$.events[0].text"),
        ({"chat": {**CHAT, "messenger": "fax"}}, "$.events[0].chat.messenger"),
        ({"chat": {**CHAT, "chat_id": ""}}, "$.events[0].chat.chat_id"),
        ({"chat": {**CHAT, "chat_id": "x" * 201}}, "$.events[0].chat.chat_id"),
        (
            {"chat": {**CHAT, "identities": [{"kind": "phone"}]}},
            "$.events[0].chat.identities[0].value",
        ),
        ({"occurred_at": "yesterday"}, "$.events[0].occurred_at"),
        ({"occurred_at": "2026-02-30T00:00:00Z"}, "$.events[0].occurred_at"),
        ({"media": [{"kind": "image", "url": "file:///etc/passwd"}]}, "$.events[0].media[0].url"),
        ({"media": [{"kind": "image", "size": -1}]}, "$.events[0].media[0].size"),
        ({"forwarded": "yes"}, "$.events[0].forwarded"),
        ({"event_key": "mine"}, "$.events[0]"),
        ({"account": "another"}, "$.events[0]"),
        ({"text": []}, "$.events[0].text"),
        ({"message_id": ""}, "$.events[0].message_id"),
    ],
)
def test_a_refusal_names_the_place(broken: dict[str, object], path: str) -> None:
    assert [found for found, _ in refusals(message(**broken))] == [path]


@pytest.mark.parametrize("word", ["message.received", "message.sent"])
@pytest.mark.parametrize("said", [{}, {"text": None}, {"text": ""}, {"text": "", "media": []}])
def test_a_message_of_nothing_is_a_message(word: str, said: dict[str, object]) -> None:
    """FEED-06: somebody wrote, and people are to know, even where nothing can be shown."""
    told = event(word, "m-1", message_id="m-1", chat=CHAT, **said)
    parsed = WebhookInbound(account()).parse(posted(told))
    assert parsed.rejected == ()
    (message,) = parsed.events
    assert isinstance(message, MessageReceived | MessageSent)
    assert (message.text, message.media) == ("", ())


def test_a_refusal_tells_nothing_of_the_client() -> None:
    told = str(refusals(message(text=["secret words"]), message(**{"+79115556677": 1})))
    assert "secret words" not in told
    assert "79115556677" not in told


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"events": null}', b'{"events": {}}', b'"x"'])
def test_a_body_without_events_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        WebhookInbound(account()).parse(request(body))


def test_no_events_are_no_news() -> None:
    assert WebhookInbound(account()).parse(posted()).ignored == ("empty",)


def test_fields_of_the_bodys_own_are_passed_over() -> None:
    body = json.dumps({"source": "erp", "events": [message()]}).encode()
    assert len(WebhookInbound(account()).parse(request(body)).events) == 1


def test_taken_is_answered_with_202() -> None:
    answer = WebhookInbound(account()).accepted(posted())
    assert (answer.status, answer.body) == (202, b"{}")
