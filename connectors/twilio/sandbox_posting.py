"""How the stand-in for Twilio calls webhooks: signed forms, in order, one retry at most."""

import queue
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlencode, urlsplit

from connectors.twilio.forms import FORM
from connectors.twilio.sandbox_world import SandboxMessage, World
from connectors.twilio.signature import signature

_TIMEOUT_SECONDS = 15.0  # in all, as Twilio's
_STATUSES = {False: ("sent", "delivered"), True: ("sent", "delivered", "read")}
OUTSIDE_WINDOW = 63016
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A webhook to be made; once it is, the message of this id has this status."""

    address: str
    fields: Fields
    sid: str = ""
    status: str = ""
    error_code: int | None = None


@dataclass(slots=True)
class Poster:
    world: World
    account_sid: str
    auth_token: str
    waiting: "queue.Queue[Call]" = field(default_factory=queue.Queue)
    posted: int = 0
    given_up: int = 0
    thread: threading.Thread | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def later(self, call: Call) -> None:
        self.waiting.put(call)
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self._work, daemon=True)
                self.thread.start()

    def settled(self, within_seconds: float) -> bool:
        """Whether everything queued was posted or given up in time."""
        deadline = time.monotonic() + within_seconds
        while time.monotonic() < deadline:
            if self.waiting.unfinished_tasks == 0:
                return True
            time.sleep(0.01)
        return False

    def _work(self) -> None:
        while True:
            call = self.waiting.get()
            if call.sid:
                self.world.move_on(call.sid, call.status, call.error_code)
            if call.address:
                self._insist(call)
            self.waiting.task_done()

    def _insist(self, call: Call) -> None:
        """Twilio tries again where nobody answers, once; an answer of 503 is an answer."""
        for _ in range(2):
            status = self.now(call.address, call.fields)
            if status is not None:
                self.posted += 1
                self.given_up += not 200 <= status < 300
                return
        self.given_up += 1

    def now(self, address: str, fields: Fields) -> int | None:
        """The HTTP status that the address answers with; None when it can't be reached."""
        signed = signature(address, tuple(fields.items()), self.auth_token.encode())
        headers = {
            "Content-Type": f"{FORM}; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": signed.decode(),
            "I-Twilio-Idempotency-Token": fields.get("MessageSid", ""),
        }
        try:
            with closing(_connection(address)) as connection:
                connection.request("POST", _target(address), urlencode(fields), headers)
                return connection.getresponse().status
        except (OSError, HTTPException, ValueError):
            return None


def _connection(address: str) -> HTTPConnection:
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)


def _target(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"


def report(poster: Poster, message: SandboxMessage, error_code: int | None = None) -> None:
    """The statuses of a message of ours, one after the other; the first one, `queued`, is never
    told. WhatsApp refuses late what is written outside the client's 24 hours."""
    whatsapp = message.sender.startswith("whatsapp:")
    words = ("undelivered",) if error_code else _STATUSES[whatsapp]
    for word in words:
        fields = _status(poster, message, word, error_code)
        poster.later(
            Call(
                address=message.callback,
                fields=fields,
                sid=message.sid,
                status=word,
                error_code=error_code,
            )
        )


def announce(poster: Poster, message: SandboxMessage, extra: Fields) -> None:
    """A client's message, to where its number posts."""
    channel = poster.world.channel_of(message.receiver)
    hook = "" if channel is None else channel.hook
    poster.later(Call(address=hook, fields={**_incoming(poster, message), **extra}))


def _status(poster: Poster, message: SandboxMessage, word: str, error_code: int | None) -> Fields:
    fields = {
        "SmsSid": message.sid,
        "SmsStatus": word,
        "MessageStatus": word,
        "MessageSid": message.sid,
        "AccountSid": poster.account_sid,
        "From": message.sender,
        "To": message.receiver,
        "ApiVersion": "2010-04-01",
    }
    return fields if error_code is None else {**fields, "ErrorCode": str(error_code)}


def _incoming(poster: Poster, message: SandboxMessage) -> Fields:
    fields = {
        "SmsMessageSid": message.sid,
        "NumMedia": str(len(message.media)),
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "Body": message.body,
        "To": message.receiver,
        "NumSegments": "1",
        "MessageSid": message.sid,
        "AccountSid": poster.account_sid,
        "From": message.sender,
        "ApiVersion": "2010-04-01",
    }
    if message.sender.startswith("whatsapp:"):
        fields["ProfileName"] = poster.world.names.get(message.sender, "")
        fields["MessageType"] = "image" if message.media else "text"
        if (number := message.sender.removeprefix("whatsapp:")).startswith("+"):
            fields["WaId"] = number[1:]
    for n, sid in enumerate(message.media):
        kept = poster.world.files[sid]
        path = f"Accounts/{poster.account_sid}/Messages/{message.sid}/Media/{sid}"
        fields[f"MediaUrl{n}"] = f"https://api.twilio.com/2010-04-01/{path}"
        fields[f"MediaContentType{n}"] = kept.content_type
    return fields
