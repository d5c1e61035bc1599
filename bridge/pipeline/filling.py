"""The first fill of a messenger's own window, and every later one."""

from collections.abc import Callable
from contextlib import suppress

from bridge.domain.changes import RefreshKind
from bridge.domain.names import AccountName
from bridge.domain.people import Directory
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.lease import leased
from bridge.pipeline.parts import Parts
from bridge.pipeline.pushing import NoBudget, push
from bridge.store import pushes, refreshes
from bridge.store.engine import reading, writing
from bridge.store.lanes import LeaseLost
from bridge.store.pushes import Shown

WISHES = 100
SHOWN = 20  # refusals that a person reads at once
Progress = Callable[[str, int, int], None]


def fill(
    parts: Parts, account: AccountName, directory: Directory, progress: Progress
) -> tuple[str, ...]:
    """Tells what is to be told; gives what the messenger refused. Where a worker has the lane, or
    the account's rate is used up, workers do the rest: nothing is lost. Raises what `Window`
    raises."""
    with reading(parts.engine) as db:
        total = pushes.waiting(db, account)
    done = 0

    def told(count: int) -> None:
        nonlocal done
        done = min(done + count, total)
        progress("window", done, total)

    name = lane(Way.MIRROR, account)
    with suppress(LeaseLost, NoBudget), leased(parts.engine, name, parts.lease_seconds) as lease:
        with writing(parts.engine) as db:
            lease.keep(db)
            asked = refreshes.take(db, name, parts.now(), WISHES)
        if push(parts, lease, account, lambda: False, told):
            with writing(parts.engine) as db:
                lease.keep(db)
                done_with = [wish for wish in asked if wish.kind is RefreshKind.WINDOW]
                refreshes.finish(db, done_with)
            return _refusals(parts, account, directory)
    parts.bell.ring(name)
    return _refusals(parts, account, directory)


def _refusals(parts: Parts, account: AccountName, directory: Directory) -> tuple[str, ...]:
    with reading(parts.engine) as db:
        found = pushes.refused(db, account, SHOWN)
        count = pushes.refused_count(db, account)
    emails = {str(person.crm_id): person.email for person in directory.people}
    said = []
    for kind, record, reason in found:
        who = emails.get(record, record) if kind is Shown.EMPLOYEE else f"{kind} {record}".strip()
        said.append(f"{account} refuses {who}: {reason}")
    more = (f"{account} refuses {count - SHOWN} more",) if count > SHOWN else ()
    return (*said, *more)
