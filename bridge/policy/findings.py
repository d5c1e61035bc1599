"""What is wrong with a configuration: one finding per mistake, with its place and a way out."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bridge.domain.errors import ConfigError
from bridge.policy.codes import Code
from bridge.policy.paths import key_of


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake. `place` is `file:line:column`, `path` the key's way from the top of the YAML.

    No part of it holds a secret's value.
    """

    code: Code
    severity: Severity
    place: str
    path: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        """`config/roles.yaml:3:33: role: boss is not one of …; did you mean …?`"""
        said = ": ".join(part for part in (self.place, key_of(self.path), self.message) if part)
        return f"{said}; {self.suggestion}" if self.suggestion else said


class ConfigInvalid(ConfigError):
    """A configuration that must not be used; `findings` holds its warnings too."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        ConfigError.__init__(self, "\n".join(str(f) for f in errors_of(self.findings)))


def error(code: Code, place: str, path: str, message: str, suggestion: str = "") -> Finding:
    return Finding(
        code=code,
        severity=Severity.ERROR,
        place=place,
        path=path,
        message=message,
        suggestion=suggestion,
    )


def warning(code: Code, place: str, path: str, message: str, suggestion: str = "") -> Finding:
    return Finding(
        code=code,
        severity=Severity.WARNING,
        place=place,
        path=path,
        message=message,
        suggestion=suggestion,
    )


def errors_of(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(f for f in findings if f.severity is Severity.ERROR)


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """`did you mean …?` for the closest known word, or nothing."""
    close = difflib.get_close_matches(given, list(known), n=1)
    return f"did you mean {close[0]}?" if close else ""
