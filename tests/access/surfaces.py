"""Every surface that shows chats, as two tables: what it lists, and what it opens.

A new surface is one line more: a function that gives the ids it lists, and which of the readable
ones it is about; or the address under which it opens one.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bridge.domain.names import EmployeeId
from bridge.pipeline.parts import Parts
from bridge.pipeline.seeing import who_can_see
from bridge.store.engine import reading
from bridge.store.notices import notices
from bridge.web.api import PREFIX
from bridge.web.problems import Problem
from bridge.web.site import site_of
from bridge.web.watches import Asked
from bridge.web.watching import admit, look
from tests.access.planting import Planted
from tests.web.world import LUIS, SALES, Key

_LINKED = re.compile(r"/conversations/(cv_\w+)")
_NEXT = re.compile(r'<p class="more"><a class="(?:btn|button)" href="([^"]+)"')


class Looked(Protocol):
    """What is looked at: the parts of a house, and how one gets in."""

    @property
    def parts(self) -> Parts: ...
    def key(self, principal: str) -> str: ...
    def signed_in(self, employee: EmployeeId) -> FlaskClient: ...


@dataclass(frozen=True, slots=True)
class Eyes:
    """One employee with a key and a browser."""

    world: Looked
    employee: EmployeeId
    key: str
    browser: FlaskClient
    page_size: int = 3

    def get(self, address: str, **query: Any) -> TestResponse:
        headers = {}
        if address.startswith(PREFIX):
            headers = {"Authorization": f"Bearer {self.key}"}
        return self.browser.get(address, query_string=query or None, headers=headers)

    def post(self, path: str) -> TestResponse:
        """A write that says nothing."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.browser.post(PREFIX + path, json={}, headers=headers)

    def listed(self, path: str, name: str, **query: Any) -> set[str]:
        """What the items of an API list have under this name, page by page."""
        found: set[str] = set()
        cursor = ""
        while True:
            page = self.get(PREFIX + path, limit=self.page_size, cursor=cursor, **query)
            assert page.status_code == 200, page.text
            found |= {item[name] for item in page.get_json()["items"]} - {None}
            cursor = page.get_json()["next"]
            if cursor is None:
                return found

    def linked(self, address: str) -> set[str]:
        """The chats that a page links to, and those that follow it."""
        found: set[str] = set()
        more: str | None = address
        while more is not None:
            page = self.browser.get(more)
            assert page.status_code == 200
            found |= set(_LINKED.findall(page.text))
            following = _NEXT.search(page.text)
            more = following[1].replace("&amp;", "&") if following else None
        return found


def eyes_of(world: Looked, employee: EmployeeId) -> Eyes:
    key = world.key(f"employee:{employee}")
    return Eyes(world, employee, key, world.signed_in(employee))


@dataclass(frozen=True, slots=True)
class Lister:
    """`about` says which of the chats that one may read it has to list."""

    name: str
    lists: Callable[[Eyes, Sequence[Planted]], set[str]]
    about: Callable[[Eyes, Planted], bool] = lambda eyes, planted: True


def _api(path: str, name: str, **query: Any) -> Callable[[Eyes, Sequence[Planted]], set[str]]:
    return lambda eyes, planted: eyes.listed(path, name, **query)


def _page(address: str) -> Callable[[Eyes, Sequence[Planted]], set[str]]:
    return lambda eyes, planted: eyes.linked(address)


def _of_each_contact(eyes: Eyes, planted: Sequence[Planted]) -> set[str]:
    found = (
        eyes.listed("/timeline", "conversation", contact=p.contact, all="true") for p in planted
    )
    return set().union(*found)


def _of_each_chat(eyes: Eyes, planted: Sequence[Planted]) -> set[str]:
    found = (
        eyes.listed("/timeline", "conversation", conversation=p.conversation, all="true")
        for p in planted
    )
    return set().union(*found)


def _pages_of(
    addresses: Callable[[Planted], Sequence[str]],
) -> Callable[[Eyes, Sequence[Planted]], set[str]]:
    """What the pages link to that are there for him."""

    def lists(eyes: Eyes, planted: Sequence[Planted]) -> set[str]:
        asked = [address for one in planted for address in addresses(one)]
        there = [address for address in asked if _status(eyes, address) == 200]
        return set().union(*(eyes.linked(address) for address in there))

    return lists


def _deals(planted: Planted) -> Sequence[str]:
    return [f"/deals/rd_{planted.contact}_{n}?all=1" for n in range(len(planted.chat.deals))]


def _leads(planted: Planted) -> Sequence[str]:
    return [f"/leads/rl_{planted.contact}_{n}?all=1" for n in range(len(planted.chat.leads))]


def _told_to_managers(eyes: Eyes, planted: Sequence[Planted]) -> set[str]:
    """Those of which who-can-see names him as one who reads."""
    asking = eyes_of(eyes.world, LUIS)
    return {
        p.conversation
        for p in planted
        if eyes.employee in _readers(asking, f"/conversations/{p.conversation}/who-can-see")
    }


def _readers(asking: Eyes, path: str) -> Iterator[str]:
    people = asking.get(PREFIX + path).get_json()["people"]
    return (person["employee"] for person in people if person["can_read"])


def _told_in_a_terminal(eyes: Eyes, planted: Sequence[Planted]) -> set[str]:
    """What `bridge who-can-see` answers from."""
    found: set[str] = set()
    parts = eyes.world.parts
    with reading(parts.engine) as db:
        for one in planted:
            seen = who_can_see(db, one.conversation, parts.active().policy, parts.now()) or ()
            readers = {s.employee for s in seen if s.access.can_read}
            found |= {one.conversation} if eyes.employee in readers else set()
    return found


def _told_live(eyes: Eyes, planted: Sequence[Planted]) -> set[str]:
    """What a stream that goes on from the very beginning is sent."""
    news = _watched(eyes, Asked(authorization=f"Bearer {eyes.key}", after="0"))
    return {told["conversation"] for told in _events(news, b"notification")} - {None}


def _seen_to_move_live(eyes: Eyes, planted: Sequence[Planted]) -> set[str]:
    """Of which chats a stream says that something happened, to who asks for just that chat."""
    key = f"Bearer {eyes.key}"
    asked = [Asked(authorization=key, conversation=one.conversation) for one in planted]
    news = b"".join(_watched(eyes, one) for one in asked)
    return {moved["id"] for moved in _events(news, b"conversation")}


def _watched(eyes: Eyes, asked: Asked) -> bytes:
    site = site_of(eyes.world.parts, Key())
    try:
        watch = admit(site, asked)
    except Problem:
        return b""  # without a role there is nothing to watch
    [news] = look(site, [replace(watch, decided=0)])
    return b"".join(news.pieces)


def _events(sent: bytes, name: bytes) -> list[Any]:
    found = re.findall(rb"event: " + name + rb"\ndata: (.*)", sent)
    return [json.loads(data) for data in found]


def _was_told(eyes: Eyes, planted: Planted) -> bool:
    with reading(eyes.world.parts.engine) as db:
        told = notices(db, eyes.employee, unread=False, before=None, limit=1000)
    return planted.conversation in {notice.conversation for notice in told}


def _has_messages(eyes: Eyes, planted: Planted) -> bool:
    return planted.chat.has_messages


def _is_unanswered(eyes: Eyes, planted: Planted) -> bool:
    return planted.chat.is_unanswered and planted.chat.has_messages


def _is_on_sales(eyes: Eyes, planted: Planted) -> bool:
    return planted.chat.channel == SALES


def _has_contact(eyes: Eyes, planted: Planted) -> bool:
    return planted.chat.contact is not None


def _has_deal(eyes: Eyes, planted: Planted) -> bool:
    return _with_deal(planted)


def _has_lead(eyes: Eyes, planted: Planted) -> bool:
    return _with_lead(planted)


def _with_contact(planted: Planted) -> bool:
    return planted.chat.contact is not None


def _with_deal(planted: Planted) -> bool:
    return _with_contact(planted) and bool(planted.chat.deals)


def _with_lead(planted: Planted) -> bool:
    return _with_contact(planted) and bool(planted.chat.leads)


LISTERS = (
    Lister("API: list", _api("/conversations", "id")),
    Lister("API: list of the unanswered", _api("/conversations", "id", unanswered="true"),
           _is_unanswered),
    Lister("API: list of a channel", _api("/conversations", "id", channel=SALES), _is_on_sales),
    Lister("API: search by title", _api("/conversations", "id", q="needle")),
    Lister("API: search by number", _api("/conversations", "id", q="34 600")),
    Lister("API: search by username", _api("/conversations", "id", q="user")),
    Lister("API: search by text", _api("/conversations", "id", q="haystack"), _has_messages),
    Lister("API: feed", _api("/timeline", "conversation"), _has_messages),
    Lister("API: feed of all events", _api("/timeline", "conversation", all="true")),
    Lister("API: feed by contact", _of_each_contact, _has_contact),
    Lister("API: feed by chat", _of_each_chat),
    Lister("API: notifications told earlier", _api("/notifications", "conversation"), _was_told),
    Lister("stream: notifications", _told_live, _was_told),
    Lister("stream: chats that move", _seen_to_move_live),
    Lister("API: who can see", _told_to_managers),
    Lister("terminal: who can see", _told_in_a_terminal),
    Lister("page: list", _page("/conversations")),
    Lister("page: search", _page("/conversations?q=needle")),
    Lister("page: feed", _page("/feed"), _has_messages),
    Lister("page: feed of all events", _page("/feed?all=1")),
    Lister("page: feed of each contact", _pages_of(lambda p: [f"/contacts/{p.contact}?all=1"]),
           _has_contact),
    Lister("page: feed of each deal", _pages_of(_deals), _has_deal),
    Lister("page: feed of each lead", _pages_of(_leads), _has_lead),
    Lister("page: notifications told earlier", _page("/notifications"), _was_told),
)  # fmt: skip


def _with_message(planted: Planted) -> bool:
    return planted.chat.has_messages


def _with_file(planted: Planted) -> bool:
    return planted.file is not None


def _any(planted: Planted) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Opener:
    """`address` of one chat, which answers 200 to those who may read and 404 to all others;
    `asks` says of which chats it can be asked at all. `shows`: the answers of something there."""

    name: str
    address: Callable[[Planted], str]
    asks: Callable[[Planted], bool] = _any
    shows: frozenset[int] = frozenset({200})


OPENERS = (
    Opener("API: conversation", lambda p: f"{PREFIX}/conversations/{p.conversation}"),
    Opener("API: messages", lambda p: f"{PREFIX}/conversations/{p.conversation}/messages"),
    Opener("API: who-can-see", lambda p: f"{PREFIX}/conversations/{p.conversation}/who-can-see"),
    Opener("API: export", lambda p: f"{PREFIX}/conversations/{p.conversation}/export"),
    Opener("API: export as CSV",
           lambda p: f"{PREFIX}/conversations/{p.conversation}/export?format=csv"),
    Opener("API: event", lambda p: f"{PREFIX}/events/{p.event}"),
    Opener("API: event by key", lambda p: f"{PREFIX}/events/{p.event_key}"),
    Opener("API: event by message", lambda p: f"{PREFIX}/events/{p.message}", _with_message),
    Opener("API: explain", lambda p: f"{PREFIX}/events/{p.event}/explain"),
    Opener("page: conversation", lambda p: f"/conversations/{p.conversation}"),
    Opener("page: export", lambda p: f"/conversations/{p.conversation}/export?format=csv"),
    Opener("media: a file by its lasting link", lambda p: f"/media/of/{p.file}/0", _with_file,
           frozenset({200, 410, 503})),  # there, failed, or on its way
    Opener("page: event", lambda p: f"/events/{p.event}"),
    Opener("page: feed of a contact", lambda p: f"/contacts/{p.contact}", _with_contact),
    Opener("page: feed of a deal", lambda p: f"/deals/rd_{p.contact}_0", _with_deal),
    Opener("page: feed of a lead", lambda p: f"/leads/rl_{p.contact}_0", _with_lead),
    Opener("page: a contact's feed as a file",
           lambda p: f"/feed/export?contact={quote(p.contact)}", _with_contact),
)  # fmt: skip


def astray(eyes: Eyes, planted: Sequence[Planted], readable: Collection[str]) -> list[str]:
    """The surfaces that list or open more, or less, than these chats; none of them should."""
    wrong = []
    for lister in LISTERS:
        about = {p.conversation for p in planted if lister.about(eyes, p)}
        if lister.lists(eyes, planted) != about & {*readable}:
            wrong.append(lister.name)
    for opener in OPENERS:
        asked = [one for one in planted if opener.asks(one)]
        answers = {one.conversation: _status(eyes, opener.address(one)) for one in asked}
        may = {chat: opener.shows if chat in readable else {404} for chat in answers}
        if any(answers[chat] not in expected for chat, expected in may.items()):
            wrong.append(opener.name)
    return wrong


def _status(eyes: Eyes, address: str) -> int:
    with eyes.get(address) as answer:
        return answer.status_code
