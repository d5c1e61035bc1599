"""Writes the editors' schema and the option tables of docs/configuration.md from the one table.

`python -m bridge.policy.documents` brings both up to date.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.policy.codes import MEANING, Code
from bridge.policy.kinds import Kind, Many, Named, OrWord
from bridge.policy.options.top import TOP
from bridge.policy.table import Field, Table

SCHEMA_FILE = Path("config/schema.json")
DOCUMENT_FILE = Path("docs/configuration.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option and the path that leads to it, `employees.‹name›.role`, `rules[].when`."""

    path: str
    field: Field[object]


def options() -> Iterator[Option]:
    """Every option of the YAML, each before those inside it."""
    return _inside(TOP, "")


def schema_text() -> str:
    """JSON Schema draft-07, which is what editors understand."""
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "bridge configuration"}
    return json.dumps({**head, **TOP.schema()}, indent=2, ensure_ascii=False) + "\n"


def documented(document: str) -> str:
    """The document with its generated parts made anew."""
    return _filled(_filled(document, "options", _option_table()), "codes", _code_table())


def _filled(document: str, name: str, lines: Iterator[str]) -> str:
    """The document with new lines between the two marks of this name, which must be there."""
    before, _, rest = document.partition(f"<!-- {name} -->\n")
    _, mark, after = rest.partition(f"<!-- end {name} -->")
    if not mark:
        raise ValueError(f"{DOCUMENT_FILE} has lost its marks of {name}")
    return "".join([before, f"<!-- {name} -->\n", *(f"{line}\n" for line in lines), mark, after])


def _inside(kind: Kind[object], path: str) -> Iterator[Option]:
    match kind:
        case Table():
            for field in kind.fields:
                here = f"{path}.{field.name}" if path else field.name
                yield Option(path=here, field=field)
                yield from _inside(field.kind, here)
        case Named():
            yield from _inside(kind.of, f"{path}.‹name›")
        case Many():
            yield from _inside(kind.of, f"{path}[]")
        case OrWord():
            yield from _inside(kind.of, path)


def _option_table() -> Iterator[str]:
    yield "| option | what it does | takes | default | example |"
    yield "|---|---|---|---|---|"
    for option in options():
        field = option.field
        cells = (
            f"`{option.path}`",
            field.says,
            field.kind.words,
            written_default(field),
            _code(f"{field.name}: {field.example}"),
        )
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def written_default(field: Field[object]) -> str:
    """`required`, the default as in YAML, or a dash where it is left open."""
    if field.is_required:
        return "required"
    return "–" if field.default is None else _code(field.default)


def _code(text: str) -> str:
    return f"`{text}`"


def _code_table() -> Iterator[str]:
    yield "| code | meaning |"
    yield "|---|---|"
    for code in Code:
        yield f"| `{code}` | {MEANING[code]} |"


def main() -> None:
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    current = DOCUMENT_FILE.read_text(encoding="utf-8")
    DOCUMENT_FILE.write_text(documented(current), encoding="utf-8")


if __name__ == "__main__":
    main()
