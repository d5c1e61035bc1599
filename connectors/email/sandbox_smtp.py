"""A small SMTP server on loopback for the stand-in: asks for the password, keeps the mails."""

import base64
import hmac
import re
import socketserver
import threading
from dataclasses import dataclass, field

from connectors.sandboxing import Faults, Rule

MAX_MAIL_BYTES = 10 * 1024 * 1024
_PATH = re.compile(r"(?:FROM|TO):<([^<>\s]+@[^<>\s]+)>(?: SIZE=\d+)?", re.I)
_REFUSALS = {
    "429": "421 4.7.0 too many mails, closing",
    "403_quota": "452 4.5.3 daily quota reached",
    "401": "535 5.7.8 authentication failed",
    "500": "451 4.3.0 local error",
    "html": "<html><body>Gateway</body></html>",
}
_ENDS = frozenset({"429", "html"})


@dataclass(frozen=True, slots=True)
class Mail:
    sender: str
    recipient: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Post:
    """What has come, who may send."""

    password: str = field(repr=False)
    faults: Faults
    mails: list[Mail] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, mail: Mail) -> None:
        with self.lock:
            self.mails.append(mail)

    def clear(self) -> None:
        with self.lock:
            self.mails.clear()


class SmtpServer(socketserver.ThreadingTCPServer):
    """On a free port of 127.0.0.1; `serve` in a thread of its own until `close`."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, post: Post) -> None:
        socketserver.ThreadingTCPServer.__init__(self, ("127.0.0.1", 0), _Talk)
        self.post = post

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def serve(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Talk(socketserver.StreamRequestHandler):
    """One client's session (RFC 5321), as far as a sender of mails needs it."""

    server: SmtpServer
    timeout = 60.0

    def handle(self) -> None:
        self._signed_in = False
        self._sender = self._recipient = ""
        self._rule: Rule | None = None
        try:
            self._say("220 sandbox ESMTP")
            while self._step():
                pass
        except (OSError, ValueError):
            return

    def _step(self) -> bool:
        """One command; false when the session is over."""
        line = self.rfile.readline(2048).decode("ascii", "replace").rstrip("\r\n")
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "" | "QUIT":
                self._say("221 bye")
                return False
            case "EHLO" | "HELO":
                self._say("250-sandbox", f"250-SIZE {MAX_MAIL_BYTES}", "250 AUTH PLAIN LOGIN")
            case "AUTH":
                self._authenticate(rest)
            case "MAIL":
                return self._mail(rest)
            case "RCPT":
                self._rcpt(rest)
            case "DATA":
                return self._data()
            case "RSET" | "NOOP":
                self._sender = self._recipient = ""
                self._say("250 ok")
            case _:
                self._say("502 5.5.1 unknown command")
        return True

    def _authenticate(self, rest: str) -> None:
        kind, _, initial = rest.partition(" ")
        if kind.upper() == "PLAIN":
            given = _decoded(initial or self._asked("")).rpartition(b"\0")[2]
        else:
            if not initial:
                self._asked("VXNlcm5hbWU6")
            given = _decoded(self._asked("UGFzc3dvcmQ6"))
        self._signed_in = hmac.compare_digest(given, self.server.post.password.encode())
        self._say("235 2.7.0 ok" if self._signed_in else "535 5.7.8 authentication failed")

    def _mail(self, rest: str) -> bool:
        self._rule = self.server.post.faults.pick("SMTP MAIL")
        fault = "" if self._rule is None else self._rule.fault
        if fault == "reset":
            return False
        if fault in _REFUSALS:
            self._say(_REFUSALS[fault])
            return fault not in _ENDS
        found = _PATH.fullmatch(rest)
        if not self._signed_in:
            self._say("530 5.7.0 authentication required")
        elif found is None:
            self._say("501 5.1.7 bad sender")
        else:
            self._sender = found[1]
            self._say("250 2.1.0 ok")
        return True

    def _rcpt(self, rest: str) -> None:
        found = _PATH.fullmatch(rest)
        if not self._sender:
            self._say("503 5.5.1 who are you")
        elif found is None:
            self._say("501 5.1.3 bad recipient")
        elif found[1].endswith("@nowhere.example"):
            self._say("550 5.1.1 no such user")
        elif self._recipient:
            self._say("452 4.5.3 one recipient for each mail")
        else:
            self._recipient = found[1]
            self._say("250 2.1.5 ok")

    def _data(self) -> bool:
        if not self._recipient:
            self._say("503 5.5.1 for whom")
            return True
        self._say("354 go ahead")
        content = self._content()
        if len(content) > MAX_MAIL_BYTES:
            self._say("552 5.3.4 too large")
            return True
        self.server.post.keep(Mail(self._sender, self._recipient, content))
        self._sender = self._recipient = ""
        fault = "" if self._rule is None else self._rule.fault
        if fault in ("500_after", "reset_after", "html_after", "timeout_after"):
            return False
        self._say("250 2.0.0 kept")
        return True

    def _content(self) -> bytes:
        content = bytearray()
        while (line := self.rfile.readline(65_536)) not in (b".\r\n", b""):
            content += line[1:] if line.startswith(b".") else line
            if len(content) > MAX_MAIL_BYTES + 65_536:
                raise ValueError("far too large")
        return bytes(content)

    def _asked(self, prompt: str) -> str:
        self._say(f"334 {prompt}")
        return self.rfile.readline(2048).decode("ascii", "replace").strip()

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
