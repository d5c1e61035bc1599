"""Tables as CSV that spreadsheets open as what they are: text, whatever somebody wrote into it."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

CONTENT_TYPE = "text/csv; charset=utf-8"
# Where a cell begins, also for a spreadsheet that takes another separator for it, and what begins a
# formula there; East Asian ones fold the wide forms. Every stretch is gone over once.
# https://owasp.org/www-community/attacks/CSV_Injection
_BEGIN = re.compile(r"((?:^|[;\t\r\n])[\s\";]*+)([=+\-@＝＋－＠]?)")
_BYTE_ORDER_MARK = "\ufeff"  # or Excel takes UTF-8 for something else


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Every cell quoted; an apostrophe stands before what would begin a formula."""
    text = io.StringIO(newline="")
    text.write(_BYTE_ORDER_MARK)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return text.getvalue().encode("utf-8", "replace")


def cell(value: str) -> str:
    return _BEGIN.sub(_plain, value.replace("\x00", ""))


def _plain(begin: re.Match[str]) -> str:
    return f"{begin[1]}'{begin[2]}" if begin[2] else begin[1]
