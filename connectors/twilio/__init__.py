"""Twilio, WhatsApp and SMS: facts about it, and how to make its parts for an account."""

from bridge.domain.effects import SendMessage
from bridge.ports import Connector
from connectors.standing_in import stand_in
from connectors.twilio.client import TIMEOUT_SECONDS
from connectors.twilio.doctor import TwilioDoctor
from connectors.twilio.history import TwilioHistory
from connectors.twilio.inbound import TwilioInbound
from connectors.twilio.media import TwilioMedia
from connectors.twilio.outbound import TwilioOutbound
from connectors.twilio.reader import TwilioReader
from connectors.twilio.templates import read_templates
from connectors.twilio.words import MAX_TEXT

CONNECTOR = Connector(
    name="twilio",
    label="Twilio",
    needs=frozenset({"account_sid", "auth_token"}),
    inbound=TwilioInbound,
    outbound=TwilioOutbound,
    reader=TwilioReader,
    delivers=frozenset({SendMessage}),
    sandbox=stand_in("connectors.twilio.sandbox"),
    doctor=TwilioDoctor,
    media=TwilioMedia,
    templates=read_templates,
    history=TwilioHistory,
    max_run=20,  # one call each: a whole run stays well within a lease
    call_timeout_seconds=TIMEOUT_SECONDS,
    index_lag_seconds=60.0,  # the list of messages may show one late
    max_text=MAX_TEXT,
    tells_of=frozenset({SendMessage}),
)
