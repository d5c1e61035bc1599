"""Writes a configuration folder: every file new or none, whatever breaks between."""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bridge.domain.errors import ConfigError
from bridge.policy.folder import read_file
from bridge.policy.proposing import ChangedFile, content_digest

JOURNAL = ".bridge-change.json"
"""Stands in the folder while its files are replaced, so that a killed change can be finished."""
_NEW_FILE_MODE = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One file of a change: digests of its contents before and after, empty where there is none,
    and the file that is to take its place."""

    name: str
    before: str
    after: str
    ready: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """`actor`, `way`, `message` and `back_to` are for the history, as in the store."""

    actor: str
    way: str
    message: str
    back_to: int | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    actor: str
    way: str
    message: str
    back_to: int | None = None


def write_folder(folder: Path, files: Sequence[ChangedFile], author: Author) -> None:
    """Puts all files in their places, or leaves all as they were: ConfigError.

    Once the journal stands, `finish` brings a change to its end that was killed in the middle.
    Call it under a lock that all processes share, and `forget` once the store knows.
    """
    ready: dict[str, str] = {}
    try:
        _tidy(folder)
        for file in files:
            _refuse_link(folder / file.name)
            ready[file.name] = "" if file.after is None else _ready(folder, file.name, file.after)
        _write_journal(folder, _journal(files, ready, author))
    except OSError as error:
        _drop(folder, ready)
        raise _not_writable(folder, error) from error
    try:
        for file in files:
            _replace(folder, file.name, ready[file.name])
        _sync(folder)
    except OSError as error:
        _take_back(folder, files)
        _drop(folder, ready)
        raise _not_writable(folder, error) from error


def finish(folder: Path) -> Journal | None:
    """Ends a change that was killed in the middle; None where there is none.

    ConfigError where a file was changed by hand meanwhile: nobody can tell what was meant.
    """
    journal = read_journal(folder)
    if journal is None:
        return None
    open_steps = [step for step in journal.steps if _digest(folder / step.name) != step.after]
    for step in open_steps:
        ready = _digest(folder / step.ready) if step.ready else ""
        if _digest(folder / step.name) != step.before or ready != step.after:
            raise ConfigError(_interrupted(folder, step.name))
    try:
        for step in open_steps:
            _replace(folder, step.name, step.ready)
        _sync(folder)
    except OSError as error:
        raise _not_writable(folder, error) from error
    return journal


def forget(folder: Path) -> None:
    """Once the store knows of the change."""
    with suppress(OSError):
        (folder / JOURNAL).unlink(missing_ok=True)
        _sync(folder)


def is_open(folder: Path) -> bool:
    """Whether a change is being written, or was killed in the middle."""
    return (folder / JOURNAL).exists()


def read_journal(folder: Path) -> Journal | None:
    try:
        found = json.loads((folder / JOURNAL).read_text(encoding="utf-8"))
        steps = tuple(Step(**step) for step in found.pop("steps"))
        return Journal(**found, steps=steps)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise ConfigError(
            f"{folder / JOURNAL}: can't be read; look whether the files beside it are as you "
            "want them, then remove it"
        ) from error


def _journal(files: Sequence[ChangedFile], ready: Mapping[str, str], author: Author) -> Journal:
    steps = tuple(
        Step(
            name=file.name,
            before="" if file.before is None else content_digest(file.before),
            after="" if file.after is None else content_digest(file.after),
            ready=ready[file.name],
        )
        for file in files
    )
    return Journal(**asdict(author), steps=steps)


def _write_journal(folder: Path, journal: Journal) -> None:
    written = json.dumps(asdict(journal), ensure_ascii=False).encode()
    name = _temporary(folder, written, _NEW_FILE_MODE)
    _sync(folder)
    (folder / name).replace(folder / JOURNAL)
    _sync(folder)


def _ready(folder: Path, name: str, content: bytes) -> str:
    """A file with this content and the old one's permissions, on the disk."""
    path = folder / name
    mode = path.stat().st_mode & 0o777 if path.exists() else _NEW_FILE_MODE
    return _temporary(folder, content, mode)


def _temporary(folder: Path, content: bytes, mode: int) -> str:
    prefix = f".bridge-{secrets.token_hex(4)}-"
    with tempfile.NamedTemporaryFile(dir=folder, prefix=prefix, delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(mode)
    return Path(file.name).name


def _replace(folder: Path, name: str, ready: str) -> None:
    if ready:
        (folder / ready).replace(folder / name)
    else:
        (folder / name).unlink(missing_ok=True)


def _take_back(folder: Path, files: Sequence[ChangedFile]) -> None:
    """As it was before; where even that fails, the journal stays and says so."""
    with suppress(OSError):
        for file in files:
            if _digest(folder / file.name) == content_digest(file.before or b""):
                continue
            if file.before is None:
                (folder / file.name).unlink(missing_ok=True)
            else:
                _replace(folder, file.name, _ready(folder, file.name, file.before))
        _sync(folder)
        forget(folder)


def _tidy(folder: Path) -> None:
    """What was made ready by somebody who was killed before he began."""
    for left in folder.glob(".bridge-*-*"):
        left.unlink(missing_ok=True)


def _drop(folder: Path, ready: Mapping[str, str]) -> None:
    for name in ready.values():
        if name:
            with suppress(OSError):
                (folder / name).unlink(missing_ok=True)


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise OSError(0, f"{path.name} is a link: change it where it is kept")


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _digest(path: Path) -> str:
    try:
        return content_digest(read_file(path))
    except OSError:
        return ""


def _not_writable(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{folder} can't be written here: {error.strerror or error}")


def _interrupted(folder: Path, name: str) -> str:
    return (
        f"{folder / name}: was changed by hand while a change of several files was interrupted; "
        f"look whether all files are as you want them, then remove {folder / JOURNAL}"
    )
