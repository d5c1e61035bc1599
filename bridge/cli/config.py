"""`bridge config`: the YAML looked at, edited where things stand, and taken back to what it was."""

from collections.abc import Callable, Iterator

import click

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.house import opened, plain
from bridge.domain.errors import ConfigError
from bridge.pipeline.changing.saving import (
    Change,
    Moved,
    Obstacle,
    Refused,
    Saved,
    folder_now,
    is_here,
    propose,
    propose_return,
    save,
)
from bridge.pipeline.parts import Parts
from bridge.policy.editing import AddItem, Edit, NotEditable, Path, Put, Remove, Value
from bridge.policy.editing.places import value_of
from bridge.policy.editing.plain import value_at
from bridge.policy.editing.rendering import block
from bridge.policy.folder import Files
from bridge.policy.paths import steps_of
from bridge.policy.proposing import Proposal, by_name, changed_files, diff_of, digest_of, values_of
from bridge.store import config_changes as store
from bridge.store import configs
from bridge.store.audit import COMMAND
from bridge.store.engine import reading

_NEXT = {
    Obstacle.NOT_HERE: "run this on the machine that has the folder, as who may write it",
    Obstacle.NOT_ACTIVE: "run `bridge check`, and look whether BRIDGE_CONFIG is the folder in use",
    Obstacle.INVALID: "nothing was written; give another value",
    Obstacle.TESTS: "change the tests as well, or save it all the same with --despite-tests",
    Obstacle.NOTHING: "it says so already",
}


@click.group()
def config() -> None:
    """Show, edit and take back the configuration, with its history."""


@config.command(cls=Command)
@click.argument("path", required=False)
def show(path: str | None) -> None:
    """Show the folder's files, or what stands at PATH.

    PATH is as in messages of `bridge check`: rules[0].when, employees["ana@acme.example"].role
    """
    with opened() as parts:
        files = folder_now(parts)
        with reading(parts.engine) as db:
            active, last = configs.active(db), store.last_change(db)
        if path is not None:
            found = value_at(_values(files), _steps(path))
            if found is None:
                raise Failed(f"there is no {path}", "look at all of it with `bridge config show`")
            answer({"path": path, "value": found}, "\n".join(block(found, 0)))
            return
        contents = {n: text.decode("utf-8", "replace") for n, text in by_name(files).items()}
        shown = {
            "folder": files.folder,
            "is_here": is_here(parts),
            "digest": digest_of(by_name(files)),
            "active": None if active is None else active.hash,
            "error": "" if active is None else active.error,
            "change": None if last is None else last.id,
            "files": contents,
        }
        answer(shown, "\n".join(f"# {name}\n{text}" for name, text in contents.items()))


@config.command(cls=Command)
@click.argument("path")
@click.argument("value", required=False)
@click.option("--add", is_flag=True, help="Add VALUE to the list at PATH, as its last item.")
@click.option("--remove", is_flag=True, help="Take away what stands at PATH.")
@click.option("--message", default="", help="Why; stands in the history.")
@click.option("--dry-run", is_flag=True, help="Show the difference and the check; write nothing.")
@click.option("--despite-tests", is_flag=True, help="Save it although tests in the YAML fail.")
@click.pass_context
def edit(
    ctx: click.Context,
    path: str,
    value: str | None,
    add: bool,
    remove: bool,
    message: str,
    dry_run: bool,
    despite_tests: bool,
) -> None:
    """Put VALUE (YAML) at PATH; comments, order and all else stay as they are.

    PATH is as in messages of `bridge check`: rules[0].label, employees["ana@acme.example"].role
    """
    if (value is None) != remove or (add and remove):
        raise click.UsageError("give a VALUE, or --remove without one")
    wanted = Change(who=COMMAND, message=message, despite_tests=despite_tests)
    change = _edit(_steps(path), value, add=add)
    _do(ctx, lambda parts, files: propose(parts, files, [change]), wanted, dry_run=dry_run)


@config.command(cls=Command)
@click.argument("number", type=click.IntRange(1), required=False)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
def history(number: int | None, limit: int) -> None:
    """List who changed the configuration when and why, or show the difference of change NUMBER."""
    with opened() as parts, reading(parts.engine) as db:
        if number is None:
            found = store.changes(db, limit=limit)
            shown = [{**plain(one), "manifest": sorted(one.manifest)} for one in found]
            answer({"changes": shown}, "\n".join(map(_line, found)) or "no change was kept yet")
            return
        one = store.change(db, number)
        if one is None:
            raise Failed(f"there is no change {number}", "list them with `bridge config history`")
        former = next(iter(store.changes(db, before=number, limit=1)), None)
        files = changed_files(store.contents_of(db, former), store.contents_of(db, one))
    diff = diff_of(files)
    answer({"change": plain(one), "diff": diff}, f"{_line(one)}\n\n{diff}")


@config.command(cls=Command)
@click.argument("number", type=click.IntRange(1))
@click.option("--message", default="", help="Why; stands in the history.")
@click.option("--dry-run", is_flag=True, help="Show the difference and the check; write nothing.")
@click.option("--despite-tests", is_flag=True, help="Save it although tests in the YAML fail.")
@click.pass_context
def rollback(
    ctx: click.Context, number: int, message: str, dry_run: bool, despite_tests: bool
) -> None:
    """Make all files what they were after change NUMBER; a change of its own, taken back alike."""
    wanted = Change(who=COMMAND, message=message, back_to=number, despite_tests=despite_tests)
    _do(ctx, lambda parts, files: propose_return(parts, files, number), wanted, dry_run=dry_run)


Proposing = Callable[[Parts, Files], Proposal]


def _do(ctx: click.Context, propose_it: Proposing, wanted: Change, *, dry_run: bool) -> None:
    with opened() as parts:
        try:
            proposal = propose_it(parts, folder_now(parts))
        except NotEditable as problem:
            raise Failed(str(problem), "edit the file itself, then run `bridge check`") from problem
        except LookupError as problem:
            hint = "list them with `bridge config history`"
            raise Failed(str(problem.args[0]), hint) from problem
        saved = None if dry_run else _saved(parts, proposal, wanted)
    shown = {
        "saved": saved is not None,
        "change": saved.number if saved else None,
        "config": saved.hash if saved else None,
        "diff": proposal.diff,
        "findings": plain(proposal.findings),
    }
    answer(shown, "\n".join(_told(proposal, saved)))
    if dry_run and proposal.errors:
        ctx.exit(1)


def _saved(parts: Parts, proposal: Proposal, wanted: Change) -> Saved:
    match save(parts, proposal, wanted):
        case Saved() as saved:
            return saved
        case Moved(files=files):
            names = ", ".join(file.name for file in files)
            raise Failed(f"somebody changed {names} meanwhile", "nothing was written; try again")
        case Refused() as refused:
            raise Failed(refused.detail, _NEXT[refused.obstacle])


def _told(proposal: Proposal, saved: Saved | None) -> Iterator[str]:
    yield proposal.diff or "nothing differs"
    yield from (f"{finding.severity}: {finding}" for finding in proposal.findings)
    if saved is not None:
        yield f"saved as change {saved.number}; take it back with `bridge config rollback`"
    else:
        yield "nothing was written"


def _edit(path: Path, value: str | None, *, add: bool) -> Edit:
    if value is None:
        return Remove(path)
    try:
        given = value_of(value)
    except NotEditable as problem:
        raise click.UsageError(f"{value}: {problem}") from problem
    return AddItem(path, given) if add else Put(path, given)


def _steps(path: str) -> Path:
    try:
        return steps_of(path)
    except ValueError as error:
        example = 'rules[0].label or employees["ana@acme.example"].role'
        raise click.UsageError(f"{path}: write a path such as {example}") from error


def _values(files: Files) -> Value:
    try:
        return values_of(by_name(files))
    except NotEditable as problem:
        raise ConfigError(str(problem)) from problem


def _line(one: store.Change) -> str:
    who = one.actor.partition(":")[2] or one.actor or one.way
    back = f" (back to {one.back_to})" if one.back_to else ""
    said = f"  {one.message}" if one.message else ""
    return f"{one.id:>5}  {one.at:%Y-%m-%d %H:%M} UTC  {who}{back}{said}"
