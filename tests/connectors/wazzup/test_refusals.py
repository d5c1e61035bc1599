"""Each error code of the vendor's page: given up, held, or tried again."""

from datetime import timedelta

import pytest
import responses

from bridge.ports import AccountDown, Done, Outcome, Rejected, RetryAt, Unknown
from connectors.wazzup.outbound import WazzupOutbound
from connectors.wazzup.refusals import known_code
from tests.connectors.wazzup.building import NOW, account, delivery, sending

DOCUMENTED_FINAL = """
INVALID_MESSAGE_DATA WRONG_TRANSPORT VALIDATION_ERROR CHANNEL_NOT_FOUND CHANNEL_WAPI_REJECTED
MESSAGES_NOT_TEXT_FIRST MESSAGES_IS_SPAM MESSAGE_TEXT_TOO_LONG MESSAGES_TOO_LONG_INSTAGRAM
MESSAGES_TOO_LONG_TELEGRAM MESSAGES_TOO_LONG_WABA MESSAGES_TOO_LONG_WABA_HEADER
MESSAGES_TOO_LONG_WABA_TEMPLATE MESSAGES_TOO_LONG_VIBER MESSAGES_CONTENT_SIZE_EXCEEDED
MESSAGES_CONTENT_SIZE_EXCEEDED_WABA MESSAGES_CONTENT_SIZE_EXCEEDED_TELEGRAM
MESSAGE_WRONG_CONTENT_TYPE MESSAGES_CONTENT_CAN_NOT_BE_BLANK MESSAGES_TEXT_CAN_NOT_BE_BLANK
MESSAGE_NOTHING_TO_SEND MESSAGE_ONLY_TEXT_OR_CONTENT MESSAGES_ABNORMAL_SEND
MESSAGES_INVALID_CONTACT_TYPE BAD_CONTACT TEMPLATE_REJECTED CHAT_NO_ACCESS
REFERENCE_MESSAGE_NOT_FOUND MESSAGES_NOT_FOUND 24_HOURS_EXCEEDED 7_DAYS_EXCEEDED
""".split()
HELD = ("BALANCE_IS_EMPTY", "CHANNEL_NO_MONEY", "CHANNEL_BLOCKED", "CHANNEL_LIMIT_EXCEEDED")


def answered(status: int, body: object, *, attempt: int = 1) -> Outcome:
    """What becomes of a message that the vendor answers so."""
    tried = delivery(sending(), attempt=attempt)
    with responses.RequestsMock() as vendor:
        vendor.post("https://api.wazzup24.com/v3/message", status=status, json=body)
        (outcome,) = WazzupOutbound(account()).deliver([tried])
    return outcome


@pytest.mark.parametrize("code", DOCUMENTED_FINAL)
def test_what_can_never_pass_is_given_up_with_advice(code: str) -> None:
    outcome = answered(400, {"error": code, "description": "secret words"})
    assert isinstance(outcome, Rejected)
    assert outcome.reason == code
    assert outcome.detail.startswith(f"HTTP 400 {code}: ")
    assert "do not know this code" not in outcome.detail
    assert "secret words" not in outcome.detail


@pytest.mark.parametrize("code", HELD)
def test_what_a_person_has_to_mend_holds_the_message_for_an_hour(code: str) -> None:
    outcome = answered(400, {"error": code})
    assert isinstance(outcome, RetryAt)
    assert outcome.when == NOW + timedelta(hours=1)
    assert outcome.reason.startswith(f"{code}: ")


@pytest.mark.parametrize("code", ["MESSAGE_CHANNEL_UNAVAILABLE", "MESSAGES_CAN_NOT_ADD"])
@pytest.mark.parametrize(("attempt", "seconds"), [(1, 30), (2, 60), (3, 120), (50, 1920)])
def test_what_passes_by_itself_is_tried_again_ever_more_slowly(
    code: str, attempt: int, seconds: int
) -> None:
    outcome = answered(400, {"error": code}, attempt=attempt)
    assert isinstance(outcome, RetryAt)
    assert outcome.when == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(("attempt", "kind"), [(1, RetryAt), (2, RetryAt), (3, Rejected)])
def test_a_file_that_wazzup_cannot_fetch_is_tried_three_times(attempt: int, kind: type) -> None:
    outcome = answered(400, {"error": "MESSAGE_DOWNLOAD_CONTENT_ERROR"}, attempt=attempt)
    assert isinstance(outcome, kind)


@pytest.mark.parametrize("code", ["UNKNOWN_ERROR", "UNKNOWN_ERROR_WITH_TRACE_ID"])
def test_ws_01_after_an_unclear_error_nobody_knows_whether_it_was_sent(code: str) -> None:
    assert isinstance(answered(400, {"error": code}), Unknown)


@pytest.mark.parametrize("status", [400, 409, 200])
@pytest.mark.parametrize(
    "error", ["REPEATED_CRM_MESSAGE_ID", "repeatedCrmMessageId", {"code": "repeatedCrmMessageId"}]
)
def test_ws_01_a_known_key_means_sent_in_both_spellings(status: int, error: object) -> None:
    assert answered(status, {"error": error}) == Done()


def test_ws_01_the_id_of_the_first_message_is_kept_if_it_is_told() -> None:
    body = {"error": "REPEATED_CRM_MESSAGE_ID", "messageId": "m-1"}
    assert answered(400, body) == Done(vendor_ids={"id": "m-1"})


@pytest.mark.parametrize("status", [200, 201])
def test_both_kinds_of_success_count(status: int) -> None:
    assert answered(status, {"messageId": "m-1"}) == Done(vendor_ids={"id": "m-1"})


@pytest.mark.parametrize("body", [{}, [], {"messageId": 5}, {"messageId": ""}, "ok", None])
def test_a_success_without_an_id_is_uncertain(body: object) -> None:
    assert isinstance(answered(201, body), Unknown)


@pytest.mark.parametrize("status", [301, 500, 502, 503, 504])
def test_ws_01_a_server_error_is_uncertain_whatever_it_says(status: int) -> None:
    assert isinstance(answered(status, {"error": "BAD_CONTACT"}), Unknown)


@pytest.mark.parametrize("status", [408, 423, 425])
def test_surely_not_done_is_tried_again(status: int) -> None:
    assert isinstance(answered(status, {}), RetryAt)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {}, AccountDown),
        (403, {}, AccountDown),
        (403, {"error": "FORBIDDEN"}, AccountDown),
        (403, {"error": "CHAT_NO_ACCESS"}, Rejected),
        (429, {}, AccountDown),
    ],
)
def test_what_concerns_the_account_and_what_only_the_message(
    status: int, body: object, kind: type
) -> None:
    assert isinstance(answered(status, body), kind)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, {"error": "BRAND_NEW"}, "BRAND_NEW"),
        (400, {"error": "+79111111111 is wrong"}, "HTTP_400"),
        (404, {}, "HTTP_404"),
        (422, "nonsense", "HTTP_422"),
        (400, {"error": ["x"]}, "HTTP_400"),
    ],
)
def test_an_unknown_refusal_is_given_up_and_named(status: int, body: object, reason: str) -> None:
    outcome = answered(status, body)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == reason


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("messageTextTooLong", "MESSAGE_TEXT_TOO_LONG"),
        ("badContact", "BAD_CONTACT"),
        ("Something", "Something"),
        ("with a space", ""),
        ("", ""),
    ],
)
def test_trap_7_codes_are_read_in_both_spellings(given: str, known: str) -> None:
    assert known_code(given) == known
