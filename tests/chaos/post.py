"""A mail server in the harness, which nobody kills: what it took, and what came twice."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from connectors.email.sandbox_smtp import Mail, Post, SmtpServer
from connectors.sandboxing import Faults

PASSWORD = "password-of-the-crash-test"
# Between the mail and the answer to it, so that many a sender is killed while it is out.
ANSWER_SECONDS = 0.1


@dataclass(frozen=True, slots=True, order=True)
class Letter:
    """A mail as its recipient reads it; `id` is its Message-ID."""

    recipient: str
    subject: str
    text: str
    id: str = ""

    @property
    def said(self) -> "Letter":
        """What it says, whatever its Message-ID."""
        return Letter(self.recipient, self.subject, self.text)


class _SlowPost(Post):
    def keep(self, mail: Mail) -> None:
        Post.keep(self, mail)
        time.sleep(ANSWER_SECONDS)


class MailServer:
    """`faults` as those of a sandbox: each strikes mails (`SMTP MAIL`)."""

    def __init__(self, faults: Sequence[Mapping[str, Any]] = (), seed: int = 0) -> None:
        self.faults = Faults(seed=seed)
        for rule in faults:
            self.faults.add(dict(rule))
        self._post = _SlowPost(password=PASSWORD, faults=self.faults)
        self._server = SmtpServer(self._post)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    @contextmanager
    def open(self) -> Iterator["MailServer"]:
        self._server.serve()
        try:
            yield self
        finally:
            self._server.close()

    def letters(self) -> list[Letter]:
        with self._post.lock:
            return [_read(mail) for mail in self._post.mails]


def _read(mail: Mail) -> Letter:
    found = message_from_bytes(mail.content, _class=EmailMessage, policy=default)
    content = found.get_payload(decode=True)
    return Letter(
        recipient=mail.recipient,
        subject=str(found["Subject"]),
        text=content.decode().strip() if isinstance(content, bytes) else "",
        id=str(found["Message-ID"]),
    )


def mailed_twice(letters: Sequence[Letter]) -> list[str]:
    """Mails that somebody found twice in his mailbox."""
    times = Counter(letter.id for letter in letters)
    subjects = {letter.id: letter for letter in letters}
    return [
        f"{subjects[name].recipient} got {number} × {subjects[name].subject!r}"
        for name, number in sorted(times.items())
        if number > 1
    ]
