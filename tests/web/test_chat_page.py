"""The desk: what a conversation shows and to whom, however strange what was said is."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum

import pytest
from sqlalchemy import Engine, event

from bridge.domain.events import MessageReceived, OwnerChanged
from bridge.domain.messaging import ChannelState, Media, MediaKind, MessageStatus, Messenger
from bridge.domain.names import ConversationId, CrmId, EmployeeId, EventKey
from bridge.domain.partner_leads import How, LeadState
from bridge.domain.policy import Distribution
from bridge.domain.records import RecordKind
from bridge.pipeline.dismiss import dismiss
from bridge.pipeline.noting import NoteRequest, note
from bridge.pipeline.refusals import Sent
from bridge.pipeline.send import SendRequest, send
from bridge.web.languages import Said
from bridge.web.pages import looks
from bridge.web.wording import MEDIA, MESSENGERS
from tests.web.browsing import csrf
from tests.web.files import is_copied, sends_file
from tests.web.world import ANA, BRUNO, CRM, LUIS, OWNER, QA, SALES, WA, World

MARTA, STRANGER = "+34600111222", "+34600111999"
PANE = {"HX-Request": "true", "HX-Target": "pane"}


@pytest.fixture
def chat(world: World) -> ConversationId:
    world.client("Marta", MARTA, ANA, deal_of=ANA)
    return world.writes(MARTA, "hello there")


def page_of(world: World, chat: ConversationId, who: EmployeeId = ANA) -> str:
    return world.signed_in(who).get(f"/conversations/{chat}").text


def steps(page: str) -> list[str]:
    return re.findall(r'<p class="step"[^>]*>.*?<span>(.*?)</span>', page, re.S)


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    said: list[str] = []

    def note_it(*given: object) -> None:
        said.append(str(given[2]))

    event.listen(engine, "before_cursor_execute", note_it)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note_it)


def test_what_the_bridge_and_colleagues_did_stands_where_it_was_done(world: World) -> None:
    """FEED-04: each with its story."""
    chat = world.writes(STRANGER, "who are you")
    world.later(minutes=1)
    world.writes(STRANGER, "still there?")
    world.later(minutes=1)
    dismiss(world.parts, LUIS, chat)
    page = page_of(world, chat, LUIS)
    assert steps(page) == ["In turn the client goes to Ana Ruiz", "Luis Gil: no answer needed"]
    places = [
        page.index(w) for w in ("who are you</p>", "In turn", "still there?</p>", "no answer")
    ]
    assert places == sorted(places)
    assert len(re.findall(r'<p class="step".*?href="/events/\d+"', page, re.S)) == 2


def test_an_owner_changed_in_the_crm_is_said(world: World, chat: ConversationId) -> None:
    world.later(minutes=1)
    world.happens(
        OwnerChanged(
            event_key=EventKey("o1"),
            occurred_at=world.now,
            account=CRM,
            kind=RecordKind.CONTACT,
            record=CrmId(f"c-{MARTA}"),
            owner=OWNER[LUIS],
        )
    )
    assert "The owner was changed in the CRM" in steps(page_of(world, chat, LUIS))


def test_days_part_what_was_said(world: World, chat: ConversationId) -> None:
    world.later(hours=20)
    world.client("Marta", MARTA, ANA, deal_of=ANA)
    world.writes(MARTA, "a day later")
    page = page_of(world, chat)
    assert re.findall(r'<h2 class="day"[^>]*><span>(.*?)</span>', page) == ["Yesterday", "Today"]


def test_notes_stand_among_the_messages_for_who_may_read(
    world: World, chat: ConversationId
) -> None:
    world.later(minutes=1)
    request = NoteRequest(employee=ANA, conversation=chat, text="<b>pays</b> late")
    assert note(world.parts, request) is None
    world.later(minutes=1)
    world.writes(MARTA, "after the note")
    for who in (ANA, LUIS, QA):
        page = page_of(world, chat, who)
        places = [page.index(w) for w in ("hello there</p>", "&lt;b&gt;pays", "after the note</p>")]
        assert places == sorted(places)
    assert "pays" not in page_of(world, chat, BRUNO)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "‮evil‬ مرحبا",
        "👨‍👩‍👧‍👦👨‍👩‍👧‍👦",
        "{{ 7 * 7 }}\x00",
        "",
        " \n ",
    ],
    ids=["markup", "right to left", "families", "template", "nothing", "blank"],
)
def test_strange_texts_are_shown_as_what_they_are(
    world: World, chat: ConversationId, text: str
) -> None:
    world.later(minutes=1)
    world.happens(
        MessageReceived(
            event_key=EventKey("s1"),
            occurred_at=world.now,
            account=WA,
            chat=replace(world.chat(MARTA), name=text),
            message_id="s1",
            text=text,
        )
    )
    browser = world.signed_in(ANA)
    for address in (f"/conversations/{chat}", "/conversations"):
        answer = browser.get(address)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
    assert 'dir="auto"' in browser.get(f"/conversations/{chat}").text
    shown = re.findall(r"\(empty message\)", browser.get(f"/conversations/{chat}").text)
    assert len(shown) == (0 if text.strip() else 1)


@pytest.mark.parametrize("kind", MediaKind)
@pytest.mark.parametrize("named", ["Name of it", ""])
def test_whatever_a_client_sends_has_a_word_wherever_it_is_shown(
    world: World, chat: ConversationId, kind: MediaKind, named: str
) -> None:
    """FEED-05: also a voice message, a place and a card, with a name and without."""
    world.later(minutes=1)
    url = "https://maps.example/1" if kind is MediaKind.LOCATION else ""
    world.happens(
        MessageReceived(
            event_key=EventKey("s1"),
            occurred_at=world.now,
            account=WA,
            chat=world.chat(MARTA),
            message_id="s1",
            text="",
            media=(Media(kind=kind, url=url, name=named),),
        )
    )
    browser = world.signed_in(LUIS)
    for address in (f"/conversations/{chat}", "/conversations", "/feed"):
        page = browser.get(address)
        assert (page.status_code, str(MEDIA[kind]) in page.text) == (200, True)
    found = browser.get("/conversations?q=name+of").text
    assert ('<mark class="found">Name</mark>' in found) is bool(named)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (MEDIA, MediaKind),
        (MESSENGERS, Messenger),
        (looks._STATUS, MessageStatus),
        (looks._CHANNEL, ChannelState),
        (looks._LEAD, LeadState),
        (looks._LEAD_HOW, How),
    ],
)
def test_every_word_of_ours_has_its_words_on_pages(
    table: Mapping[StrEnum, Said], words: type[StrEnum]
) -> None:
    assert set(table) == set(words)


def test_a_very_long_text_is_folded_and_whole(world: World, chat: ConversationId) -> None:
    world.writes(MARTA, "word " * 2000)
    page = page_of(world, chat)
    assert "Show all 10000 characters" in page
    assert "word " * 1999 in page


@pytest.mark.parametrize("shift", range(12))
def test_a_family_is_not_parted_where_a_text_is_folded(
    world: World, chat: ConversationId, shift: int
) -> None:
    family = "👨\u200d👩\u200d👧\u200d👦"
    world.writes(MARTA, "x" * shift + family * 200)
    page = page_of(world, chat)
    [start] = re.findall(r'<span class="fold-start text" dir="auto">(.*?)…</span>', page)
    [listed] = re.findall(r'<span class="preview"><bdi dir="auto">(.*?)…</bdi>', page)
    for part in (start, listed):
        assert part == "x" * shift + family * ((len(part) - shift) // len(family))


def test_a_quote_leads_to_the_page_that_holds_it(world: World, chat: ConversationId) -> None:
    for number in range(40):
        world.writes(MARTA, f"message {number:02}")
    world.happens(
        MessageReceived(
            event_key=EventKey("q1"),
            occurred_at=world.now,
            account=WA,
            chat=world.chat(MARTA),
            message_id="q1",
            text="as I said",
            reply_to="m-1",
        )
    )
    browser = world.signed_in(ANA)
    page = browser.get(f"/conversations/{chat}").text
    assert 'id="m-' in page
    link = re.search(r'href="(\?at=[^"#]+)#(m-[^"]+)"', page)
    assert link is not None
    assert f'id="{link[2]}"' not in page
    there = browser.get(f"/conversations/{chat}{link[1]}").text
    assert f'id="{link[2]}"' in there
    assert "Back to the latest" in there
    assert "as I said</p>" not in there


def test_a_place_that_is_no_message_of_this_chat_is_the_latest(
    world: World, chat: ConversationId
) -> None:
    other = world.writes(STRANGER, "somebody else's")
    browser = world.signed_in(LUIS)
    foreign = re.search(r'id="m-([^"]+)"', browser.get(f"/conversations/{other}").text)
    assert foreign is not None
    for named in (foreign[1], "none", "%00", "' OR 1=1"):
        page = browser.get(f"/conversations/{chat}", query_string={"at": named})
        assert (page.status_code, "hello there" in page.text) == (200, True)


@pytest.mark.parametrize(
    ("content_type", "tag"),
    [("image/png", "<img"), ("audio/ogg", "<audio"), ("video/mp4", "<video")],
)
def test_pictures_sound_and_video_are_shown_in_place(
    world: World, chat: ConversationId, content_type: str, tag: str
) -> None:
    message = sends_file(world, MARTA, name="<i>file</i>", content_type=content_type, text="")
    is_copied(world, message, content_type=content_type)
    answer = world.signed_in(ANA).get(f"/conversations/{chat}")
    bubble = answer.text.split(f'id="m-{message}"')[1].split("</article>")[0]
    assert (tag in bubble, "(empty message)" in bubble, "<i>file" in bubble) == (True, False, False)
    assert "media-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_script_that_asks_for_the_conversation_alone_gets_no_list(
    world: World, chat: ConversationId
) -> None:
    whole = page_of(world, chat)
    part = world.signed_in(ANA).get(f"/conversations/{chat}", headers=PANE).text
    assert ('id="chats"' in whole, 'id="chats"' in part) == (True, False)
    assert ("hello there" in part, 'id="pane"' in part) == (True, True)


def test_the_list_beside_a_conversation_keeps_its_filters(
    world: World, chat: ConversationId
) -> None:
    world.writes(STRANGER, "somebody else")
    browser = world.signed_in(LUIS)
    page = browser.get(f"/conversations/{chat}?channel={SALES}&q=hello&evil=1").text
    links = re.findall(r'<a class="chat" id="a-[^"]*" href="([^"]+)"', page)
    assert len(links) == 1
    assert f"channel={SALES}" in links[0]
    assert "q=hello" in links[0]
    assert "evil" not in links[0]


def test_a_renewed_list_is_as_long_as_it_was(world: World) -> None:
    for number in range(70):
        world.writes(f"+3460055{number:04}", "hi")
    browser = world.signed_in(LUIS)

    def rows(told: str) -> int:
        page = browser.get("/conversations", headers={"X-Rows": told}).text
        return page.count('<a class="chat"')

    asked = ("", "1", "60", "junk", "-5", "999999")
    assert [rows(told) for told in asked] == [30, 30, 60, 30, 30, 70]


def test_who_comes_second_hears_who_was_first_and_keeps_what_he_typed(world: World) -> None:
    """WS-10"""
    new = replace(world.policy.new_clients, distribution=Distribution.FIRST_TO_ANSWER)
    bruno = replace(world.policy.employee(BRUNO), gets_new_clients=True)
    world.policy = replace(
        world.policy, new_clients=new, employees={**world.policy.employees, BRUNO: bruno}
    )
    chat = world.writes(STRANGER, "is anybody there")
    browser = world.signed_in(ANA)
    form = {"csrf": csrf(browser.get(f"/conversations/{chat}").text), "text": "I was <about> to"}
    sent = send(world.parts, SendRequest(employee=BRUNO, conversation=chat, text="mine"))
    assert isinstance(sent, Sent)
    answer = browser.post(f"/conversations/{chat}/reply", data=form)
    assert answer.status_code == 409
    assert "Bruno Paz has this client now." in answer.text
    assert "I was &lt;about&gt; to</textarea>" in answer.text
    assert "is anybody there" not in answer.text.split('id="pane"')[1]


def test_rol_06_who_was_never_told_of_a_chat_hears_of_nobody(world: World) -> None:
    world.client("Marta", MARTA, LUIS)
    chat = world.writes(MARTA, "hello there")
    browser = world.signed_in(BRUNO)
    form = {"csrf": csrf(browser.get("/conversations").text), "text": "hi"}
    assert browser.post(f"/conversations/{chat}/reply", data=form).status_code == 404


def test_how_much_is_asked_of_the_store_does_not_grow_with_the_rows(
    world: World, chat: ConversationId
) -> None:
    browser = world.signed_in(LUIS)
    addresses = (f"/conversations/{chat}", "/conversations")

    def asked() -> list[int]:
        found = []
        for address in addresses:
            with counted(world.engine) as said:
                assert browser.get(address).status_code == 200
            found.append(len(said))
        return found

    for number in range(2):
        world.writes(f"+3460077{number:04}", "hi")
    few = asked()
    for number in range(25):
        world.later(seconds=1)
        world.writes(MARTA, f"message {number}")
        world.writes(f"+3460088{number:04}", "hi")
        note(world.parts, NoteRequest(employee=ANA, conversation=chat, text=f"note {number}"))
    assert asked() == few
