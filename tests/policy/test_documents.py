"""One table, three readers: the loader, the editors' schema and the documents must agree."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from bridge.policy.codes import Code
from bridge.policy.documents import (
    DOCUMENT_FILE,
    SCHEMA_FILE,
    Option,
    documented,
    main,
    options,
    schema_text,
    written_default,
)
from bridge.policy.kinds import Refused
from bridge.policy.table import default_of, parsed
from tests.policy.building import EXAMPLES, refused

ROOT = EXAMPLES.parent
ALL_OPTIONS = tuple(options())
DOCUMENT = (ROOT / DOCUMENT_FILE).read_text(encoding="utf-8")
FOLDERS = (EXAMPLES, *sorted(p for p in (EXAMPLES / "examples").iterdir() if p.is_dir()))
YAML_FILES = tuple(sorted(path for folder in FOLDERS for path in folder.glob("*.yaml")))
UPDATE = "run: python -m bridge.policy.documents"


class EditorLoader(yaml.BaseLoader):
    """Reads as editors do (YAML 1.2): true and numbers are no texts."""


EditorLoader.add_implicit_resolver("!flag", re.compile("^(true|false)$"), None)
EditorLoader.add_constructor("!flag", lambda loader, node: node.value == "true")
EditorLoader.add_implicit_resolver("!whole", re.compile("^[0-9]+$"), None)
EditorLoader.add_constructor("!whole", lambda loader, node: int(node.value))


def complaints(text: str) -> list[str]:
    schema = json.loads(schema_text())
    value = yaml.load(text, EditorLoader) or {}
    return [e.message for e in jsonschema.Draft7Validator(schema).iter_errors(value)]


def test_the_schema_is_up_to_date() -> None:
    assert (ROOT / SCHEMA_FILE).read_text(encoding="utf-8") == schema_text(), UPDATE


def test_the_document_is_up_to_date() -> None:
    assert documented(DOCUMENT) == DOCUMENT, UPDATE


def test_bringing_them_up_to_date_writes_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / DOCUMENT_FILE).write_text(re.sub(r"\| `.*\n", "", DOCUMENT), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    main()
    assert (tmp_path / DOCUMENT_FILE).read_text(encoding="utf-8").count("\n| `crm` |") == 1
    assert json.loads((tmp_path / SCHEMA_FILE).read_text(encoding="utf-8"))["properties"]


def test_an_example_must_have_a_value() -> None:
    with pytest.raises(Refused):
        parsed("# nothing", ALL_OPTIONS[0].field.kind)


def test_the_document_must_have_its_marks() -> None:
    with pytest.raises(ValueError, match="lost its marks of options"):
        documented("# Configuration")


def test_the_schema_is_of_draft_07() -> None:
    schema = json.loads(schema_text())
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("option", ALL_OPTIONS, ids=lambda option: option.path)
def test_every_option_is_documented_with_default_and_example(option: Option) -> None:
    row = next(line for line in DOCUMENT.splitlines() if line.startswith(f"| `{option.path}` |"))
    field = option.field
    assert field.says.replace("|", "\\|") in row
    assert f"`{field.name}: {field.example}`" in row
    assert f"| {written_default(field)} |" in row


@pytest.mark.parametrize("option", ALL_OPTIONS, ids=lambda option: option.path)
def test_every_example_is_read_and_is_not_the_default(option: Option) -> None:
    field = option.field
    value = parsed(field.example, field.kind)
    assert value is not None
    assert field.default != field.example


@pytest.mark.parametrize(
    "option", [o for o in ALL_OPTIONS if o.field.default is not None], ids=lambda o: o.path
)
def test_every_default_can_be_written_out(option: Option) -> None:
    assert option.field.default is not None
    assert parsed(option.field.default, option.field.kind) == default_of(option.field)


@pytest.mark.parametrize("code", list(Code))
def test_every_code_is_documented(code: Code) -> None:
    assert f"| `{code}` |" in DOCUMENT


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_schema_accepts_the_examples(path: Path) -> None:
    assert complaints(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_examples_lead_editors_to_the_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve() == (ROOT / SCHEMA_FILE).resolve()


@pytest.mark.parametrize(
    "text",
    [
        "employes: {}",
        "employees: {ana@x.io: {role: boss}}",
        "employees: {ana@x.io: {}}",
        "employees: {ana: {role: none}}",
        "employees: [ana@x.io]",
        "employees:",
        "employees: {a@x.io: {role: none, gets_new_clients: yes}}",
        "employees: {a@x.io: {role: none, channels: wa}}",
        "employees: {a@x.io: {role: none, channels: [wa, wa]}}",
        "employees: {a@x.io: {role: none, priority_channel: {fax: wa}}}",
        "crm: a/b",
        "crm: [a]",
        "accounts: {a: {}}",
        "accounts: {a: {connector: crm, secrets: {token: not-a-name}}}",
        "accounts: {a: {connector: crm, secrets: {token: []}}}",
        "accounts: {a: {connector: crm, base_url: ftp://x}}",
        "accounts: {a: {connector: crm, max_body_bytes: 5}}",
        "ownership: {max_age: 24}",
        "ownership: {precedence: []}",
        "rules: [{id: a, to: []}]",
        "rules: [{id: a, to: [{}]}]",
        "rules: [{id: a, to: {employee: a@x.io, pool: b}}]",
        "rules: [{id: a, to: {employee: a@x.io, method: in_turn}}]",
        "rules: [{id: a, when: {country: MEX}, to: [{pool: b}]}]",
        "tests: [{name: a, given: {}, expect: {}}]",
        "tests: [{name: a, expect: {rule: b}}]",
        "default: a@x.io",
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, a=text)
    assert complaints(text)


def test_options_of_every_depth_are_listed() -> None:
    paths = {option.path for option in ALL_OPTIONS}
    assert {"crm", "employees.‹name›.role", "rules[].to[].pool", "tests[].given.turn"} <= paths


def test_the_schema_describes_every_option() -> None:
    text = schema_text()
    assert [o.path for o in ALL_OPTIONS if f'"{o.field.says} ' not in text] == []
