"""`bridge reconcile`: what is missing on either side, found and mended where it can be."""

from collections.abc import Iterator
from datetime import timedelta

import click

from bridge.cli.answers import Command, answer
from bridge.cli.house import opened, plain
from bridge.cli.progress import shown
from bridge.domain.names import AccountName
from bridge.pipeline.reconcile.asking import Task
from bridge.pipeline.reconcile.findings import Finding, Report, State
from bridge.pipeline.reconcile.run import Wishes
from bridge.pipeline.reconcile.run import reconcile as compare
from bridge.policy.kinds import Complaint
from bridge.policy.words import DURATION

_MARK = {
    State.MENDED: "mended  ",
    State.WOULD_MEND: "would   ",
    State.UNDER_WAY: "ordered ",
    State.LEFT: "left    ",
    State.OPEN: "OPEN    ",
}


def _span(ctx: click.Context, param: click.Parameter, text: str) -> timedelta:
    try:
        return DURATION.parse(text)
    except Complaint as error:
        raise click.BadParameter(f"{text} {error}") from error


@click.command(cls=Command)
@click.option(
    "--since", default="24h", show_default=True, callback=_span, help="Such as 90m, 24h or 7d."
)
@click.option("--account", help="Only this account of accounts.yaml.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
@click.option("--fix", is_flag=True, help="Also set up at the vendors what can be set up here.")
@click.option("--take-over", is_flag=True, help="With --fix: also take over another's webhooks.")
@click.option("--dropped", is_flag=True, help="Also write entries that a person has dropped.")
@click.pass_context
def reconcile(
    ctx: click.Context,
    since: timedelta,
    account: str | None,
    dry_run: bool,
    fix: bool,
    take_over: bool,
    dropped: bool,
) -> None:
    """Compare the store with every vendor, in both directions; mend what is missing.

    Exit code 1 when something is left that a person has to do.
    """
    if (take_over and not fix) or (fix and dry_run):
        raise click.UsageError("--take-over goes with --fix, and --fix not with --dry-run")
    with opened() as parts, shown() as progress:
        now = parts.now()
        task = Task(
            parts=parts,
            since=now - since,
            until=now,
            account=None if account is None else AccountName(account),
            dry_run=dry_run,
            progress=progress,
        )
        report = compare(task, Wishes(fix=fix, take_over=take_over, dropped=dropped))
    shown_as = plain(report) | {"ok": report.ok, "dry_run": dry_run}
    answer(shown_as, "\n".join(_lines(report)))
    if not report.ok:
        ctx.exit(1)


def _lines(report: Report) -> Iterator[str]:
    for finding in report.findings:
        yield _line(finding)
        if finding.todo:
            yield f"          do: {finding.todo}"
    looked = ", ".join(f"{count} {about}" for about, count in report.looked_at.items())
    yield f"compared: {looked or 'nothing'}"
    found = ", ".join(f"{n} {state}" for state in State if (n := report.count(state)))
    yield found or "nothing is missing"


def _line(finding: Finding) -> str:
    where = f"{finding.account}  {finding.about}  {finding.subject}"
    return f"{_MARK[finding.state]}  {where}: {finding.detail}"
