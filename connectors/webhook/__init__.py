"""The generic webhook, for any system: facts about it, and how to make its parts."""

from bridge.ports import Connector
from connectors.standing_in import stand_in
from connectors.webhook.channel_reader import WebhookPartners, WebhookRenewals
from connectors.webhook.client import TIMEOUT_SECONDS
from connectors.webhook.doctor import WebhookDoctor
from connectors.webhook.inbound import WebhookInbound
from connectors.webhook.orders import ORDER_WORDS
from connectors.webhook.outbound import WebhookOutbound
from connectors.webhook.reader import WebhookReader, queues, templates

CONNECTOR = Connector(
    name="webhook",
    label="Webhook",
    needs=frozenset({"signing_secret"}),
    inbound=WebhookInbound,
    outbound=WebhookOutbound,
    reader=WebhookReader,
    delivers=frozenset(ORDER_WORDS),
    sandbox=stand_in("connectors.webhook.sandbox"),
    is_crm=True,  # and a messenger as well
    max_run=20,  # one call each: a whole run stays well within a lease
    call_timeout_seconds=TIMEOUT_SECONDS,
    doctor=WebhookDoctor,
    queues=queues,
    templates=templates,
    partners=WebhookPartners,
    renewals=WebhookRenewals,
)
