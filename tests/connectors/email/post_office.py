"""A real SMTP server that nobody here wrote (aiosmtpd), with TLS and a password, on loopback."""

import ssl
from asyncio import Transport
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.connectors.email.building import PASSWORD, USERNAME
from tests.ports import free_port

OK = "250 OK"


@dataclass(frozen=True, slots=True)
class Letter:
    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass
class Office:
    """Says OK to everything, but for what `rcpt` and `data` are told to say by address and
    content; `cut` ends the connection after the mail, without a word."""

    port: int = 0
    letters: list[Letter] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    mail: Callable[[str], str] = lambda sender: OK
    rcpt: Callable[[str], str] = lambda recipient: OK
    data: Callable[[bytes], str] = lambda content: OK
    cut: bool = False

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        answer = self.mail(address)
        if answer == OK:
            envelope.mail_from = address
        return answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        answer = self.rcpt(address)
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        answer = self.data(content)
        if answer == OK:
            given = tuple(envelope.rcpt_tos)
            self.letters.append(Letter(envelope.mail_from or "", given, content))
        if self.cut:
            assert isinstance(server.transport, Transport)
            server.transport.abort()
        return answer

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        fits = isinstance(given, LoginPassword) and (given.login, given.password) == (
            USERNAME.encode(),
            PASSWORD.encode(),
        )
        self.signed_in.append(f"{mechanism} over {'TLS' if session.ssl else 'nothing'}")
        return AuthResult(success=fits, handled=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Self-signed, for 127.0.0.1: `file` is also who vouches for it."""

    file: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.file, self.key)
        return made


def certificate(folder: Path) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = Certificate(folder / "server.pem", folder / "server.key")
    files.file.write_bytes(made.public_bytes(Encoding.PEM))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@contextmanager
def open_office(**given: Any) -> Iterator[Office]:
    """`given` is aiosmtpd's: `tls_context`, `require_starttls`, `ssl_context` …"""
    office = Office()
    office.port = free_port()  # aiosmtpd looks whether it listens, and so has to know where
    controller = Controller(
        office,
        hostname="127.0.0.1",
        port=office.port,
        authenticator=office.authenticate,
        ready_timeout=60.0,
        **given,
    )
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
