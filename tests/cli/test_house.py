"""What a command knows of the installation it is called beside."""

import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli.house import settings_of_command
from bridge.cli.up import secret_key

OURS = "k" * 32


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRIDGE_STATE", str(tmp_path))
    monkeypatch.delenv("BRIDGE_SECRET_KEY", raising=False)
    return tmp_path


def test_a_command_takes_the_secret_key_that_up_has_made(state: Path) -> None:
    assert settings_of_command().secret_key is None
    made = secret_key(state)
    assert settings_of_command().secret_key == made


def test_a_secret_key_of_the_environment_goes_first(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret_key(state)
    monkeypatch.setenv("BRIDGE_SECRET_KEY", OURS)
    assert settings_of_command().secret_key == OURS


def test_an_empty_file_is_no_key(state: Path) -> None:
    (state / "secret_key").write_text("\n")
    assert settings_of_command().secret_key is None


@pytest.mark.parametrize("command", ["workers", "up", "sync"])
def test_what_serves_no_pages_is_started_without_what_they_need(command: str) -> None:
    """It would take half as long again, of the time and of the memory."""
    asked = f"import sys, bridge.cli.{command}; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    imported = set(told.stdout.decode().split())
    assert "bridge.wiring" in imported
    unwanted = {"bridge.web", "flask", "babel", "granian", "openpyxl", "connectors.sandboxing"}
    assert imported & unwanted == set()
