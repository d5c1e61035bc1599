"""The only list of connectors; those of other packages join through an entry-point group."""

from collections.abc import Mapping
from importlib.metadata import entry_points

from bridge.domain.errors import ConfigError
from bridge.ports import Connector
from connectors.email import CONNECTOR as EMAIL
from connectors.hubspot import CONNECTOR as HUBSPOT
from connectors.kannel import CONNECTOR as KANNEL
from connectors.matrix import CONNECTOR as MATRIX
from connectors.salesforce import CONNECTOR as SALESFORCE
from connectors.telegram import CONNECTOR as TELEGRAM
from connectors.twilio import CONNECTOR as TWILIO
from connectors.wazzup import CONNECTOR as WAZZUP
from connectors.webhook import CONNECTOR as WEBHOOK
from connectors.whatsapp import CONNECTOR as WHATSAPP

CONNECTORS: tuple[Connector, ...] = (
    EMAIL,
    HUBSPOT,
    KANNEL,
    MATRIX,
    SALESFORCE,
    TELEGRAM,
    TWILIO,
    WAZZUP,
    WEBHOOK,
    WHATSAPP,
)
ENTRY_POINT_GROUP = "bridge.connectors"


def installed() -> Mapping[str, Connector]:
    """Every connector by name: ours, and those that installed packages bring."""
    found = {connector.name: connector for connector in CONNECTORS}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        connector = point.load()
        if connector.name in found:
            raise ConfigError(f"two connectors are named {connector.name}: uninstall {point.value}")
        found[connector.name] = connector
    return found
