"""No error brings what clients wrote into the log; one event is one line (S16, S17)."""

import json
import subprocess
import sys
from typing import Any

import pytest

CANARY = "34666777888-Zebulon"
FORGED = 'x\r\n{"event": "forged"}\x1b[2J\u2028forged\x85forged'


def said(database_url: str) -> str:
    """What the script wrote to its log."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.hostile.failing", database_url, CANARY, FORGED],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (1, b"")
    return ended.stderr.decode()


def events(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines()]


def test_s17_errors_are_told_without_what_they_say(database_url: str) -> None:
    """A driver's detail, a parser's value, a key that was missing; on each store."""
    log = said(database_url)
    assert CANARY not in log
    kinds = [event.get("exception", "").splitlines()[-1:] for event in events(log)]
    assert ["sqlalchemy.exc.IntegrityError"] in kinds
    assert ["builtins.RuntimeError"] in kinds
    assert ["bridge.domain.errors.ConfigError: roles.yaml:3:1: told in words"] in kinds
    assert "builtins.ValueError" in log
    assert "[23505]" in log or "[SQLITE_CONSTRAINT_UNIQUE]" in log
    assert "builtins.OSError [28]" in log
    assert "in chained: int(canary)" in log


def test_s16_one_event_is_one_line(sqlite_url: str) -> None:
    """Also of a library, of a thread that crashed, of the process that crashed."""
    log = said(sqlite_url)
    told = [event["event"] for event in events(log)]
    assert told[:5] == ["failed"] * 5
    assert told[5:8] == ["thread crashed", "lost", "odd"]
    assert told[8].startswith("odd x")
    assert told[9:] == ["crashed"]
    assert {event["process"] for event in events(log)} == {"test"}
    assert log.isascii()
    assert "\x1b" not in log


@pytest.mark.parametrize("letter", ["\r", "\x1b", "\u2028", "\x85"])
def test_s16_people_see_no_line_that_somebody_else_wrote(letter: str) -> None:
    """`BRIDGE_LOG=text`."""
    script = (
        "import sys, structlog; from bridge import logs\n"
        "logs.set_up('test', for_people=True)\n"
        "structlog.get_logger().warning('odd', name=sys.argv[1])\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, f"a{letter}\nforged"], capture_output=True, check=True
    )
    text = told.stderr.decode()
    assert (len(text.splitlines()), letter in text) == (1, False)
