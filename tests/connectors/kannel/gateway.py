"""A real Kannel with its fake SMS centre, on a host of its own: the fake SMS centre's port is open
to every network of its host, and there is no setting for it."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import unquote_to_bytes

from tests.lanes import BY_NAME
from tests.resilience.hosts import Host, running

ADMIN_PORT, BOX_PORT, SEND_PORT, CENTRE_PORT = 13000, 13001, 13013, 10000
SENDSMS = f"http://127.0.0.1:{SEND_PORT}"
PATIENCE_SECONDS = 300.0
BY_GET = "consulta"  # what begins with this word is told by get-url
_GOT = re.compile(r"Got message \d+: <(\S+) (\S+) (text|data|ucs-2|udh|udh-text|udh-data) (.*)>")

# As the connector's README has it, with the shortest wait before a call is repeated; and a service
# that calls the other way.
_CONFIG = """
group = core
admin-port = {admin}
admin-password = admin
smsbox-port = {box}
box-allow-ip = 127.0.0.1
sms-incoming-queue-limit = -1

group = smsc
smsc = fake
smsc-id = fake
port = {centre}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {send}
http-request-retry = 1000
http-queue-delay = 1

group = sendsms-user
username = bridge
password = {password}
user-allow-ip = 127.0.0.1
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
assume-plain-text = true
send-sender = true
post-url = "{hook}/{secret}?id=%I&from=%p&to=%P&when=%T&smsc=%i"

group = sms-service
keyword = {got}
max-messages = 0
assume-plain-text = true
get-url = "{hook}/{secret}?id=%I&from=%p&to=%P&when=%T&smsc=%i&charset=%C&text=%a"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """As it came to the fake SMS centre."""

    sender: str
    receiver: str
    kind: str
    text: str


@dataclass(slots=True)
class Centre:
    """The fake SMS centre: sends as the clients' phones, and keeps what comes for them."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def says(self, sender: str, receiver: str, text: str, kind: str = "text") -> None:
        self._send(f"{sender} {receiver} {kind} {text}")

    def _send(self, line: str) -> None:
        """One line at a time: what comes while it has one in hand waits for the next after that."""
        assert self.process.stdin is not None
        before = self._sent
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        until(lambda: self._sent > before, "the SMS centre does not send")

    def catch_up(self) -> None:
        """Returns when all that it was sent stands in `got`: it looks only after a line that it
        sends, or every three seconds. Two lines, as it notes one before it looks; they are of a
        form that the gateway ignores."""
        for _ in range(2):
            self._send("-")

    @property
    def _sent(self) -> int:
        return self.log.read_bytes().count(b"fakesmsc: sent message ")

    @property
    def got(self) -> list[Sms]:
        said = self.log.read_bytes().decode("utf-8", "replace")
        return [
            Sms(sender=m[1], receiver=m[2], kind=m[3], text=_text(m[3], m[4]))
            for m in _GOT.finditer(said)
        ]


def _text(kind: str, given: str) -> str:
    if kind == "text":
        return given
    raw = unquote_to_bytes(given.replace("+", " "))
    return raw.decode("utf-16-be" if kind == "ucs-2" else "latin-1")


def until(holds: Callable[[], object], otherwise: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.05)


@contextmanager
def gateway(
    host: Host, folder: Path, hook: str, password: str, path_secret: str
) -> Iterator[Centre]:
    """Up, with both boxes and the SMS centre in touch with each other."""
    config = folder / "kannel.conf"
    ports = {"admin": ADMIN_PORT, "box": BOX_PORT, "send": SEND_PORT, "centre": CENTRE_PORT}
    config.write_text(
        _CONFIG.format(**ports, hook=hook, password=password, secret=path_secret, got=BY_GET)
    )
    with (
        running(_box(host, "bearerbox", config), folder / "bearerbox.log", dict(os.environ)),
        _centre(host, folder, config) as centre,
    ):
        yield centre


@contextmanager
def _centre(host: Host, folder: Path, config: Path) -> Iterator[Centre]:
    until(lambda: "running" in _status(host), "bearerbox does not come up")
    with running(_box(host, "smsbox", config), folder / "smsbox.log", dict(os.environ)):
        until(lambda: "smsbox:" in _status(host), "smsbox does not find bearerbox")
        with _fakesmsc(host, folder / "fakesmsc.log") as centre:
            until(lambda: "(online" in _status(host), "the SMS centre does not find bearerbox")
            yield centre


@contextmanager
def _fakesmsc(host: Host, log: Path) -> Iterator[Centre]:
    program = BY_NAME["kannel"].program()
    assert program is not None  # tests without it never get here
    command = host.command(str(program), "-H", "127.0.0.1", "-r", str(CENTRE_PORT))
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=said, stderr=said, start_new_session=True
        )
    try:
        yield Centre(process, log)
    finally:
        process.kill()
        process.communicate()


def _box(host: Host, name: str, config: Path) -> tuple[str, ...]:
    return host.command(f"/usr/sbin/{name}", "-v", "1", str(config))


def _status(host: Host) -> str:
    """What bearerbox says of itself; nothing while it is not there."""

    def ask() -> str:
        try:
            with closing(HTTPConnection("127.0.0.1", ADMIN_PORT, timeout=60)) as connection:
                connection.request("GET", "/status.txt?password=admin")
                return connection.getresponse().read().decode("utf-8", "replace")
        except (OSError, HTTPException):
            return ""

    return host.inside(ask)
