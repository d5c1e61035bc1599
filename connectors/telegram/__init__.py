"""Telegram's Bot API: facts about it, and how to make its parts for an account."""

from bridge.domain.effects import SendMessage
from bridge.ports import Budget, Connector
from connectors.telegram.client import TIMEOUT_SECONDS
from connectors.telegram.doctor import TelegramDoctor
from connectors.telegram.inbound import TelegramInbound
from connectors.telegram.media import TelegramMedia
from connectors.telegram.outbound import TelegramOutbound
from connectors.telegram.reader import TelegramReader
from connectors.telegram.sandbox import sandbox
from connectors.telegram.words import CAPTIONS, MAX_TEXT

CONNECTOR = Connector(
    name="telegram",
    label="Telegram",
    needs=frozenset({"bot_token", "secret_token"}),
    inbound=TelegramInbound,
    outbound=TelegramOutbound,
    reader=TelegramReader,
    delivers=frozenset({SendMessage}),
    sandbox=sandbox,
    doctor=TelegramDoctor,
    media=TelegramMedia,
    max_run=20,  # one call each: a whole run stays well within a lease
    call_timeout_seconds=TIMEOUT_SECONDS,
    budget=Budget(calls=30, per_seconds=1),  # core.telegram.org/bots/faq
    max_text=MAX_TEXT,
    captions=CAPTIONS,
    methods=frozenset({"POST"}),
)
