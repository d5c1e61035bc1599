"""Mails to a real SMTP server: how they get there, what they hold, what refusals mean."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.effects import SendEmail
from bridge.domain.errors import ConfigError, CredentialsInvalid, DeliveryTransient
from bridge.ports import AccountDown, CannotTell, Done, Outcome, Rejected, RetryAt, Unknown
from connectors.email.doctor import EmailDoctor
from connectors.email.outbound import EmailOutbound
from connectors.email.server import Server, is_address
from connectors.email.writing import as_data, one_line, written
from tests.connectors.email.building import NOW, SENDER, account, delivery, mail
from tests.connectors.email.post_office import Certificate, Office, certificate, open_office


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def office(proof: Certificate) -> Iterator[Office]:
    """Lets nobody in before STARTTLS and a password."""
    with open_office(
        tls_context=proof.context(), require_starttls=True, auth_required=True
    ) as opened:
        yield opened


def outbound(office: Office, proof: Certificate, **options: str) -> EmailOutbound:
    return EmailOutbound(account(port=str(office.port), ca_file=str(proof.file), **options))


def one(office: Office, proof: Certificate, effect: SendEmail | None = None) -> Outcome:
    (outcome,) = outbound(office, proof).deliver([delivery(effect or mail())])
    return outcome


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, _class=EmailMessage, policy=default)


def test_a_mail_arrives_secretly_and_signed_in(office: Office, proof: Certificate) -> None:
    outcome = one(office, proof)
    (letter,) = office.letters
    found = read(letter.content)
    assert (letter.sender, letter.recipients) == (SENDER, ("ana@acme.example",))
    assert (found["from"], found["to"], found["subject"]) == (
        SENDER,
        "ana@acme.example",
        "A client waits",
    )
    assert found.get_content().splitlines() == ["See there."]
    assert found["auto-submitted"] == "auto-generated"
    assert outcome == Done(vendor_ids={"id": found["message-id"]})
    assert [said.split()[-1] for said in office.signed_in] == ["TLS"]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_tls_from_the_first_byte(proof: Certificate) -> None:
    with open_office(
        ssl_context=proof.context(), auth_required=True, auth_require_tls=False
    ) as office:
        sent = outbound(office, proof, security="tls").deliver([delivery(mail())])
        assert [type(outcome) for outcome in sent] == [Done]
        assert len(office.letters) == 1


def test_a_server_that_offers_no_secrecy_is_told_nothing() -> None:
    """Nobody on the way can have us sign in in the clear by hiding STARTTLS."""
    with open_office(auth_require_tls=False) as office:
        (outcome,) = EmailOutbound(account(port=str(office.port))).deliver([delivery(mail())])
        assert isinstance(outcome, AccountDown)
        assert (office.signed_in, office.letters) == ([], [])


def test_a_server_that_nobody_vouches_for_is_told_nothing(office: Office, tmp_path: Path) -> None:
    other = certificate(tmp_path)
    (outcome,) = outbound(office, other).deliver([delivery(mail())])
    assert isinstance(outcome, AccountDown)
    assert (office.signed_in, office.letters) == ([], [])


def test_a_wrong_password_pauses_the_account(office: Office, proof: Certificate) -> None:
    known = account(port=str(office.port), ca_file=str(proof.file))
    given = replace(known, secrets={"password": ("wrong-one",)})
    outcomes = EmailOutbound(given).deliver([delivery(mail()), delivery(mail(key="em_2"))])
    assert [(type(o), getattr(o, "until", 0)) for o in outcomes] == [(AccountDown, None)] * 2
    assert len(office.signed_in) < 4  # aiosmtpd offers two ways; the second mail tries none
    assert "wrong-one" not in repr(outcomes)
    with pytest.raises(CredentialsInvalid):
        EmailDoctor(given).examine("https://bridge.example")


def test_a_run_goes_through_one_connection_one_mail_each(
    office: Office, proof: Certificate
) -> None:
    run = [delivery(mail(recipient=f"p{n}@acme.example", key=f"em_{n}")) for n in range(5)]
    outcomes = outbound(office, proof).deliver(run)
    assert [type(outcome) for outcome in outcomes] == [Done] * 5
    assert [letter.recipients for letter in office.letters] == [
        (f"p{n}@acme.example",) for n in range(5)
    ]
    assert len(office.signed_in) == 1


def test_the_second_try_is_known_by_its_message_id(office: Office, proof: Certificate) -> None:
    """R5: the server can't be asked, a mailbox or a person can see it."""
    assert one(office, proof) == one(office, proof)
    ids = {read(letter.content)["message-id"] for letter in office.letters}
    assert len(ids) == 1
    assert one(office, proof, mail(key="em_2")) != one(office, proof)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("450 4.2.1 greylisted ana@acme.example", RetryAt),
        ("452 4.5.3 too many", RetryAt),
        ("421 4.7.0 closing", AccountDown),
        ("550 5.1.1 no ana@acme.example here", Rejected),
        ("553 5.1.3 odd", Rejected),
    ],
)
@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_refusals_of_a_mail(
    office: Office, proof: Certificate, where: str, answer: str, expected: type[Outcome]
) -> None:
    setattr(office, where, lambda given: answer)
    outcome = one(office, proof)
    assert type(outcome) is expected
    assert "ana@" not in repr(outcome)
    assert office.letters == []


def test_a_refusal_leaves_the_next_mail_alone(office: Office, proof: Certificate) -> None:
    office.rcpt = lambda who: "550 5.1.1 unknown" if who.startswith("nobody") else "250 OK"
    run = [delivery(mail(recipient=f"{who}@acme.example")) for who in ("a", "nobody", "b")]
    outcomes = outbound(office, proof).deliver(run)
    assert [type(outcome) for outcome in outcomes] == [Done, Rejected, Done]
    (refused,) = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    assert refused.reason == "recipient_refused"
    assert "550 5.1.1" in refused.detail


@pytest.mark.parametrize(
    ("answer", "until"),
    [("550 5.7.1 not you", None), ("451 4.3.0 later", NOW + timedelta(minutes=5))],
)
def test_a_refused_sender_holds_the_account(
    office: Office, proof: Certificate, answer: str, until: object
) -> None:
    office.mail = lambda sender: answer
    outcome = one(office, proof)
    assert isinstance(outcome, AccountDown)
    assert outcome.until == until


def test_the_doctor_asks_without_sending(office: Office, proof: Certificate) -> None:
    doctor = EmailDoctor(account(port=str(office.port), ca_file=str(proof.file)))
    assert list(doctor.examine("https://bridge.example")) == []
    office.mail = lambda sender: "550 5.7.1 not you"
    assert [a.code for a in doctor.examine("https://bridge.example")] == ["sender_refused"]
    assert list(doctor.fix("https://bridge.example", take_over=True)) == []
    assert office.letters == []


def test_a_connection_lost_after_the_mail_leaves_its_fate_open(
    office: Office, proof: Certificate
) -> None:
    """And it did arrive."""
    office.cut = True
    outcome = one(office, proof)
    assert isinstance(outcome, Unknown)
    assert len(office.letters) == 1
    (found,) = outbound(office, proof).find([delivery(mail())])
    assert isinstance(found, CannotTell)


def test_what_may_be_another_workers_by_now_is_not_handed_over(
    office: Office, proof: Certificate
) -> None:
    """R2: asked again right before the mail itself."""
    asked: list[bool] = []

    def still_ours() -> bool:
        asked.append(True)
        return len(asked) < 2

    given = replace(delivery(mail()), still_ours=still_ours)
    (outcome,) = outbound(office, proof).deliver([given])
    assert isinstance(outcome, RetryAt)
    assert (len(asked), office.letters) == (2, [])


def test_nobody_listens() -> None:
    with pytest.raises(DeliveryTransient, match=r"127\.0\.0\.1:1 "):
        Server.of(account(port="1")).open()


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "ana",
        "ana@",
        "@acme.example",
        "ana@acme.example>\r\nRCPT TO:<eve@evil.example",
        "ana@acme.example\n",
        "ana@acme.example, eve@evil.example",
        "Ana <ana@acme.example>",
        "ána@acme.example",
        "ana@acme..example",
        "a" * 300 + "@acme.example",
        "ana\x00@acme.example",
    ],
)
def test_what_is_no_plain_address_reaches_no_server(
    office: Office, proof: Certificate, recipient: str
) -> None:
    outcome = one(office, proof, mail(recipient=recipient))
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "address_invalid"
    assert office.signed_in == []


SERVER = Server.of(account())
HEADERS = {"from", "to", "subject", "date", "message-id", "auto-submitted"} | {
    "mime-version",
    "content-type",
    "content-transfer-encoding",
}


@given(subject=st.text(), text=st.text())
@settings(max_examples=200)
def test_no_words_can_make_a_header_or_end_the_mail(subject: str, text: str) -> None:
    made = written(mail(subject=subject, text=text), SERVER, NOW)
    found = read(made)
    assert {name.lower() for name in found} == HEADERS
    assert (found["to"], found["from"]) == ("ana@acme.example", SENDER)
    assert b"\r\n.\r\n" not in as_data(made)[:-5]
    assert as_data(made).endswith(b"\r\n.\r\n")
    assert b"\n" not in made.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "subject", ["Hi\r\nBcc: eve@evil.example", "Hi\nBcc: eve@evil.example", "Hi\u2028Bcc: x"]
)
def test_a_subject_is_one_line(subject: str) -> None:
    found = read(written(mail(subject=subject), SERVER, NOW))
    assert "bcc" not in {name.lower() for name in found}
    assert found["subject"].startswith("Hi Bcc:")
    assert one_line("  a \t b  ") == "a b"


def test_what_was_written_is_what_is_read(office: Office, proof: Certificate) -> None:
    """Lines that begin with a dot, letters of all kinds, long lines."""
    text = ".\n..two\nñandú 👍 " + "x" * 2000 + "\nFrom here"
    one(office, proof, mail(subject="Ñandú 👍", text=text))
    (letter,) = office.letters
    assert read(letter.content).get_content().splitlines() == text.split("\n")
    assert read(letter.content)["subject"] == "Ñandú 👍"


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"from": "bridge"}, "from"),
        ({"from": ""}, "from"),
        ({"host": ""}, "host"),
        ({"host": "mail.example/x"}, "host"),
        ({"security": "ssl"}, "security"),
        ({"security": "none", "host": "mail.example"}, "security"),
        ({"port": "0"}, "port"),
        ({"port": "smtp"}, "port"),
        ({"port": "70000"}, "port"),
        ({"call_timeout_seconds": "x"}, "call_timeout_seconds"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, str], wanted: str) -> None:
    with pytest.raises(ConfigError, match=f"account mail: .*{wanted}"):
        EmailOutbound(account(**options))


def test_ports_follow_the_security() -> None:
    found = [Server.of(account(security=word)).port for word in ("starttls", "tls", "none")]
    assert found == [587, 465, 25]


def test_addresses() -> None:
    good = ("a@b", "first.last+tag@mail.acme.example", "o'hara@acme.example")
    assert all(is_address(address) for address in good)
