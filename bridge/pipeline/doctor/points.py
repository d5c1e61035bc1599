"""What a check says: one point each, fine or not, with what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    OK = "ok"
    WRONG = "wrong"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """`check` names the check, `todo` what a person does about it; empty when nothing is wrong.

    Neither holds a secret, a text or a client's number.
    """

    check: str
    health: Health
    detail: str
    todo: str = ""


def fine(check: str, detail: str) -> Point:
    return Point(check=check, health=Health.OK, detail=detail)


def wrong(check: str, detail: str, todo: str) -> Point:
    return Point(check=check, health=Health.WRONG, detail=detail, todo=todo)


def skipped(check: str, detail: str, todo: str = "") -> Point:
    return Point(check=check, health=Health.SKIPPED, detail=detail, todo=todo)
