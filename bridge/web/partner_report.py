"""The report of partners' leads as a table for spreadsheets."""

from collections.abc import Iterator

from bridge.pipeline.partnering.reporting import Report
from bridge.sheets.writing import table
from bridge.web.problems import invalid

CSV_NAME = "partner-leads.csv"
_HEAD = (
    "account",
    "partner",
    "channel_manager",
    "lead",
    "name",
    "company",
    "owner",
    "since",
    "how",
    "rule",
    "state",
    "accept_until",
)


def report_table(found: Report) -> bytes:
    """Problem 422 where it would be cut."""
    if not found.is_whole:
        detail = "there are more open leads than one table holds: narrow it to one account"
        raise invalid(detail, field="account")
    return table(_HEAD, _rows(found))


def _rows(found: Report) -> Iterator[tuple[str, ...]]:
    for partner in found.partners:
        for lead in partner.leads:
            yield (
                partner.account,
                partner.label,
                partner.channel_manager or "",
                lead.lead,
                lead.name,
                lead.company,
                lead.owner,
                lead.since.isoformat(),
                lead.how,
                lead.rule,
                lead.state,
                "" if lead.offered_until is None else lead.offered_until.isoformat(),
            )
