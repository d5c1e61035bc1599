"""What each answer of the other side means, and what people are told."""

from datetime import timedelta

import pytest

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import Messenger
from bridge.domain.names import MessageId
from bridge.ports import AccountDown, Done, Outcome, Rejected, RetryAt, Unknown
from connectors.http import HttpAnswer
from connectors.webhook.outcomes import outcome_of
from tests.connectors.webhook.building import NOW, delivery

SEND = SendMessage(
    message=MessageId("ms_1"),
    key="k",
    channel_id="c",
    messenger=Messenger.SMS,
    chat_id="x",
    text="t",
)


def told(status: int, body: bytes = b"", word: str = "message.send", /, **headers: str) -> Outcome:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return outcome_of(delivery(SEND), word, HttpAnswer(status=status, headers=given, body=body))


@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_id_in_the_answer_is_kept(status: int) -> None:
    answer = told(status, b'{"id": "m-1", "chat_id": "c-1", "more": 1}')
    assert answer == Done(vendor_ids={"id": "m-1", "chat_id": "c-1"})


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<html>", b"[]", b'{"id": ""}', b'{"id": 7}', b'{"id": null}', b"\xff"]
)
def test_success_without_an_id_is_no_answer(body: bytes) -> None:
    assert isinstance(told(200, body), Unknown)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"ok": true}'])
def test_an_owner_is_changed_without_an_id(body: bytes) -> None:
    assert told(200, body, "owner.change") == Done(vendor_ids={})


@pytest.mark.parametrize("body", [b"<html>Gateway</html>", b"OK"])
def test_a_page_is_no_answer_even_where_no_id_is_needed(body: bytes) -> None:
    assert isinstance(told(200, body, "owner.change"), Unknown)


@pytest.mark.parametrize("status", [401, 410])
def test_what_only_a_person_mends_pauses_the_account(status: int) -> None:
    answer = told(status, b'{"error": {"code": "x"}}')
    assert isinstance(answer, AccountDown)
    assert answer.until is None


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(429, {}, 10), (429, {"retry_after": "60"}, 60), (403, {"retry_after": "3600"}, 3600)],
)
def test_a_limit_holds_the_account_for_as_long_as_it_says(
    status: int, headers: dict[str, str], seconds: int
) -> None:
    answer = told(status, **headers)
    assert isinstance(answer, AccountDown)
    assert answer.until == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("status", [408, 423, 425])
def test_busy_means_that_order_again(status: int) -> None:
    answer = told(status, retry_after="30")
    assert isinstance(answer, RetryAt)
    assert answer.when == NOW + timedelta(seconds=30)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failure_after_sending_is_unknown(status: int) -> None:
    assert isinstance(told(status), Unknown)


def test_what_is_not_offered_is_refused() -> None:
    answer = told(501)
    assert isinstance(answer, Rejected)
    assert answer.reason == "not_offered"


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_a_refusal_shows_its_code_and_where_to_look(status: int) -> None:
    answer = told(status, b'{"error": {"code": "text_too_long", "message": "Eva wrote much"}}')
    assert isinstance(answer, Rejected)
    assert answer.reason == "text_too_long"
    assert "webhook-id k-1" in answer.detail
    assert "Eva" not in answer.detail


@pytest.mark.parametrize("code", ["call +79115556677", "x" * 81, "é"])
def test_a_code_that_is_none_is_not_shown(code: str) -> None:
    answer = told(422, f'{{"error": {{"code": "{code}"}}}}'.encode())
    assert isinstance(answer, Rejected)
    assert answer.reason == "HTTP_422"
    assert code not in answer.detail


@pytest.mark.parametrize("status", [301, 302, 307, 404, 405, 415])
def test_who_does_not_know_our_orders_is_the_wrong_address(status: int) -> None:
    answer = told(status, b"<html>Not Found</html>")
    assert isinstance(answer, AccountDown)
    assert answer.until == NOW + timedelta(minutes=5)
    assert "base_url" in answer.cause
