"""Tables as CSV and XLSX that spreadsheets open as what they are: text, whatever somebody wrote
into it."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from bridge.sheets import library

CONTENT_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Value = str | int | date
# Where a cell begins, also for a spreadsheet that takes another separator for it, and what begins a
# formula there; East Asian ones fold the wide forms. Every stretch is gone over once.
# https://owasp.org/www-community/attacks/CSV_Injection
_BEGIN = re.compile(r"((?:^|[;\t\r\n])[\s\";]*+)([=+\-@＝＋－＠]?)")
_BYTE_ORDER_MARK = "\ufeff"  # or Excel takes UTF-8 for something else


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Every cell quoted; an apostrophe stands before what would begin a formula."""
    return csv_head(head) + csv_rows(rows)


def csv_head(head: Sequence[str]) -> bytes:
    """The first bytes of a table that is given out part by part."""
    return (_BYTE_ORDER_MARK + _lines([head])).encode("utf-8", "replace")


def csv_rows(rows: Iterable[Sequence[str]]) -> bytes:
    return _lines([cell(value) for value in row] for row in rows).encode("utf-8", "replace")


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def cell(value: str) -> str:
    return _BEGIN.sub(_plain, value.replace("\x00", ""))


def _plain(begin: re.Match[str]) -> str:
    return f"{begin[1]}'{begin[2]}" if begin[2] else begin[1]


def workbook(title: str, head: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """The same as XLSX: texts are texts, numbers and days what they are."""
    made = library.new_book()
    sheet = made.create_sheet(title)
    sheet.append([_text(sheet, name) for name in head])
    for row in rows:
        sheet.append([_text(sheet, one) if isinstance(one, str) else one for one in row])
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def _text(sheet: Any, value: str) -> Any:
    """Never a formula, whatever it begins with, and nothing that XML can't hold."""
    return library.text_cell(sheet, cell(value))
