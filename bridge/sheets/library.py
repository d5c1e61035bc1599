"""openpyxl, imported by whoever first needs it: it takes as long as the database's library, and
few requests and commands are about workbooks."""

import io
from typing import Any


def new_book() -> Any:
    """A workbook that is written from top to bottom."""
    from openpyxl import Workbook

    return Workbook(write_only=True)


def text_cell(sheet: Any, text: str) -> Any:
    """A cell that is text whatever it begins with; letters that XML can't hold are left out."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
    made.data_type = "s"
    return made


def book_of(content: bytes) -> Any:
    """The workbook in a file; what it raises over one that is none are the errors of parsers."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        return load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
    except InvalidFileException as error:
        raise ValueError("no workbook") from error
