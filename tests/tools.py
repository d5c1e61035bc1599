"""`python -m tests.tools`: says which lanes this machine can run; as root on Debian, installs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

import click

from tests.lanes import LANES, Lane

Run = Callable[[Sequence[str]], None]


def main() -> int:
    missing = missing_lanes()
    obtainable = [lane for lane in missing if may_install(lane)]
    if obtainable:
        install(obtainable, _run)
        missing = missing_lanes()
    for lane in LANES:
        click.echo(f"{lane.name:>10}: {lane.program() or 'MISSING'}")
    for lane in missing:
        click.secho(advice(lane), fg="yellow", err=True)
    return 1 if any(lane.required() for lane in missing) else 0


def missing_lanes() -> tuple[Lane, ...]:
    return tuple(lane for lane in LANES if lane.program() is None)


def may_install(lane: Lane) -> bool:
    """A Python package needs no rights: it goes to a folder of the user's."""
    if lane.python_package or (lane.node_package and shutil.which("npm")):
        return True
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(lanes: Sequence[Lane], run: Run) -> None:
    """A package that can't be had does not keep the others away."""
    debian = [lane for lane in lanes if not (lane.python_package or _has_npm(lane))]
    if debian:
        run(["apt-get", "update", "-qq"])
    for lane in debian:
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", lane.debian_package])
    for lane in lanes:
        if lane.python_package:
            place = str(lane.python_environment)
            run([sys.executable, "-m", "venv", "--clear", place])
            run([f"{place}/bin/python", "-m", "pip", "install", "-q", lane.python_package])
        if lane.node_package:
            place = str(lane.node_modules.parent)
            run(["npm", "install", "--no-audit", "--no-fund", "--prefix", place, lane.node_package])


def _has_npm(lane: Lane) -> bool:
    return bool(lane.node_package) and shutil.which("npm") is not None


def advice(lane: Lane) -> str:
    what = "is required here" if lane.required() else "will be skipped"
    right = " (which needs root and its rights)" if lane.as_administrator else ""
    if lane.python_package:
        return (
            f"{lane.name}: {lane.python_package} not found, so this lane {what}; `make tools` "
            f"installs it from the Python registry into {lane.python_environment}"
        )
    if lane.node_package:
        return (
            f"{lane.name}: {lane.node_package} or node not found, so this lane {what}; `make "
            f"tools` installs it from npm's registry into {lane.node_modules.parent}"
        )
    return (
        f"{lane.name}: {' or '.join(lane.programs)}{right} not found, so this lane {what}; "
        f"install it (Debian: {lane.debian_package}) and run `make test` again"
    )


def _run(command: Sequence[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        click.secho(f"failed: {' '.join(command)}", fg="yellow", err=True)


if __name__ == "__main__":
    sys.exit(main())
