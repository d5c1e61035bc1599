"""Where people see a record in HubSpot."""

from urllib.parse import quote

from bridge.domain.names import CrmId
from bridge.domain.records import RecordKind
from bridge.ports import Account

# https://developers.hubspot.com/docs/guides/crm/understanding-the-crm#object-type-ids
_TYPES = {RecordKind.CONTACT: "0-1", RecordKind.DEAL: "0-3", RecordKind.LEAD: "0-136"}


def record_page(account: Account, kind: RecordKind, record: CrmId) -> str:
    """Empty without the option `portal_id`, which no record tells."""
    portal = account.options.get("portal_id", "").strip()
    if not portal:
        return ""
    where = f"{quote(portal, safe='')}/record/{_TYPES[kind]}/{quote(record, safe='')}"
    return f"https://app.hubspot.com/contacts/{where}"
