"""`bridge doctor`: everything held against reality, with what to do about what is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass

import click

from bridge.cli.answers import Command, answer
from bridge.cli.house import opened, plain, settings_of_command
from bridge.domain.errors import ConfigError
from bridge.domain.names import EmployeeId
from bridge.domain.people import Directory
from bridge.domain.records import Pipeline
from bridge.pipeline.doctor import self_test, vendors
from bridge.pipeline.doctor.channels import check_writers
from bridge.pipeline.doctor.partners import check_partners
from bridge.pipeline.doctor.people import (
    check_clients,
    check_owners,
    check_people,
    check_pipelines,
)
from bridge.pipeline.doctor.points import Health, Point, fine, skipped, wrong
from bridge.pipeline.doctor.renewals import check_renewals
from bridge.pipeline.doctor.self_test import TestMessage
from bridge.pipeline.doctor.signing_in import check_sign_in
from bridge.pipeline.doctor.standing import check_standing
from bridge.pipeline.doctor.storage import check_storage
from bridge.pipeline.parts import Parts
from bridge.queue.server import OLDEST, server_version
from bridge.queue.standing import queue_state
from bridge.settings import Settings
from bridge.store import configs, mirror
from bridge.store.engine import reading
from bridge.store.examining import owners_of_contacts, owners_of_open_records
from bridge.store.partner_leads import open_by_user
from bridge.store.partners import partner_state
from bridge.wiring import read_folder

WAIT_SECONDS = 60.0
_MARK = {Health.OK: "ok   ", Health.WRONG: "WRONG", Health.SKIPPED: "-    "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    offline: bool
    fix: bool
    take_over: bool


@click.command(cls=Command)
@click.option("--offline", is_flag=True, help="Ask no vendor.")
@click.option("--fix", is_flag=True, help="Set up at the vendors what can be set up from here.")
@click.option("--take-over", is_flag=True, help="With --fix: also take over another's webhooks.")
@click.option("--test-message", is_flag=True, help="Send one message to --to and await word of it.")
@click.option("--to", "to_phone", help="A phone that somebody looks at, such as +34600111222.")
@click.option("--as", "sender", help="Who sends it; the first manager when not given.")
@click.option(
    "--wait", "wait_seconds", type=click.FloatRange(0), default=WAIT_SECONDS, show_default=True
)
@click.pass_context
def doctor(
    ctx: click.Context,
    offline: bool,
    fix: bool,
    take_over: bool,
    test_message: bool,
    to_phone: str | None,
    sender: str | None,
    wait_seconds: float,
) -> None:
    """Check configuration, store, queue, vendors and people; say what to do."""
    if (take_over or fix) and (offline or not fix):
        raise click.UsageError("--take-over goes with --fix, and --fix needs the vendors")
    if test_message and not to_phone:
        raise click.UsageError("--test-message needs --to PHONE; leave both out to skip it")
    settings = settings_of_command()
    wanted = Wanted(offline=offline, fix=fix, take_over=take_over)
    with opened() as parts:
        points = list(_points(parts, settings, wanted))
        points.append(_tested(parts, to_phone if test_message else None, sender, wait_seconds))
    ok = all(point.health is not Health.WRONG for point in points)
    answer({"ok": ok, "points": plain(points)}, "\n".join(_lines(points, ok=ok)))
    if not ok:
        ctx.exit(1)


def _points(parts: Parts, settings: Settings, wanted: Wanted) -> Iterator[Point]:
    yield fine("schema", "the store has this version's schema")
    yield _config(parts, settings)
    yield _queue(settings)
    yield check_storage(parts.storage)
    with reading(parts.engine) as db:
        yield from check_standing(db, parts.now())
    try:
        parts.active()
    except ConfigError as error:
        todo = "set what it names in this terminal too, or run `bridge migrate`"
        yield wrong("active configuration", str(error), todo)
        return
    yield from check_sign_in(parts, offline=wanted.offline)
    yield from _outside(parts, wanted)


def _outside(parts: Parts, wanted: Wanted) -> Iterator[Point]:
    """The vendors, and what they say of people and channels; else what the mirror says."""
    active = parts.active()
    crm = active.policy.crm
    with reading(parts.engine) as db:
        directory = mirror.directory(db, crm)
        pipelines = () if crm is None else mirror.pipelines(db, crm)
        owners = {} if crm is None else owners_of_open_records(db, crm)
        clients = {} if crm is None else owners_of_contacts(db, crm)
    for account in active.accounts:
        if wanted.offline:
            yield skipped(f"reaching {account}", "not asked (--offline)")
            continue
        if wanted.fix:
            yield from vendors.fix(parts, account, take_over=wanted.take_over)
        found = vendors.examine(parts, account)
        yield from found.points
        if account == crm:
            directory = found.directory or directory
            pipelines = pipelines if found.pipelines is None else found.pipelines
    yield from _people(parts, directory, pipelines)
    yield from check_owners(active.policy, directory, owners)
    yield from check_clients(active.policy, directory, clients)
    with reading(parts.engine) as db:
        yield from check_renewals(db, active.policy, directory, parts.now())


def _people(parts: Parts, directory: Directory, pipelines: tuple[Pipeline, ...]) -> Iterator[Point]:
    policy = parts.active().policy
    yield from check_people(policy, directory)
    yield from check_pipelines(policy, pipelines)
    yield from check_writers(policy, directory)
    with reading(parts.engine) as db:
        yield from check_partners(policy, partner_state(db), directory, open_by_user(db))


def _config(parts: Parts, settings: Settings) -> Point:
    check = "configuration"
    with reading(parts.engine) as db:
        row = configs.active(db)
    if row is None:
        return wrong(check, "none is active", "run `bridge migrate`")
    try:
        loaded = read_folder(settings)
    except ConfigError as error:
        said = str(error).splitlines()[0]
        todo = "run `bridge check`; until it is good the last good one stays"
        return wrong(check, f"the folder is wrong: {said}", todo)
    if row.hash != loaded.hash:
        said = f"the folder ({loaded.hash[:12]}) is not what is active ({row.hash[:12]})"
        return wrong(check, said, "run `bridge migrate`, or start `bridge clock`, which follows it")
    return fine(check, f"the folder is active ({row.hash[:12]})")


def _queue(settings: Settings) -> Point:
    if settings.redis_url is None:
        return fine("queue", "no Redis is named here: workers poll the tables")
    version = server_version(settings.redis_url)
    if version is None:
        todo = "is Redis running, and BRIDGE_REDIS_URL right? Meanwhile the clock drains"
        return wrong("queue", "Redis does not answer", todo)
    said = ".".join(map(str, version))
    if version < OLDEST:
        return wrong("queue", f"Redis {said} is too old", "install 6.2 or newer")
    if not queue_state(settings.redis_url).workers:
        return wrong("queue", f"Redis {said}, no worker", "start `bridge worker`")
    return fine("queue", f"Redis {said}, workers are there")


def _tested(parts: Parts, to_phone: str | None, sender: str | None, wait: float) -> Point:
    if to_phone is None:
        todo = "to try one: bridge doctor --test-message --to PHONE"
        return skipped(self_test.CHECK, "none was sent", todo)
    writer = EmployeeId(sender.strip().lower()) if sender else None
    writer = writer or self_test.first_manager(parts.active().policy)
    if writer is None:
        return wrong(self_test.CHECK, "nobody is a manager", "say who sends it: --as EMPLOYEE")
    message = TestMessage(to_phone=to_phone, sender=writer, wait_seconds=wait)
    return self_test.run(parts, message)


def _lines(points: list[Point], *, ok: bool) -> Iterator[str]:
    for point in points:
        yield f"{_MARK[point.health]}  {point.check}: {point.detail}"
        if point.todo:
            yield f"       do: {point.todo}"
    count = sum(point.health is Health.WRONG for point in points)
    yield "all is well" if ok else f"wrong: {count}; see `do:` above"
