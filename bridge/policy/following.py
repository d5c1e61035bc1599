"""Tells whether a configuration folder has changed since it was last read."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.policy.folder import read_file, yaml_files

# A file written again within its clock's tick keeps its time: one so young is always read.
_YOUNG_NS = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """`digest` is empty for a file that can't be read."""

    modified_ns: int
    size: int
    digest: str
    is_young: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderState:
    """What the folder's YAML files were like; compare with `changed`."""

    files: Mapping[str, FileState]


def state_of(folder: Path) -> FolderState:
    """Reads every file; a folder that does not exist is one without files."""
    return FolderState(files={path.name: _state(path) for path in yaml_files(folder)})


def changed(folder: Path, last: FolderState) -> bool:
    """Whether a file came, went, or holds other bytes. Cheap: reads only what looks touched."""
    paths = yaml_files(folder)
    if [path.name for path in paths] != list(last.files):
        return True
    return any(_differs(path, last.files[path.name]) for path in paths)


def _differs(path: Path, last: FileState) -> bool:
    if not last.is_young and _stamp(path) == (last.modified_ns, last.size):
        return False
    return _state(path).digest != last.digest


def _state(path: Path) -> FileState:
    modified_ns, size = _stamp(path)
    return FileState(
        modified_ns=modified_ns,
        size=size,
        digest=_digest(path),
        is_young=time.time_ns() - modified_ns < _YOUNG_NS,
    )


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(read_file(path)).hexdigest()
    except OSError:
        return ""
