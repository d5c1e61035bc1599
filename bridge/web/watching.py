"""What is new for those who watch live: asked of the store once for all of them.

Each piece is checked when it is made: whose session or key has ended meanwhile hears no more, and
who may not read a conversation any more hears nothing of it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection

from bridge.codec import encode
from bridge.domain.names import ConversationId, EmployeeId, MessageId
from bridge.domain.people import Directory, Role
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.refusals import first_of
from bridge.store import decisions, keys, mirror, notices, sessions
from bridge.store.chats import chat_facts
from bridge.store.engine import reading
from bridge.store.keys import Scope, digest
from bridge.store.notices import Notice
from bridge.web.auth import (
    HOUSE,
    Principal,
    principal_of,
    principal_of_session,
    unauthenticated,
)
from bridge.web.chatview import called
from bridge.web.counting import FOR_A_MENU, Counters, count
from bridge.web.noticelist import meant
from bridge.web.problems import forbidden, invalid
from bridge.web.reasons_said.notices import told
from bridge.web.site import Site
from bridge.web.viewer import Viewer, viewer

AT_ONCE = 500
"""Notifications that one look reads; the next goes on from there."""
COUNT_AGAIN = timedelta(seconds=5)
COUNT_ANYWAY = timedelta(minutes=1)
"""Marks also change without a decision: when the CRM was read anew, or roles have changed."""
_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came with the request. `after` is the last event that he has had."""

    session: str = ""
    authorization: str = ""
    after: str = ""
    conversation: str = ""


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
    conversation: ConversationId | None = None
    could_read: bool = False  # the conversation, when it was last looked at
    counted: Counters | None = None
    counted_at: datetime | None = None
    counted_to: int = 0  # the newest decision that the counters know of


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What one stream is sent, and the watch as it is then; None once it has ended."""

    pieces: tuple[bytes, ...]
    watch: Watch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeNews:
    """`says` is why he is told, for people; nothing here is a client's word."""

    id: str
    conversation: ConversationId | None
    message: MessageId | None
    code: ReasonCode
    about: str
    says: str
    created_at: datetime


def admit(site: Site, asked: Asked) -> Watch:
    """A new watch, from where it left off; raises Problem for who may not watch."""
    if asked.after and not _NUMBER.fullmatch(asked.after):
        raise invalid("is not the id of an event", field="Last-Event-ID", status=400)
    ticket = _ticket(asked)
    with reading(site.parts.engine) as db:
        principal = _alive(db, site, [ticket], site.parts.now()).get(ticket)
        newest, decided = notices.newest(db), decisions.newest(db)
        could_read = principal is not None and _reads(db, site, principal, asked.conversation)
    if principal is None:
        what = "this key is unknown, expired or revoked" if ticket.is_key else "sign in first"
        raise unauthenticated(what)
    principal.require_kind(HOUSE)
    principal.require(Scope.READ)
    if principal.employee.role is Role.NONE:
        raise forbidden(Reason(ReasonCode.ROLE_NONE, "has no role, so sees and writes nothing"))
    return Watch(
        ticket=ticket,
        principal=principal.id,
        seen=min(int(asked.after), newest) if asked.after else newest,
        decided=decided,
        conversation=ConversationId(asked.conversation) if asked.conversation else None,
        could_read=could_read,
    )


def look(site: Site, watches: Sequence[Watch]) -> tuple[News, ...]:
    """In the order of the watches."""
    now = site.parts.now()
    with reading(site.parts.engine) as db:
        found = _Look(db, site, now, _alive(db, site, {w.ticket for w in watches}, now))
        found.read(watches)
        return tuple(found.news(watch) for watch in watches)


def event(name: str, value: object, number: int | None = None) -> bytes:
    """One event of the stream; only those with a number are gone on from."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {name}\ndata: ".encode() + encode(value) + b"\n\n"


class _Look:
    """One look at the store; what several streams of one principal ask is asked once."""

    def __init__(
        self, db: Connection, site: Site, now: datetime, alive: Mapping[Ticket, Principal]
    ) -> None:
        self._db = db
        self._policy = site.policy
        self._now = now
        self._alive = alive
        self._people: Directory = mirror.directory(db, self._policy.crm)
        self._newest = notices.newest(db)
        self._decided = decisions.newest(db)
        self._rows: dict[tuple[EmployeeId, int], tuple[Notice, ...]] = {}
        self._read_to: dict[int, int] = {}
        self._counters: dict[str, Counters] = {}
        self._changed: frozenset[ConversationId] = frozenset()

    def read(self, watches: Iterable[Watch]) -> None:
        """The new notifications: one statement for all streams that have come equally far."""
        behind = sorted((w.seen, self._employee(w)) for w in watches if w.seen < self._newest)
        for seen, group in groupby(behind, key=lambda pair: pair[0]):
            people = {employee for _, employee in group if employee is not None}
            rows = notices.since(self._db, people, seen, AT_ONCE)
            self._read_to[seen] = rows[-1].id if len(rows) == AT_ONCE else self._newest
            for employee in people:
                self._rows[employee, seen] = tuple(r for r in rows if r.employee == employee)
        self._read_chats(watches)

    def _read_chats(self, watches: Iterable[Watch]) -> None:
        behind = [w for w in watches if w.conversation and w.decided < self._decided]
        if behind:
            named = {w.conversation for w in behind if w.conversation}
            since = min(w.decided for w in behind)
            self._changed = decisions.changed(self._db, named, since)

    def news(self, watch: Watch) -> News:
        principal = self._alive.get(watch.ticket)
        if principal is None or Scope.READ not in principal.scopes:
            return _ended("signed out, or the key has ended")
        if principal.employee.role is Role.NONE:
            return _ended("has no role any more")
        eyes = Viewer(
            employee=principal.employee,
            policy=self._policy,
            directory=self._people,
            now=self._now,
        )
        told_now = self._notices(watch, eyes)
        after = replace(
            watch, seen=self._read_to.get(watch.seen, watch.seen), decided=self._decided
        )
        after = self._counted(after, eyes, bool(told_now))
        said, after = self._chat(watch, after, eyes)
        return News(pieces=(*told_now, *said, *_counters(watch, after)), watch=after)

    def _notices(self, watch: Watch, eyes: Viewer) -> tuple[bytes, ...]:
        rows = self._rows.get((eyes.employee.id, watch.seen), ())
        mine = meant(self._db, eyes, rows)
        return tuple(event("notification", _shape(notice), notice.id) for notice in mine)

    def _chat(self, watch: Watch, after: Watch, eyes: Viewer) -> tuple[tuple[bytes, ...], Watch]:
        """That something happened in it; or, once, that it is for these eyes no longer. Access may
        end without a decision: then it is noticed when the counters are made anew."""
        name = watch.conversation
        is_told = name in self._changed
        if name is None or not (is_told or after.counted_at != watch.counted_at):
            return (), after
        if name in eyes.readable(self._db, [name]):
            told = (event("conversation", {"id": name}),) if is_told else ()
            return told, replace(after, could_read=True)
        if not watch.could_read:
            return (), after
        gone = event("taken", {"id": name, "by": self._first(name, eyes)})
        return (gone,), replace(after, could_read=False)

    def _first(self, name: ConversationId, eyes: Viewer) -> str:
        """Who answered first, where he may hear it."""
        chat = chat_facts(self._db, [name]).get(name)
        first = None if chat is None else first_of(self._db, eyes.employee, chat, eyes.directory)
        return "" if first is None else called(eyes, first)

    def _counted(self, watch: Watch, eyes: Viewer, is_told: bool) -> Watch:
        if watch.counted_at is not None and not is_told:
            age = self._now - watch.counted_at
            is_old = watch.counted_to < self._decided and age >= COUNT_AGAIN
            if not is_old and age < COUNT_ANYWAY:
                return watch
        if watch.principal not in self._counters:
            self._counters[watch.principal] = count(self._db, eyes, FOR_A_MENU)
        counted = self._counters[watch.principal]
        return replace(watch, counted=counted, counted_at=self._now, counted_to=self._decided)

    def _employee(self, watch: Watch) -> EmployeeId:
        principal = self._alive.get(watch.ticket)
        return EmployeeId("") if principal is None else principal.employee.id


def _counters(before: Watch, after: Watch) -> tuple[bytes, ...]:
    return () if after.counted == before.counted else (event("counters", after.counted),)


def _ended(why: str) -> News:
    """The reader's next request is refused, with the reason."""
    return News(pieces=(event("end", {"detail": why}),), watch=None)


def _shape(notice: Notice) -> NoticeNews:
    return NoticeNews(
        id=str(notice.id),
        conversation=notice.conversation,
        message=notice.message,
        code=notice.code,
        about=notice.about,
        says=told(notice.code),
        created_at=notice.created_at,
    )


def _reads(db: Connection, site: Site, principal: Principal, conversation: str) -> bool:
    if not conversation or principal.employee.role is Role.NONE:
        return False
    eyes = viewer(db, principal.employee, site.policy, site.parts.now())
    return bool(eyes.readable(db, [ConversationId(conversation)]))


def _ticket(asked: Asked) -> Ticket:
    """A key goes before a session: a program that sends both means the key."""
    found = _BEARER.fullmatch(asked.authorization)
    if found is not None:
        return Ticket(proof=digest(found[1]), is_key=True)
    return Ticket(proof=digest(asked.session), is_key=False)


def _alive(
    db: Connection, site: Site, tickets: Iterable[Ticket], now: datetime
) -> Mapping[Ticket, Principal]:
    """Of these the ones that still hold, by the active policy."""
    given = set(tickets)
    signed_in = sessions.sessions_of(db, [t.proof for t in given if not t.is_key], now)
    by_key = keys.keys_of(db, [t.proof for t in given if t.is_key], now)
    found: dict[Ticket, Principal] = {}
    for ticket in given:
        principal = None
        if ticket.is_key and ticket.proof in by_key:
            principal = principal_of(db, by_key[ticket.proof], site.policy)
        elif not ticket.is_key and ticket.proof in signed_in:
            principal = principal_of_session(db, signed_in[ticket.proof], site.policy)
        if principal is not None:
            found[ticket] = principal
    return found
