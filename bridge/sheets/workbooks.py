"""Reads the first sheet of an XLSX, once what the file says of its size may be believed."""

import io
import struct
import zlib
from collections.abc import Iterator
from datetime import datetime, time
from typing import Any
from zipfile import BadZipFile, ZipFile

from bridge.sheets import library
from bridge.sheets.tables import MOST_COLUMNS, MOST_ROWS, Row, Sheet, SheetRefused, tidy

MOST_UNPACKED = 20 * 1024 * 1024
MOST_PARTS = 200
MOST_RATIO = 100
_FREE_OF_RATIO = 1024 * 1024
_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_LAST_ROW = 100 * MOST_ROWS  # blank ones are passed over, but not without end
_UNREADABLE = "the file is damaged, or no XLSX: save it anew as XLSX or CSV (UTF-8)"
# What the library and the parsers below it raise over files that are not what they say.
_WRONG = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def is_workbook(content: bytes) -> bool:
    if content.startswith(_OLD):
        detail = (
            "the file is an old .xls, or has a password: save it as XLSX without one, or as CSV"
        )
        raise SheetRefused(detail)
    return content.startswith(_ZIP)


def read_workbook(content: bytes) -> Sheet:
    try:
        _check_size(content)
        book = library.book_of(content)
        sheets = book.worksheets
        if not sheets:
            raise SheetRefused("the file has no sheet with a table")
        rows = tuple(_rows(sheets[0]))
    except _WRONG:
        raise SheetRefused(_UNREADABLE) from None
    if not rows:
        raise SheetRefused("the file holds no row: the first one names the columns")
    remarks = ("the file has several sheets: only the first was read",) if len(sheets) > 1 else ()
    return Sheet(head=rows[0].cells, rows=rows[1:], remarks=remarks)


def _check_size(content: bytes) -> None:
    """Before anything is unpacked: reading stops at the sizes that are told here."""
    with ZipFile(io.BytesIO(content)) as file:
        parts = file.infolist()
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, sum(part.compress_size for part in parts))
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED:
        raise SheetRefused("the file is far larger inside than a table is: save the table alone")
    if unpacked > _FREE_OF_RATIO and unpacked > MOST_RATIO * packed:
        raise SheetRefused(
            "the file is packed more tightly than a table is: save it anew, or as CSV"
        )


def _rows(sheet: Any) -> Iterator[Row]:
    sheet.reset_dimensions()  # what it says of them need not be so
    found = 0
    for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), start=1):
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        found += bool(texts)
        if found > MOST_ROWS + 1 or number > _LAST_ROW:
            raise SheetRefused(f"the file has more than {MOST_ROWS} rows: send it in parts")
        if len(texts) > MOST_COLUMNS:
            raise SheetRefused(f"the file has more than {MOST_COLUMNS} columns")
        if texts:
            yield Row(number=number, cells=tuple(texts))


def _text(cell: Any) -> str:
    """As one would have typed it; a formula and its error begin with `=`."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat()
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
    text = tidy(str(value))
    return f"={text}" if cell.data_type in ("e", "f") and not text.startswith("=") else text
