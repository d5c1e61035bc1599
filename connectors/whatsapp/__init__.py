"""WhatsApp by Meta's Cloud API: facts about it, and how to make its parts for an account."""

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import ChatKind, MediaKind, Messenger
from bridge.ports import Budget, Connector
from connectors.standing_in import stand_in
from connectors.whatsapp.client import TIMEOUT_SECONDS
from connectors.whatsapp.doctor import WhatsAppDoctor
from connectors.whatsapp.inbound import WhatsAppInbound
from connectors.whatsapp.media import WhatsAppMedia
from connectors.whatsapp.outbound import WhatsAppOutbound
from connectors.whatsapp.reader import WhatsAppReader
from connectors.whatsapp.templates import templates
from connectors.whatsapp.words import MAX_CAPTION, MAX_TEXT

PAIR_RATE = Budget(calls=45, per_seconds=270)
"""Meta's pair rate limit: a message in 6 s from one number to one client, and bursts of up to 45,
paid back before the next: developers.facebook.com/docs/whatsapp/cloud-api/overview, "Pair rate
limits". Where Meta counts more strictly, after a smaller burst, its error 131056 holds the chat."""

CONNECTOR = Connector(
    name="whatsapp",
    label="WhatsApp Cloud",
    needs=frozenset({"access_token", "app_secret", "verify_token"}),
    options={"waba_id": "102290129340398"},
    inbound=WhatsAppInbound,
    outbound=WhatsAppOutbound,
    reader=WhatsAppReader,
    delivers=frozenset({SendMessage}),
    sandbox=stand_in("connectors.whatsapp.sandbox"),
    doctor=WhatsAppDoctor,
    media=WhatsAppMedia,
    templates=templates,
    max_run=20,  # a file has three calls: a whole run stays well within a lease
    call_timeout_seconds=TIMEOUT_SECONDS,
    budget=Budget(calls=80, per_seconds=1),  # messages of a number; more are raised by Meta itself
    per_chat={ChatKind.DIRECT: PAIR_RATE},
    max_text={Messenger.WHATSAPP: MAX_TEXT},
    captions=dict.fromkeys((MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.DOCUMENT), MAX_CAPTION),
    tells_of=frozenset({SendMessage}),
)
