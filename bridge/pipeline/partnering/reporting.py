"""Which partner works on which leads: whose they are, since when, how they got there (PRM-16)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.names import EmployeeId, PartnerLeadId, PartnerName
from bridge.domain.partner_candidates import manager_of_account
from bridge.domain.partner_leads import OPEN, How, LeadState, PartnerLead
from bridge.domain.principals import tenant_of_partner
from bridge.pipeline.partnering.looking import LeadPlace, Looker, leads_seen
from bridge.store.partner_counts import OpenCounts, open_by_state
from bridge.store.partner_leads import LeadsWanted

MOST = 5000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """`rule` is empty where none gave it out."""

    lead: PartnerLeadId
    name: str
    company: str
    owner: EmployeeId
    since: datetime
    how: How
    rule: str
    state: LeadState
    offered_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerReport:
    """`leads` are the open ones, the newest first."""

    account: PartnerName
    label: str
    channel_manager: EmployeeId | None
    leads: tuple[ReportRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`is_whole` is false where there are more open leads than one report holds: narrow it to one
    account."""

    partners: tuple[PartnerReport, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerInShort:
    """How many open leads a partner has, and in which states; `newest` are the latest of them."""

    account: PartnerName
    label: str
    channel_manager: EmployeeId | None
    open: int
    offered: int
    accepted: int
    newest: tuple[ReportRow, ...]


def in_short(db: Connection, eyes: Looker, account: str, newest: int) -> tuple[PartnerInShort, ...]:
    """The report for a page, which holds the newest ones of each partner alone."""
    names = _named(eyes, account)
    counts = open_by_state(db, [tenant_of_partner(name) for name in names])
    return tuple(_in_short(db, eyes, name, counts, newest) for name in names)


def _in_short(
    db: Connection, eyes: Looker, name: PartnerName, counts: OpenCounts, newest: int
) -> PartnerInShort:
    tenant = tenant_of_partner(name)
    wanted = LeadsWanted(tenants=frozenset({tenant}), states=OPEN)
    his = _partner(eyes, name, [*leads_seen(db, eyes, wanted, None, newest).leads])
    return PartnerInShort(
        account=his.account,
        label=his.label,
        channel_manager=his.channel_manager,
        open=sum(counts.get((tenant, state), 0) for state in OPEN),
        offered=counts.get((tenant, LeadState.OFFERED), 0),
        accepted=counts.get((tenant, LeadState.ACCEPTED), 0),
        newest=his.leads,
    )


def _named(eyes: Looker, account: str) -> list[PartnerName]:
    return [x for x in eyes.partners.accounts if x in eyes.accounts and account in ("", x)]


def report(db: Connection, eyes: Looker, account: str = "") -> Report:
    """Of all partners who are one's business, or of one of them."""
    names = _named(eyes, account)
    left, partners = MOST, []
    is_whole = True
    for name in names:
        rows = list(_open(db, eyes, name, left + 1))
        is_whole = is_whole and len(rows) <= left
        kept = rows[:left]
        left -= len(kept)
        partners.append(_partner(eyes, name, kept))
    return Report(partners=tuple(partners), is_whole=is_whole)


def _open(db: Connection, eyes: Looker, name: PartnerName, most: int) -> Iterator[PartnerLead]:
    wanted = LeadsWanted(tenants=frozenset({tenant_of_partner(name)}), states=OPEN)
    place: LeadPlace | None = None
    given = 0
    while True:
        page = leads_seen(db, eyes, wanted, place, min(_AT_ONCE, most - given))
        yield from page.leads
        given += len(page.leads)
        if page.next is None or given >= most:
            return
        place = page.next


def _partner(eyes: Looker, name: PartnerName, leads: list[PartnerLead]) -> PartnerReport:
    entry = eyes.partners.accounts[name]
    return PartnerReport(
        account=name,
        label=entry.label,
        channel_manager=manager_of_account(entry.crm_id, eyes.state.side, eyes.directory),
        leads=tuple(_row(lead) for lead in leads),
    )


def _row(lead: PartnerLead) -> ReportRow:
    return ReportRow(
        lead=lead.id,
        name=lead.summary.name,
        company=lead.summary.company,
        owner=EmployeeId(lead.holder.name),
        since=lead.since,
        how=lead.how,
        rule=lead.rule,
        state=lead.state,
        offered_until=lead.offered_until,
    )
