"""One conversation as pages and API show it: its title, its owners."""

from urllib.parse import urlsplit

from sqlalchemy import Connection

from bridge.domain.access import Access, Ownership, owners
from bridge.domain.facts import ChatFacts
from bridge.domain.names import ConversationId, EmployeeId
from bridge.pipeline.refusals import first_of, taken
from bridge.store.chats import chat_facts
from bridge.web.problems import Problem, not_found
from bridge.web.viewer import Viewer


def open_chat(db: Connection, viewer: Viewer, name: str) -> tuple[ChatFacts, Access]:
    """Problem 404 for a chat that is not there or not for these eyes (ROL-06)."""
    chat = viewer.readable(db, [ConversationId(name)]).get(ConversationId(name))
    if chat is None:
        raise not_found("conversation")
    return chat, viewer.access(chat)


def open_to_answer(db: Connection, viewer: Viewer, name: str) -> ChatFacts:
    """The same; but who comes second to a new client is told who was first."""
    where = ConversationId(name)
    chat = chat_facts(db, [where]).get(where)
    if chat is None or viewer.reads_none:
        raise not_found("conversation")
    if not viewer.access(chat).can_read:
        late = taken(db, viewer.employee, chat, viewer.directory)
        raise not_found("conversation") if late is None else Problem(late.status, late.reason)
    return chat


def who_was_first(db: Connection, viewer: Viewer, name: str) -> str:
    """Who has got the client of a chat that is not for these eyes any more; empty for one that is;
    Problem 404 for who was never told of him."""
    where = ConversationId(name)
    chat = chat_facts(db, [where]).get(where)
    if chat is None or viewer.reads_none:
        raise not_found("conversation")
    if viewer.access(chat).can_read:
        return ""
    first = first_of(db, viewer.employee, chat, viewer.directory)
    if first is None:
        raise not_found("conversation")
    return called(viewer, first)


def called(viewer: Viewer, employee: EmployeeId) -> str:
    person = viewer.directory.by_email(employee)
    return person.name if person is not None and person.name else employee


def title_of(chat: ChatFacts) -> str:
    conversation = chat.conversation
    name = chat.contact.name if chat.contact else ""
    return name or conversation.title or conversation.phone or conversation.username or "No name"


def owners_of(viewer: Viewer, chat: ChatFacts) -> tuple[Ownership, ...]:
    """Each owner once, with the first reason he has."""
    first = {owner.employee: owner for owner in reversed(owners(chat, viewer.directory))}
    return tuple(reversed(first.values()))


def safe_link(url: str) -> str:
    """The address if a browser may follow it, else an empty text: no `javascript:` gets through."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""
