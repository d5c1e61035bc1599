"""`bridge sessions`: who is signed in, and out with whom should not be."""

import click

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.house import opened, plain
from bridge.pipeline.parts import Parts
from bridge.store import audit
from bridge.store.audit import COMMAND, Deed, NewLine
from bridge.store.engine import reading, writing
from bridge.store.sessions import Session, end_named, end_sessions_of, open_sessions, session_named

_PAGE = 100


@click.group()
def sessions() -> None:
    """List and end the sessions of people."""


@sessions.command("list", cls=Command)
@click.option("--for", "whom", default="", help="Only somebody's, such as employee:ana@….")
def list_all(whom: str) -> None:
    """List the sessions that are open, the newest first."""
    with opened() as parts:
        found = _every(parts, whom.strip().lower())
    text = "\n".join(_line(one) for one in found) or "nobody is signed in"
    answer({"sessions": [plain(one) for one in found]}, text)


@sessions.command(cls=Command)
@click.argument("session")
def revoke(session: str) -> None:
    """End a session by its id (ses_…), or all of somebody, such as employee:ana@…."""
    with opened() as parts, writing(parts.engine) as db:
        now = parts.now()
        found = session_named(db, session, now)
        whom = session.strip().lower() if found is None else found.principal
        ended = end_sessions_of(db, whom, now) if found is None else end_named(db, session, now)
        if ended:
            detail = f"all: {int(ended)}" if found is None else found.id
            line = NewLine(who=COMMAND, deed=Deed.SESSION_REVOKED, object=whom, detail=detail)
            audit.note(db, [line], now)
    if not ended:
        raise Failed(f"no session is open of {session}", "`bridge sessions list` shows the ids")
    answer({"principal": whom, "ended": int(ended)}, f"ended: {int(ended)} of {whom}")


def _every(parts: Parts, whom: str) -> list[Session]:
    found: list[Session] = []
    with reading(parts.engine) as db:
        now = parts.now()
        while page := open_sessions(
            db, now, principal=whom, after=found[-1].id if found else "", limit=_PAGE
        ):
            found.extend(page)
    return found


def _line(one: Session) -> str:
    seen = "" if one.seen_at is None else one.seen_at.isoformat(timespec="seconds")
    return f"{one.id}  {one.principal}  {one.browser or 'unknown browser'}  last used {seen}"
