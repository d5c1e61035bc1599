"""Matrix, an open network of messengers: facts about it, and how to make its parts."""

from bridge.domain.effects import JoinChat, SendMessage
from bridge.ports import Connector
from connectors.matrix.client import TIMEOUT_SECONDS
from connectors.matrix.doctor import MatrixDoctor
from connectors.matrix.files import MatrixFiles
from connectors.matrix.inbound import MatrixInbound
from connectors.matrix.outbound import MatrixOutbound
from connectors.matrix.reader import MatrixReader
from connectors.matrix.recalling import MatrixHistory
from connectors.matrix.words import MAX_TEXT
from connectors.standing_in import stand_in

CONNECTOR = Connector(
    name="matrix",
    label="Matrix",
    needs=frozenset({"as_token", "hs_token"}),
    options={"user": "@bridge:example.org"},
    methods=frozenset({"GET", "POST", "PUT"}),
    inbound=MatrixInbound,
    outbound=MatrixOutbound,
    reader=MatrixReader,
    delivers=frozenset({SendMessage, JoinChat}),
    sandbox=stand_in("connectors.matrix.sandbox"),
    doctor=MatrixDoctor,
    media=MatrixFiles,
    history=MatrixHistory,
    max_run=10,  # one or two calls each: a whole run stays well within a lease
    call_timeout_seconds=TIMEOUT_SECONDS,
    index_lag_seconds=0.0,
    max_text=MAX_TEXT,
)
