"""What a table is once it is read, and how large it may be."""

from dataclasses import dataclass

from bridge.domain.errors import BridgeError

MOST_BYTES = 1024 * 1024
MOST_ROWS = 5000
MOST_COLUMNS = 50


class SheetRefused(BridgeError):
    """The file as a whole can't be taken; the message says what to do, and nothing of what is in
    it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`number` as a spreadsheet counts, the head being 1. A formula stands as its text."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Rows without anything in them are left out. `remarks` are for who sent it."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()


def tidy(cell: str) -> str:
    return cell.strip()
