"""`bridge up --demo`: the vendors' sandboxes instead of the vendors, filled and live."""

import secrets
import shutil
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from bridge.cli import demo_channel, demo_world
from bridge.cli.calls import answers, call
from bridge.cli.processes import LOOPBACK, free_port, write_own
from bridge.cli.supervisor import Supervisor
from bridge.cli.traffic import Traffic
from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.pipeline.doctor.points import Health
from bridge.pipeline.doctor.vendors import fix
from bridge.pipeline.mirror import sync
from bridge.pipeline.parts import Parts
from bridge.settings import Settings, variable_part
from bridge.wiring import built, read_folder, sign_in_link

START_SECONDS = 120.0
_EXAMPLE = Path(__file__).resolve().parent.parent.parent / "config"
# What could lead to real data: the demo has a store, a queue and secrets of its own.
_REAL = ("BRIDGE_DATABASE_URL", "BRIDGE_REDIS_URL", "BRIDGE_PUBLIC_URL", "BRIDGE_SMTP_URL")


@dataclass(slots=True, kw_only=True)
class Demo:
    """`environ` is what all its processes see."""

    environ: dict[str, str]
    policy: Policy
    urls: Mapping[AccountName, str]
    secrets: Mapping[AccountName, Mapping[str, str]] = field(repr=False)

    def begin(self, supervisor: Supervisor, settings: Settings) -> None:
        """Sandboxes up and filled, and the bridge's mirror read from them."""
        for account, url in self.urls.items():
            port = url.rpartition(":")[2]
            program = (sys.executable, "-m", "bridge.cli", "sandbox", account, "--port", port)
            supervisor.start(f"sandbox {account}", program, self.environ, errors_only=True)
        for url in self.urls.values():
            _await(f"{url}/_sandbox/state")
        self._seed()
        with built(settings, self.environ) as parts:
            sync(parts)

    def play(self, settings: Settings, stopping: threading.Event) -> Sequence[str]:
        """Waits until web answers, subscribes it, lets clients write from then on; what to tell."""
        _await(f"{settings.public_url}/healthz")
        self._subscribe(settings.public_url)
        with built(settings, self.environ) as parts:
            self._set_up(parts)
            for account in self._of("hubspot"):
                demo_channel.begin(parts, self.urls[account])
        threading.Thread(target=self._go_on, args=(settings, stopping), daemon=True).start()
        for account in self._of("wazzup"):
            traffic = Traffic(self.urls[account], self.policy, account)
            threading.Thread(target=traffic.run, args=(stopping,), daemon=True).start()
        return self._signs(settings)

    def _go_on(self, settings: Settings, stopping: threading.Event) -> None:
        with built(settings, self.environ) as parts:
            for account in self._of("hubspot"):
                demo_channel.go_on(parts, self.urls[account], stopping)

    def _seed(self) -> None:
        for account in self._of("hubspot"):
            body = demo_world.hubspot_seed(self.policy)
            call("POST", f"{self.urls[account]}/_sandbox/seed", body)
            partners = demo_channel.crm_seed(self.policy)
            call("POST", f"{self.urls[account]}/_sandbox/seed", partners)
        for account in self._of("wazzup"):
            body = demo_world.wazzup_seed(self.policy, account)
            call("POST", f"{self.urls[account]}/_sandbox/seed", body)

    def _subscribe(self, public_url: str) -> None:
        hooks = f"{public_url}/hooks"
        for account in self._of("hubspot"):
            target = {
                "url": f"{hooks}/{account}",
                "client_secret": self.secrets[account]["client_secret"],
            }
            call("POST", f"{self.urls[account]}/_sandbox/webhooks", target)

    def _set_up(self, parts: Parts) -> None:
        """As `bridge doctor --fix` does for real accounts."""
        for account in self.policy.accounts:
            points = fix(parts, account, take_over=False)
            for point in (p for p in points if p.health is not Health.OK):
                raise ConfigError(f"{point.check}: {point.detail}")

    def _of(self, connector: str) -> list[AccountName]:
        return [
            name for name, found in self.policy.accounts.items() if found.connector == connector
        ]

    def _signs(self, settings: Settings) -> list[str]:
        lines = ["", f"The bridge is at {settings.public_url}", ""]
        for role in (Role.MANAGER, Role.SALESPERSON):
            person = next((p for p in self.policy.employees.values() if p.role is role), None)
            if person is not None:
                link = sign_in_link(settings, person.id)
                lines.append(f"  sign in as {person.id} ({role}): {link}")
        for other in demo_channel.people(self.policy):
            link = sign_in_link(settings, other.id, other.kind)
            lines.append(f"  sign in as {other.id} ({other.kind}): {link}")
        lines += [f"  sandbox of {account}: {url}/" for account, url in self.urls.items()]
        return [*lines, "", *self._hints(settings), ""]

    def _hints(self, settings: Settings) -> list[str]:
        """How all other commands reach this demo, from another terminal."""
        path = settings.state / "environment"
        write_own(path, "".join(f"export {n}={quote(self.environ[n])}\n" for n in self._own()))
        program = sys.argv[0] if Path(sys.argv[0]).name == "bridge" else "bridge"
        return [
            "A link works once, within 15 minutes. More of them, and every other command:",
            f"  . {quote(_from_here(path))}; {quote(_from_here(Path(program)))} login EMPLOYEE",
            "",
            "Clients write every few seconds; from here on only what goes wrong is shown.",
            "Ctrl-C ends it all.",
        ]

    def _own(self) -> list[str]:
        """The variables that lead here."""
        accounts = self.policy.accounts.values()
        named = {v for a in accounts for variables in a.secrets.values() for v in variables}
        return sorted(n for n in self.environ if n.startswith("BRIDGE_") or n in named)


def demo(environ: dict[str, str], database: str | None = None) -> Demo:
    """Prepares `environ` for the demo: nothing in it leads to real vendors, stores or secrets.
    `database` is one that was given to it alone; else it has a file."""
    state = Path(environ["BRIDGE_STATE"]) / "demo"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(mode=0o700, parents=True)
    for name in _REAL:
        environ.pop(name, None)
    if database is not None:
        environ["BRIDGE_DATABASE_URL"] = database
    environ["BRIDGE_STATE"] = str(state)
    environ["BRIDGE_CONFIG"] = str(_with_channel(_config(environ), state))
    # A line per webhook would drive the sign-in links off the screen.
    environ["BRIDGE_LOG_LEVEL"] = environ.get("BRIDGE_LOG_LEVEL") or "warning"
    policy = read_folder(Settings.of(environ)).policy
    made = {account: _secrets(policy, account, environ) for account in policy.accounts}
    urls = {account: f"http://{LOOPBACK}:{free_port(LOOPBACK, 0)}" for account in policy.accounts}
    for account, url in urls.items():
        environ[f"BRIDGE_BASE_URL_{variable_part(account)}"] = url
    return Demo(environ=environ, policy=policy, urls=urls, secrets=made)


def _config(environ: Mapping[str, str]) -> Path:
    """The folder that is named, or ./config, or the example that came with the program."""
    found = Settings.of(environ).config
    if environ.get("BRIDGE_CONFIG") or found.is_dir():
        return found.resolve()
    if not _EXAMPLE.is_dir():
        raise ConfigError(f"{found}: there is no configuration; copy one of config/examples there")
    return _EXAMPLE


def _with_channel(config: Path, state: Path) -> Path:
    """The example gets partners and resellers besides, in a copy, so that the one to start from
    stays small; a configuration of one's own runs as it is."""
    if config != _EXAMPLE.resolve() or not (_EXAMPLE / "demo").is_dir():
        return config
    copy = state / "config"
    copy.mkdir()
    for file in (*config.iterdir(), *(config / "demo").iterdir()):
        if file.is_file():
            shutil.copy2(file, copy)
    return copy


def _secrets(policy: Policy, account: AccountName, environ: dict[str, str]) -> dict[str, str]:
    """Random ones, put into the variables that accounts.yaml names."""
    made = {}
    for secret, variables in policy.accounts[account].secrets.items():
        for variable in variables:
            environ[variable] = f"demo-{secrets.token_hex(12)}"
        made[secret] = environ[variables[0]]
    return made


def _from_here(path: Path) -> str:
    """The shorter way to say it, for people who stand in the current folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _await(url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while not answers(url):
        if time.monotonic() > end:
            raise ConfigError(f"{url} does not answer within {START_SECONDS:.0f} seconds")
        time.sleep(0.1)
