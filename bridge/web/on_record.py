"""Who asks, as the audit log names him, and how he came."""

from datetime import datetime

from flask import request

from bridge.domain.principals import Person
from bridge.store import audit
from bridge.store.audit import Deed, NewLine, Way, Who
from bridge.store.engine import writing
from bridge.web.site import Site


def who_of(person: Person, way: Way) -> Who:
    """Whoever stands behind the request that is being answered."""
    return Who(
        actor=person.principal, behind=person.behind, way=way, address=request.remote_addr or ""
    )


def note_export(site: Site, who: Who, what: str, now: datetime) -> None:
    """Before the file is given out: there is none without its line."""
    with writing(site.parts.engine) as db:
        audit.note(db, [NewLine(who=who, deed=Deed.EXPORTED, object=what)], now)
