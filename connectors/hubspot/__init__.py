"""HubSpot's manifest: the CRM that owns contacts, deals, leads and the timeline."""

from bridge.domain.effects import CreateContact
from bridge.ports import Budget, Connector
from connectors.hubspot.client import CALL_TIMEOUT_SECONDS
from connectors.hubspot.doctor import HubSpotDoctor
from connectors.hubspot.inbound import HubSpotInbound
from connectors.hubspot.outbound import DELIVERS, HubSpotOutbound, calls_of
from connectors.hubspot.pages import record_page
from connectors.hubspot.partners import HubSpotPartners
from connectors.hubspot.reader import HubSpotReader
from connectors.hubspot.renewals import HubSpotRenewals
from connectors.standing_in import stand_in

CONNECTOR = Connector(
    name="hubspot",
    label="HubSpot",
    needs=frozenset({"access_token", "client_secret"}),
    inbound=HubSpotInbound,
    outbound=HubSpotOutbound,
    reader=HubSpotReader,
    delivers=DELIVERS,
    sandbox=stand_in("connectors.hubspot.sandbox"),
    doctor=HubSpotDoctor,
    record_ids=r"[0-9]{1,20}",
    record_page=record_page,
    partners=HubSpotPartners,
    renewals=HubSpotRenewals,
    is_crm=True,
    max_run=100,
    call_timeout_seconds=CALL_TIMEOUT_SECONDS,
    # Look-ups go by unique keys and associations, which show a write at once; this is what it may
    # take until a call that timed out here has come to its end there.
    index_lag_seconds=15.0,
    budget=Budget(calls=100, per_seconds=10),  # the lowest: Free and Starter
    calls=calls_of,
    tells_of=frozenset({CreateContact}),  # contact.creation, one of the subscriptions it needs
)
