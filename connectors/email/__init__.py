"""E-mail by SMTP, out only: facts about it, and how to make its parts for an account."""

from bridge.domain.effects import SendEmail
from bridge.ports import Connector
from connectors.email.doctor import EmailDoctor
from connectors.email.inbound import EmailInbound
from connectors.email.outbound import EmailOutbound
from connectors.email.reader import EmailReader
from connectors.email.server import TIMEOUT_SECONDS
from connectors.standing_in import stand_in

CONNECTOR = Connector(
    name="email",
    label="E-mail (SMTP)",
    needs=frozenset({"password"}),
    options={"host": "smtp.example.org", "from": "bridge@example.org"},
    methods=frozenset(),
    inbound=EmailInbound,
    outbound=EmailOutbound,
    reader=EmailReader,
    delivers=frozenset({SendEmail}),
    sandbox=stand_in("connectors.email.sandbox"),
    doctor=EmailDoctor,
    max_run=10,  # a mail takes a handful of round trips
    call_timeout_seconds=TIMEOUT_SECONDS,
)
