"""Wazzup, a hub of messengers: facts about it, and how to make its parts for an account."""

from bridge.domain.effects import SendMessage
from bridge.ports import Budget, Connector
from connectors.standing_in import stand_in
from connectors.wazzup.client import TIMEOUT_SECONDS
from connectors.wazzup.doctor import WazzupDoctor
from connectors.wazzup.inbound import WazzupInbound
from connectors.wazzup.outbound import WazzupOutbound
from connectors.wazzup.reader import WazzupReader
from connectors.wazzup.templates import templates
from connectors.wazzup.users import introduce
from connectors.wazzup.window import WazzupWindow
from connectors.wazzup.words import MAX_TEXT

CONNECTOR = Connector(
    name="wazzup",
    label="Wazzup",
    needs=frozenset({"api_key", "webhook_key"}),
    inbound=WazzupInbound,
    outbound=WazzupOutbound,
    reader=WazzupReader,
    delivers=frozenset({SendMessage}),
    sandbox=stand_in("connectors.wazzup.sandbox"),
    doctor=WazzupDoctor,
    introduce=introduce,
    templates=templates,
    window=WazzupWindow,
    max_run=20,  # one call each: a whole run stays well within a lease
    call_timeout_seconds=TIMEOUT_SECONDS,
    index_lag_seconds=0.0,
    budget=Budget(calls=500, per_seconds=5),  # wazzup24.com/help/api-en/common-errors
    max_text=MAX_TEXT,
    tells_of=frozenset({SendMessage}),
)
