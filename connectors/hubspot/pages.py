"""Where people see a record in HubSpot."""

import re
from urllib.parse import quote

from bridge.domain.names import CrmId
from bridge.domain.records import RecordKind
from bridge.ports import Account

# https://developers.hubspot.com/docs/guides/crm/using-object-apis lists the ids of types.
_TYPES = {RecordKind.CONTACT: "0-1", RecordKind.DEAL: "0-3", RecordKind.LEAD: "0-136"}
# Accounts hosted in Europe, Canada … have a host of their own: `uiDomain` of
# https://developers.hubspot.com/docs/api-reference/legacy/account/account-information/get-account-details
_HOST = re.compile(r"app(-[a-z0-9]{1,10})?\.hubspot\.com")
_USUAL_HOST = "app.hubspot.com"


def record_page(account: Account, kind: RecordKind, record: CrmId) -> str:
    """Empty without the option `portal_id`, which no record tells, and where `ui_domain` is none of
    HubSpot's own hosts."""
    portal = account.options.get("portal_id", "").strip()
    host = account.options.get("ui_domain", "").strip().lower() or _USUAL_HOST
    if not portal or _HOST.fullmatch(host) is None:
        return ""
    where = f"{quote(portal, safe='')}/record/{_TYPES[kind]}/{quote(record, safe='')}"
    return f"https://{host}/contacts/{where}"
