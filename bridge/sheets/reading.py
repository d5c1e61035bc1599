"""Reads a table that somebody sends, CSV or XLSX, as rows of texts; nothing in it is believed."""

import csv
import io
from collections.abc import Iterator, Sequence

from bridge.sheets.tables import (
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_ROWS,
    Row,
    Sheet,
    SheetRefused,
    tidy,
)
from bridge.sheets.workbooks import is_workbook, read_workbook

_SEPARATORS = ",;\t"
_LATIN = (
    "the file is not UTF-8: it was read as Windows-1252 (Latin-1); look whether accents are right"
)


def read_sheet(content: bytes) -> Sheet:
    """Its first row is the head. SheetRefused, with what to do, for what is no table."""
    if not content.strip():
        raise SheetRefused("the file is empty")
    if len(content) > MOST_BYTES:
        raise SheetRefused(f"the file is larger than {MOST_BYTES // 1024} KB: send it in parts")
    if is_workbook(content):
        return read_workbook(content)
    return _read_csv(content)


def _read_csv(content: bytes) -> Sheet:
    text, remarks = _decoded(content)
    if "\x00" in text:
        raise SheetRefused("the file is no text: save it as CSV (UTF-8) or XLSX")
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == len("sep=,"):
        separator, text = first.strip()[-1], rest
    else:
        separator = _separator(next((x for x in text.splitlines() if x.strip()), ""))
    rows = tuple(_rows(text, separator))
    if not rows:
        raise SheetRefused("the file holds no row: the first one names the columns")
    return Sheet(head=rows[0].cells, rows=rows[1:], remarks=remarks)


def _decoded(content: bytes) -> tuple[str, tuple[str, ...]]:
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16"), ()
        if b"\x00" in content[:2]:
            return content.decode("utf-16-be" if content[:1] == b"\x00" else "utf-16-le"), ()
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252"), (_LATIN,)
    except UnicodeDecodeError:
        detail = "the file is neither UTF-8 nor UTF-16 nor Windows-1252: save it as CSV (UTF-8)"
        raise SheetRefused(detail) from None


def _separator(head: str) -> str:
    """The one that the head has most of; a comma where it has none."""
    return max(_SEPARATORS, key=lambda one: (head.count(one), one == ","))


def _rows(text: str, separator: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            found += 1
            _check(found, cells)
            yield Row(number=number, cells=tuple(tidy(cell) for cell in cells))
    except csv.Error:
        detail = (
            f"row {reader.line_num} can't be read: a quotation mark is not closed, or not doubled"
        )
        raise SheetRefused(detail) from None


def _check(found: int, cells: Sequence[str]) -> None:
    if found > MOST_ROWS + 1:
        raise SheetRefused(f"the file has more than {MOST_ROWS} rows: send it in parts")
    if len(cells) > MOST_COLUMNS:
        raise SheetRefused(f"the file has more than {MOST_COLUMNS} columns")
