"""The walk from a folder of YAML to a checked, frozen policy."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge import codec
from bridge.domain.policy import Policy
from bridge.policy.checks import lint
from bridge.policy.codes import Code
from bridge.policy.findings import ConfigInvalid, Finding, errors_of
from bridge.policy.folder import Files, read_folder
from bridge.policy.kinds import Reading, Refused
from bridge.policy.nodes import Entries, Entry, NotReadable, compose
from bridge.policy.options.top import TOP, Sheet
from bridge.policy.routing_tests import RoutingTest
from bridge.ports import Connector

_PLACE = re.compile(r"^(.*):(\d+):(\d+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A configuration without errors.

    `canonical` is the policy as JSON text and `hash` its SHA-256 in hex: neither changes with
    comments, order of keys or tests. `findings` are warnings. `places` maps the path of every
    value, such as `rules[0].when`, to its `file:line:column`.
    """

    policy: Policy
    tests: tuple[RoutingTest, ...]
    canonical: str
    hash: str
    findings: tuple[Finding, ...]
    places: Mapping[str, str]


def load(folder: Path, connectors: Mapping[str, Connector]) -> Loaded:
    """All `*.yaml` of the folder as one policy. Raises ConfigInvalid with all that was found."""
    return load_files(read_folder(folder), connectors)


def load_files(files: Files, connectors: Mapping[str, Connector]) -> Loaded:
    """As `load`, for contents that have been read, or not yet been written."""
    reading = Reading(findings=list(files.findings))
    entries = list(_entries(files, reading))
    top = Entries(entries=tuple(entries), place=_first_place(files))
    sheet = _read(top, reading)
    # Every process decides by the text in the store, so this one does too: same order, same turns.
    canonical = codec.encode(sheet.policy).decode()
    policy = policy_of(canonical)
    reading.findings.extend(lint(policy, sheet.tests, connectors, reading.places))
    findings = in_order(reading.findings)
    if errors_of(findings):
        raise ConfigInvalid(findings)
    return Loaded(
        policy=policy,
        tests=sheet.tests,
        canonical=canonical,
        hash=hash_of(canonical),
        findings=findings,
        places=reading.places,
    )


def policy_of(canonical: str) -> Policy:
    """The policy that a canonical text stands for."""
    return codec.decode(Policy, canonical.encode())


def hash_of(canonical: str) -> str:
    return hashlib.sha256(canonical.encode()).hexdigest()


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """By file, line and column."""
    return tuple(sorted(findings, key=_position))


def _position(finding: Finding) -> tuple[str, int, int]:
    found = _PLACE.match(finding.place)
    return (found[1], int(found[2]), int(found[3])) if found else (finding.place, 0, 0)


def _read(top: Entries, reading: Reading) -> Sheet:
    try:
        sheet = TOP.read(top, reading)
    except Refused as refused:
        raise ConfigInvalid(in_order(reading.findings)) from refused
    if errors_of(reading.findings):
        raise ConfigInvalid(in_order(reading.findings))
    return sheet


def _entries(files: Files, reading: Reading) -> Iterator[Entry]:
    """The top-level entries of all files, each key once."""
    first: dict[str, str] = {}
    for name, content in files.contents.items():
        for entry in _entries_of(name, content, reading):
            key = entry.key
            if key.text in first:
                said = f"{key.text} stands already in {first[key.text]}"
                reading.refuse(Code.DUPLICATE_KEY, key, said, "a top-level key may stand only once")
                continue
            first[key.text] = key.place
            reading.places[key.text] = key.place
            yield entry


def _entries_of(name: str, content: bytes, reading: Reading) -> tuple[Entry, ...]:
    try:
        node = compose(content, name)
    except NotReadable as problem:
        reading.findings.append(problem.finding)
        return ()
    if node is None:
        return ()
    if not isinstance(node, Entries):
        reading.refuse(Code.WRONG_SHAPE, node, "the file must hold keys with values")
        return ()
    return node.entries


def _first_place(files: Files) -> str:
    return f"{next(iter(files.contents), files.folder)}:1:1"
