"""Files of messages: fetched by their id, within limits."""

import pytest
import responses

from bridge.domain.errors import DeliveryRejected, DeliveryTransient, OutcomeUnknown
from bridge.domain.messaging import Media, MediaKind
from connectors.telegram.media import MOST_BYTES, TelegramMedia
from tests.connectors.telegram.building import BOT_TOKEN, account
from tests.connectors.telegram.phone import Phone

API = f"https://api.telegram.org/bot{BOT_TOKEN}"


def received(phone: Phone, content: str = "a picture") -> str:
    """The id of a file that Eva has sent."""
    document = phone.eva(kind="document", content=content, name="a.txt")["message"]["document"]
    return str(document["file_id"])


def document(file_id: str, **about: int) -> Media:
    return Media(
        kind=MediaKind.DOCUMENT,
        media_id=file_id,
        name="a.txt",
        content_type="text/plain",
        size=about.get("size"),
    )


def test_a_file_comes_with_its_name_and_type(phone: Phone) -> None:
    file = TelegramMedia(account(phone.url)).fetch(document(received(phone)), 1000)
    assert (file.content, file.name, file.content_type) == (b"a picture", "a.txt", "text/plain")


def test_an_unknown_id_is_gone(phone: Phone) -> None:
    for file_id in ("nothing", ""):
        with pytest.raises(DeliveryRejected) as refused:
            TelegramMedia(account(phone.url)).fetch(document(file_id), 1000)
        assert refused.value.code == "file_gone"


def test_a_file_too_large_is_not_fetched(phone: Phone) -> None:
    file_id = received(phone, "x" * 101)
    for media in (document(file_id), document(file_id, size=101)):
        with pytest.raises(DeliveryRejected) as refused:
            TelegramMedia(account(phone.url)).fetch(media, 100)
        assert refused.value.code == "file_too_large"


def test_telegram_gives_out_20_mb_at_most(phone: Phone) -> None:
    for media in (
        document(received(phone, "x" * (MOST_BYTES + 1))),
        document("any", size=MOST_BYTES + 1),
    ):
        with pytest.raises(DeliveryRejected) as refused:
            TelegramMedia(account(phone.url)).fetch(media, 10**9)
        assert refused.value.code == "file_too_large"


@responses.activate
@pytest.mark.parametrize(
    "path",
    ["", "/var/lib/telegram-bot-api/7/documents/a.pdf", "../a", "a/../b", "a//b", "a?b", "ü"],
)
def test_a_path_that_is_no_link_is_not_followed(path: str) -> None:
    """Telegram's own server, run by oneself, gives paths on its disk."""
    result = {"file_id": "F", "file_unique_id": "U", "file_path": path}
    responses.post(f"{API}/getFile", json={"ok": True, "result": result})
    with pytest.raises(DeliveryRejected) as refused:
        TelegramMedia(account()).fetch(document("F"), 1000)
    assert refused.value.code == "file_gone"


@responses.activate
@pytest.mark.parametrize("result", [{"file_path": 7}, {"file_path": "a", "file_size": "x"}, []])
def test_an_answer_of_another_shape_is_not_trusted(result: object) -> None:
    responses.post(f"{API}/getFile", json={"ok": True, "result": result})
    with pytest.raises(OutcomeUnknown):
        TelegramMedia(account()).fetch(document("F"), 1000)


def test_a_file_that_cannot_be_had_now_is_for_later(phone: Phone) -> None:
    file_id = received(phone)
    phone.fail("500", match="/file/")
    with pytest.raises(DeliveryTransient):
        TelegramMedia(account(phone.url)).fetch(document(file_id), 1000)
