"""What leaves to clients, what they get, and what every refusal means."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import ChatKind, Media, MediaKind, Template
from bridge.ports import (
    AccountDown,
    CannotTell,
    Done,
    Outcome,
    Rejected,
    RetryAt,
    Unknown,
)
from connectors.telegram.outbound import FETCH_TRIES, TelegramOutbound
from tests.connectors.telegram.building import NOW, account, delivery, sending
from tests.connectors.telegram.phone import BUSINESS, EVA, GROUP, LUIS, OLD_GROUP, Phone

PDF = Media(kind=MediaKind.DOCUMENT, url="https://files.example/offer.pdf", name="Offer.pdf")
METHODS = {
    MediaKind.IMAGE: ("https://files.example/casa.jpg", "photo"),
    MediaKind.AUDIO: ("https://files.example/song.mp3", "audio"),
    MediaKind.VOICE: ("https://files.example/note.ogg", "voice"),
    MediaKind.VIDEO: ("https://files.example/tour.mp4", "video"),
    MediaKind.STICKER: ("https://files.example/hello.webp", "sticker"),
    MediaKind.DOCUMENT: ("https://files.example/offer.pdf?v=2", "document"),
    MediaKind.OTHER: ("https://files.example/all.ZIP", "document"),
}


def one(outbound: TelegramOutbound, effect: SendMessage, attempt: int = 1) -> Outcome:
    (outcome,) = outbound.deliver([delivery(effect, attempt=attempt)])
    return outcome


def in_group(chat_id: int = GROUP, text: str = "Buenas") -> SendMessage:
    return sending(text, chat_id=str(chat_id), chat_kind=ChatKind.GROUP)


def reason(outcome: Outcome) -> str:
    assert isinstance(outcome, Rejected), outcome
    return outcome.reason


def last(phone: Phone) -> dict[str, object]:
    return dict(phone.sent[-1]["message"])


def test_a_text_reaches_the_client(phone: Phone, outbound: TelegramOutbound) -> None:
    outcome = one(outbound, sending("Buenas <b>tardes</b> & _más_"))
    message = last(phone)
    assert message["text"] == "Buenas <b>tardes</b> & _más_"
    assert outcome == Done(vendor_ids={"id": f"5001:{message['message_id']}"})


def test_in_a_business_account_it_is_the_reps(phone: Phone, outbound: TelegramOutbound) -> None:
    outcome = one(outbound, sending(channel_id=BUSINESS))
    message = last(phone)
    assert message["from"] == {"id": 9001, "is_bot": False, "first_name": "Ana"}
    assert outcome == Done(vendor_ids={"id": f"{BUSINESS}:5001:{message['message_id']}"})


@pytest.mark.parametrize("kind", METHODS)
def test_a_file_goes_by_its_link(phone: Phone, outbound: TelegramOutbound, kind: MediaKind) -> None:
    url, field = METHODS[kind]
    assert isinstance(one(outbound, sending(media=Media(kind=kind, url=url))), Done)
    assert field in last(phone)


def test_a_file_bears_a_text_beside_it(phone: Phone, outbound: TelegramOutbound) -> None:
    effect = replace(sending(), text="La oferta", media=PDF)
    assert isinstance(one(outbound, effect), Done)
    assert last(phone)["caption"] == "La oferta"


def test_a_file_of_telegrams_own_goes_by_its_id(phone: Phone, outbound: TelegramOutbound) -> None:
    photo = phone.eva(kind="photo")["message"]["photo"][-1]
    media = Media(kind=MediaKind.IMAGE, media_id=photo["file_id"])
    assert isinstance(one(outbound, sending(media=media)), Done)
    strange = Media(kind=MediaKind.IMAGE, media_id="of-another-vendor")
    assert reason(one(outbound, sending(media=strange))) == "file_refused"


def test_a_place_goes_as_one(phone: Phone, outbound: TelegramOutbound) -> None:
    media = Media(kind=MediaKind.LOCATION, url="geo:19.4326,-99.1332")
    assert isinstance(one(outbound, sending(media=media)), Done)
    assert last(phone)["location"] == {"latitude": 19.4326, "longitude": -99.1332}


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (replace(sending(), text=""), "text_or_file"),
        (replace(sending(), media=PDF, text="x" * 1025), "text_or_file"),
        (replace(sending(), media=replace(PDF, kind=MediaKind.STICKER)), "text_or_file"),
        (replace(sending(), template=Template(name="t", language="es")), "template_unsupported"),
        (sending(media=Media(kind=MediaKind.CONTACT_CARD)), "media_unsupported"),
        (sending(media=Media(kind=MediaKind.IMAGE)), "file_without_link"),
        (sending(media=Media(kind=MediaKind.LOCATION, url="geo:here")), "place_unreadable"),
    ],
)
def test_what_telegram_has_no_words_for_is_not_tried(
    phone: Phone, outbound: TelegramOutbound, effect: SendMessage, expected: str
) -> None:
    assert reason(one(outbound, effect)) == expected
    assert phone.sent == []


def test_a_document_that_telegram_would_not_fetch_is_uploaded(phone: Phone, files: str) -> None:
    media = Media(kind=MediaKind.DOCUMENT, url=f"{files}/offer.docx", name='Ofer"ta\r\n 1.docx')
    assert isinstance(one(trusting(phone, files), sending(media=media)), Done)
    document = last(phone)["document"]
    assert isinstance(document, dict)
    assert (document["file_name"], document["mime_type"]) == (
        "Ofer_ta__ 1.docx",
        "application/msword",
    )
    assert document["file_size"] == len(b"bytes of offer.docx")


def test_a_photo_too_large_for_a_link_is_uploaded(phone: Phone, files: str) -> None:
    media = Media(kind=MediaKind.IMAGE, url=f"{files}/casa.jpg", size=6_000_000)
    assert isinstance(one(trusting(phone, files), sending(media=media)), Done)
    assert last(phone)["photo"][-1]["file_size"] == len(b"bytes of casa.jpg")  # type: ignore[index]


def test_a_file_that_telegram_cannot_get_is_uploaded(phone: Phone, files: str) -> None:
    phone.steer("links", open=False)
    media = Media(kind=MediaKind.IMAGE, url=f"{files}/casa.jpg")
    assert isinstance(one(trusting(phone, files), sending(media=media)), Done)
    assert len(phone.sent) == 1


def test_an_upload_keeps_the_quotation_and_the_account(phone: Phone, files: str) -> None:
    number = phone.eva("¿Oferta?", connection=BUSINESS)["number"]
    media = Media(kind=MediaKind.DOCUMENT, url=f"{files}/offer.docx")
    quoting = sending(channel_id=BUSINESS, media=media, reply_to=f"{BUSINESS}:{EVA}:{number}")
    assert isinstance(one(trusting(phone, files), quoting), Done)
    assert last(phone)["business_connection_id"] == BUSINESS
    assert last(phone)["reply_to_message"]["message_id"] == number  # type: ignore[index]


def test_a_file_inside_the_network_is_not_fetched(phone: Phone, files: str) -> None:
    media = Media(kind=MediaKind.DOCUMENT, url=f"{files}/offer.docx")
    outbound = TelegramOutbound(account(phone.url))
    assert reason(one(outbound, sending(media=media))) == "link_forbidden"


def test_a_file_that_is_gone_is_given_up(phone: Phone, files: str) -> None:
    media = Media(kind=MediaKind.DOCUMENT, url=f"{files}/nothing.docx")
    assert reason(one(trusting(phone, files), sending(media=media))) == "file_gone"


def test_a_file_that_cannot_be_had_now_is_tried_again(phone: Phone, files: str) -> None:
    effect = sending(media=Media(kind=MediaKind.DOCUMENT, url=f"{files}/slow.docx"))
    outbound = trusting(phone, files)
    waits = [one(outbound, effect, attempt=attempt) for attempt in range(1, FETCH_TRIES)]
    assert [o.when - NOW for o in waits if isinstance(o, RetryAt)] == [
        timedelta(seconds=seconds) for seconds in (15, 30, 60, 120)
    ]
    assert reason(one(outbound, effect, attempt=FETCH_TRIES)) == "file_unreachable"


def test_a_quotation_is_of_this_chat_or_left_out(phone: Phone, outbound: TelegramOutbound) -> None:
    number = phone.eva("¿Precio?")["number"]
    one(outbound, sending(reply_to=f"{EVA}:{number}"))
    assert last(phone)["reply_to_message"]["message_id"] == number  # type: ignore[index]
    for elsewhere in (f"{BUSINESS}:{EVA}:{number}", f"{LUIS}:{number}", "wamid.1", f"{EVA}:x"):
        assert isinstance(one(outbound, sending(reply_to=elsewhere)), Done)
        assert "reply_to_message" not in last(phone)


def test_a_quoted_message_that_is_gone_does_not_stop_the_answer(
    phone: Phone, outbound: TelegramOutbound
) -> None:
    assert isinstance(one(outbound, sending(reply_to=f"{EVA}:404")), Done)


def test_who_has_blocked_the_bot_gets_nothing(phone: Phone, outbound: TelegramOutbound) -> None:
    phone.steer("block", person=EVA, blocked=True)
    assert reason(one(outbound, sending())) == "bot_blocked"


def test_nobody_is_written_to_first(outbound: TelegramOutbound) -> None:
    assert reason(one(outbound, sending(chat_id=str(LUIS)))) == "chat_not_found"
    assert reason(one(outbound, sending(chat_id="@luis"))) == "chat_not_found"


def test_too_long_a_text_is_refused(outbound: TelegramOutbound) -> None:
    assert isinstance(one(outbound, sending("ñ" * 4096)), Done)
    assert reason(one(outbound, sending("ñ" * 4097))) == "text_too_long"


def test_after_24_hours_a_business_chat_is_closed(phone: Phone, outbound: TelegramOutbound) -> None:
    phone.steer("advance", seconds=24 * 3600 + 60)
    assert reason(one(outbound, sending(channel_id=BUSINESS))) == "window_closed"
    assert isinstance(one(outbound, sending()), Done)


@pytest.mark.parametrize(
    "change", [{"is_enabled": False}, {"can_reply": False}], ids=["ended", "read only"]
)
def test_a_connection_without_the_right_to_reply_sends_nothing(
    phone: Phone, outbound: TelegramOutbound, change: dict[str, bool]
) -> None:
    phone.steer("connect", id=BUSINESS, **change)
    refused = reason(one(outbound, sending(channel_id=BUSINESS)))
    assert refused in ("business_connection_invalid", "no_right_to_write")
    assert phone.sent == []


def test_a_group_that_put_the_bot_out_gets_nothing(
    phone: Phone, outbound: TelegramOutbound
) -> None:
    phone.steer("block", chat=GROUP, blocked=True)
    assert reason(one(outbound, in_group())) == "bot_removed"


def test_a_group_that_moved_is_told_so(phone: Phone, outbound: TelegramOutbound) -> None:
    phone.steer("move", chat=OLD_GROUP, to=-100777)
    assert reason(one(outbound, in_group(OLD_GROUP))) == "group_migrated"
    assert isinstance(one(outbound, in_group(-100777)), Done)


def test_a_full_group_waits_alone_and_in_order(phone: Phone, outbound: TelegramOutbound) -> None:
    run = [delivery(in_group(text=str(n))) for n in range(23)]
    outcomes = outbound.deliver([*run, delivery(sending())])
    assert all(isinstance(outcome, Done) for outcome in [*outcomes[:20], outcomes[-1]])
    waiting = outcomes[20:23]
    assert len(set(map(repr, waiting))) == 1
    assert all(isinstance(o, RetryAt) and o.when <= NOW + timedelta(seconds=61) for o in waiting)


def test_a_flood_of_the_whole_bot_holds_the_account(
    phone: Phone, outbound: TelegramOutbound
) -> None:
    phone.fail("403_quota", times=2)
    ana = sending(channel_id=BUSINESS, chat_id=str(EVA))
    first, *others = outbound.deliver([delivery(e) for e in (sending(), ana, in_group())])
    assert isinstance(first, RetryAt)
    assert others[0] == others[1]
    assert isinstance(others[0], AccountDown)
    assert others[0].until == NOW + timedelta(seconds=30)


def test_a_full_chat_waits_alone_and_in_order(phone: Phone, outbound: TelegramOutbound) -> None:
    run = [delivery(sending(text=str(n))) for n in range(13)]
    *outcomes, other = outbound.deliver([*run, delivery(in_group())])
    assert [type(outcome) for outcome in outcomes] == [Done] * 10 + [RetryAt] * 3
    assert isinstance(other, Done)
    assert [sent["text"] for sent in phone.state["sent"]][:10] == [str(n) for n in range(10)]


def test_a_bare_429_waits_a_little(phone: Phone, outbound: TelegramOutbound) -> None:
    phone.fail("429")
    outcome = one(outbound, sending())
    assert isinstance(outcome, RetryAt)
    assert outcome.when == NOW + timedelta(seconds=5)


@pytest.mark.parametrize("token", ["7000000001:AAF-another", "nonsense"])
def test_a_token_that_is_refused_pauses_the_account(phone: Phone, token: str) -> None:
    outbound = TelegramOutbound(account(phone.url, bot_token=token))
    outcome = one(outbound, sending())
    assert isinstance(outcome, AccountDown)
    assert outcome.until is None


@pytest.mark.parametrize(
    ("fault", "done"),
    [("500", 0), ("500_after", 1), ("html", 0), ("html_after", 1), ("reset_after", 1)],
)
def test_without_a_clear_answer_a_person_decides(
    phone: Phone, outbound: TelegramOutbound, fault: str, done: int
) -> None:
    """R8: nothing would stop a second message."""
    phone.fail(fault)
    first, second = outbound.deliver([delivery(sending()), delivery(sending("más"))])
    assert isinstance(first, Unknown)
    assert isinstance(second, AccountDown)
    assert len(phone.sent) == done
    (found,) = outbound.find([delivery(sending())])
    assert isinstance(found, CannotTell)


def test_a_silent_telegram_leaves_it_unknown(phone: Phone) -> None:
    phone.fail("timeout_after", seconds=3.0)
    outbound = TelegramOutbound(account(phone.url, call_timeout_seconds="0.5"))
    assert isinstance(one(outbound, sending()), Unknown)


def test_before_each_call_it_is_asked_whether_the_row_is_still_ours(
    phone: Phone, files: str
) -> None:
    """R2: the upload after a link that failed is a call of its own."""
    phone.steer("links", open=False)
    answers = iter([True, False])
    effect = sending(media=Media(kind=MediaKind.IMAGE, url=f"{files}/casa.jpg"))
    late = replace(delivery(effect), still_ours=lambda: next(answers))
    (outcome,) = trusting(phone, files).deliver([late])
    assert isinstance(outcome, RetryAt)
    assert phone.sent == []


def test_a_run_leaves_in_its_order(phone: Phone, outbound: TelegramOutbound) -> None:
    run = [delivery(sending(text)) for text in ("uno", "dos", "tres")]
    assert [type(outcome) for outcome in outbound.deliver(run)] == [Done, Done, Done]
    assert [found["text"] for found in phone.sent] == ["uno", "dos", "tres"]


def trusting(phone: Phone, files: str) -> TelegramOutbound:
    """An admin vouches for the host of the files."""
    return TelegramOutbound(account(phone.url, file_hosts=urlsplit(files).netloc))
