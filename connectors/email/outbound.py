"""Hands mails to the account's mail server: the only file of this connector that sends."""

import re
import smtplib
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from bridge.domain.effects import SendEmail
from bridge.domain.errors import CredentialsInvalid, DeliveryTransient
from bridge.ports import (
    Absent,
    Account,
    AccountDown,
    CannotTell,
    Delivery,
    Done,
    Found,
    Outcome,
    Rejected,
    RetryAt,
    Unknown,
)
from connectors.email.server import Server, is_address
from connectors.email.writing import as_data, message_id, written

OUTAGE = timedelta(minutes=1)
LATER = timedelta(minutes=5)  # greylisting lets the second try pass after a few minutes
_BROKEN = (OSError, smtplib.SMTPException, ValueError)
_ENHANCED = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})(?: |$)")
_TODO = {
    "recipient_refused": "the mail server knows no such address: correct it in roles.yaml",
    "mail_refused": "the mail server does not take this mail: see its log",
}


class EmailOutbound:
    """One connection for a run, one mail for each recipient."""

    def __init__(self, account: Account) -> None:
        self._server = Server.of(account)

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        """In order. Once the server is down the rest is not tried, and says so."""
        session = _Session(self._server)
        try:
            return [session.outcome(delivery) for delivery in run]
        finally:
            session.close()

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        return [CannotTell(reason="a mail server can't be asked what it took") for _ in run]


class _Session:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None
        self._down: AccountDown | None = None

    def outcome(self, delivery: Delivery) -> Outcome:
        effect = delivery.effect
        if not isinstance(effect, SendEmail):
            kind = type(effect).__name__
            return Rejected(reason="effect_unsupported", detail=f"email does not do {kind}")
        if self._down is not None:
            return self._down
        if not is_address(effect.recipient):
            detail = "the recipient is no e-mail address of ASCII letters: correct it in roles.yaml"
            return Rejected(reason="address_invalid", detail=detail)
        if not delivery.still_ours():
            return RetryAt(when=delivery.now, reason="email: no longer ours")
        found = self._sent(delivery, effect)
        self._down = found if isinstance(found, AccountDown) else None
        return found

    def close(self) -> None:
        if self._smtp is not None:
            with suppress(*_BROKEN):
                self._smtp.quit()
            self._drop()

    def _sent(self, delivery: Delivery, effect: SendEmail) -> Outcome:
        try:
            smtp = self._smtp = self._smtp or self._server.open()
            refused = self._announced(smtp, delivery, effect)
        except CredentialsInvalid as error:
            return AccountDown(cause=str(error))
        except DeliveryTransient as error:
            return AccountDown(cause=str(error), until=delivery.now + OUTAGE)
        except _BROKEN as error:
            self._drop()
            said = f"email: the connection broke before the mail: {type(error).__name__}"
            return RetryAt(when=delivery.now + OUTAGE, reason=said)
        if refused is not None:
            self._reset(smtp)
            return refused
        return self._handed_over(smtp, delivery, effect)

    def _announced(
        self, smtp: smtplib.SMTP, delivery: Delivery, effect: SendEmail
    ) -> Outcome | None:
        """Everything before the mail itself; None when the server waits for it."""
        code, said = smtp.docmd("MAIL", f"FROM:<{self._server.sender}>")
        if code != 250:
            return _of_sender(delivery, code, said)
        code, said = smtp.docmd("RCPT", f"TO:<{effect.recipient}>")
        if code not in (250, 251):
            return _of_mail("recipient_refused", delivery, code, said)
        if not delivery.still_ours():
            return RetryAt(when=delivery.now, reason="email: no longer ours")
        code, said = smtp.docmd("DATA")
        return None if code == 354 else _of_mail("mail_refused", delivery, code, said)

    def _handed_over(self, smtp: smtplib.SMTP, delivery: Delivery, effect: SendEmail) -> Outcome:
        """From here on only the server's word says what came of it."""
        try:
            smtp.send(as_data(written(effect, self._server, delivery.now)))
            code, said = smtp.getreply()
        except _BROKEN as error:
            self._drop()
            said_so = f"email: no answer after the mail: {type(error).__name__}"
            return Unknown(reason=said_so)
        if code == 250:
            return Done(vendor_ids={"id": message_id(effect.key, self._server)})
        if code == 421:
            self._drop()
        return _of_mail("mail_refused", delivery, code, said)

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.docmd("RSET")
        except _BROKEN:
            self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def _of_sender(delivery: Delivery, code: int, said: bytes) -> Outcome:
    """A refusal of MAIL FROM would meet every mail, but for one of size."""
    told = f"email: MAIL FROM: {_told(code, said)}"
    if code == 552:
        return Rejected(reason="mail_refused", detail=f"{told}: the mail is too large")
    if 400 <= code < 500 or code < 0:
        return AccountDown(cause=told, until=delivery.now + LATER)
    return AccountDown(cause=f"{told}: the server takes no mail from this sender")


def _of_mail(reason: str, delivery: Delivery, code: int, said: bytes) -> Outcome:
    told = f"email: {_told(code, said)}"
    if code == 421:
        return AccountDown(cause=told, until=delivery.now + LATER)
    if 400 <= code < 500:
        return RetryAt(when=delivery.now + LATER, reason=told)
    if 500 <= code < 600:
        return Rejected(reason=reason, detail=f"{told}: {_TODO[reason]}")
    return Unknown(reason=told)


def _told(code: int, said: bytes) -> str:
    """The code and the enhanced one; the words may hold an address."""
    found = _ENHANCED.match(said)
    return f"{code} {found[1].decode()}" if found else str(code)
