"""`bridge sync`: the whole mirror anew (ROL-04); nothing that was assigned is lost."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import select

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName, CrmId
from bridge.domain.people import Directory
from bridge.pipeline import mirroring
from bridge.pipeline.filling import fill
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.leaving import tell_of_leavers
from bridge.pipeline.parts import Parts
from bridge.pipeline.windows import kept_windows, survey
from bridge.store import mirror
from bridge.store.engine import reading, writing
from bridge.store.schema import CONTACTS

RUN = 100
Progress = Callable[[str, int, int], None]
"""Told of every step: what, how many are done, how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """`refused` names the employees that a messenger would not take, with its account and why."""

    employees: int
    pipelines: int
    channels: int
    contacts: int
    refused: tuple[str, ...] = ()
    templates: int = 0


def sync(parts: Parts, progress: Progress = lambda what, done, total: None) -> Synced:
    """Reads people, pipelines, every mirrored contact with his deals and leads, and channels, and
    tells the messengers who the employees are, or their windows everything.

    Raises ConfigError when no CRM is set, and the errors of `ports.Reader`.
    """
    active = parts.active()
    crm = active.policy.crm
    if crm is None:
        raise ConfigError("connect a CRM first: set `crm` in accounts.yaml")
    directory = mirroring.read_directory(parts, crm)
    people = len(directory.people)
    progress("employees", people, people)
    pipelines = mirroring.read_pipelines(parts, crm)
    progress("pipelines", pipelines, pipelines)
    contacts = _contacts(parts, crm, progress)
    channels = templates = 0
    refused: list[str] = []
    survey(parts)
    tell_of_leavers(parts)
    kept = kept_windows(parts)
    for account in active.accounts:
        if mirroring.has_channels(parts, account):
            channels += mirroring.read_channels(parts, account)
            progress("channels", channels, channels)
            templates += mirroring.read_templates(parts, account)
            progress("templates", templates, templates)
            if account not in kept:
                refused.extend(_introduce(parts, account, directory))
    for account in kept:
        refused.extend(fill(parts, account, directory, progress))
    return Synced(
        employees=people,
        pipelines=pipelines,
        channels=channels,
        contacts=contacts,
        refused=tuple(refused),
        templates=templates,
    )


def _introduce(parts: Parts, account: AccountName, directory: Directory) -> Iterator[str]:
    """Everybody who may write, so that the messenger can name the author of a message."""
    active = parts.active()
    introduce = parts.vendors.connector(account).introduce
    if introduce is None:
        return
    writers = {e.id for e in active.policy.employees.values() if e.may_write_at_all}
    people = [p for p in directory.people if p.active and p.email in writers]
    names = {person.crm_id: person.email for person in people}
    for crm_id, why in introduce(active.accounts[account], people).items():
        yield f"{account} refuses {names[crm_id]}: {why.detail or why.reason}"


def request_sync(parts: Parts) -> None:
    """Queues "update CRM data": people at once, the contacts' owners as the clock finds them old.

    For requests of pages and API, which never call the CRM themselves.
    """
    crm = parts.active().policy.crm
    if crm is None:
        raise ConfigError("connect a CRM first: set `crm` in accounts.yaml")
    wish = RequestRefresh(kind=RefreshKind.EMPLOYEES, key=crm)
    with writing(parts.engine) as db:
        mirror.request_refreshes(db, lane(Way.MIRROR, crm), [wish], parts.now())
    parts.bell.ring(lane(Way.MIRROR, crm))


def _contacts(parts: Parts, crm: AccountName, progress: Progress) -> int:
    with reading(parts.engine) as db:
        wanted = [
            CrmId(crm_id)
            for crm_id in db.scalars(
                select(CONTACTS.c.crm_id)
                .where(CONTACTS.c.account == crm, CONTACTS.c.crm_id.is_not(None))
                .order_by(CONTACTS.c.as_of)
            )
            if crm_id is not None
        ]
    reader = parts.vendors.reader(crm)
    for n in range(0, len(wanted), RUN):
        run = mirroring.Wanted(contacts=wanted[n : n + RUN])
        before = mirroring.before_reading(parts, crm, run)
        mirroring.write(parts, crm, run, mirroring.read(reader, run), before)
        progress("contacts", min(n + RUN, len(wanted)), len(wanted))
    return len(wanted)
