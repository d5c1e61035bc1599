"""Where people see a record in Salesforce."""

from urllib.parse import quote, urlsplit

from bridge.domain.names import CrmId
from bridge.domain.records import RecordKind
from bridge.ports import Account


def record_page(account: Account, kind: RecordKind, record: CrmId) -> str:
    """The org's My Domain leads from any record's id to its page, whichever of its interfaces one
    uses; empty where `login_url` is none: https://login.salesforce.com is no org's own.

    As Salesforce makes such links itself: https://developer.salesforce.com/docs/atlas.en-us.apexref.meta/apex/apex_methods_system_url.htm
    """
    own = urlsplit(account.options.get("login_url", ""))
    if own.scheme != "https" or not (own.hostname or "").endswith(".my.salesforce.com"):
        return ""
    return f"https://{own.hostname}/{quote(record, safe='')}"
