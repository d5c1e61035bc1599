"""How a message reads in the timeline, and by what it is known again."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.messaging import Direction, Media, MediaKind, Messenger
from bridge.domain.names import CrmId, MessageId
from connectors.hubspot.timeline import (
    MAX_BODY,
    body,
    channel_type,
    comment,
    communication,
    mark,
)
from tests.connectors.hubspot.building import entry


def test_a_short_head_and_the_whole_message() -> None:
    """FEED-04, FEED-05, FEED-07: direction, channel and source are in the text."""
    assert body(entry(text="hola\nqué tal")) == (
        "<p><strong>→ WhatsApp from the client · Sales</strong></p>"
        "<p>hola<br>qué tal</p>"
        '<p><a href="https://bridge.acme.example/conversations/cv_1">Open the conversation</a></p>'
        f"<p>wazzup {mark(MessageId('m1'))}</p>"
    )


def test_an_outgoing_message_names_channel_and_author() -> None:
    """ROL-08: the timeline names who wrote."""
    sent = replace(
        entry(),
        direction=Direction.OUT,
        head="WhatsApp",
        channel="North",
        author=CrmId("11"),
        author_name="Ana Ruiz",
    )
    assert "<strong>← WhatsApp · North · Ana Ruiz</strong>" in body(sent)
    assert communication(sent)["hubspot_owner_id"] == "11"


def test_a_client_has_no_owner_id() -> None:
    assert "hubspot_owner_id" not in communication(entry())


def test_a_file_is_a_link_and_no_text_is_no_error() -> None:
    """FEED-06."""
    file = Media(
        kind=MediaKind.DOCUMENT,
        url="https://store.example/a?b=1&c=2",
        name="<offer>.pdf",
        content_type="application/pdf",
    )
    shown = body(entry(text="", media=(file,)))
    assert (
        '<p><a href="https://store.example/a?b=1&amp;c=2">&lt;offer&gt;.pdf · application/pdf</a>'
        in shown
    )
    assert "<p></p>" not in shown


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "file:///etc/passwd", "data:x"])
def test_a_file_without_a_web_address_is_named_but_not_linked(url: str) -> None:
    shown = body(entry(media=(Media(kind=MediaKind.IMAGE, url=url),)))
    assert "<p>image</p>" in shown
    assert url == "" or url not in shown


def test_an_edit_says_so() -> None:
    assert "<em>(deleted by contact)</em></p>" in body(entry(), "deleted by contact")


@pytest.mark.parametrize(
    ("messenger", "word"),
    [
        (Messenger.WHATSAPP, "WHATS_APP"),
        (Messenger.SMS, "SMS"),
        (Messenger.TELEGRAM, "CUSTOM_CHANNEL_CONVERSATION"),
        (Messenger.OTHER, "CUSTOM_CHANNEL_CONVERSATION"),
    ],
)
def test_channel_types(messenger: Messenger, word: str) -> None:
    assert channel_type(entry(messenger=messenger)) == word


def test_what_a_communication_and_a_note_carry() -> None:
    assert set(communication(entry())) == {
        "hs_communication_channel_type",
        "hs_communication_logged_from",
        "hs_communication_body",
        "hs_timestamp",
    }
    assert set(comment(entry())) == {"hs_note_body", "hs_timestamp"}
    assert comment(entry())["hs_timestamp"] == "1795341600000"


def test_the_mark_is_that_of_the_message_whatever_it_says() -> None:
    assert mark(MessageId("m1")) == mark(MessageId("m1"))
    assert mark(MessageId("m1")) != mark(MessageId("m2"))
    assert mark(MessageId("m1")) in body(entry(text="new"), "edited")


@given(st.text(max_size=300), st.text(max_size=60), st.text(max_size=60))
def test_nothing_that_people_write_is_markup(text: str, name: str, head: str) -> None:
    file = Media(kind=MediaKind.OTHER, url="https://x.example/" + name, name=name)
    given = replace(entry(text=text, media=(file,)), head=head, author_name=name)
    shown = body(given, name)
    tags = {tag for tag in re.findall(r"<(/?\w+)", shown)}
    known = {"p", "strong", "em", "br", "a"}
    assert tags <= known | {f"/{tag}" for tag in known}
    assert shown.count("<a ") == 2


@pytest.mark.parametrize("letter", ["x", "&", "<", "\n", "é", '"'])
def test_a_message_too_long_is_cut_where_nothing_breaks(letter: str) -> None:
    shown = body(entry(text=letter * 70_000))
    assert len(shown) <= MAX_BODY
    assert "the whole message is in the conversation" in shown
    assert shown.endswith(f"{mark(MessageId('m1'))}</p>")
    assert re.search(r"&(?!amp;|lt;|gt;|quot;|#x27;)|<(?!/?(p|br|strong|em|a)\b)", shown) is None
