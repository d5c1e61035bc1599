"""Where people see a record in the CRM itself, as far as its connector knows."""

from bridge.domain.errors import ConfigError
from bridge.domain.names import CrmId
from bridge.domain.records import RecordKind
from bridge.pipeline.parts import Parts
from bridge.web.chatview import safe_link


def crm_address(parts: Parts, kind: RecordKind, record: CrmId | None) -> str:
    """Empty where nobody knows."""
    active = parts.active()
    if record is None or active.policy.crm is None:
        return ""
    try:
        connector = parts.vendors.connector(active.policy.crm)
    except ConfigError:
        return ""
    if connector.record_page is None:
        return ""
    return safe_link(connector.record_page(active.accounts[active.policy.crm], kind, record))
