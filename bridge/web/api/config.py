"""/config: the YAML, looked at, tried, changed and taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from flask import request

from bridge.domain.errors import ConfigError
from bridge.pipeline.changing.effects import Budget, Effect, effect_of
from bridge.pipeline.changing.saving import (
    Change,
    Moved,
    Obstacle,
    Refused,
    Saved,
    folder_now,
    is_here,
    propose_return,
    proposed,
    save,
)
from bridge.policy.editing import NotEditable
from bridge.policy.editing.edits import edits_of
from bridge.policy.findings import Finding
from bridge.policy.folder import Files
from bridge.policy.proposing import (
    Proposal,
    by_name,
    changed_files,
    diff_of,
    digest_of,
    with_edits,
    with_texts,
)
from bridge.store import config_changes as store
from bridge.store import configs
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Nothing, Page, Paging, Tagged, get, write
from bridge.web.problems import Problem, conflict, invalid, not_found

_BUDGET = Budget(seconds=2.0)
_NUMBER_DIGITS = 18
_ANY = Annotated[object, msgspec.Meta(extra_json_schema={"description": "any value of YAML"})]
_MESSAGE = Annotated[str, msgspec.Meta(max_length=500)]


class EditShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One edit at a path of keys and places in lists: `put` a value (text, list or mapping),
    `remove`, `add` an item to a list (before `at`, or as the last), `move` an item or key `to`
    another place, `rename` a key to `name`."""

    do: Literal["put", "remove", "add", "move", "rename"]
    path: list[str | int]
    value: _ANY = None
    at: int | None = None
    to: int | None = None
    name: str | None = None


class Wish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`edits` of what stands in the files, or whole `texts` by name of file (null takes the file
    away), or both, the texts first."""

    edits: tuple[EditShape, ...] = ()
    texts: dict[str, str | None] = {}


class Tried(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`effect_days`: also what the events of so many days would have been like."""

    effect_days: Annotated[int, msgspec.Meta(ge=0, le=90)] = 0


class Wanted(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`despite_tests`: save it although tests in the YAML would fail."""

    message: _MESSAGE = ""
    despite_tests: bool = False


class Return(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`to` is the change whose files are wanted again."""

    to: int
    message: _MESSAGE = ""
    despite_tests: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigShape:
    """`digest` tells this folder from any other: it is the ETag. `hash` is the active
    configuration's, `error` why the folder as it stands is not it; `is_here`: it can be changed."""

    digest: str
    hash: str
    error: str
    is_here: bool
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingShape:
    code: str
    severity: str
    place: str
    path: str
    message: str
    suggestion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalShape:
    """`ok`: it could be saved. `tests` counts those in the YAML that pass, of all."""

    digest: str
    ok: bool
    diff: str
    findings: tuple[FindingShape, ...]
    tests: tuple[int, int]
    effect: Effect | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedShape:
    """`change` is its number in the history."""

    change: int
    hash: str
    digest: str
    diff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeShape:
    """`actor` is empty for who edited the files by hand, which `way` says."""

    id: int
    at: datetime
    actor: str
    way: str
    message: str
    back_to: int | None
    hash: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOpened:
    change: ChangeShape
    diff: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    before: int


def show(call: Call, _: Nothing) -> Tagged:
    files = folder_now(call.site.parts)
    contents = by_name(files)
    with reading(call.site.parts.engine) as db:
        active = configs.active(db)
    shape = ConfigShape(
        digest=digest_of(contents),
        hash=active.hash if active else "",
        error=active.error if active else "",
        is_here=is_here(call.site.parts),
        files=_texts(contents),
    )
    return Tagged(answer=shape, etag=shape.digest)


def check(call: Call, body: Tried) -> ProposalShape:
    proposal = _proposal(call, folder_now(call.site.parts), body)
    effect = None
    if body.effect_days and proposal.loaded is not None:
        since = call.now - timedelta(days=body.effect_days)
        effect = effect_of(call.site.parts, proposal.loaded.policy, since, _BUDGET)
    return ProposalShape(
        digest=proposal.base,
        ok=not proposal.errors,
        diff=proposal.diff,
        findings=tuple(_finding(one) for one in proposal.findings),
        tests=(sum(test.passed for test in proposal.tests), len(proposal.tests)),
        effect=effect,
    )


def put(call: Call, body: Wanted) -> Tagged:
    """Only on the files that the caller has seen: If-Match."""
    files = folder_now(call.site.parts)
    _require_seen(files)
    wanted = Change(who=call.who, message=body.message, despite_tests=body.despite_tests)
    return _saved(call, _proposal(call, files, body), wanted)


def rollback(call: Call, body: Return) -> Tagged:
    files = folder_now(call.site.parts)
    _require_seen(files)
    try:
        proposal = propose_return(call.site.parts, files, body.to)
    except LookupError as problem:
        raise not_found("change") from problem
    wanted = Change(
        who=call.who, message=body.message, back_to=body.to, despite_tests=body.despite_tests
    )
    return _saved(call, proposal, wanted)


def history(call: Call, query: Paging) -> Page[ChangeShape]:
    begin = start(call, query, _Place, "config-history")
    with reading(call.site.parts.engine) as db:
        found = store.changes(db, begin.before if begin else None, query.limit + 1)
    kept = found[: query.limit]
    more = _Place(before=kept[-1].id) if len(found) > query.limit else None
    return Page(items=tuple(map(_change, kept)), next=go_on(call, more, "config-history"))


def show_change(call: Call, _: Nothing) -> ChangeOpened:
    name = call.path["id"]
    is_number = name.isascii() and name.isdigit() and len(name) <= _NUMBER_DIGITS
    with reading(call.site.parts.engine) as db:
        found = store.change(db, int(name)) if is_number else None
        if found is None:
            raise not_found("change")
        former = next(iter(store.changes(db, before=found.id, limit=1)), None)
        before, after = store.contents_of(db, former), store.contents_of(db, found)
    diff = diff_of(changed_files(before, after))
    return ChangeOpened(change=_change(found), diff=diff, files=_texts(after))


def _proposal(call: Call, files: Files, body: Wish) -> Proposal:
    given = [
        {name: value for name, value in msgspec.structs.asdict(one).items() if value is not None}
        for one in body.edits
    ]
    texts = {n: None if t is None else t.encode("utf-8") for n, t in body.texts.items()}
    try:
        after = with_edits(with_texts(by_name(files), texts), edits_of(given))
        return proposed(call.site.parts, files, after)
    except (NotEditable, ConfigError, UnicodeEncodeError) as problem:
        raise invalid(str(problem), field="edits") from problem


def _require_seen(files: Files) -> None:
    seen = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not seen:
        detail = "send the ETag of GET /config, so that nobody's change is overwritten unseen"
        raise invalid(detail, field="If-Match", status=428)
    if seen != digest_of(by_name(files)):
        raise conflict("the files have changed since you read them: get them again")


def _saved(call: Call, proposal: Proposal, wanted: Change) -> Tagged:
    match save(call.site.parts, proposal, wanted):
        case Saved() as saved:
            digest = digest_of(proposal.after)
            shape = SavedShape(
                change=saved.number, hash=saved.hash, digest=digest, diff=proposal.diff
            )
            return Tagged(answer=shape, etag=digest)
        case Moved(files=files):
            names = ", ".join(file.name for file in files)
            raise conflict(f"somebody was faster and changed {names}: get the files again")
        case Refused() as refused:
            raise _refusal(refused)


def _refusal(refused: Refused) -> Problem:
    if refused.obstacle in (Obstacle.INVALID, Obstacle.TESTS):
        return invalid(refused.detail, field="edits")
    return conflict(refused.detail)


def _texts(contents: Mapping[str, bytes]) -> Mapping[str, str]:
    return {name: text.decode("utf-8", "replace") for name, text in contents.items()}


def _finding(one: Finding) -> FindingShape:
    return FindingShape(
        code=one.code.value,
        severity=one.severity.value,
        place=one.place.rpartition("/")[2],
        path=one.path,
        message=one.message,
        suggestion=one.suggestion,
    )


def _change(one: store.Change) -> ChangeShape:
    return ChangeShape(
        id=one.id,
        at=one.at,
        actor=one.actor,
        way=one.way,
        message=one.message,
        back_to=one.back_to,
        hash=one.config,
        digest=one.folder,
    )


ROUTES = (
    get(
        "/config",
        show,
        Nothing,
        ConfigShape,
        "The configuration's files as they stand; the ETag is what a change has to name",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/config/check",
        check,
        Tried,
        ProposalShape,
        "What a change would be: the difference, mistakes, tests, effect; saves nothing",
        Scope.ADMIN,
    ),
    write(
        "PUT",
        "/config",
        put,
        Wanted,
        SavedShape,
        "Changes the files (If-Match: the ETag seen); 409 where they have moved",
        Scope.ADMIN,
    ),
    get(
        "/config/history",
        history,
        Paging,
        Page[ChangeShape],
        "Who changed the configuration when and why, the newest first",
        Scope.ADMIN,
    ),
    get(
        "/config/history/{id}",
        show_change,
        Nothing,
        ChangeOpened,
        "One change: its difference, and all files afterwards",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/config/rollback",
        rollback,
        Return,
        SavedShape,
        "Makes all files what they were after a change (If-Match: the ETag seen)",
        Scope.ADMIN,
    ),
)
