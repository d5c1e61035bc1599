"""Salesforce's manifest: the CRM that owns contacts, leads, opportunities and their activities."""

from bridge.ports import Connector
from connectors.salesforce.client import CALL_TIMEOUT_SECONDS
from connectors.salesforce.doctor import SalesforceDoctor
from connectors.salesforce.inbound import SalesforceInbound
from connectors.salesforce.outbound import DELIVERS, MAX_RUN, SalesforceOutbound, calls_of
from connectors.salesforce.pages import record_page
from connectors.salesforce.partners import SalesforcePartners
from connectors.salesforce.polling import SalesforcePoll
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.renewals import SalesforceRenewals
from connectors.salesforce.staff import queues
from connectors.standing_in import stand_in

CONNECTOR = Connector(
    name="salesforce",
    label="Salesforce",
    needs=frozenset({"client_id", "path_secret"}),
    needs_one_of=frozenset({"client_secret", "private_key"}),
    options={"organization_id": "00D5g000000N001EAC"},
    inbound=SalesforceInbound,
    outbound=SalesforceOutbound,
    reader=SalesforceReader,
    delivers=DELIVERS,
    sandbox=stand_in("connectors.salesforce.sandbox"),
    doctor=SalesforceDoctor,
    queues=queues,
    poll=SalesforcePoll,
    record_ids=r"[A-Za-z0-9]{18}",
    record_page=record_page,
    partners=SalesforcePartners,
    renewals=SalesforceRenewals,
    is_crm=True,
    methods=frozenset({"POST"}),
    max_run=MAX_RUN,
    call_timeout_seconds=CALL_TIMEOUT_SECONDS,
    # Look-ups go by unique keys, which show a write as soon as it is done; this is what it may take
    # until a call that timed out here has come to its end there: it waits up to ten seconds for
    # each record that is locked.
    index_lag_seconds=30.0,
    calls=calls_of,
)
