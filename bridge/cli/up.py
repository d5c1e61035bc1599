"""`bridge up`: everything in one terminal, on embedded parts where none are named."""

import fcntl
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from bridge import logs
from bridge.cli.answers import Command, Failed
from bridge.cli.demo import Demo
from bridge.cli.demo import demo as prepare_demo
from bridge.cli.demo_database import own_database
from bridge.cli.house import PUBLIC_URL, SECRET_KEY
from bridge.cli.processes import LOOPBACK, PORT, free_port, stop_signal, write_own
from bridge.cli.supervisor import Supervisor
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.settings import DEFAULT_PORT, Settings, environment
from bridge.wiring import own_redis, prepare

WORKERS = 2
REDIS_SECONDS = 5.0
_BRIDGE = (sys.executable, "-m", "bridge.cli")


@click.command(cls=Command)
@click.option("--demo", is_flag=True, help="With sandboxes instead of vendors, and live traffic.")
@click.option("--port", type=PORT, default=DEFAULT_PORT, show_default=True, help="Port for web.")
@click.option("--workers", default=WORKERS, show_default=True, help="Worker processes, with Redis.")
def up(demo: bool, port: int, workers: int) -> None:
    """Start everything: web, workers, clock, and a Redis of its own.

    With --demo the vendors' sandboxes stand in for them, with made-up clients who write every few
    seconds; stores, queue and secrets of its own, in a folder `demo` that each start empties.
    BRIDGE_DEMO_DATABASE_URL names an empty PostgreSQL database for it instead of a file.
    """
    logs.set_up("up")
    environ = dict(environment())
    if sys.stderr.isatty():
        _unless_set(environ, "BRIDGE_LOG", "text")
    environ["BRIDGE_STATE"] = str(Settings.of(environ).state.resolve())
    port = free_port(LOOPBACK, port)
    with ExitStack() as held:
        held.enter_context(alone(Settings.of(environ).state))
        played = None
        if demo:
            played = prepare_demo(environ, held.enter_context(own_database(environ)))
        served = f"http://{LOOPBACK}:{port}"
        if played is None:
            (Settings.of(environ).state / PUBLIC_URL).write_text(f"{served}\n")
        _unless_set(environ, "BRIDGE_PUBLIC_URL", served)
        run(environ, port, workers, played)


def run(environ: dict[str, str], port: int, workers: int, played: Demo | None) -> None:
    """Everything, until SIGTERM or Ctrl-C."""
    _unless_set(environ, "BRIDGE_SECRET_KEY", secret_key(Settings.of(environ).state))
    settings = Settings.of(environ)
    policy = prepare(settings, environ).policy
    stopping = stop_signal()
    supervisor = Supervisor(show)
    try:
        if played is not None:
            played.begin(supervisor, settings)
        _start_redis(supervisor, settings, environ, stopping)
        _start_processes(supervisor, environ, port, workers)
        tell(settings, policy, played, stopping)
        supervisor.run(stopping)
    finally:
        supervisor.stop()


def tell(
    settings: Settings, policy: Policy, played: Demo | None, stopping: threading.Event
) -> None:
    """Where to look, and how to get in; of the demo once its traffic has begun."""
    lines = [f"The bridge is at {settings.public_url}", f"  {how_to_enter(policy)}"]
    for line in lines if played is None else played.play(settings, stopping):
        click.echo(line)


def how_to_enter(policy: Policy) -> str:
    managers = [one.id for one in policy.employees.values() if one.role is Role.MANAGER]
    if policy.signin.oidc is not None:
        return "sign in there with your company's account"
    if not managers:
        return "nobody can set it up yet: give yourself the role manager under `employees`"
    return f"for a link to sign in, in another terminal: bridge login {managers[0]}"


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Only one `bridge up` may use a folder for its state."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (state / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Failed(
                f"another `bridge up` runs on {state}",
                "stop it, or set BRIDGE_STATE to another folder",
            ) from error
        yield


def secret_key(state: Path) -> str:
    """The key kept under the state's folder; made at the first start, readable by its owner."""
    path = state / SECRET_KEY
    key = secrets.token_hex(32)
    try:
        write_own(path, key)
    except FileExistsError:
        return path.read_text().strip()
    return key


def _unless_set(environ: dict[str, str], name: str, value: str) -> None:
    """An empty variable counts as missing."""
    environ[name] = environ.get(name) or value


def show(name: str, line: str) -> None:
    click.echo(f"{name:<8} | {line}", err=True)


def _start_redis(
    supervisor: Supervisor,
    settings: Settings,
    environ: dict[str, str],
    stopping: threading.Event,
) -> None:
    if settings.redis_url is not None:
        return
    server = own_redis(settings)
    if server is None:
        show("up", "no redis-server on this machine: one worker polls the tables instead")
        return
    supervisor.start("redis", server.command, environ, ends_last=True)
    if _answers_soon(server.answers, stopping):
        environ["BRIDGE_REDIS_URL"] = server.url
    else:
        show("up", "the embedded Redis does not answer: one worker polls the tables instead")


def _answers_soon(answers: Callable[[], bool], stopping: threading.Event) -> bool:
    end = time.monotonic() + REDIS_SECONDS
    while time.monotonic() < end and not stopping.is_set():
        if answers():
            return True
        stopping.wait(0.02)
    return False


def _start_processes(
    supervisor: Supervisor, environ: dict[str, str], port: int, workers: int
) -> None:
    supervisor.start("web", (*_BRIDGE, "web", "--port", str(port)), environ)
    # Polling, one process takes several lanes on threads and counts all budgets.
    count = workers if environ.get("BRIDGE_REDIS_URL") else 1
    for number in range(1, count + 1):
        supervisor.start(f"worker {number}", (*_BRIDGE, "worker"), environ)
    supervisor.start("clock", (*_BRIDGE, "clock"), environ)
