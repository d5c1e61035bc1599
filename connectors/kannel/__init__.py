"""Kannel, a self-hosted SMS gateway: facts about it, and how to make its parts for an account."""

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import Messenger
from bridge.ports import Connector
from connectors.kannel.client import TIMEOUT_SECONDS
from connectors.kannel.doctor import KannelDoctor
from connectors.kannel.inbound import KannelInbound
from connectors.kannel.outbound import KannelOutbound
from connectors.kannel.reader import KannelReader
from connectors.kannel.words import MAX_PLAIN, most_letters
from connectors.standing_in import stand_in

CONNECTOR = Connector(
    name="kannel",
    label="Kannel",
    needs=frozenset({"password", "path_secret"}),
    inbound=KannelInbound,
    outbound=KannelOutbound,
    reader=KannelReader,
    delivers=frozenset({SendMessage}),
    sandbox=stand_in("connectors.kannel.sandbox"),
    doctor=KannelDoctor,
    max_run=20,  # one call each: a whole run stays well within a lease
    call_timeout_seconds=TIMEOUT_SECONDS,
    max_text={Messenger.SMS: MAX_PLAIN},
    max_text_of=most_letters,
    tells_of=frozenset({SendMessage}),
)
