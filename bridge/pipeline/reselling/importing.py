"""New clients from a table: each row whole or not at all, its fate told, twice is once.

A row is known by what stands in it: sent again, with the same file or with a corrected one, it adds
nobody a second time, whoever sends it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bridge.codec import encode
from bridge.domain.client_rows import RowClient, RowFault, client_of_row, columns_of
from bridge.domain.names import HOUSE, ClientId, EventKey, ResellerName, digest_id
from bridge.domain.principals import Person, tenant_of_reseller
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.reselling_events import ClientAdded
from bridge.domain.reselling_policy import Reseller
from bridge.domain.subject_access import ClientFacts, access_to
from bridge.pipeline.house import Outcome, decide_within
from bridge.pipeline.parts import Parts
from bridge.pipeline.reselling.asking import new_client
from bridge.sheets.reading import read_sheet
from bridge.sheets.tables import Row, SheetRefused
from bridge.store.deciding import deciding


class RowFate(StrEnum):
    ADDED = "added"
    RIGHT = "right"  # it would be added
    KNOWN = "known"  # it was imported before
    REFUSED = "refused"
    LEFT_OUT = "left_out"  # it is right, but others are not, and so none was added


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReport:
    """`row` as a spreadsheet counts, the head being 1. `reason` says why it was refused, `field` in
    which column."""

    row: int
    fate: RowFate
    legal_name: str
    client: ClientId | None = None
    field: str | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """`imported` of False: nothing was added, for it was a dry run or a row is not right.
    `remarks` are about the file."""

    reseller: ResellerName
    dry_run: bool
    imported: bool
    counts: Mapping[RowFate, int]
    remarks: tuple[str, ...]
    rows: tuple[RowReport, ...]

    @property
    def is_right(self) -> bool:
        return not self.counts.get(RowFate.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """`only_right` adds the right rows where others are not; else it is all or none."""

    by: Person
    reseller: ResellerName
    dry_run: bool = False
    only_right: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    row: Row
    legal_name: str
    event: ClientAdded | None = None
    fault: RowReport | None = None


def import_clients(parts: Parts, order: ImportOrder, content: bytes) -> ImportReport | Reason:
    """A Reason where he has nothing to do with this reseller; SheetRefused for a file that can't be
    taken as a whole."""
    policy = parts.active().policy
    reseller = policy.reselling.resellers.get(order.reseller)
    about = ClientFacts(id=ClientId(""), tenant=tenant_of_reseller(order.reseller))
    granted = access_to(order.by, about, policy)
    if reseller is None or not granted.can_read:
        return Reason(ReasonCode.REQUEST_NOT_FOUND, "no such reseller")
    if not granted.can_write:
        return Reason(ReasonCode.REQUEST_FORBIDDEN, granted.reason.detail)
    sheet = read_sheet(content)
    columns = columns_of(sheet.head)
    if isinstance(columns, str):
        raise SheetRefused(columns)
    if not sheet.rows:
        raise SheetRefused("the file names its columns, and holds no client")
    prepared = _prepared(parts, order, reseller, columns, sheet.rows)
    outcomes, imported = _decide(parts, order, prepared)
    rows = tuple(_report(order, one, outcomes, imported=imported) for one in prepared)
    return ImportReport(
        reseller=order.reseller,
        dry_run=order.dry_run,
        imported=imported,
        counts=Counter(row.fate for row in rows),
        remarks=sheet.remarks,
        rows=rows,
    )


def _prepared(
    parts: Parts,
    order: ImportOrder,
    reseller: Reseller,
    columns: Sequence[str],
    rows: Sequence[Row],
) -> tuple[_Prepared, ...]:
    seen: dict[EventKey, int] = {}
    name = columns.index("legal_name")
    found = []
    for row in rows:
        legal_name = row.cells[name] if name < len(row.cells) else ""
        read = client_of_row(columns, row.cells, reseller.plans)
        event = None if isinstance(read, RowFault) else _event(parts, order, read)
        fault = read if isinstance(read, RowFault) else None
        if event is not None and event.event_key in seen:
            detail = f"is the same as row {seen[event.event_key]}"
            event, fault = None, RowFault(field=columns[0], detail=detail)
        elif event is not None:
            seen[event.event_key] = row.number
        found.append(
            _Prepared(
                row=row,
                legal_name=legal_name,
                event=event,
                fault=None if fault is None else _refused(row, legal_name, fault),
            )
        )
    return tuple(found)


def _refused(row: Row, legal_name: str, fault: RowFault) -> RowReport:
    return RowReport(
        row=row.number,
        fate=RowFate.REFUSED,
        legal_name=legal_name,
        field=fault.field,
        reason=Reason(ReasonCode.PLAN_DETAILS_INVALID, fault.detail),
    )


def _event(parts: Parts, order: ImportOrder, read: RowClient) -> ClientAdded:
    key = EventKey(digest_id("client:import", order.reseller, encode(read).decode()))
    return ClientAdded(
        event_key=key,
        occurred_at=parts.now(),
        account=HOUSE,
        by=order.by,
        client=new_client(order.reseller, key),
        reseller=order.reseller,
        details=read.details,
        plan=read.plan,
        reference=read.reference,
        units=read.units,
        until=read.until,
    )


def _decide(
    parts: Parts, order: ImportOrder, prepared: Sequence[_Prepared]
) -> tuple[Mapping[EventKey, Outcome], bool]:
    """In one transaction, of which nothing stays unless all is as ordered."""
    events = [one.event for one in prepared if one.event is not None]
    with deciding(parts.engine) as db:
        trial = db.begin_nested()
        outcomes, filled = decide_within(db, parts, parts.active(), events)
        is_right = len(events) == len(prepared) and not any(one.refused for one in outcomes)
        stays = not order.dry_run and (order.only_right or is_right)
        if stays:
            trial.commit()
        else:
            trial.rollback()
    for lane in sorted(filled if stays else ()):
        parts.bell.ring(lane)
    return {one.event.event_key: one for one in outcomes}, stays


def _report(
    order: ImportOrder,
    one: _Prepared,
    outcomes: Mapping[EventKey, Outcome],
    *,
    imported: bool,
) -> RowReport:
    if one.event is None:
        if one.fault is None:
            raise AssertionError("a row is an event or a fault")
        return one.fault
    outcome = outcomes[one.event.event_key]
    if outcome.refused is not None:
        return RowReport(
            row=one.row.number,
            fate=RowFate.REFUSED,
            legal_name=one.legal_name,
            reason=outcome.refused,
        )
    known = outcome.decision is None
    return RowReport(
        row=one.row.number,
        fate=RowFate.KNOWN if known else _fate(order, imported=imported),
        legal_name=one.legal_name,
        client=one.event.client if known or imported else None,
    )


def _fate(order: ImportOrder, *, imported: bool) -> RowFate:
    if imported:
        return RowFate.ADDED
    return RowFate.RIGHT if order.dry_run else RowFate.LEFT_OUT
