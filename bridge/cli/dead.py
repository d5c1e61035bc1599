"""`bridge dead` and `bridge replay`: what a person has to decide about, and doing a thing again."""

from collections.abc import Callable, Iterator, Sequence

import click
from sqlalchemy import Connection

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.house import opened, plain
from bridge.pipeline import dead as letters
from bridge.pipeline.dead import Box, DeadLetter
from bridge.pipeline.parts import Parts
from bridge.pipeline.replaying import Again, Step, carry_out, steps_of
from bridge.store.audit import COMMAND, Who
from bridge.store.engine import reading

_LIST = "list"
_PAGE = 200
BOX = click.Choice([box.value for box in Box])
_HOW = "letters are named as `bridge dead list` does: inbox:12, outbox:7"


class _ListByDefault(click.Group):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = [_LIST, *args]
        return super().parse_args(ctx, args)


@click.group("dead", cls=_ListByDefault)
def dead() -> None:
    """List, show, replay or drop dead letters: what no further try by itself can mend."""


@dead.command(_LIST, cls=Command)
@click.option("--box", type=BOX, help="Only what came in, or only what goes out.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
def list_all(box: str | None, limit: int) -> None:
    """List them, the oldest first."""
    with opened() as parts, reading(parts.engine) as db:
        found = [x for b in _boxes(box) for x in letters.dead_letters(db, b, 0, limit)][:limit]
    text = "\n".join(_line(letter) for letter in found) or "there are no dead letters"
    answer({"letters": [_shown(letter) for letter in found]}, text)


@dead.command(cls=Command)
@click.argument("letter")
@click.option("--body", is_flag=True, help="Also the raw request, which holds a client's words.")
def show(letter: str, body: bool) -> None:
    """Show one with its whole reason."""
    with opened() as parts, reading(parts.engine) as db:
        found = _letter(db, letter)
    raw = (found.body or b"").decode("utf-8", "replace") if body else None
    text = "\n".join([_line(found), found.reason, *([raw] if raw else [])])
    answer(_shown(found) | {"reason": found.reason, "body": raw}, text)


@dead.command(cls=Command)
@click.argument("names", nargs=-1, metavar="[LETTER]…")
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--dry-run", is_flag=True, help="Say what would be done.")
def replay(names: tuple[str, ...], every: bool, dry_run: bool) -> None:
    """Try them again from their stored bytes; nothing is done twice."""
    _do("replayed", names, every, dry_run, letters.replay)


@dead.command(cls=Command)
@click.argument("names", nargs=-1, metavar="[LETTER]…")
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--dry-run", is_flag=True, help="Say what would be done.")
def drop(names: tuple[str, ...], every: bool, dry_run: bool) -> None:
    """Decide that they will not be done."""
    _do("dropped", names, every, dry_run, letters.drop)


@dead.command(cls=Command)
@click.argument("names", nargs=-1, required=True, metavar="LETTER…")
def undo(names: tuple[str, ...]) -> None:
    """Take drops back: they are dead letters again."""
    with opened() as parts:
        done = [name for name in names if letters.take_back_drop(parts, *_named(name))]
    if not done:
        what = "is nothing that a person dropped, or is not kept any more"
        raise Failed(f"{', '.join(names)} {what}", "bridge deliveries shows how each stands")
    left = [name for name in names if name not in done]
    lines = [f"a dead letter again: {name}" for name in done]
    lines += [f"left as it is: {name}" for name in left]
    shown = [{"name": name, "done": name in done} for name in names]
    answer({"letters": shown}, "\n".join(lines))


@click.command("replay", cls=Command)
@click.argument("events", nargs=-1, required=True, metavar="EVENT…")
@click.option("--dry-run", is_flag=True, help="Say what would be done.")
def replay_events(events: tuple[str, ...], dry_run: bool) -> None:
    """Drive events again from what is stored; what was delivered is not delivered twice.

    EVENT is a decision's number, an event key, a message's id, or a row: inbox:12, outbox:7.
    """
    with opened() as parts:
        with reading(parts.engine) as db:
            steps = list(dict.fromkeys(s for event in events for s in _steps(db, event)))
        done = () if dry_run else carry_out(parts, steps, COMMAND)
    lines = [_step_line(step, dry_run=dry_run, done=step in done) for step in steps]
    shown = [plain(step) | {"name": step.name, "done": step in done} for step in steps]
    answer({"dry_run": dry_run, "steps": shown}, "\n".join(lines))


def _do(
    verb: str,
    names: Sequence[str],
    every: bool,
    dry_run: bool,
    act: Callable[[Parts, Box, int, Who], bool],
) -> None:
    if bool(names) == every:
        raise click.UsageError("name letters, or say --all")
    with opened() as parts:
        with reading(parts.engine) as db:
            chosen = list(_everyone(db)) if every else [_letter(db, name) for name in names]
        done = [x for x in chosen if not dry_run and act(parts, x.box, x.id, COMMAND)]
    word = f"would be {verb}" if dry_run else verb
    lines = [f"{word}: {_line(x)}" for x in (chosen if dry_run else done)]
    shown = [_shown(x) | {"done": x in done} for x in chosen]
    answer({"dry_run": dry_run, "letters": shown}, "\n".join(lines) or "there is nothing to do")


def _everyone(db: Connection) -> Iterator[DeadLetter]:
    for box in Box:
        after = 0
        while page := letters.dead_letters(db, box, after, _PAGE):
            yield from page
            after = page[-1].id


def _letter(db: Connection, name: str) -> DeadLetter:
    found = letters.dead_letter(db, *_named(name))
    if found is None:
        raise Failed(f"there is no dead letter {name}", _HOW)
    return found


def _named(name: str) -> tuple[Box, int]:
    box, _, number = name.partition(":")
    if box in tuple(Box) and number.isascii() and number.isdigit() and len(number) < 19:
        return Box(box), int(number)
    raise Failed(f"there is no dead letter {name}", _HOW)


def _steps(db: Connection, event: str) -> Sequence[Step]:
    try:
        return steps_of(db, event)
    except LookupError as error:
        raise Failed(
            str(error.args[0]), "take a decision's number, an event key or a message's id"
        ) from error


def _boxes(box: str | None) -> Sequence[Box]:
    return tuple(Box) if box is None else (Box(box),)


def _line(letter: DeadLetter) -> str:
    lines = [line for line in letter.reason.splitlines() if line.strip()]
    said = lines[-1].strip() if lines else "no reason was kept"
    when = letter.at.isoformat(timespec="seconds")
    return f"{letter.box}:{letter.id}  {when}  {letter.account}  {letter.kind}  {said}"


def _shown(letter: DeadLetter) -> dict[str, object]:
    shown: dict[str, object] = plain(letter) | {"name": f"{letter.box}:{letter.id}"}
    return {key: value for key, value in shown.items() if key != "body"}


def _step_line(step: Step, *, dry_run: bool, done: bool) -> str:
    said = {Again.DECIDE: "decide again", Again.DELIVER: "deliver again", Again.NOTHING: "nothing"}
    word = "would " if dry_run and step.again is not Again.NOTHING else ""
    late = "" if dry_run or done or step.again is Again.NOTHING else " (changed meanwhile: left)"
    return f"{step.name}  {step.kind}  {word}{said[step.again]}: {step.detail}{late}"
