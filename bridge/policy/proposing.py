"""A folder as it would be: the files after some edits, what differs, and what is wrong with it."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bridge.policy.diffs import unified
from bridge.policy.editing import Edit, NotEditable, Value, apply
from bridge.policy.editing.places import Document
from bridge.policy.editing.plain import plain
from bridge.policy.findings import ConfigInvalid, Finding, errors_of
from bridge.policy.folder import Files
from bridge.policy.nodes import MAX_BYTES
from bridge.policy.reading import Loaded, in_order, load_files
from bridge.policy.secrets import secret_findings
from bridge.policy.trial_runs import TestResult, findings_of, run_tests
from bridge.ports import Connector

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.yaml")
_HOMES = {
    "crm": "accounts.yaml",
    "accounts": "accounts.yaml",
    "channels": "accounts.yaml",
    "employees": "roles.yaml",
    "partners": "partners.yaml",
    "renewals": "renewals.yaml",
    "plans": "plans.yaml",
}
_ELSE = "routing.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """`before` is None for a new file, `after` for one that goes; `name` has no folder."""

    name: str
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Nothing of it is written yet. `base` is the digest of the folder that it is made of.

    `findings` are errors and warnings, failed tests of the YAML among them; `loaded` is None where
    the files can't be read as a policy.
    """

    base: str
    files: tuple[ChangedFile, ...]
    before: Mapping[str, bytes]  # all files of the folder, by name
    after: Mapping[str, bytes]
    findings: tuple[Finding, ...]
    tests: tuple[TestResult, ...]
    loaded: Loaded | None

    @property
    def errors(self) -> tuple[Finding, ...]:
        return errors_of(self.findings)

    @property
    def diff(self) -> str:
        return diff_of(self.files)


def diff_of(files: Iterable[ChangedFile]) -> str:
    """All files as one patch, which `patch -p1` takes in the folder."""
    return "".join(unified(file.name, file.before, file.after) for file in files)


def by_name(files: Files) -> Mapping[str, bytes]:
    """The folder's contents by their bare names: `roles.yaml`."""
    return {Path(name).name: content for name, content in files.contents.items()}


def digest_of(contents: Mapping[str, bytes]) -> str:
    """Another one for every other folder: in names, and in every byte."""
    parts = (f"{name}\0{content_digest(contents[name])}\n" for name in sorted(contents))
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def content_digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def changed_files(
    before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> tuple[ChangedFile, ...]:
    names = sorted({*before, *after})
    return tuple(
        ChangedFile(name=name, before=before.get(name), after=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def with_edits(contents: Mapping[str, bytes], edits: Iterable[Edit]) -> Mapping[str, bytes]:
    """The texts after these edits, each in the file that holds its key. Raises NotEditable."""
    made = dict(contents)
    homes = _homes(contents)
    for edit in edits:
        key = str(edit.path[0])
        if key not in homes:
            homes[key] = _new_home(key, made)
        name = homes[key]
        try:
            made[name] = apply(made.get(name, b""), [edit])
        except NotEditable as problem:
            raise NotEditable(f"{name}: {problem}") from problem
    return made


def with_texts(
    contents: Mapping[str, bytes], texts: Mapping[str, bytes | None]
) -> Mapping[str, bytes]:
    """The files with other texts; None takes a file away. Raises NotEditable for a wrong name."""
    made = dict(contents)
    for name, content in texts.items():
        if not _NAME.fullmatch(name):
            raise NotEditable("a file is named with letters, digits and dashes, as roles.yaml is")
        if content is None:
            made.pop(name, None)
        elif len(content) > MAX_BYTES:
            raise NotEditable(f"{name} is over 1 MiB")
        else:
            made[name] = content
    return made


def proposal_of(
    files: Files,
    after: Mapping[str, bytes],
    connectors: Mapping[str, Connector],
    environ: Mapping[str, str],
) -> Proposal:
    """What it would be to have these texts in the folder."""
    before = by_name(files)
    loaded, findings = _read(files, after, connectors)
    tests: tuple[TestResult, ...] = ()
    if loaded is not None:
        tests = run_tests(loaded.policy, loaded.tests)
        unset = secret_findings(loaded.policy, environ, loaded.places)
        findings = (*findings, *findings_of(tests), *unset)
    return Proposal(
        base=digest_of(before),
        files=changed_files(before, after),
        before=before,
        after=after,
        findings=in_order(findings),
        tests=tests,
        loaded=loaded,
    )


def values_of(contents: Mapping[str, bytes]) -> Mapping[str, Value]:
    """What stands in the files, by top-level key. Raises NotEditable."""
    found: dict[str, Value] = {}
    for content in contents.values():
        says = plain(Document.of(content).top)
        found.update(says if isinstance(says, Mapping) else {})
    return found


def _read(
    files: Files, after: Mapping[str, bytes], connectors: Mapping[str, Connector]
) -> tuple[Loaded | None, Sequence[Finding]]:
    folder = Path(files.folder)
    contents = {str(folder / name): after[name] for name in sorted(after)}
    try:
        loaded = load_files(replace(files, contents=contents), connectors)
    except ConfigInvalid as invalid:
        return None, invalid.findings
    return loaded, loaded.findings


def _homes(contents: Mapping[str, bytes]) -> dict[str, str]:
    """The file in which each top-level key stands, of those that can be read."""
    found: dict[str, str] = {}
    for name, content in contents.items():
        try:
            top = Document.of(content).top
        except NotEditable:
            continue
        found.update({str(key.value): name for key, _ in (top.value if top else ())})
    return found


def _new_home(key: str, contents: Mapping[str, bytes]) -> str:
    home = _HOMES.get(key, _ELSE)
    if home not in contents and len(contents) == 1:
        return next(iter(contents))
    return home
