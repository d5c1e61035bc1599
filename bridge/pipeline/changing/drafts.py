"""Changes that somebody prepared on a page and has not saved: kept until they are reviewed.

name = prepare(parts, who, edits, back="/settings/people")    # then lead to /settings/review/<name>
draft = prepared(parts, who, name)                            # None: not his, or over a week old
proposal = propose(parts, folder_now(parts), draft.edits)
is_moved = draft.base != proposal.base                        # the files changed since it was made
drop(parts, name)                                             # once it is saved
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.pipeline.changing.saving import folder_now
from bridge.pipeline.parts import Parts
from bridge.policy.editing import Edit
from bridge.policy.editing.edits import edits_of, written
from bridge.policy.proposing import by_name, digest_of
from bridge.store import config_changes
from bridge.store.audit import Who
from bridge.store.engine import reading, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """`base` is the digest of the folder that it was made on, `back` the page that it was made on,
    where somebody goes who wants to change something in it."""

    edits: tuple[Edit, ...]
    base: str
    back: str


def prepare(parts: Parts, who: Who, edits: Sequence[Edit], back: str) -> str:
    """Keeps the edits for this person alone; their name is for the address of the review."""
    name = secrets.token_urlsafe(18)
    base = digest_of(by_name(folder_now(parts)))
    value = json.dumps({"edits": json.loads(written(edits)), "base": base, "back": back})
    now = parts.now()
    draft = config_changes.Draft(id=name, actor=who.actor, at=now, value=value.encode())
    with writing(parts.engine) as db:
        config_changes.keep_draft(db, draft)
    return name


def prepared(parts: Parts, who: Who, name: str) -> Prepared | None:
    with reading(parts.engine) as db:
        draft = config_changes.draft(db, name)
    if draft is None or draft.actor != who.actor:
        return None
    found = json.loads(draft.value)
    return Prepared(edits=edits_of(found["edits"]), base=found["base"], back=found["back"])


def drop(parts: Parts, name: str) -> None:
    with writing(parts.engine) as db:
        config_changes.drop_draft(db, name)
