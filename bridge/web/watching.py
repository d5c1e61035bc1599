"""What is new for those who watch live: asked of the store once for all of them.

Each piece is checked when it is made: whose session or key has ended meanwhile hears no more, and
who may not read a conversation any more hears nothing of it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection

from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.people import Directory, Role
from bridge.domain.principals import PersonKind
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
from bridge.web.site import Site
from bridge.web.viewer import Viewer, viewer
from bridge.web.watches import Asked, News, Ticket, Watch, counters_of, ended, event
from bridge.web.watching_outside import OutsideLook, shape

AT_ONCE = 500
"""Notifications that one look reads; the next goes on from there."""
COUNT_AGAIN = timedelta(seconds=5)
COUNT_ANYWAY = timedelta(minutes=1)
"""Marks also change without a decision: when the CRM was read anew, or roles have changed."""
_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,18}")


def admit(site: Site, asked: Asked) -> Watch:
    """A new watch, from where it left off; raises Problem for who may not watch."""
    if asked.after and not _NUMBER.fullmatch(asked.after):
        raise invalid("is not the id of an event", field="Last-Event-ID", status=400)
    with reading(site.parts.engine) as db:
        ticket, principal = _admitted(db, site, asked)
        newest, decided = notices.newest(db), decisions.newest(db)
        could_read = _reads(db, site, principal, asked.conversation)
    return Watch(
        ticket=ticket,
        principal=principal.id,
        seen=min(int(asked.after), newest) if asked.after else newest,
        decided=decided,
        language=asked.language,
        conversation=ConversationId(asked.conversation) if asked.conversation else None,
        could_read=could_read,
    )


def _admitted(db: Connection, site: Site, asked: Asked) -> tuple[Ticket, Principal]:
    """Who is signed in as a client is that client, for as long as that holds."""
    tickets = _tickets(asked)
    alive = _alive(db, site, tickets, site.parts.now())
    ticket = next((one for one in tickets if one in alive), None)
    if ticket is None:
        is_key = any(one.is_key for one in tickets)
        what = "this key is unknown, expired or revoked" if is_key else "sign in first"
        raise unauthenticated(what)
    principal = alive[ticket]
    principal.require(Scope.READ)
    if principal.person.kind in HOUSE and principal.employee.role is Role.NONE:
        raise forbidden(Reason(ReasonCode.ROLE_NONE, "has no role, so sees and writes nothing"))
    return ticket, principal


def look(site: Site, watches: Sequence[Watch]) -> tuple[News, ...]:
    """In the order of the watches."""
    now = site.parts.now()
    with reading(site.parts.engine) as db:
        found = _Look(db, site, now, _alive(db, site, {w.ticket for w in watches}, now))
        found.read(watches)
        return tuple(found.news(watch) for watch in watches)


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
        self._rows: dict[tuple[str, str, int], tuple[Notice, ...]] = {}
        self._read_to: dict[int, int] = {}
        self._outside = OutsideLook(db, self._policy, self._people, now, self._decided)
        self._counters: dict[str, Counters] = {}
        self._changed: frozenset[ConversationId] = frozenset()

    def read(self, watches: Sequence[Watch]) -> None:
        """The new notifications: one statement for all streams that have come equally far."""
        behind = sorted((w.seen, *self._whose(w)) for w in watches if w.seen < self._newest)
        for seen, group in groupby(behind, key=lambda one: one[0]):
            people = {(tenant, EmployeeId(name)) for _, tenant, name in group}
            rows = notices.since(self._db, {name for _, name in people}, seen, AT_ONCE)
            last = rows[-1].id if len(rows) == AT_ONCE else self._newest
            self._read_to[seen] = min(last, self._newest)
            # The store goes on while it is read: what came since is for the next look, or it would
            # be told twice.
            known = [r for r in rows if r.id <= self._newest]
            for tenant, name in people:
                own = (r for r in known if (r.tenant, r.employee) == (tenant, name))
                self._rows[tenant, name, seen] = tuple(own)
        self._read_chats(watches)
        self._outside.read(watches, self._alive)

    def _read_chats(self, watches: Iterable[Watch]) -> None:
        behind = [w for w in watches if w.conversation and w.decided < self._decided]
        if behind:
            named = {w.conversation for w in behind if w.conversation}
            since = min(w.decided for w in behind)
            self._changed = decisions.changed(self._db, named, since)

    def news(self, watch: Watch) -> News:
        principal = self._alive.get(watch.ticket)
        if principal is None or Scope.READ not in principal.scopes:
            return ended("signed out, or the key has ended")
        if principal.person.kind not in HOUSE:
            return self._outside.news(watch, self._after(watch), principal, self._told(watch))
        if principal.employee.role is Role.NONE:
            return ended("has no role any more")
        eyes = Viewer(
            employee=principal.employee,
            policy=self._policy,
            directory=self._people,
            now=self._now,
        )
        mine = meant(self._db, eyes, self._told(watch))
        told_now = tuple(event("notification", shape(one, watch), one.id) for one in mine)
        after = self._counted(self._after(watch), eyes, bool(told_now))
        said, after = self._chat(watch, after, eyes)
        return News(pieces=(*told_now, *said, *counters_of(watch, after)), watch=after)

    def _told(self, watch: Watch) -> tuple[Notice, ...]:
        return self._rows.get((*self._whose(watch), watch.seen), ())

    def _after(self, watch: Watch) -> Watch:
        return replace(watch, seen=self._read_to.get(watch.seen, watch.seen), decided=self._decided)

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

    def _whose(self, watch: Watch) -> tuple[str, str]:
        """As notifications have it: a tenant, empty for the house, and an address."""
        principal = self._alive.get(watch.ticket)
        if principal is None or principal.person.kind is PersonKind.CLIENT:
            return "", ""
        if principal.person.kind in HOUSE:
            return "", principal.employee.id
        return principal.person.tenant, principal.person.id


def _reads(db: Connection, site: Site, principal: Principal, conversation: str) -> bool:
    if not conversation or principal.employee.role is Role.NONE:
        return False
    eyes = viewer(db, principal.employee, site.policy, site.parts.now())
    return bool(eyes.readable(db, [ConversationId(conversation)]))


def _tickets(asked: Asked) -> tuple[Ticket, ...]:
    """A key goes before a session: a program that sends both means the key."""
    found = _BEARER.fullmatch(asked.authorization)
    if found is not None:
        return (Ticket(proof=digest(found[1]), is_key=True),)
    tokens = (token for token in (asked.helping, asked.session) if token)
    return tuple(Ticket(proof=digest(token), is_key=False) for token in tokens)


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
