"""`bridge check` and `bridge test`: the configuration folder as it stands, before it is used."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import click

from bridge.cli.answers import Command, answer, wants_json
from bridge.cli.house import opened_if_any, plain, settings_of_command
from bridge.domain.people import Directory
from bridge.domain.records import Pipeline
from bridge.policy.checks.crm import check_against_crm
from bridge.policy.findings import ConfigInvalid, Finding, Severity, errors_of
from bridge.policy.reading import Loaded, in_order
from bridge.policy.secrets import secret_findings
from bridge.policy.trial_runs import Coverage, TestResult, coverage, findings_of, run_tests
from bridge.settings import Settings, environment
from bridge.store import mirror
from bridge.store.engine import reading
from bridge.wiring import read_crm, read_folder

_PLACE = re.compile(r"^(?P<file>.*):(?P<line>\d+):(?P<column>\d+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`crm` says what the folder was held against: `online`, `mirror` or `nothing`."""

    findings: tuple[Finding, ...]
    crm: str = "nothing"

    @property
    def is_good(self) -> bool:
        return not errors_of(self.findings)


@click.command(cls=Command)
@click.option("--online", is_flag=True, help="Ask the CRM too; needs the secrets.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="github: annotations for a workflow's log.",
)
@click.pass_context
def check(ctx: click.Context, online: bool, style: str) -> None:
    """Check the configuration folder: options, what they mean together, and its tests."""
    found = checked(settings_of_command(), online=online)
    if style == "json":
        ctx.meta["bridge.json"] = True
    annotate = style == "github" and not wants_json()
    text = "\n".join(map(_annotation, found.findings)) if annotate else _text(found)
    shown = [_shown(finding) for finding in found.findings]
    answer({"ok": found.is_good, "crm": found.crm, "findings": shown}, text)
    if not found.is_good:
        ctx.exit(1)


@click.command("test", cls=Command)
@click.option("--coverage", "covers", is_flag=True, help="List the rules that no test reaches.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    help="Fail below this percentage of rules reached.",
)
@click.pass_context
def run(ctx: click.Context, covers: bool, fail_under: float | None) -> None:
    """Run the tests that stand in the YAML."""
    loaded = read_folder(settings_of_command())
    results = run_tests(loaded.policy, loaded.tests)
    reached = coverage(results, loaded.policy)
    lines = [line for result in results for line in _result_lines(result)]
    failed = sum(not result.passed for result in results)
    lines.append(f"{len(results) - failed} of {len(results)} tests passed")
    if covers or fail_under is not None:
        lines.extend(_coverage_lines(reached))
    below = fail_under is not None and reached.percent < fail_under
    if below:
        lines.append(
            f"fewer than the {fail_under:g} % that are wanted: write tests for these rules"
        )
    tests = [_shown_result(result) for result in results]
    ok = not failed and not below
    answer({"ok": ok, "tests": tests, "coverage": plain(reached)}, "\n".join(lines))
    if not ok:
        ctx.exit(1)


def checked(settings: Settings, *, online: bool) -> Checked:
    """All that is wrong with the folder. Tests and the CRM are asked only about one that loads."""
    try:
        loaded = read_folder(settings)
    except ConfigInvalid as error:
        return Checked(findings=error.findings)
    unset = secret_findings(loaded.policy, environment(), loaded.places)
    if not online:  # where a folder is only checked, such as in CI, secrets need not be known
        unset = tuple(replace(finding, severity=Severity.WARNING) for finding in unset)
    tests = findings_of(run_tests(loaded.policy, loaded.tests))
    found = (*loaded.findings, *unset, *tests)
    if online and not unset:
        against = check_against_crm(loaded.policy, *_asked(settings, loaded), loaded.places)
        return Checked(findings=in_order((*found, *against)), crm="online")
    against, crm = _against_mirror(settings, loaded)
    return Checked(findings=in_order((*found, *against)), crm=crm)


def _asked(settings: Settings, loaded: Loaded) -> tuple[Sequence[Pipeline], Directory]:
    return read_crm(settings, environment(), loaded)


def _against_mirror(settings: Settings, loaded: Loaded) -> tuple[tuple[Finding, ...], str]:
    """By what the CRM was last read as, where there is a store that knows."""
    crm = loaded.policy.crm
    with opened_if_any(settings) as parts:
        if parts is None or crm is None:
            return (), "nothing"
        with reading(parts.engine) as db:
            pipelines = mirror.pipelines(db, crm)
            directory = mirror.directory(db, crm)
    if not pipelines:
        return (), "nothing"
    return check_against_crm(loaded.policy, pipelines, directory, loaded.places), "mirror"


def _text(found: Checked) -> str:
    lines = [f"{finding.severity}: {finding}" for finding in found.findings]
    errors = len(errors_of(found.findings))
    lines.append(f"{errors} errors, {len(found.findings) - errors} warnings")
    if found.crm == "nothing":
        lines.append("not held against the CRM: `bridge check --online` does that")
    return "\n".join(lines)


def _shown(finding: Finding) -> dict[str, object]:
    file, line, column = _split(finding.place)
    shown: dict[str, object] = plain(finding)
    return shown | {"file": file, "line": line, "column": column}


def _annotation(finding: Finding) -> str:
    """A workflow command of GitHub's runners.

    docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    """
    file, line, column = _split(finding.place)
    said = f"{finding.message}; {finding.suggestion}" if finding.suggestion else finding.message
    title = f"{finding.code} {finding.path}".strip()
    where = f"file={_property(file)},line={line},col={column},title={_property(title)}"
    return f"::{finding.severity} {where}::{_data(said)}"


def _split(place: str) -> tuple[str, int, int]:
    found = _PLACE.match(place)
    return (found["file"], int(found["line"]), int(found["column"])) if found else (place, 1, 1)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _result_lines(result: TestResult) -> list[str]:
    if result.passed:
        return [f"ok      {result.test.name}"]
    lines = [f"FAILED  {result.test.name} ({result.test.place})"]
    for difference in result.differences:
        lines.append(f"        - {difference.what}: {difference.expected}")
        lines.append(f"        + {difference.what}: {difference.actual}")
    return [*lines, f"        parted at: {result.diverged}"]


def _coverage_lines(reached: Coverage) -> list[str]:
    lines = [f"{reached.percent:.0f} % of the rules are reached"]
    return [*lines, *(f"  never reached: {rule}" for rule in reached.unreached)]


def _shown_result(result: TestResult) -> dict[str, object]:
    return {
        "name": result.test.name,
        "place": result.test.place,
        "passed": result.passed,
        "differences": plain(result.differences),
        "diverged": result.diverged,
    }
