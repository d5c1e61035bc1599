"""What the clock does beside the sweep: facts are read anew well before they are too old."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.names import AccountName, CrmId
from bridge.pipeline import mirroring
from bridge.pipeline.catching_up import due_polls, wish
from bridge.pipeline.digests import make_digests
from bridge.pipeline.helping import end_what_is_over
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.outages import tell_of_outages
from bridge.pipeline.parked import expire
from bridge.pipeline.partnering import reading as partnering
from bridge.pipeline.partnering.expiring import expire_leads
from bridge.pipeline.parts import Parts
from bridge.pipeline.renewals import reading as renewals
from bridge.pipeline.reselling.clock import tell_of_terms
from bridge.pipeline.windows import survey
from bridge.store import cursors, mirror, strangers
from bridge.store.engine import reading, writing
from bridge.store.schema import CONTACTS, DIRECTORIES

BATCH = 200
PEOPLE_MAX_AGE = timedelta(hours=1)
TEMPLATES_MAX_AGE = timedelta(hours=6)
CHANNELS_MAX_AGE = timedelta(minutes=5)  # while somebody sets the account up


def tick(parts: Parts) -> None:
    """Ends what waits in vain, tells of accounts that stand still and of plans that end, and notes
    who is not signed in as a client any more. Queues refreshes of owners that are half as old as
    they may get, the oldest first, of the CRM's people once an hour, of the channels of messengers
    that somebody is setting up, and polls of vendors whose webhooks may lose something. Holds
    messengers' windows against people and roles as they are now."""
    expire(parts)
    _forget_strangers(parts)
    tell_of_outages(parts)
    make_digests(parts)
    end_what_is_over(parts)
    tell_of_terms(parts)
    survey(parts)
    for account in due_polls(parts):
        _queue(parts, account, [wish(account)])
    expire_leads(parts)
    for account in partnering.due_readings(parts):
        _queue(parts, account, [partnering.wish(account)])
    for account in renewals.due_readings(parts):
        _queue(parts, account, [renewals.wish(account)])
    for account in _old_templates(parts):
        _queue(parts, account, [RequestRefresh(kind=RefreshKind.TEMPLATES, key=account)])
    for account in _unnamed_channels(parts):
        _queue(parts, account, [RequestRefresh(kind=RefreshKind.CHANNELS, key=account)])
    policy = parts.active().policy
    if policy.crm is None:
        return
    wishes = [
        *_old_contacts(parts, policy.crm, policy.ownership.max_age / 2),
        *_old_people(parts, policy.crm),
        *partnering.old_leads(parts),
    ]
    if wishes:
        _queue(parts, policy.crm, wishes)


def _forget_strangers(parts: Parts) -> None:
    with reading(parts.engine) as db:
        if not strangers.are_old(db, parts.now()):
            return
    with writing(parts.engine) as db:
        strangers.forget(db, parts.now())


def _queue(parts: Parts, account: AccountName, wishes: Sequence[RequestRefresh]) -> None:
    with writing(parts.engine) as db:
        mirror.request_refreshes(db, lane(Way.MIRROR, account), wishes, parts.now())
    parts.bell.ring(lane(Way.MIRROR, account))


def _old_templates(parts: Parts) -> list[AccountName]:
    """Messengers whose templates nobody has read for long: not every vendor tells of them."""
    found = []
    for account in parts.active().accounts:
        if mirroring.has_templates(parts, account):
            with reading(parts.engine) as db:
                read_at = cursors.read_at(db, mirroring.templates_cursor(account))
                waiting = mirror.waiting_refreshes(db, lane(Way.MIRROR, account))
            if not waiting and (read_at is None or parts.now() - read_at >= TEMPLATES_MAX_AGE):
                found.append(account)
    return found


def _unnamed_channels(parts: Parts) -> list[AccountName]:
    """Messengers that nobody has named a channel of, read anew until somebody has."""
    found = []
    for account in parts.active().accounts:
        if mirroring.lacks_channels(parts, account):
            with reading(parts.engine) as db:
                read_at = cursors.read_at(db, mirroring.channels_cursor(account))
            if read_at is None or parts.now() - read_at >= CHANNELS_MAX_AGE:
                found.append(account)
    return found


def _old_contacts(parts: Parts, crm: AccountName, age: timedelta) -> list[RequestRefresh]:
    now = parts.now()
    with reading(parts.engine) as db:
        if mirror.waiting_refreshes(db, lane(Way.MIRROR, crm)):
            return []
        found = db.scalars(
            select(CONTACTS.c.crm_id)
            .where(CONTACTS.c.account == crm, CONTACTS.c.state == "active")
            .where(CONTACTS.c.crm_id.is_not(None))
            # Those ahead of us were stored by a clock that was wrong, and would stay so.
            .where(or_(CONTACTS.c.as_of < now - age, CONTACTS.c.as_of > now + age))
            .order_by(CONTACTS.c.as_of)
            .limit(BATCH)
        ).all()
    return [RequestRefresh(kind=RefreshKind.CONTACT, key=CrmId(x)) for x in found if x]


def _old_people(parts: Parts, crm: AccountName) -> list[RequestRefresh]:
    with reading(parts.engine) as db:
        read_at = db.scalar(
            select(func.max(DIRECTORIES.c.read_at)).where(DIRECTORIES.c.account == crm)
        )
        waiting = mirror.waiting_refreshes(db, lane(Way.MIRROR, crm))
    if waiting or (read_at is not None and parts.now() - read_at < PEOPLE_MAX_AGE):
        return []
    return [RequestRefresh(kind=RefreshKind.EMPLOYEES, key=crm)]
