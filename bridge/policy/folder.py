"""A configuration folder's files, read once and whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.policy.codes import Code
from bridge.policy.findings import Finding, error, warning
from bridge.policy.nodes import MAX_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """`contents` by the name shown to people (`config/roles.yaml`), in the order of names."""

    folder: str
    contents: Mapping[str, bytes]
    findings: tuple[Finding, ...] = ()


def read_folder(folder: Path) -> Files:
    """All `*.yaml` files right in the folder. What is wrong with them is told in `findings`."""
    if not folder.is_dir():
        hint = (
            "set BRIDGE_CONFIG to the folder of your YAML files, or create it with a first file, "
            f"{folder}/roles.yaml, that lets you in: `employees: {{you@your-company.example: "
            "{role: manager}}`; the pages lead on from there"
        )
        missing = error(Code.FOLDER_MISSING, f"{folder}:1:1", "", "there is no such folder", hint)
        return Files(folder=str(folder), contents={}, findings=(missing,))
    paths = yaml_files(folder)
    findings = [*_not_read(folder), *(() if paths else (_empty(folder),))]
    contents: dict[str, bytes] = {}
    for path in paths:
        try:
            contents[str(path)] = read_file(path)
        except OSError as problem:
            findings.append(_unreadable(path, problem))
    return Files(folder=str(folder), contents=contents, findings=tuple(findings))


def yaml_files(folder: Path) -> tuple[Path, ...]:
    """The files that make the policy; hidden ones are editors' leftovers."""
    return tuple(sorted(p for p in folder.glob("*.yaml") if not p.name.startswith(".")))


def read_file(path: Path) -> bytes:
    """At most one byte more than is allowed. Raises OSError, also for what is no file at all."""
    if not path.is_file():
        raise OSError("it is not an ordinary file")
    with path.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _not_read(folder: Path) -> Iterator[Finding]:
    for path in sorted(folder.glob("*.yml")):
        hint = f"rename it to {path.stem}.yaml"
        yield warning(Code.FILE_NAME, f"{path}:1:1", "", "files ending in .yml are not read", hint)


def _empty(folder: Path) -> Finding:
    hint = "copy one of config/examples into it"
    return error(Code.FOLDER_EMPTY, f"{folder}:1:1", "", "there is no *.yaml file in it", hint)


def _unreadable(path: Path, problem: OSError) -> Finding:
    said = f"can't be read: {problem.strerror or problem}"
    return error(Code.FILE_UNREADABLE, f"{path}:1:1", "", said)
