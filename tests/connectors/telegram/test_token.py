"""The bot's token stands in every address that is called, and in nothing that anybody reads."""

import logging
import traceback
from collections.abc import Callable

import pytest

from bridge.domain.errors import BridgeError, ConfigError
from bridge.domain.messaging import Media, MediaKind
from bridge.ports import Account
from connectors.telegram.client import Api
from connectors.telegram.doctor import TelegramDoctor
from connectors.telegram.inbound import TelegramInbound
from connectors.telegram.media import TelegramMedia
from connectors.telegram.outbound import TelegramOutbound
from connectors.telegram.reader import TelegramReader
from tests.connectors.telegram.building import BOT_TOKEN, SECRET_TOKEN, account, delivery, sending
from tests.connectors.telegram.phone import Phone

SECRETS = (BOT_TOKEN, BOT_TOKEN.partition(":")[2], SECRET_TOKEN)
NOWHERE = "http://127.0.0.1:9"
FILE = Media(kind=MediaKind.IMAGE, media_id="F")
CALLS: dict[str, Callable[[Account], object]] = {
    "sending": lambda given: TelegramOutbound(given).deliver([delivery(sending())]),
    "reading": lambda given: TelegramReader(given).channels(),
    "examining": lambda given: TelegramDoctor(given).examine("https://b.example"),
    "mending": lambda given: TelegramDoctor(given).fix("https://b.example", take_over=True),
    "fetching": lambda given: TelegramMedia(given).fetch(FILE, 1000),
    "calling": lambda given: Api(given).call("getMe", {}),
}


def told(call: Callable[[], object]) -> str:
    """All that comes of it: the result, or the error with everything that led to it."""
    try:
        return repr(call())
    except BridgeError as error:
        return "".join(traceback.format_exception(error)) + repr(_chain(error))


def _chain(error: BaseException) -> list[object]:
    found: list[object] = []
    while error is not None:
        found += [error, error.args, vars(error)]
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return found


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_machine_that_is_not_there(call: Callable[[Account], object]) -> None:
    shown = told(lambda: call(account(NOWHERE)))
    assert "no connection" in shown
    assert not any(secret in shown for secret in SECRETS)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("fault", ["401", "429", "500", "html", "reset", "timeout_after"])
def test_a_telegram_that_fails(
    phone: Phone, call: Callable[[Account], object], fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")  # the log of a program may have set another
    phone.fail(fault, match="/bot", seconds=1.0, times=None)
    shown = told(lambda: call(account(phone.url, call_timeout_seconds="0.3")))
    assert not any(secret in shown + _logged(caplog, "urllib3") for secret in SECRETS)


def test_what_the_library_logs_of_a_call_that_works(
    phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")  # the log of a program may have set another
    TelegramReader(account(phone.url)).channels()
    logged = _logged(caplog, "urllib3")
    assert "/bot…/getWebhookInfo" in logged
    assert BOT_TOKEN not in logged


def test_a_file_that_is_gone(phone: Phone) -> None:
    photo = phone.eva(kind="photo")["message"]["photo"][-1]
    phone.fail("500", match="/file/", times=None)
    media = Media(kind=MediaKind.IMAGE, media_id=photo["file_id"])
    shown = told(lambda: TelegramMedia(account(phone.url)).fetch(media, 1000))
    assert "HTTP 500" in shown
    assert not any(secret in shown for secret in SECRETS)


def test_no_part_shows_it() -> None:
    given = account("http://127.0.0.1:9")
    parts = [
        given,
        Api(given),
        TelegramInbound(given),
        TelegramOutbound(given),
        TelegramReader(given),
        TelegramDoctor(given),
        TelegramMedia(given),
    ]
    assert not any(secret in repr(part) for part in parts for secret in SECRETS)


@pytest.mark.parametrize("token", ["7:a b", "7:a/../b", "7:a?b", "7:ä", "7:a\n", "7:a#b"])
def test_a_mistyped_token_is_refused_and_not_told(token: str) -> None:
    with pytest.raises(ConfigError, match="bot_token is no token") as refused:
        TelegramOutbound(account(bot_token=token))
    assert token not in str(refused.value)


def _logged(caplog: pytest.LogCaptureFixture, library: str) -> str:
    records = [record for record in caplog.records if record.name.startswith(library)]
    return "\n".join(f"{record.getMessage()} {record.args}" for record in records)
