"""Tables as people send them: encodings, separators, formulas, bombs; a refused file says
why."""

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.sheets.reading import read_sheet
from bridge.sheets.tables import MOST_BYTES, MOST_ROWS, Sheet, SheetRefused
from bridge.sheets.writing import table, workbook
from tests.sheets.workbooks import sheet, with_part, xlsx

TEXT = "legal_name;plan\nMuñoz y Cía;basic\n"
SHEET = "xl/worksheets/sheet1.xml"
NAMES = (("legal_name", "plan"), ("Muñoz y Cía", "basic"))


def cells(read: Sheet) -> tuple[tuple[str, ...], ...]:
    return (read.head, *(row.cells for row in read.rows))


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace(";", ",").encode(),
        TEXT.replace(";", "\t").encode(),
        b"sep=;\r\n" + TEXT.encode(),
        ('"legal_name","plan"\n"Muñoz y Cía","basic"').encode(),
        ("\n\n" + TEXT + "\n;\n ; \n").encode(),
        xlsx(NAMES),
    ],
)
def test_a_table_is_read_however_it_was_saved(content: bytes) -> None:
    read = read_sheet(content)
    assert (cells(read), read.remarks) == (NAMES, ())


def test_latin_1_is_read_and_said() -> None:
    read = read_sheet(TEXT.encode("latin-1"))
    assert cells(read) == NAMES
    assert "Windows-1252 (Latin-1)" in read.remarks[0]


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    text = 'legal_name,plan\n"Two\nlines",basic\n\nLast,pro\n'
    assert [row.number for row in read_sheet(text.encode()).rows] == [2, 4]
    assert [row.number for row in read_sheet(xlsx([*NAMES, (), ("Last", "pro")])).rows] == [2, 4]


def test_cells_of_a_workbook_are_what_one_would_type() -> None:
    row = (
        5,
        5.0,
        1.5,
        True,
        date(2027, 3, 4),
        datetime(2027, 3, 4, 5, 6),  # noqa: DTZ001 - a sheet has no zones
        525512345678,
        "=1+1",
    )
    [read] = read_sheet(xlsx([["a"] * 8, row])).rows
    assert read.cells == (
        *("5", "5", "1.5", "true", "2027-03-04", "2027-03-04T05:06:00", "525512345678"),
        "=1+1",
    )


def test_a_result_of_a_formula_is_not_read_in_its_place() -> None:
    inner = (
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><f>A1*7</f><v>7</v></c></row>'
    )
    [row] = read_sheet(with_part(xlsx(NAMES), SHEET, sheet(inner))).rows
    assert row.cells[0].startswith("=")


def test_only_the_first_sheet_is_read_and_it_is_said() -> None:
    read = read_sheet(xlsx(NAMES, more=["Second"]))
    assert (cells(read), read.remarks) == (
        NAMES,
        ("the file has several sheets: only the first was read",),
    )


def _bomb() -> bytes:
    """Tiny, and four hundred megabytes inside."""
    return with_part(xlsx(NAMES), SHEET, sheet(" " * 40_000_000 * 10))


def _tight() -> bytes:
    return with_part(xlsx(NAMES), SHEET, sheet(" " * 8_000_000))


def _laughs() -> bytes:
    names = [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    declared = f'<!DOCTYPE worksheet [<!ENTITY a0 "ha">{"".join(names)}]>'
    inner = '<row r="1"><c r="A1" t="inlineStr"><is><t>&a9;</t></is></c></row>'
    return with_part(xlsx(NAMES), SHEET, sheet(inner, declared))


def _from_outside() -> bytes:
    declared = '<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    inner = '<row r="1"><c r="A1" t="inlineStr"><is><t>&x;</t></is></c></row>'
    return with_part(xlsx(NAMES), SHEET, sheet(inner, declared))


def _far_below() -> bytes:
    inner = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in (1, 1_048_576))
    return with_part(xlsx(NAMES), SHEET, sheet(inner))


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("letter.txt", b"hello")
    return out.getvalue()


def _many_parts() -> bytes:
    out = io.BytesIO(xlsx(NAMES))
    with zipfile.ZipFile(out, "a") as file:
        for number in range(300):
            file.writestr(f"more{number}", b"")
    return out.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "is empty"),
    "blank": (lambda: b" \n\n", "is empty"),
    "no row": (lambda: b";;;\n;;", "no row"),
    "too large": (lambda: b"x" * (MOST_BYTES + 1), "send it in parts"),
    "too many rows": (lambda: b"a,b\n" + b"x,y\n" * (MOST_ROWS + 1), "send it in parts"),
    "too many rows of a workbook": (lambda: xlsx([["a"]] * (MOST_ROWS + 2)), "send it in parts"),
    "too many columns": (lambda: b"a," * 60, "columns"),
    "too many columns of a workbook": (lambda: xlsx([["a"] * 60]), "columns"),
    "open quotation mark": (lambda: b'a,b\n"x,y\n', "row 2"),
    "stray quotation mark": (lambda: b'a,b\n"x"z,y\n', "row 2"),
    "another encoding": (
        lambda: "legal_name\n日本\x81".encode("shift-jis", "replace") + b"\x81\x8d",
        "UTF-8",
    ),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(64)), "save it as"),
    "an old workbook": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512, "old .xls"),
    "a broken workbook": (lambda: xlsx(NAMES)[:-200], "damaged"),
    "another archive": (_archive, "damaged"),
    "a bomb": (_bomb, "far larger inside"),
    "a tight one": (_tight, "more tightly"),
    "many parts": (_many_parts, "far larger inside"),
    "entities in entities": (_laughs, "damaged"),
    "an entity from outside": (_from_outside, "damaged"),
    "a row far below": (_far_below, "send it in parts"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_file_that_is_no_table_is_refused_with_what_to_do(name: str) -> None:
    content, said = REFUSED[name]
    with pytest.raises(SheetRefused, match=said):
        read_sheet(content())


@given(st.integers(0, 4000), st.binary(min_size=1, max_size=8))
@settings(max_examples=150)
def test_a_workbook_that_was_damaged_is_read_or_refused(place: int, instead: bytes) -> None:
    made = bytearray(xlsx(NAMES))
    place %= len(made)
    made[place : place + len(instead)] = instead
    with suppress(SheetRefused):
        assert read_sheet(bytes(made)).head


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(SheetRefused):
        assert read_sheet(content).head


HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", '=HYPERLINK("http://x")', "a\r\n=1")


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_written_holds_no_formula(text: str) -> None:
    for written in (table(["a"], [[text]]), workbook("A", ["a"], [[text]])):
        [row] = read_sheet(written).rows
        assert not row.cells[0].startswith(tuple("=+-@＝"))
        assert "'" in row.cells[0]


def test_numbers_and_days_of_a_workbook_stay_what_they_are() -> None:
    written = workbook("A", ["a", "b", "c"], [[5, date(2027, 3, 4), "x\x01y"]])
    assert read_sheet(written).rows[0].cells == ("5", "2027-03-04", "xy")
