"""`bridge sync`: the whole mirror anew (ROL-04); nothing that was assigned is lost."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName
from bridge.domain.people import Directory
from bridge.pipeline import mirroring
from bridge.pipeline.filling import fill
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.leaving import tell_of_leavers
from bridge.pipeline.partnering.reading import ask_side, put_side, reader_of
from bridge.pipeline.parts import Parts
from bridge.pipeline.patience import Patience, Wait
from bridge.pipeline.syncing import Ongoing, begin, finish
from bridge.pipeline.windows import kept_windows, survey, tell_anew
from bridge.store import mirror, syncs
from bridge.store.engine import reading, writing

RUN = 100
CALLS = 5  # of one run: contacts, and what they are linked with
_TOLD_ANEW = "told anew"
Progress = Callable[[str, int, int], None]
"""Told of every step: what, how many are done, how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """`refused` names the employees that a messenger would not take, with its account and why."""

    employees: int = 0
    pipelines: int = 0
    channels: int = 0
    contacts: int = 0
    refused: tuple[str, ...] = ()
    templates: int = 0
    resumed: bool = False


def sync(
    parts: Parts,
    progress: Progress = lambda what, done, total: None,
    *,
    anew: bool = False,
    wait: Wait = time.sleep,
) -> Synced:
    """Reads people, pipelines, every mirrored contact with his deals and leads, and channels, and
    tells the messengers who the employees are, or their windows everything. One that was
    interrupted goes on where it was, unless `anew`; a vendor that is busy is waited for.

    Raises ConfigError when no CRM is set, and the errors of `ports.Reader`.
    """
    crm = parts.active().policy.crm
    if crm is None:
        raise ConfigError("connect a CRM first: set `crm` in accounts.yaml")
    patience = Patience(parts=parts, wait=wait)
    ongoing = begin(parts, crm, anew=anew)
    directory = patience.call(crm, 1, lambda: mirroring.read_directory(parts, crm))
    people = len(directory.people)
    progress("employees", people, people)
    pipelines = patience.call(crm, 1, lambda: mirroring.read_pipelines(parts, crm))
    progress("pipelines", pipelines, pipelines)
    _partner_side(parts, crm, patience)
    contacts = _contacts(ongoing, patience, progress)
    survey(parts)
    tell_of_leavers(parts)
    messengers = _messengers(patience, directory, progress)
    refused = [*messengers.refused]
    for account in kept_windows(parts):
        refused.extend(_window(ongoing, account, directory, progress))
    finish(ongoing)
    return replace(
        messengers,
        employees=people,
        pipelines=pipelines,
        contacts=contacts,
        refused=tuple(refused),
        resumed=ongoing.resumed,
    )


def _messengers(patience: Patience, directory: Directory, progress: Progress) -> Synced:
    """Channels and templates, and who the employees are where there is no window to tell."""
    parts = patience.parts
    kept = kept_windows(parts)
    channels = templates = 0
    refused: list[str] = []
    for account in parts.active().accounts:
        if not mirroring.has_channels(parts, account):
            continue
        channels += patience.call(account, 1, partial(mirroring.read_channels, parts, account))
        progress("channels", channels, channels)
        templates += patience.call(account, 1, partial(mirroring.read_templates, parts, account))
        progress("templates", templates, templates)
        if account not in kept:
            tell = partial(_introduce, parts, account, directory)
            refused.extend(patience.call(account, 1, tell))
    return Synced(channels=channels, templates=templates, refused=tuple(refused))


def _window(
    ongoing: Ongoing, account: AccountName, directory: Directory, progress: Progress
) -> tuple[str, ...]:
    """All is told anew once; what is told and what is not yet stands in the store."""
    part = ongoing.part(f"window:{account}")
    if part.ended_at is not None:
        return ()
    if part.position != _TOLD_ANEW:
        tell_anew(ongoing.parts, account)
        part = replace(part, position=_TOLD_ANEW)
        ongoing.note(part)
    refused = fill(ongoing.parts, account, directory, progress)
    ongoing.end(part)
    return refused


def _introduce(parts: Parts, account: AccountName, directory: Directory) -> list[str]:
    """Everybody who may write, so that the messenger can name the author of a message."""
    active = parts.active()
    introduce = parts.vendors.connector(account).introduce
    if introduce is None:
        return []
    writers = {e.id for e in active.policy.employees.values() if e.may_write_at_all}
    people = [p for p in directory.people if p.active and p.email in writers]
    names = {person.crm_id: person.email for person in people}
    refused = introduce(active.accounts[account], people)
    return [
        f"{account} refuses {names[crm_id]}: {why.detail or why.reason}"
        for crm_id, why in refused.items()
    ]


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


def _partner_side(parts: Parts, crm: AccountName, patience: Patience) -> None:
    reader, policy = reader_of(parts, crm), parts.active().policy.partners
    if reader is not None:
        put_side(parts, crm, patience.call(crm, 3, lambda: ask_side(reader, policy)))


def _contacts(ongoing: Ongoing, patience: Patience, progress: Progress) -> int:
    """In the order of our ids, each run noted as it is written: gives how many were read in all."""
    parts, crm = ongoing.parts, ongoing.crm
    part = ongoing.part(f"contacts:{crm}")
    with reading(parts.engine) as db:
        total = part.done + syncs.count_after(db, crm, part.position)
    reader = parts.vendors.reader(crm)
    while part.ended_at is None:
        with reading(parts.engine) as db:
            found = syncs.contacts_after(db, crm, part.position, RUN)
        if not found:
            ongoing.end(part)
            break
        wanted = mirroring.Wanted(contacts=[one.crm_id for one in found])
        before = mirroring.before_reading(parts, crm, wanted)
        read = patience.call(crm, CALLS, partial(mirroring.read, reader, wanted))
        mirroring.write(parts, crm, wanted, read, before)
        part = replace(part, position=found[-1].id, done=part.done + len(found))
        ongoing.note(part)
        progress("contacts", part.done, max(total, part.done))
    return part.done
