"""Signed in as a reseller's client: begun, ended, and seen by the clock to have ended (RSL-25)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.domain.helping import against_helping
from bridge.domain.helping_events import HelpEnd, SignInAsEnded, SignInAsStarted
from bridge.domain.names import ClientId, EventKey
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason
from bridge.pipeline.house import decide_within
from bridge.pipeline.parts import Active, Parts
from bridge.pipeline.persons import person_of
from bridge.store import reseller_clients, sessions
from bridge.store.deciding import deciding
from bridge.store.engine import reading
from bridge.store.keys import digest
from bridge.store.sessions import SignedIn

HELP_LIFETIME = timedelta(minutes=30)
"""It is not made longer: who needs more begins anew, which is another line of the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Helping:
    """The token of a session that is the client's, with the helper's name behind it."""

    token: str
    until: datetime


def begin(parts: Parts, by: Person, client: ClientId, parent: str = "") -> Helping | Reason:
    """Signs somebody in as a client, and notes it; or why not. What he began from the same session
    (`parent`, its digest) before is over then."""
    active, now = parts.active(), parts.now()
    help_id, until = f"hp_{secrets.token_hex(10)}", now + HELP_LIFETIME
    event = SignInAsStarted(
        event_key=EventKey(f"{help_id}:started"),
        occurred_at=now,
        by=by,
        client=client,
        help=help_id,
        until=until,
    )
    with deciding(parts.engine) as db:
        outcomes, filled = decide_within(db, parts, active, [event])
        if outcomes[0].refused is not None:
            return outcomes[0].refused
        for name, earlier in sessions.helps_from(db, parent).items():
            filled |= _end(db, parts, active, name, earlier, HelpEnd.HIMSELF)
        signed_in = SignedIn(
            principal=f"{PersonKind.CLIENT}:{client}",
            expires_at=until,
            behind=by.principal,
            parent=parent,
            help=help_id,
        )
        token = sessions.keep_session(db, signed_in, now)
    _ring(parts, filled)
    return Helping(token=token, until=until)


def refusal(db: Connection, policy: Policy, by: Person, client: ClientId) -> Reason | None:
    """Why `begin` would refuse him now."""
    return against_helping(by, reseller_clients.by_ids(db, [client]).get(client), policy)


def end(parts: Parts, token: str) -> None:
    """He ends it himself. Twice is once."""
    active = parts.active()
    with deciding(parts.engine) as db:
        name = digest(token)
        found = sessions.helps(db, parts.now()).get(name)
        filled = frozenset[str]()
        if found is not None:
            filled = _end(db, parts, active, name, found[0], HelpEnd.HIMSELF)
    _ring(parts, filled)


def end_what_is_over(parts: Parts) -> None:
    """The clock: notes the end of those whose time is over, or whom something else has ended. What
    they open was closed at that very moment: this is only the record."""
    active, now = parts.active(), parts.now()
    with reading(parts.engine) as db:
        if not _over(db, active.policy, now):
            return
    with deciding(parts.engine) as db:
        filled = frozenset[str]()
        for name, (signed_in, why) in _over(db, active.policy, now).items():
            filled |= _end(db, parts, active, name, signed_in, why)
    _ring(parts, filled)


def _over(db: Connection, policy: Policy, now: datetime) -> dict[str, tuple[SignedIn, HelpEnd]]:
    found = {}
    for name, (signed_in, holds) in sessions.helps(db, now).items():
        if signed_in.expires_at <= now:
            found[name] = (signed_in, HelpEnd.TIME)
        elif not holds:
            found[name] = (signed_in, HelpEnd.HIMSELF)
        elif person_of(db, policy, signed_in.principal, signed_in.behind) is None:
            found[name] = (signed_in, HelpEnd.LOST)
    return found


def _end(
    db: Connection, parts: Parts, active: Active, name: str, signed_in: SignedIn, why: HelpEnd
) -> frozenset[str]:
    if not sessions.forget_session(db, name):
        return frozenset()
    event = SignInAsEnded(
        event_key=EventKey(f"{signed_in.help}:ended"),
        occurred_at=parts.now(),
        by=signed_in.behind,
        client=ClientId(signed_in.principal.partition(":")[2]),
        help=signed_in.help,
        why=why,
    )
    return decide_within(db, parts, active, [event])[1]


def _ring(parts: Parts, filled: frozenset[str]) -> None:
    for lane in sorted(filled):
        parts.bell.ring(lane)
