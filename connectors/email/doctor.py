"""Looks whether the mail server lets us in and takes mail from our sender; sends none."""

import smtplib
from collections.abc import Sequence
from contextlib import suppress

from bridge.domain.errors import OutcomeUnknown
from bridge.ports import Account, Ailment
from connectors.email.server import Server


class EmailDoctor:
    def __init__(self, account: Account) -> None:
        self._server = Server.of(account)

    def examine(self, public_url: str) -> Sequence[Ailment]:
        smtp = self._server.open()
        try:
            code, _ = smtp.docmd("MAIL", f"FROM:<{self._server.sender}>")
            smtp.docmd("RSET")
        except (OSError, smtplib.SMTPException) as error:
            raise OutcomeUnknown(f"email: {self._server.host}: {type(error).__name__}") from error
        finally:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()
        return [] if code == 250 else [self._refused(code)]

    def fix(self, public_url: str, *, take_over: bool) -> Sequence[str]:
        """Nothing there can be mended from here."""
        return []

    def _refused(self, code: int) -> Ailment:
        return Ailment(
            code="sender_refused",
            detail=f"the mail server takes no mail from {self._server.sender} ({code})",
            todo="let the server's account send as this address, or change the option from",
        )
