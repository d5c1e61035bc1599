"""Changes that somebody is about to save: kept, so that nothing typed is lost on the way.

draft = begin(parts, who, Content(edits=edits, address="/settings/people"))
draft = draft_of(parts, who, name)               # None: not his, or over a week old
opened = open_draft(parts, folder_now(parts), draft)    # made anew on the files as they are now
"""

import json
import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.pipeline.changing.saving import (
    folder_now,
    propose,
    propose_return,
    propose_texts,
)
from bridge.pipeline.parts import Parts
from bridge.policy.editing import Edit, NotEditable
from bridge.policy.editing.edits import AddItem, Path, read, written
from bridge.policy.editing.plain import shown, value_at
from bridge.policy.folder import Files
from bridge.policy.proposing import ChangedFile, Proposal, by_name, changed_files, values_of
from bridge.store import config_changes as store
from bridge.store.audit import Who
from bridge.store.engine import reading, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One of edits, texts by name of file (None takes the file away), or a change to go back to.
    `address` is where the change was begun."""

    edits: tuple[Edit, ...] = ()
    texts: Mapping[str, str | None] | None = None
    back_to: int | None = None
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`base` is what it was made on."""

    id: str
    actor: str
    content: Content
    base: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """`moved` is what others have changed since it was begun; the proposal stands on that."""

    draft: Draft
    proposal: Proposal
    moved: tuple[ChangedFile, ...]


def begin(parts: Parts, who: Who, content: Content) -> Draft:
    """Kept for this person alone; its id is for the address of the review."""
    actor, base = who.actor, by_name(folder_now(parts))
    draft = Draft(id=secrets.token_urlsafe(18), actor=actor, content=content, base=base)
    with writing(parts.engine) as db:
        kept = store.Draft(id=draft.id, actor=actor, at=parts.now(), value=_bytes(draft))
        store.keep_draft(db, kept)
    return draft


def draft_of(parts: Parts, who: Who, name: str) -> Draft | None:
    with reading(parts.engine) as db:
        kept = store.draft(db, name)
    return None if kept is None or kept.actor != who.actor else _draft(kept)


def open_draft(parts: Parts, files: Files, draft: Draft) -> Opened:
    """On the files as they are now. Raises NotEditable where it can't be made on these any more,
    LookupError where the change to go back to is not there."""
    content, now = draft.content, by_name(files)
    moved = changed_files(draft.base, now)
    if content.back_to is not None:
        proposal = propose_return(parts, files, content.back_to)
    elif content.texts is not None:
        texts = {n: None if t is None else t.encode("utf-8") for n, t in content.texts.items()}
        proposal = propose_texts(parts, files, texts)
    else:
        if moved:
            _require_same_lists(content.edits, draft.base, now)
        proposal = propose(parts, files, content.edits)
    return Opened(draft=draft, proposal=proposal, moved=moved)


def drop(parts: Parts, name: str) -> None:
    with writing(parts.engine) as db:
        store.drop_draft(db, name)


def _require_same_lists(
    edits: Sequence[Edit], base: Mapping[str, bytes], now: Mapping[str, bytes]
) -> None:
    """A place in a list means another item once the list has changed."""
    before, after = values_of(base), values_of(now)
    for edit in edits:
        where = _list_of(edit)
        if where is not None and value_at(before, where) != value_at(after, where):
            raise NotEditable(
                f"{shown(where)} was changed by somebody else meanwhile: begin this change again"
            )


def _list_of(edit: Edit) -> Path | None:
    """The first list in which this edit counts places."""
    for depth, step in enumerate(edit.path):
        if isinstance(step, int):
            return edit.path[:depth]
    is_placed = isinstance(edit, AddItem) and edit.at is not None
    return edit.path if is_placed else None


def _bytes(draft: Draft) -> bytes:
    content = draft.content
    kept = {
        "edits": written(content.edits),
        "texts": None if content.texts is None else dict(content.texts),
        "back_to": content.back_to,
        "address": content.address,
        "base": {n: text.decode("utf-8", "surrogateescape") for n, text in draft.base.items()},
    }
    return zlib.compress(json.dumps(kept).encode())


def _draft(kept: store.Draft) -> Draft:
    found = json.loads(zlib.decompress(kept.value))
    content = Content(
        edits=read(found["edits"]),
        texts=found["texts"],
        back_to=found["back_to"],
        address=found["address"],
    )
    base = {name: text.encode("utf-8", "surrogateescape") for name, text in found["base"].items()}
    return Draft(id=kept.id, actor=kept.actor, content=content, base=base)
