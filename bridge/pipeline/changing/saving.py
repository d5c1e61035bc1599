"""Changes of the YAML: `propose` what it would be, look at it, then `save` it or be told why not.

files = folder_now(parts)
proposal = propose(parts, files, [Put(("employees", "ana@acme.example", "role"), "manager")])
match save(parts, proposal, Change(who=who, message="Ana leads the north")):
    case Saved(): ...    # every process follows
    case Moved(): ...    # somebody was faster: `propose` the same edits once more
    case Refused(): ...  # its findings, or what the folder lacks, say why
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection

from bridge.domain.errors import ConfigError
from bridge.pipeline.following import Taken, note_taken
from bridge.pipeline.parts import ConfigFolder, Parts
from bridge.policy.codes import Code
from bridge.policy.editing import Edit
from bridge.policy.findings import ConfigInvalid, Finding
from bridge.policy.folder import Files, read_folder
from bridge.policy.proposing import (
    ChangedFile,
    Proposal,
    by_name,
    changed_files,
    digest_of,
    proposal_of,
    with_edits,
    with_texts,
)
from bridge.policy.reading import Loaded, load_files
from bridge.policy.secrets import secrets_of
from bridge.policy.writing import Author, Journal, finish, forget, write_folder
from bridge.store import configs
from bridge.store.audit import Who
from bridge.store.config_changes import change, changing, contents_of, last_change
from bridge.store.engine import reading

FOLLOWED_SECONDS = 3.0


class Obstacle(StrEnum):
    """Why nothing was written."""

    NOT_HERE = "not_here"  # the folder is on another machine, or can't be written
    NOT_ACTIVE = "not_active"  # what is in force is not this folder
    INVALID = "invalid"
    TESTS = "tests"  # those in the YAML; may be saved all the same
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who saves, and why. `despite_tests`: even where tests in the YAML fail."""

    who: Who
    message: str = ""
    back_to: int | None = None
    despite_tests: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """`number` is the change's in the history, `hash` the active configuration now."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Somebody changed the files since the proposal was made: these, from then to now."""

    files: tuple[ChangedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    obstacle: Obstacle
    detail: str
    findings: tuple[Finding, ...] = ()


Also = Callable[[Connection, Loaded], None]


def folder_now(parts: Parts) -> Files:
    """The folder as it stands; as it was last taken, where it is not on this machine."""
    folder = _folder(parts)
    if is_here(parts):
        return read_folder(folder.path)
    with reading(parts.engine) as db:
        contents = contents_of(db, last_change(db))
    shown = {str(folder.path / name): content for name, content in sorted(contents.items())}
    return Files(folder=str(folder.path), contents=shown)


def is_here(parts: Parts) -> bool:
    return parts.folder is not None and parts.folder.path.is_dir()


def propose(parts: Parts, files: Files, edits: Sequence[Edit]) -> Proposal:
    """What the folder would be with these edits; raises NotEditable."""
    return proposed(parts, files, with_edits(by_name(files), edits))


def propose_texts(parts: Parts, files: Files, texts: Mapping[str, bytes | None]) -> Proposal:
    """What it would be with other texts of these files; raises NotEditable."""
    return proposed(parts, files, with_texts(by_name(files), texts))


def propose_return(parts: Parts, files: Files, number: int) -> Proposal:
    """What it would be with all files as they were after this change; raises LookupError."""
    with reading(parts.engine) as db:
        found = change(db, number)
        if found is None:
            raise LookupError(f"there is no change {number}")
        contents = contents_of(db, found)
    return proposed(parts, files, contents)


def proposed(parts: Parts, files: Files, after: Mapping[str, bytes]) -> Proposal:
    folder = _folder(parts)
    return proposal_of(files, after, folder.connectors, folder.environ)


def save(
    parts: Parts, proposal: Proposal, wanted: Change, also: Also | None = None
) -> Saved | Moved | Refused:
    """Writes the files and makes them the active configuration, all or nothing.

    `also` is done within the same transaction. A process that is killed meanwhile leaves the old
    files, or a change that whoever takes the folder next brings to its end.
    """
    refused = _refused(proposal, wanted) or _not_here(parts)
    if refused is not None:
        return refused
    folder, loaded = _folder(parts), proposal.loaded
    if loaded is None:
        raise ValueError("a proposal without errors has been read")
    was = _hash_of(folder)
    try:
        with changing(parts.engine) as db:
            obstacle = _obstacle(db, folder, proposal, was)
            if obstacle is not None:
                return obstacle
            number = _written(db, parts, proposal, wanted)
            if also is not None:
                also(db, loaded)
    except ConfigError as error:
        return Refused(obstacle=Obstacle.NOT_HERE, detail=str(error))
    forget(folder.path)
    _until_active(parts, loaded.hash)
    return Saved(number=number, hash=loaded.hash)


def _written(db: Connection, parts: Parts, proposal: Proposal, wanted: Change) -> int:
    folder, loaded, who = _folder(parts), proposal.loaded, wanted.who
    if loaded is None:
        raise ValueError("a proposal without errors has been read")
    author = Author(
        actor=who.actor, way=who.way.value, message=wanted.message, back_to=wanted.back_to
    )
    write_folder(folder.path, proposal.files, author)
    files = read_folder(folder.path)
    journal = Journal(
        actor=author.actor,
        way=author.way,
        message=author.message,
        back_to=author.back_to,
        steps=(),
    )
    taken = Taken(files=files, loaded=loaded, journal=journal, who=who)
    return note_taken(db, taken, parts.now())


def _refused(proposal: Proposal, wanted: Change) -> Refused | None:
    if not proposal.files:
        return Refused(obstacle=Obstacle.NOTHING, detail="this changes nothing")
    failed = [finding for finding in proposal.errors if finding.code is Code.TEST_FAILED]
    others = [finding for finding in proposal.errors if finding.code is not Code.TEST_FAILED]
    if others:
        first = f"{others[0]}" + (f" (and {len(others) - 1} more)" if len(others) > 1 else "")
        return Refused(obstacle=Obstacle.INVALID, detail=first, findings=tuple(others))
    if failed and not wanted.despite_tests:
        detail = f"{len(failed)} tests in the YAML would fail: {failed[0].message}"
        return Refused(obstacle=Obstacle.TESTS, detail=detail, findings=tuple(failed))
    return None


def _not_here(parts: Parts) -> Refused | None:
    if is_here(parts):
        return None
    path = _folder(parts).path
    detail = (
        f"the configuration folder {path} is not on this machine: download the change as a patch "
        "and apply it where the folder is; or set BRIDGE_CONFIG to it"
    )
    return Refused(obstacle=Obstacle.NOT_HERE, detail=detail)


def _obstacle(
    db: Connection, folder: ConfigFolder, proposal: Proposal, was: str
) -> Moved | Refused | None:
    """Asked once more where nobody else can change anything."""
    finish(folder.path)
    now = by_name(read_folder(folder.path))
    if digest_of(now) != proposal.base:
        return Moved(files=changed_files(proposal.before, now))
    active = configs.active(db)
    if was and (active is None or active.hash != was):
        detail = (
            f"the folder {folder.path} on this machine is not the active configuration; if it was "
            "just edited, wait a moment, else change it on the machine whose folder is in use"
        )
        return Refused(obstacle=Obstacle.NOT_ACTIVE, detail=detail)
    return None


def _hash_of(folder: ConfigFolder) -> str:
    """Of the folder as it stands; empty where it can't be taken as it is, so is not active."""
    try:
        loaded = load_files(read_folder(folder.path), folder.connectors)
        secrets_of(loaded.policy, folder.environ, loaded.places)
    except ConfigInvalid:
        return ""
    return loaded.hash


def _folder(parts: Parts) -> ConfigFolder:
    if parts.folder is None:
        return ConfigFolder(path=Path("config"), connectors={}, environ={})
    return parts.folder


def _until_active(parts: Parts, wanted: str) -> None:
    """This process follows the row a moment later; whoever has saved shall see what he saved."""
    end = time.monotonic() + FOLLOWED_SECONDS
    while parts.active().hash != wanted and time.monotonic() < end:
        time.sleep(0.05)
