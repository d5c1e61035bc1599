"""One open stream: who asked for it, how far it has come, what it is sent."""

from dataclasses import dataclass
from datetime import datetime

from bridge.codec import encode
from bridge.domain.names import ConversationId, MessageId
from bridge.domain.reasons import ReasonCode
from bridge.web.counting import Counters, OwnCounters


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came with the request. `after` is the last event that he has had; `helping` the token of
    who is signed in as a client, which goes before his own."""

    session: str = ""
    helping: str = ""
    authorization: str = ""
    after: str = ""
    conversation: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What somebody has proved himself with, as its digest."""

    proof: str
    is_key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One open stream, and how far it has come."""

    ticket: Ticket
    principal: str
    seen: int  # the newest notification
    decided: int  # the newest decision
    language: str = "en"
    conversation: ConversationId | None = None
    could_read: bool = False  # the conversation, when it was last looked at
    counted: Counters | OwnCounters | None = None
    counted_at: datetime | None = None
    counted_to: int = 0  # the newest decision that the counters know of


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What one stream is sent, and the watch as it is then; None once it has ended."""

    pieces: tuple[bytes, ...]
    watch: Watch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeNews:
    """`says` is why he is told, in his language, `address` the page where he reads more; `title`
    names what it is about. Nothing here is a client's word."""

    id: str
    conversation: ConversationId | None
    message: MessageId | None
    code: ReasonCode
    about: str
    title: str
    says: str
    address: str
    created_at: datetime


def event(name: str, value: object, number: int | None = None) -> bytes:
    """One event of the stream; only those with a number are gone on from."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {name}\ndata: ".encode() + encode(value) + b"\n\n"


def opening(watch: Watch) -> bytes:
    """From where it is gone on even by who hears of nothing before it breaks."""
    return f"retry: 2000\nid: {watch.seen}\n\n".encode()


def ended(why: str) -> News:
    """The reader's next request is refused, with the reason."""
    return News(pieces=(event("end", {"detail": why}),), watch=None)


def counters_of(before: Watch, after: Watch) -> tuple[bytes, ...]:
    return () if after.counted == before.counted else (event("counters", after.counted),)
