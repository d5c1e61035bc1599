"""Telegram's Bot API: facts about it, and how to make its parts for an account."""

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import ChatKind
from bridge.ports import Budget, Connector
from connectors.standing_in import stand_in
from connectors.telegram.client import TIMEOUT_SECONDS
from connectors.telegram.doctor import TelegramDoctor
from connectors.telegram.inbound import TelegramInbound
from connectors.telegram.media import TelegramMedia
from connectors.telegram.outbound import TelegramOutbound
from connectors.telegram.reader import TelegramReader
from connectors.telegram.words import CAPTIONS, MAX_TEXT

PER_CHAT = {
    ChatKind.DIRECT: Budget(calls=5, per_seconds=5),
    ChatKind.GROUP: Budget(calls=20, per_seconds=60),
}
"""One message a second in a chat, "short bursts" let through, so that a text may go with its files;
20 a minute in a group: core.telegram.org/bots/faq, "My bot is hitting limits"."""

CONNECTOR = Connector(
    name="telegram",
    label="Telegram",
    needs=frozenset({"bot_token", "secret_token"}),
    inbound=TelegramInbound,
    outbound=TelegramOutbound,
    reader=TelegramReader,
    delivers=frozenset({SendMessage}),
    sandbox=stand_in("connectors.telegram.sandbox"),
    doctor=TelegramDoctor,
    media=TelegramMedia,
    max_run=20,  # one call each: a whole run stays well within a lease
    call_timeout_seconds=TIMEOUT_SECONDS,
    budget=Budget(calls=30, per_seconds=1),  # core.telegram.org/bots/faq
    per_chat=PER_CHAT,
    max_text=MAX_TEXT,
    captions=CAPTIONS,
    methods=frozenset({"POST"}),
)
