"""Who owns records of the CRM, as far as they are mirrored."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from bridge.domain.names import AccountName, CrmId
from bridge.domain.records import CrmKind
from bridge.domain.reseller_clients import CrmLink
from bridge.store.among import among
from bridge.store.schema import CONTACTS, RECORDS

_MIRRORED = (CrmKind.DEAL, CrmKind.LEAD)


def owners_of_records(
    db: Connection, crm: AccountName, links: Iterable[CrmLink]
) -> dict[CrmLink, CrmId]:
    """Without those that nobody owns or that are not mirrored."""
    wanted = set(links)
    found = _contacts(db, crm, [x for x in wanted if x.kind is CrmKind.CONTACT])
    for kind in _MIRRORED:
        found |= _records(db, crm, kind, [x for x in wanted if x.kind is kind])
    return found


def _contacts(db: Connection, crm: AccountName, links: list[CrmLink]) -> dict[CrmLink, CrmId]:
    if not links:
        return {}
    query = select(CONTACTS.c.crm_id, CONTACTS.c.owner).where(
        CONTACTS.c.account == crm,
        among(CONTACTS.c.crm_id, [link.crm_id for link in links]),
        CONTACTS.c.owner.is_not(None),
    )
    kind = CrmKind.CONTACT
    return {CrmLink(kind=kind, crm_id=CrmId(x)): CrmId(y) for x, y in db.execute(query)}


def _records(
    db: Connection, crm: AccountName, kind: CrmKind, links: list[CrmLink]
) -> dict[CrmLink, CrmId]:
    if not links:
        return {}
    query = select(RECORDS.c.crm_id, RECORDS.c.owner).where(
        RECORDS.c.account == crm,
        RECORDS.c.kind == kind.value,
        among(RECORDS.c.crm_id, [link.crm_id for link in links]),
        RECORDS.c.owner.is_not(None),
    )
    return {CrmLink(kind=kind, crm_id=CrmId(x)): CrmId(y) for x, y in db.execute(query)}
