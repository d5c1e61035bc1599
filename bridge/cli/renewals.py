"""`bridge renewals`: what is coming, who gets which notice and why, whose process it is."""

import secrets
from collections.abc import Iterator
from datetime import date

import click

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.house import opened, plain
from bridge.cli.whom import AS, somebody
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.renewing import OwnerChoice, RenewalId, RenewalOwner, RenewalWord
from bridge.domain.renewing_notices import Notice
from bridge.domain.renewing_policy import RenewalDefault
from bridge.pipeline.parts import Parts
from bridge.pipeline.refusals import Refusal
from bridge.pipeline.renewals import desk
from bridge.pipeline.renewals.defaults import Edit, edit_default
from bridge.pipeline.renewals.viewing import DefaultSeen, Eyes, Opened, Seen
from bridge.store.engine import reading

TERMINAL = Person(kind=PersonKind.SERVICE, id="terminal")
"""Whose eyes are used here: whoever may read the store may read all renewals."""
_OWNERS = click.Choice([choice.value for choice in OwnerChoice])
_DEFAULTS = click.Choice([owner.value for owner in RenewalOwner])
_WORDS = click.Choice([word.value for word in RenewalWord])
_AS = click.option("--as", "kind", type=AS, help="What he is, where his address is several.")
_BY = click.option("--by", help="Whose word it is; the first manager's when not given.")


@click.group()
def renewals() -> None:
    """Show coming renewals, who gets which notice and why; say who owns them."""


@renewals.command("list", cls=Command)
@click.option("--first", type=click.DateTime(["%Y-%m-%d"]), help="The first day; today.")
@click.option(
    "--last", type=click.DateTime(["%Y-%m-%d"]), help="The last day; as far as the look-ahead."
)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
def list_all(first: date | None, last: date | None, limit: int) -> None:
    """List coming renewals, the soonest first."""
    with opened() as parts, reading(parts.engine) as db:
        eyes = Eyes(db, TERMINAL, parts.active().policy, parts.now())
        found = eyes.calendar(_day(first), _day(last), None, limit)
    text = "\n".join(_line(one) for one in found) or "no renewals are known"
    answer({"renewals": [_plain(one) for one in found]}, text)


@renewals.command(cls=Command)
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True)
def preview(days: int) -> None:
    """Show who gets which notice within the next days, and why. Sends nothing."""
    with opened() as parts, reading(parts.engine) as db:
        found = Eyes(db, TERMINAL, parts.active().policy, parts.now()).preview(days)
    lines = [line for notice in found.notices for line in _lines(notice)]
    if found.more:
        lines.append("there are more renewals than are looked at; ask for fewer days")
    text = "\n".join(lines) or f"no notice is due within {days} days"
    answer({"notices": plain(found.notices), "more": found.more}, text)


@renewals.command(cls=Command)
@click.argument("renewal")
def show(renewal: str) -> None:
    """Show one client's RENEWAL: owner, state, whom a notice would go to now."""
    with opened() as parts:
        found = _opened(parts, renewal)
    answer(plain(found), "\n".join(_story(found)))


@renewals.command(cls=Command)
@click.argument("renewal")
@click.argument("owner", type=_OWNERS)
@click.option("--notify", help="The point of contact, a user of the partner.")
@click.option("--seen", type=int, help="The version that you looked at; the present one if not.")
@_BY
@_AS
def override(
    renewal: str,
    owner: str,
    notify: str | None,
    seen: int | None,
    by: str | None,
    kind: str | None,
) -> None:
    """Set who owns the renewal process of one client: default, vendor or partner."""
    with opened() as parts:
        word = _word(parts, renewal, by, kind, seen)
        name = RenewalId(renewal)
        _done(desk.set_owner(parts, word, name, OwnerChoice(owner), notify))
        found = _opened(parts, renewal)
    answer(plain(found), "\n".join(_story(found)))


@renewals.command(cls=Command)
@click.argument("renewal")
@click.argument("word", type=_WORDS)
@click.option("--seen", type=int, help="The version that you looked at; the present one if not.")
@_BY
@_AS
def say(renewal: str, word: str, seen: int | None, by: str | None, kind: str | None) -> None:
    """Say how far a RENEWAL is; renewed, confirmed and who leaves stop the reminders."""
    with opened() as parts:
        renews_on = _opened(parts, renewal).seen.renewal.reading.renews_on
        if renews_on is None:
            raise Failed(f"{renewal} has no date", "wait until its origin names one")
        spoken = _word(parts, renewal, by, kind, seen)
        _done(desk.say(parts, spoken, RenewalId(renewal), RenewalWord(word), renews_on))
        found = _opened(parts, renewal)
    answer(plain(found), "\n".join(_story(found)))


@renewals.command(cls=Command)
@click.argument("owner", type=_DEFAULTS, required=False)
@click.option("--notify", help="The point of contact, a user of the partner.")
@click.option("--of", "tenant", default="", help="partner:KEY or reseller:KEY; this house if not.")
@_BY
@_AS
def default(
    owner: str | None, notify: str | None, tenant: str, by: str | None, kind: str | None
) -> None:
    """Show the default owner for all clients, or set it in renewals.yaml."""
    with opened() as parts:
        if owner is not None:
            edit = Edit(
                tenant=tenant,
                default=RenewalDefault(owner=RenewalOwner(owner), notify=notify),
                seen=parts.active().hash,
                by=_person(parts.active().policy, by, kind),
            )
            _done(edit_default(parts, edit))
        with reading(parts.engine) as db:
            found = Eyes(db, TERMINAL, parts.active().policy, parts.now()).default(tenant)
    if not isinstance(found, DefaultSeen):
        raise Failed(found.detail, "see `renewals` in docs/configuration.md")
    told = f", {found.default.notify}" if found.default.notify else ""
    answer(plain(found), f"{found.default.owner}{told}")


def _opened(parts: Parts, renewal: str) -> Opened:
    with reading(parts.engine) as db:
        eyes = Eyes(db, TERMINAL, parts.active().policy, parts.now())
        found = eyes.open(RenewalId(renewal))
    if found is None:
        raise Failed(f"there is no renewal {renewal}", "`bridge renewals list` names them")
    return found


def _word(
    parts: Parts, renewal: str, by: str | None, kind: str | None, seen: int | None
) -> desk.Word:
    version = _opened(parts, renewal).seen.renewal.version if seen is None else seen
    person = _person(parts.active().policy, by, kind)
    return desk.Word(person=person, seen=version, key=secrets.token_hex(16))


def _person(policy: Policy, by: str | None, kind: str | None) -> Person:
    if by is not None:
        return somebody(policy, by, kind)
    if not policy.managers:
        raise Failed("there is no manager whose word it could be", "name somebody with --by")
    return Person(kind=PersonKind.EMPLOYEE, id=policy.managers[0])


def _done(answered: Refusal | None) -> None:
    if answered is not None:
        raise Failed(answered.reason.detail, f"({answered.reason.code})")


def _day(given: date | None) -> date | None:
    """Click gives a moment."""
    return None if given is None else date(given.year, given.month, given.day)


def _line(one: Seen) -> str:
    reading, owner = one.renewal.reading, one.owner
    told = f", {owner.notify}" if owner.notify else ""
    whose = f" of {reading.tenant}" if reading.tenant else ""
    return (
        f"{reading.renews_on}  {reading.id}  {reading.name}{whose}: {one.renewal.state}; "
        f"{owner.owner}{told} ({owner.source})"
    )


def _lines(notice: Notice) -> Iterator[str]:
    found = notice.addressed
    yield (
        f"{notice.due.day}  {notice.renewal.reading.name}  {notice.due.step.name}: "
        f"{found.outcome}; {found.owner.reason.detail}"
    )
    if found.recipients.problem is not None:
        yield f"    {found.recipients.problem.detail}"
    for person in found.recipients.people:
        copied = "copy " if person.is_copy else ""
        yield f"    {copied}{person.email}: {person.reason.detail}"
    yield from (f"    {warning.detail}" for warning in found.recipients.warnings)


def _story(found: Opened) -> Iterator[str]:
    yield _line(found.seen)
    recipients = found.addressed.recipients
    if recipients.problem is not None:
        yield f"  a notice would reach nobody: {recipients.problem.detail}"
    for person in recipients.people:
        yield f"  {'copy ' if person.is_copy else ''}{person.email}: {person.reason.detail}"
    yield from (f"  {warning.detail}" for warning in recipients.warnings)
    for step in found.steps:
        when = step.at.isoformat(timespec="seconds")
        yield f"  {step.step} before {step.renews_on}: {step.outcome}, {when}"


def _plain(one: Seen) -> dict[str, object]:
    return {
        "renewal": plain(one.renewal),
        "state": one.renewal.state.value,
        "owner": plain(one.owner),
        "source": one.owner.source,
        "deadline": None if one.deadline is None else one.deadline.isoformat(),
    }
