"""A mail as it goes over the wire."""

import hashlib
import re
import unicodedata
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from bridge.domain.effects import SendEmail
from connectors.email.server import Server

MAX_SUBJECT = 200
_LINE_WITH_DOT = re.compile(rb"^\.", re.M)


def message_id(key: str, server: Server) -> str:
    """The same for each try, so that a mailbox or a person knows the second for the first."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{server.domain}>"


def written(effect: SendEmail, server: Server, now: datetime) -> bytes:
    """The whole mail, lines ended by CRLF. No header can be made to end early."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = server.sender
    mail["To"] = effect.recipient
    mail["Subject"] = one_line(effect.subject)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(effect.key, server)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office replies to it are wrong
    mail.set_content(without_controls(effect.text))
    return mail.as_bytes()


def as_data(mail: bytes) -> bytes:
    """What follows DATA: a line that begins with a dot is given a second one (RFC 5321, 4.5.2)."""
    return _LINE_WITH_DOT.sub(b"..", mail).removesuffix(b"\r\n") + b"\r\n.\r\n"


def one_line(text: str) -> str:
    return " ".join("".join(map(_shown, text)).split())[:MAX_SUBJECT]


def without_controls(text: str) -> str:
    return "\n".join("".join(map(_shown, line)) for line in text.splitlines()) + "\n"


def _shown(letter: str) -> str:
    """A space for what is no letter: control codes, lone surrogates, separators of lines."""
    return " " if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") else letter
