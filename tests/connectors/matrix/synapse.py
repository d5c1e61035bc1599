"""A real Synapse for one test run: own folder, SQLite, loopback only, ended by pid."""

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from tests.lanes import BY_NAME
from tests.services import ServiceFailed

SERVER_NAME = "house.test"
START_SECONDS = 180.0
STOP_SECONDS = 15.0
_OFTEN = {"per_second": 10_000, "burst_count": 10_000}


@dataclass(slots=True)
class Person:
    """A client with an account at the homeserver, and what he does there."""

    url: str
    user: str
    token: str = field(repr=False)
    _number: int = 0

    def call(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        answer = requests.request(
            method,
            f"{self.url}/_matrix/client/{path}",
            json=body,
            params=params,
            headers={"authorization": f"Bearer {self.token}"},
            timeout=60,
        )
        answer.raise_for_status()
        return answer.json()

    def invite(self, user: str, **room: Any) -> str:
        asked = {"preset": "trusted_private_chat", "is_direct": True, "invite": [user], **room}
        return str(self.call("POST", "v3/createRoom", asked)["room_id"])

    def members(self, room: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.call("GET", f"v3/rooms/{part(room)}/joined_members")
        return dict(found["joined"])

    def say(self, room: str, content: Mapping[str, Any], kind: str = "m.room.message") -> str:
        self._number += 1
        path = f"v3/rooms/{part(room)}/send/{kind}/said{self._number}"
        return str(self.call("PUT", path, content)["event_id"])

    def write(self, room: str, text: str) -> str:
        return self.say(room, {"msgtype": "m.text", "body": text})

    def redact(self, room: str, event: str) -> str:
        self._number += 1
        path = f"v3/rooms/{part(room)}/redact/{part(event)}/redacted{self._number}"
        return str(self.call("PUT", path, {})["event_id"])

    def read(self, room: str, event: str) -> None:
        self.call("POST", f"v3/rooms/{part(room)}/receipt/m.read/{part(event)}", {})

    def upload(self, content: bytes, content_type: str, name: str) -> str:
        answer = requests.post(
            f"{self.url}/_matrix/media/v3/upload",
            params={"filename": name},
            data=content,
            headers={"authorization": f"Bearer {self.token}", "content-type": content_type},
            timeout=60,
        )
        answer.raise_for_status()
        return str(answer.json()["content_uri"])

    def download(self, address: str) -> bytes:
        path = f"/_matrix/client/v1/media/download/{address.removeprefix('mxc://')}"
        headers = {"authorization": f"Bearer {self.token}"}
        answer = requests.get(self.url + path, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.content

    def sees(self, room: str, sender: str) -> list[Mapping[str, Any]]:
        """The messages of one sender in the room, the oldest first."""
        found = self.call("GET", f"v3/rooms/{part(room)}/messages", dir="b", limit="200")
        of_sender = [e for e in reversed(found["chunk"]) if e["sender"] == sender]
        return [event for event in of_sender if event["type"] == "m.room.message"]


@dataclass(frozen=True, slots=True)
class Synapse:
    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def person(self, name: str, display_name: str) -> Person:
        """Registers him."""
        given = {"username": name, "password": f"password of {name}"}
        body = {**given, "auth": {"type": "m.login.dummy"}}
        answer = requests.post(f"{self.url}/_matrix/client/v3/register", json=body, timeout=60)
        answer.raise_for_status()
        made = Person(self.url, answer.json()["user_id"], answer.json()["access_token"])
        path = f"v3/profile/{part(made.user)}/displayname"
        made.call("PUT", path, {"displayname": display_name})
        return made


def part(text: str) -> str:
    return quote(text, safe="")


@contextmanager
def synapse_running(folder: Path, port: int, registration: str) -> Iterator[Synapse]:
    """With one application service, whose registration.yaml is given."""
    folder.mkdir()
    (folder / "registration.yaml").write_text(registration)
    (folder / "log.yaml").write_text(json.dumps(_LOG))
    (folder / "homeserver.yaml").write_text(json.dumps(_settings(folder, port)))
    program = BY_NAME["synapse"].program()
    assert program is not None  # tests without it never get here
    command = [str(program), "--config-path", str(folder / "homeserver.yaml")]
    with (folder / "server.log").open("ab") as log:
        # A session of its own: Ctrl-C in the terminal ends the tests, and they end the server.
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
    try:
        made = Synapse(port, folder)
        _await_answer(made, process)
        yield made
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(server: Synapse, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"{server.url}/_matrix/client/versions", timeout=10).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    said = (server.folder / "server.log").read_text(errors="replace")[-2000:]
    raise ServiceFailed(f"synapse did not start: {said}")


_LOG = {
    "version": 1,
    "formatters": {"plain": {"format": "%(asctime)s %(name)s %(levelname)s %(message)s"}},
    "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"level": "WARNING", "handlers": ["stream"]},
}


def _settings(folder: Path, port: int) -> Mapping[str, Any]:
    """JSON, which YAML takes as well."""
    key = base64.b64encode(os.urandom(32)).decode().rstrip("=")
    resources = [{"names": ["client", "media"], "compress": False}]
    return {
        "server_name": SERVER_NAME,
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "pid_file": str(folder / "server.pid"),
        "listeners": [
            {
                "port": port,
                "bind_addresses": ["127.0.0.1"],
                "type": "http",
                "tls": False,
                "resources": resources,
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "server.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key": f"ed25519 a_test {key}",
        "trusted_key_servers": [],
        "report_stats": False,
        "log_config": str(folder / "log.yaml"),
        "app_service_config_files": [str(folder / "registration.yaml")],
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "macaroon_secret_key": base64.b64encode(os.urandom(32)).decode(),
        "form_secret": base64.b64encode(os.urandom(32)).decode(),
        "rc_message": _OFTEN,
        "rc_registration": _OFTEN,
        "rc_login": {"address": _OFTEN, "account": _OFTEN},
        "rc_invites": {"per_room": _OFTEN, "per_user": _OFTEN},
    }
