"""Marked secrets and client data, and everything that a run leaves where none of it may be."""

import base64
import binascii
import re
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import redis

from bridge.cli.calls import call
from tests.chaos.clients import Client
from tests.chaos.config import SECRETS
from tests.chaos.crms import OWNERS
from tests.chaos.house import House
from tests.chaos.processes import children_of

PHONE, STRANGER = "34666123987", "34677123988"
NAME = "Zebulon Quartermain"
TEXT = "canary-of-a-text-7731"
EMAIL = "zebulon.q@client.example"
SHOWN = "shown-as-a-proof-5521"  # by somebody who is not the vendor
PASSWORD = "canary-of-a-password-9913"
_LAST = b"the watch ends here"
FILE = "canary-of-a-file-4410"
MARKS = (
    *(PHONE, STRANGER, "Zebulon", "Quartermain", TEXT, EMAIL, SHOWN, PASSWORD, FILE),
    *SECRETS.values(),
    *OWNERS,
    "k" * 32,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked(Client):
    @property
    def phone(self) -> str:
        return PHONE

    @property
    def name(self) -> str:
        return NAME


@dataclass
class Evidence:
    """What was seen, by where: a log's name, `redis commands`, `arguments` …"""

    seen: dict[str, bytearray] = field(default_factory=dict)
    decided: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, where: str, what: bytes) -> None:
        with self.lock:
            self.seen.setdefault(where, bytearray()).extend(what + b"\n")

    def leaks(self) -> list[str]:
        """`where: mark` for each mark in each place; also as bytes of JSON or in an address."""
        return sorted(
            f"{where}: {mark}"
            for where, what in self.seen.items()
            for mark in MARKS
            if any(spelling in what for spelling in _spellings(mark))
        )


def _spellings(mark: str) -> set[bytes]:
    found = {mark, quote(mark, safe=""), mark.encode("utf-16-le").decode("latin-1")}
    return {spelling.encode("latin-1") for spelling in found}


@contextmanager
def watching(made: House, evidence: Evidence) -> Iterator[None]:
    """Every command that Redis is given and every process's arguments, for as long as it lasts."""
    stopping = threading.Event()
    ready = threading.Event()
    watchers = [
        threading.Thread(target=_monitor, args=(made, evidence, ready)),
        threading.Thread(target=_look_at_arguments, args=(made, evidence, stopping)),
    ]
    for watcher in watchers:
        watcher.start()
    assert ready.wait(120)
    try:
        yield
    finally:
        stopping.set()
        with redis.Redis.from_url(made.settings.redis_url or "") as client:
            client.echo(_LAST.decode())
        for watcher in watchers:
            watcher.join()


def _monitor(made: House, evidence: Evidence, ready: threading.Event) -> None:
    client: Any = redis.Redis.from_url(made.settings.redis_url or "", socket_timeout=None)
    with client, client.monitor() as monitor:
        ready.set()
        while _LAST not in (told := bytes(monitor.connection.read_response())):
            evidence.add("redis commands", _words(told))


def _look_at_arguments(made: House, evidence: Evidence, stopping: threading.Event) -> None:
    while not stopping.wait(0.25):
        for line in arguments_of(made):
            evidence.add("arguments", line.encode())


def arguments_of(made: House) -> Iterator[str]:
    for process in list(made.fleet.processes.values()):
        running = process.running
        for child in [] if running is None else [running.pid, *_pids(running.pid)]:
            try:
                yield " ".join(psutil.Process(child).cmdline())
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue


def _pids(pid: int) -> list[int]:
    return [child.pid for child in children_of(pid)]


def gather(made: House, folder: Path, evidence: Evidence) -> None:
    """What stands at the end: every key of Redis, every log, every page that needs no key."""
    client: Any = redis.Redis.from_url(made.settings.redis_url or "")
    with client:
        for key in client.scan_iter("*"):
            evidence.add("redis keys", bytes(key) + b" " + _value(client, bytes(key)))
    for path in folder.glob("*.log"):
        evidence.add(path.name, path.read_bytes())
    look_at_pages(made, evidence)


def look_at_pages(made: House, evidence: Evidence) -> None:
    for page in ("/metrics", "/readyz", "/healthz", "/login", "/api/v1/openapi.json"):
        evidence.add(page, call("GET", f"{made.settings.public_url}{page}"))


def _value(client: Any, key: bytes) -> bytes:
    """All that the key holds, as Redis tells it by the key's type."""
    match client.type(key):
        case b"hash":
            parts = [part for pair in client.hgetall(key).items() for part in pair]
        case b"stream":
            parts = [part for _, entry in client.xrange(key) for part in entry.values()]
        case b"list":
            parts = client.lrange(key, 0, -1)
        case b"set":
            parts = list(client.smembers(key))
        case b"zset":
            parts = client.zrange(key, 0, -1)
        case _:
            parts = [client.get(key) or b""]
    return b" ".join(_unpacked(part) for part in parts)


def _unpacked(value: bytes) -> bytes:
    """RQ keeps arguments packed by zlib, errors so and in base64."""
    found = [value]
    for is_text in (False, True):
        try:
            packed = base64.b64decode(value, validate=True) if is_text else value
            found.append(zlib.decompress(packed))
        except (zlib.error, binascii.Error):
            continue
    return b" ".join(found)


def _words(command: bytes) -> bytes:
    """A line of MONITOR, its words as they were before Redis quoted them."""
    quoted = re.findall(rb'"((?:[^"\\]|\\.)*)"', command)
    words = (word.decode("unicode_escape").encode("latin-1") for word in quoted)
    return b" ".join(_unpacked(word) for word in words)


def message(number: int, phone: str = PHONE, **more: object) -> Mapping[str, object]:
    return {
        "messageId": f"canary-{number}",
        "channelId": "8c1d7a52-0f3e-4f0b-9a51-2f0c2a7f6b11",
        "chatType": "whatsapp",
        "chatId": phone,
        "dateTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "type": "text",
        "isEcho": False,
        "contact": {"name": NAME},
        "text": f"{TEXT} {EMAIL} {number}",
        "status": "inbound",
        **more,
    }
