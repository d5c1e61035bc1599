"""Owners who left: managers are told once of each who still has clients, not once per chat."""

import structlog

from bridge.domain.names import CrmId
from bridge.domain.people import Directory
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.announcing import Trouble, tell_managers
from bridge.pipeline.parts import Parts
from bridge.store import leaving, mirror
from bridge.store.deciding import deciding
from bridge.store.engine import reading
from bridge.store.examining import owners_of_contacts, owners_of_open_records

_log = structlog.get_logger()


def tell_of_leavers(parts: Parts) -> None:
    """After people have been read. Who comes back and leaves again is told of again; several
    workers at once tell once."""
    crm = parts.active().policy.crm
    if crm is None:
        return
    with reading(parts.engine) as db:
        people = mirror.directory(db, crm)
        clients, records = owners_of_contacts(db, crm), owners_of_open_records(db, crm)
        told = leaving.told(db, crm)
    left = frozenset(owner for owner in {*clients, *records} if _has_left(owner, people))
    if left <= told and not any(_is_back(owner, people) for owner in told):
        return
    filled: set[str] = set()
    with deciding(parts.engine) as db:
        leaving.forget(db, crm, [owner for owner in told if _is_back(owner, people)])
        for owner in sorted(left):
            if leaving.note_told(db, crm, owner, parts.now()):
                filled |= tell_managers(
                    db,
                    parts.active(),
                    parts.public_url,
                    Trouble(
                        account=crm,
                        kind="OwnerLeft",
                        reason=_reason(owner, clients.get(owner, 0), records.get(owner, 0)),
                        about=_name(owner, people),
                    ),
                    parts.now(),
                )
                _log.warning("owner left", account=crm, owner=owner)
    for lane in sorted(filled):
        parts.bell.ring(lane)


def _reason(owner: CrmId, clients: int, records: int) -> Reason:
    detail = (
        f"the owner {owner} has left and still owns {clients} clients and {records} open deals and "
        "leads: they go by the next owner, then ownership.fallback, and managers see them"
    )
    return Reason(ReasonCode.OWNER_LEFT, detail)


def _has_left(owner: CrmId, people: Directory) -> bool:
    person = people.by_crm_id(owner)
    return person is not None and not person.active


def _is_back(owner: CrmId, people: Directory) -> bool:
    person = people.by_crm_id(owner)
    return person is not None and person.active


def _name(owner: CrmId, people: Directory) -> str:
    person = people.by_crm_id(owner)
    return owner if person is None else person.email
