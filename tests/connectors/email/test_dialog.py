"""The stand-in answers with the codes of a real SMTP server (RFC 5321, RFC 4954)."""

import base64
import smtplib
from collections.abc import Iterator

import pytest

from connectors.email.sandbox_smtp import Post, SmtpServer
from connectors.sandboxing import Faults
from tests.connectors.email.building import PASSWORD, USERNAME
from tests.connectors.email.post_office import open_office


def _plain(password: str) -> str:
    return base64.b64encode(f"\0{USERNAME}\0{password}".encode()).decode()


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


MAIL, RCPT = "MAIL FROM:<a@acme.example>", "RCPT TO:<b@acme.example>"
IN = f"AUTH PLAIN {_plain(PASSWORD)}"
DIALOGS = {
    "not signed in": ["EHLO x", MAIL, "QUIT"],
    "wrong password": ["EHLO x", f"AUTH PLAIN {_plain('wrong')}", MAIL],
    "in two steps": ["EHLO x", "AUTH PLAIN", _plain(PASSWORD), MAIL],
    "by login": ["EHLO x", f"AUTH LOGIN {_b64(USERNAME)}", _b64(PASSWORD), MAIL],
    "by login in three steps": ["EHLO x", "AUTH LOGIN", _b64(USERNAME), _b64(PASSWORD), MAIL],
    "a mail": ["EHLO x", IN, MAIL, RCPT, "DATA", "Subject: x\r\n\r\nx\r\n.", "QUIT"],
    "two mails": ["EHLO x", IN, *(MAIL, RCPT, "DATA", "x\r\n.") * 2, "QUIT"],
    "out of order": ["EHLO x", IN, RCPT, "DATA", MAIL, "DATA", RCPT],
    "begun anew": ["EHLO x", IN, MAIL, RCPT, "RSET", "DATA", MAIL],
    "nothing": ["EHLO x", IN, "NOOP", "QUIT"],
    "an odd sender": ["EHLO x", IN, "MAIL FROM:acme <>x", MAIL],
}


@pytest.fixture
def stand_in() -> Iterator[int]:
    server = SmtpServer(Post(password=PASSWORD, faults=Faults()))
    server.serve()
    yield server.port
    server.close()


def codes(port: int, lines: list[str]) -> list[int]:
    smtp = smtplib.SMTP("127.0.0.1", port, "x", timeout=60)
    try:
        return [_said(smtp, line) for line in lines]
    finally:
        smtp.close()


def _said(smtp: smtplib.SMTP, line: str) -> int:
    smtp.send(f"{line}\r\n")
    return smtp.getreply()[0]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("lines", DIALOGS.values(), ids=DIALOGS)
def test_the_same_codes_as_a_real_server(stand_in: int, lines: list[str]) -> None:
    with open_office(auth_required=True, auth_require_tls=False) as office:
        assert codes(stand_in, lines) == codes(office.port, lines)
