"""Through Debian's real Kannel, end to end: SMS in, reply out, delivery reports, calls repeated.

R1, R4, R7: nothing lost while we are down, nothing doubled when a call comes again.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

import pytest
from flask import Flask, Response
from flask import request as asked

from bridge.domain.effects import SendMessage
from bridge.domain.errors import CredentialsInvalid, SignatureInvalid
from bridge.domain.events import Event, MessageReceived, MessageStatusChanged
from bridge.domain.messaging import MessageStatus
from bridge.ports import Account, AccountDown, Done, Outcome, RawRequest, Rejected
from connectors.kannel.doctor import KannelDoctor
from connectors.kannel.inbound import KannelInbound
from connectors.kannel.outbound import KannelOutbound
from connectors.kannel.reader import KannelReader
from tests.connectors.kannel.building import (
    CLIENT,
    NOW,
    NUMBER,
    PASSWORD,
    PATH_SECRET,
    account,
    delivery,
    sending,
)
from tests.connectors.kannel.gateway import SENDSMS, Centre, gateway, until
from tests.resilience.hosts import Host, hosts, serving

pytestmark = [pytest.mark.kannel, pytest.mark.netns]
NETWORK = "10.207.32"


@dataclass
class Door:
    """The bridge in small: proves, keeps, and answers 503 as often as `busy` says."""

    requests: list[RawRequest] = field(default_factory=list)
    busy: int = 0
    refused: int = 0

    def app(self) -> Flask:
        app, inbound = Flask("door"), KannelInbound(account())

        @app.route("/hooks/<path:_rest>", methods=["GET", "POST"])
        def take(_rest: str) -> Response:
            told = RawRequest(
                method=asked.method,
                url=asked.url,
                headers={name.lower(): value for name, value in asked.headers.items()},
                body=asked.get_data(),
                received_at=NOW,
            )
            try:
                inbound.verify(told)
            except SignatureInvalid:
                self.refused += 1
                return Response(status=401)
            self.requests.append(told)
            if self.busy:
                self.busy -= 1
                return Response(status=503)
            answer = inbound.accepted(told)
            return Response(answer.body, answer.status, content_type=answer.content_type)

        return app

    @property
    def events(self) -> list[Event]:
        inbound = KannelInbound(account())
        return [event for told in self.requests for event in inbound.parse(told).events]

    @property
    def messages(self) -> list[MessageReceived]:
        return [event for event in self.events if isinstance(event, MessageReceived)]

    def statuses(self, message_id: str) -> list[MessageStatus]:
        found = (e for e in self.events if isinstance(e, MessageStatusChanged))
        return [event.status for event in found if event.message_id == message_id]


@dataclass
class World:
    host: Host
    door: Door
    centre: Centre
    hook: str

    def account(self, password: str = PASSWORD) -> Account:
        return account(
            SENDSMS, password=password, hook_url=self.hook, options={"numbers": f"{NUMBER}, +34911"}
        )

    def deliver(self, *effects: SendMessage, password: str = PASSWORD) -> Sequence[Outcome]:
        outbound = KannelOutbound(self.account(password))
        run = [delivery(effect) for effect in effects]
        return self.host.inside(lambda: outbound.deliver(run))


@pytest.fixture(scope="module")
def gateway_world() -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="bridge-kannel-"))
    door = Door()
    with ExitStack() as stack:
        stack.callback(rmtree, folder, ignore_errors=True)
        (host,) = stack.enter_context(hosts(NETWORK, 1))
        hook = f"{stack.enter_context(serving(host, door.app()))}/hooks/sms"
        centre = stack.enter_context(gateway(host, folder, hook, PASSWORD, PATH_SECRET))
        yield World(host, door, centre, hook)


@pytest.fixture
def kannel(gateway_world: World) -> World:
    gateway_world.door.requests.clear()
    gateway_world.door.busy = 0
    return gateway_world


def _got_by_now(kannel: World) -> int:
    """How much has come to the phones, what earlier tests sent included."""
    kannel.centre.catch_up()
    return len(kannel.centre.got)


@pytest.mark.parametrize(
    ("kind", "sent", "text"),
    [
        ("text", "Hola a&b=c ¿qué? 100% +1", "Hola a&b=c ¿qué? 100% +1"),
        ("ucs2", "%00H%00o%00l%00a%00+%D8%3D%DE%00%04%1F", "Hola 😀П"),
    ],
)
def test_an_sms_comes_in(kannel: World, kind: str, sent: str, text: str) -> None:
    kannel.centre.says(CLIENT, NUMBER, sent, kind)
    until(lambda: kannel.door.messages, "the SMS does not come")
    (message,) = kannel.door.messages
    assert (message.chat.channel_id, message.chat.phone, message.text) == (NUMBER, CLIENT, text)
    assert kannel.door.refused == 0


@pytest.mark.parametrize(
    ("kind", "sent", "text"),
    [
        ("text", "consulta a&b=c ¿qué? 100% +1", "consulta a&b=c ¿qué? 100% +1"),
        (
            "ucs2",
            "%00c%00o%00n%00s%00u%00l%00t%00a%00+%D8%3D%DE%00%04%1F",
            "consulta 😀П",
        ),
    ],
)
def test_an_sms_comes_in_by_get_url_too(kannel: World, kind: str, sent: str, text: str) -> None:
    kannel.centre.says(CLIENT, NUMBER, sent, kind)
    until(lambda: kannel.door.messages, "the SMS does not come")
    assert [told.method for told in kannel.door.requests] == ["GET"]
    assert [message.text for message in kannel.door.messages] == [text]


def test_a_message_that_was_not_taken_comes_again_under_the_same_id(kannel: World) -> None:
    kannel.door.busy = 2
    kannel.centre.says(CLIENT, NUMBER, "otra vez")
    until(lambda: len(kannel.door.requests) == 3, "Kannel gives up")
    kannel.centre.says(CLIENT, NUMBER, "y otra")
    until(lambda: len(kannel.door.requests) >= 4, "the next one does not come")
    assert [m.text for m in kannel.door.messages] == ["otra vez"] * 3 + ["y otra"]
    assert len({event.event_key for event in kannel.door.events}) == 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Buenas {a} [b] ~ 100% +1 & =", "text"),
        ("¿Qué tal? ñ @ €", "text"),
        ("Привет 😀 ¿qué?", "ucs-2"),
    ],
)
def test_a_reply_reaches_the_phone_and_its_reports_come_back(
    kannel: World, text: str, kind: str
) -> None:
    already = _got_by_now(kannel)
    (outcome,) = kannel.deliver(sending(text, key=text))
    assert isinstance(outcome, Done)
    sent = outcome.vendor_ids["id"]
    until(lambda: len(kannel.door.statuses(sent)) == 2, "the reports do not come")
    assert sorted(kannel.door.statuses(sent)) == [MessageStatus.DELIVERED, MessageStatus.SENT]
    kannel.centre.catch_up()
    (got,) = kannel.centre.got[already:]
    assert (got.sender, got.receiver, got.kind, got.text) == (NUMBER, CLIENT, kind, text)


def test_reports_that_were_not_taken_come_again_and_are_the_same(kannel: World) -> None:
    kannel.door.busy = 2
    (outcome,) = kannel.deliver(sending("con acuse", key="report"))
    assert isinstance(outcome, Done)
    sent = outcome.vendor_ids["id"]
    until(lambda: len(kannel.door.requests) >= 4, "the reports do not come again")
    assert set(kannel.door.statuses(sent)) == {MessageStatus.SENT, MessageStatus.DELIVERED}
    assert len({event.event_key for event in kannel.door.events}) == 2


def test_a_long_text_goes_in_parts_and_nothing_of_it_is_cut_off(kannel: World) -> None:
    already = _got_by_now(kannel)
    text = "".join(f"{n:04} palabras " for n in range(109))
    (outcome,) = kannel.deliver(sending(text, key="long"))
    assert isinstance(outcome, Done)
    until(lambda: len(kannel.centre.got) >= already + 10, "not all parts come")
    assert sum("palabras" in part.text for part in kannel.centre.got[already:]) == 10
    whole = "".join(part.text for part in kannel.centre.got[already:])
    assert [n for n in range(109) if f"{n:04}" not in whole] == []


def test_what_kannel_would_cut_off_is_refused(kannel: World) -> None:
    (outcome,) = kannel.deliver(sending("x" * 1531))
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "text_too_long"


def test_a_wrong_password_holds_the_account_and_the_doctor_says_so(kannel: World) -> None:
    (outcome,) = kannel.deliver(sending(), password="wrong")
    assert isinstance(outcome, AccountDown)
    assert outcome.until is None
    doctor = KannelDoctor(kannel.account("wrong"))
    with pytest.raises(CredentialsInvalid):
        kannel.host.inside(lambda: doctor.examine("https://bridge.example"))


def test_the_doctor_finds_nothing_wrong_and_sends_nothing(kannel: World) -> None:
    already = _got_by_now(kannel)
    doctor, reader = KannelDoctor(kannel.account()), KannelReader(kannel.account())
    assert kannel.host.inside(lambda: list(doctor.examine("https://bridge.example"))) == []
    channels = kannel.host.inside(reader.channels)
    assert [channel.channel_id for channel in channels] == [NUMBER, "+34911"]
    assert _got_by_now(kannel) == already
