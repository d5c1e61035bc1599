"""What Meta's answers do to a message, and what a silent Meta does to those behind it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.errors import ConfigError
from bridge.domain.messaging import Media, MediaKind
from bridge.ports import AccountDown, Done, Outcome, Rejected, RetryAt, Unknown
from connectors.http import HttpAnswer
from connectors.whatsapp.outbound import WhatsAppOutbound
from connectors.whatsapp.refusals import refusal
from tests.connectors.whatsapp.building import NOW, SECRETS, account, delivery, sending
from tests.connectors.whatsapp.meta import Meta

SECONDS = timedelta(seconds=1)


def answered(status: int, code: int | None, transient: bool = False, again: str = "") -> HttpAnswer:
    error = (
        f'{{"error": {{"message": "m", "code": {code}, "is_transient": {str(transient).lower()}}}}}'
    )
    body = b"{}" if code is None else error.encode()
    return HttpAnswer(status=status, headers={"retry-after": again}, body=body)


def outcome(answer: HttpAnswer, attempt: int = 1) -> Outcome:
    return refusal(delivery(sending(), attempt=attempt), "whatsapp: send", answer)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, None),
        (401, 190),
        (400, 190),
        (403, 10),
        (500, 3),
        (403, 200),
        (403, 299),
        (401, 0),
        (403, 368),
        (403, 131031),
    ],
)
def test_a_refused_token_or_a_locked_account_holds_it_until_a_person_acts(
    status: int, code: int | None
) -> None:
    found = outcome(answered(status, code))
    assert isinstance(found, AccountDown)
    assert (found.until, "bridge doctor" in found.cause) == (None, True)


@pytest.mark.parametrize(
    ("status", "code", "seconds"),
    [(429, None, 60), (429, 130429, 10), (400, 80007, 300), (400, 4, 300), (403, 17, 300)],
)
def test_a_throttle_holds_the_account_for_a_while(
    status: int, code: int | None, seconds: int
) -> None:
    found = outcome(answered(status, code))
    assert isinstance(found, AccountDown)
    assert found.until == NOW + seconds * SECONDS


def test_a_longer_wait_that_meta_asks_for_is_kept() -> None:
    found = outcome(answered(429, 130429, again="120"))
    assert isinstance(found, AccountDown)
    assert found.until == NOW + 120 * SECONDS


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 16), (2, 16), (3, 64), (4, 256), (9, 3600)])
def test_one_client_too_often_waits_longer_each_time(attempt: int, seconds: int) -> None:
    found = outcome(answered(400, 131056), attempt)
    assert isinstance(found, RetryAt)
    assert found.when == NOW + seconds * SECONDS


@pytest.mark.parametrize(
    ("status", "code", "transient", "seconds"),
    [
        (400, 131042, False, 3600),
        (400, 131048, False, 3600),
        (500, 131016, False, 30),
        (500, 131057, False, 30),
        (500, 2, True, 30),
        (503, 77, True, 30),
        (500, 131000, False, 30),
        (408, None, False, 15),
    ],
)
def test_what_meta_says_was_not_done_goes_again(
    status: int, code: int | None, transient: bool, seconds: int
) -> None:
    found = outcome(answered(status, code, transient))
    assert isinstance(found, RetryAt)
    assert found.when == NOW + seconds * SECONDS


@pytest.mark.parametrize(
    ("status", "code", "attempt"),
    [(500, None, 1), (502, None, 1), (500, 1, 1), (400, 1, 1), (500, 131000, 2), (302, None, 1)],
)
def test_what_nobody_knows_is_unknown(status: int, code: int | None, attempt: int) -> None:
    """R8: never sent again by itself."""
    assert isinstance(outcome(answered(status, code), attempt), Unknown)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (100, "fields"),
        (33, "bridge doctor"),
        (131008, "report"),
        (131009, "compare"),
        (131026, "another way"),
        (131047, "template"),
        (131049, "tomorrow"),
        (131050, "advertising"),
        (131053, "file"),
        (131062, "number"),
        (130472, "advertising"),
        (130497, "country"),
        (132000, "values"),
        (132001, "template"),
        (132015, "paused"),
        (133010, "register"),
        (999999, "do not know this code"),
    ],
)
def test_what_is_refused_for_good_says_what_to_do(code: int, advice: str) -> None:
    found = outcome(answered(400, code))
    assert isinstance(found, Rejected)
    assert found.reason == str(code)
    assert advice in found.detail


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"error": 5}', b'{"error": {"code": "x"}}']
)
def test_a_refusal_without_a_code_is_named_by_its_status(body: bytes) -> None:
    found = outcome(HttpAnswer(status=404, headers={}, body=body))
    assert isinstance(found, Rejected)
    assert found.reason == "HTTP_404"


@pytest.mark.parametrize(
    ("fault", "kind", "sent"),
    [
        ("500", Unknown, 0),
        ("500_after", Unknown, 1),
        ("reset", Unknown, 0),
        ("reset_after", Unknown, 1),
        ("html", Unknown, 0),
        ("html_after", Unknown, 1),
        ("401", AccountDown, 0),
        ("429", AccountDown, 0),
        ("403_quota", AccountDown, 0),
    ],
)
def test_a_failing_meta_never_gets_a_message_twice(
    outbound: WhatsAppOutbound, meta: Meta, fault: str, kind: type[Outcome], sent: int
) -> None:
    """The messages behind it are not tried: whether they would pass is not known."""
    meta.fail(fault, times=1)
    found = outbound.deliver([delivery(sending()), delivery(sending("more"))])
    assert [isinstance(found[0], kind), type(found[1])] == [True, AccountDown]
    assert len(meta.sent()) == sent
    assert not any(secret in repr(found) for secret in SECRETS.values())


def test_a_call_that_takes_too_long_is_unknown(meta: Meta) -> None:
    meta.fail("timeout_after", seconds=3.0)
    outbound = WhatsAppOutbound(account(meta.url, call_timeout_seconds="0.2"))
    (found,) = outbound.deliver([delivery(sending())])
    assert isinstance(found, Unknown)


@pytest.mark.parametrize("fault", ["500", "reset", "html", "timeout_after"])
def test_a_failing_upload_is_made_again(meta: Meta, fault: str) -> None:
    """A file that was uploaded twice reaches nobody."""
    meta.fail(fault, match="/media", times=1, seconds=3.0)
    own = meta.url.removeprefix("http://")
    outbound = WhatsAppOutbound(account(meta.url, call_timeout_seconds="0.2", file_hosts=own))
    picture = Media(kind=MediaKind.DOCUMENT, url=f"{meta.url}/")
    given = delivery(sending("", media=picture))
    (found,) = outbound.deliver([given])
    assert isinstance(found, RetryAt | AccountDown)
    assert meta.sent() == []


def test_refused_uploads_are_told_as_what_they_are(meta: Meta) -> None:
    meta.steer("seed", numbers=[{"id": "1", "status": "PENDING"}])
    own = meta.url.removeprefix("http://")
    outbound = WhatsAppOutbound(account(meta.url, file_hosts=own))
    picture = Media(kind=MediaKind.DOCUMENT, url=f"{meta.url}/")
    (found,) = outbound.deliver([delivery(sending("", media=picture, channel_id="1"))])
    assert isinstance(found, Rejected)
    assert found.reason == "133010"


def test_a_run_goes_on_behind_a_refused_message(outbound: WhatsAppOutbound, meta: Meta) -> None:
    run = [delivery(sending("x" * 5000)), delivery(sending(channel_id="404")), delivery(sending())]
    found = outbound.deliver(run)
    assert [type(one) for one in found] == [Rejected, Rejected, Done]


@pytest.mark.parametrize("token", ["two words", "línea", "tab\t"])
def test_a_mistyped_token_is_told_without_being_shown(token: str) -> None:
    whole = account()
    secrets = {**whole.secrets, "access_token": (token,)}
    with pytest.raises(ConfigError) as refused:
        WhatsAppOutbound(replace(whole, secrets=secrets))
    assert token not in str(refused.value)


@pytest.mark.parametrize("version", ["23", "v23", "v23.0/../x", "latest"])
def test_a_version_that_is_none_is_refused(version: str) -> None:
    with pytest.raises(ConfigError, match="api_version"):
        WhatsAppOutbound(account(api_version=version))
