"""What must be set up in a HubSpot account: the bridge's own properties, which it can make.

The subscriptions of a project app stand in its own project and can't be read with its token.
"""

from collections.abc import Sequence

from bridge.domain.errors import DeliveryRejected
from bridge.ports import Account, Ailment
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.schema import Schema


class HubSpotDoctor:
    def __init__(self, account: Account) -> None:
        self._schema = Schema(HubSpotClient(account))

    def examine(self, public_url: str) -> Sequence[Ailment]:
        try:
            missing = self._schema.missing()
        except DeliveryRejected as error:
            todo = "give the app the scopes crm.schemas.….write, or mend the property in HubSpot"
            return [Ailment(code="property_refused", detail=str(error), todo=todo)]
        return [_missing(name) for name in missing]

    def fix(self, public_url: str, *, take_over: bool) -> Sequence[str]:
        return [f"made the property {name}" for name in self._schema.ensure_all()]


def _missing(name: str) -> Ailment:
    return Ailment(
        code="property_missing",
        detail=f"the property {name} is not there, by which a second try finds its record",
        todo="run `bridge doctor --fix`",
        fixable=True,
    )
