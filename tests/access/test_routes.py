"""Every route there is: what names a chat is not there for those who may not read it (ROL-06)."""

import re
from collections.abc import Iterator

import pytest

from bridge.domain.names import ConversationId, EmployeeId
from bridge.store.keys import Scope
from tests.web.asking import api
from tests.web.browsing import csrf
from tests.web.world import ANA, BRUNO, LUIS, NORA, World

MARTA = "+34600111222"
NAMES_A_CHAT = re.compile(r"/(conversations|events|messages)/<(?:\w+:)?\w+>")

OF_CLIENTS = "/plan/"  # pages that serve nobody of the house: test_kinds asks for them


@pytest.fixture
def chat(world: World) -> ConversationId:
    """Ana's."""
    world.client("Marta", MARTA, ANA)
    return world.writes(MARTA, "hello")


def naming_chats(world: World, chat: ConversationId) -> Iterator[tuple[str, str]]:
    """Method and address of every route that names a conversation, an event or a message."""
    luis = api(world, LUIS)
    names = {
        "conversations": chat,
        "events": luis.all("/timeline")[0]["event"],
        "messages": luis.all(f"/conversations/{chat}/messages")[0]["id"],
    }
    for rule in world.app.url_map.iter_rules():
        if NAMES_A_CHAT.search(rule.rule) and not rule.rule.startswith(OF_CLIENTS):
            found = NAMES_A_CHAT.sub(lambda part: f"/{part[1]}/{names[part[1]]}", rule.rule)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, re.sub(r"<[^>]*>", "1", found)


class Visitor:
    def __init__(self, world: World, employee: EmployeeId) -> None:
        self._key = world.key(f"employee:{employee}", *Scope)
        self._browser = world.signed_in(employee)
        self._csrf = csrf(self._browser.get("/conversations").text)

    def status(self, method: str, address: str) -> int:
        if address.startswith("/api/"):
            headers = {"Authorization": f"Bearer {self._key}"}
            body: dict[str, str] | None = None if method == "GET" else {}
            answer = self._browser.open(address, method=method, json=body, headers=headers)
        else:
            form = None if method == "GET" else {"csrf": self._csrf}
            answer = self._browser.open(address, method=method, data=form)
        return answer.status_code


def test_rol_06_no_route_tells_a_colleague_of_a_chat_that_is_not_his(
    world: World, chat: ConversationId
) -> None:
    """Whatever is added to the routes is asked as well; who may is answered by all of them."""
    addresses = list(naming_chats(world, chat))
    assert len(addresses) >= 14
    bruno, ana, luis = (Visitor(world, who) for who in (BRUNO, ANA, LUIS))
    for method, address in addresses:
        hers, his = ana.status(method, address), bruno.status(method, address)
        # What is for managers alone says so to either, and looks for no chat.
        assert his == (403 if hers == 403 else 404), f"{method} {address}"
        answered = luis.status(method, address) if method == "GET" else hers
        assert answered not in (401, 404, 405), f"{method} {address}"


def test_rol_14_nor_somebody_without_a_role(world: World, chat: ConversationId) -> None:
    nora, ana = Visitor(world, NORA), Visitor(world, ANA)
    for method, address in naming_chats(world, chat):
        for_managers = method == "GET" and ana.status(method, address) == 403
        expected = 404 if method == "GET" and not for_managers else 403
        assert nora.status(method, address) == expected, f"{method} {address}"


def test_rol_06_what_is_refused_and_what_is_not_there_are_told_apart_by_nobody(
    world: World, chat: ConversationId
) -> None:
    """Not by a word of the answer either."""
    bruno = world.app.test_client()
    headers = {"Authorization": f"Bearer {world.key(f'employee:{BRUNO}', *Scope)}"}
    for method, address in naming_chats(world, chat):
        if address.startswith("/api/"):
            body: dict[str, str] | None = None if method == "GET" else {}
            nowhere = re.sub(r"/(cv|ms)_\w+|/(?<=events/)\d+", r"/cv_nowhere", address)
            refused, unknown = (
                bruno.open(path, method=method, json=body, headers=headers)
                for path in (address, nowhere)
            )
            assert refused.data == unknown.data, address
