"""`bridge partners`: the programme, partner accounts, users and queues, and the report."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Connection

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.house import opened, plain
from bridge.cli.partner_leads import accept, assign, decline, leads, take, undo
from bridge.cli.partner_words import BY, TERMINAL, hold, manager_or
from bridge.domain.names import EmployeeId, PartnerName
from bridge.domain.partner_policy import PartnersPolicy
from bridge.domain.programme import Details
from bridge.pipeline.partnering import acting
from bridge.pipeline.partnering.looking import Looker, looker
from bridge.pipeline.partnering.reporting import PartnerReport
from bridge.pipeline.partnering.reporting import report as report_of
from bridge.pipeline.partnering.standing import (
    AccountStanding,
    ProgrammeStanding,
    QueueStanding,
    UserStanding,
    account_standings,
    programme_standing,
    queue_standings,
    user_standings,
)
from bridge.policy.findings import did_you_mean
from bridge.store.engine import reading


@click.group()
def partners() -> None:
    """Run the partner programme: who takes part, who has which lead."""


for _command in (leads, assign, undo, take, accept, decline):
    partners.add_command(_command)


@partners.command(cls=Command)
def programme() -> None:
    """Show whether it is on, what switching it on asks for, and the review list."""
    with _looking() as (_, eyes):
        found = programme_standing(eyes)
    answer(plain(found), "\n".join(_programme(found)))


@partners.command("switch-on", cls=Command)
@click.option("--confirm", required=True, help="What `bridge partners programme` says to write.")
@click.option("--organisation", default="", help="The name of a production organisation.")
@BY
def switch_on(confirm: str, organisation: str, by: str | None) -> None:
    """Switch the programme on. This can't be undone."""
    with opened() as parts:
        asked = manager_or(parts.active().policy, by)
        hold(acting.switch_on(parts, asked, confirm, organisation))
    answer({"is_on": True}, "the partner programme is on; now look at `bridge partners programme`")


@partners.command(cls=Command)
@click.argument("outcome", type=click.Choice(["finish", "cancel"]))
@click.option("--seen", type=int, required=True, help="The version of the review that you saw.")
@BY
def review(outcome: str, seen: int, by: str | None) -> None:
    """End the review: finish it, or cancel when nothing needs changing."""
    with opened() as parts:
        asked = manager_or(parts.active().policy, by)
        hold(acting.end_review(parts, asked, changed=outcome == "finish", seen=seen))
    answer({"outcome": outcome}, f"the review is over: {outcome}")


@partners.command(cls=Command)
def accounts() -> None:
    """List partner accounts with their channel managers."""
    with _looking() as (db, eyes):
        found = account_standings(db, eyes)
    text = "\n".join(map(_account, found)) or "partners.yaml names no accounts"
    answer({"accounts": plain(found)}, text)


@partners.command(cls=Command)
@click.option("--account", default="", help="Of this partner alone.")
def users(account: str) -> None:
    """List partners' users, and what each still needs before he gets leads."""
    with _looking() as (_, eyes):
        _known(eyes.partners, account)
        found = user_standings(eyes, account)
    text = "\n".join(line for one in found for line in _user(one)) or "there are no users"
    answer({"users": plain(found)}, text)


@partners.command(cls=Command)
@click.argument("whom", metavar="ACCOUNT|USER")
@click.option("--first-name", default="", help="Of a user.")
@click.option("--last-name", default="", help="Of a user.")
@click.option("--profile", default="", help="Of a user: his profile in the CRM.")
@click.option("--confirm", is_flag=True, help="Of a user: you looked at these; they are right.")
@BY
def enable(
    whom: str, first_name: str, last_name: str, profile: str, confirm: bool, by: str | None
) -> None:
    """Ask the CRM's admin to enable a partner account, or a contact of one as its user."""
    with opened() as parts:
        policy = parts.active().policy
        asked = manager_or(policy, by)
        if "@" not in whom:
            hold(acting.ask_to_enable_account(parts, asked, PartnerName(whom)))
        else:
            user = EmployeeId(whom.strip().lower())
            account = policy.partners.account_of(user)
            if account is None:
                raise Failed(f"{user} is no user in partners.yaml", "name him there under `users`")
            details = Details(
                first_name=first_name, last_name=last_name, email=user, profile=profile
            )
            hold(acting.ask_to_enable_user(parts, asked, account, user, details, confirmed=confirm))
    text = f"asked: a task in the CRM says how to enable {whom}; the bridge sees when it is done"
    answer({"asked": whom}, text)


@partners.command(cls=Command)
def queues() -> None:
    """List queues, their members, and how many leads wait in each."""
    with _looking() as (db, eyes):
        found = queue_standings(db, eyes)
    text = "\n".join(map(_queue, found)) or "partners.yaml names no queues"
    answer({"queues": plain(found)}, text)


@partners.command(cls=Command)
@click.option("--account", default="", help="Of this partner alone.")
def report(account: str) -> None:
    """Show which partner works on which open leads, since when, and how they got there."""
    with _looking() as (db, eyes):
        _known(eyes.partners, account)
        found = report_of(db, eyes, account)
    lines = [line for partner in found.partners for line in _partner(partner)]
    if not found.is_whole:
        lines.append("there are more open leads; narrow it with --account")
    answer(plain(found), "\n".join(lines) or "partners.yaml names no accounts")


@contextmanager
def _looking() -> Iterator[tuple[Connection, Looker]]:
    with opened() as parts, reading(parts.engine) as db:
        yield db, looker(db, parts.active().policy, TERMINAL)


def _known(policy: PartnersPolicy, account: str) -> None:
    if account and account not in policy.accounts:
        hint = did_you_mean(account, policy.accounts) or f"there are: {', '.join(policy.accounts)}"
        raise Failed(f"there is no partner account {account}", hint)


def _programme(found: ProgrammeStanding) -> Iterator[str]:
    org = found.organisation
    if org is None:
        yield "the CRM has not been asked yet which organisation this is: run `bridge sync`"
    else:
        kind = "a place to try things" if org.is_sandbox else "a production organisation"
        yield f"{org.name}: {kind}"
    if found.is_on:
        yield f"on since {found.since} by {found.by}; it can't be switched off"
    else:
        name = f' --organisation "{org.name}"' if org and found.names_organisation else ""
        yield f'off; for good: bridge partners switch-on --confirm "{found.confirmation}"{name}'
    yield f"review: {found.review.state} (version {found.version})"
    for one in found.review.settings:
        yield f"  {one.kind} {one.name}: {one.about} is open to {one.open_to}"
    yield from (f"  look there yourself: {one}" for one in found.review.unread)


def _account(one: AccountStanding) -> str:
    said = f"{one.name} ({one.label}): {one.open_leads} open leads, {one.users} users, "
    said += f"channel manager {one.channel_manager or 'nobody'}"
    return said if one.against is None else f"{said}; {one.against.detail} ({one.against.code})"


def _user(one: UserStanding) -> Iterator[str]:
    against = one.against
    said = "may get leads" if against is None else f"{against.detail} ({against.code})"
    yield f"{one.user} of {one.account}: {said}"
    yield from (f"    {x.name}: {x.to_do}" for x in one.preconditions if x.to_do)


def _queue(one: QueueStanding) -> str:
    said = f"{one.name} ({one.label}): {one.waiting} waiting; {', '.join(one.members)}"
    return said if one.against is None else f"{said}; {one.against.detail} ({one.against.code})"


def _partner(one: PartnerReport) -> Iterator[str]:
    yield f"{one.account} ({one.label}), channel manager {one.channel_manager or 'nobody'}"
    for lead in one.leads:
        how = f"{lead.how}{f' {lead.rule}' if lead.rule else ''}"
        yield f"  {lead.lead}  {lead.owner} since {lead.since:%Y-%m-%d %H:%M}Z, {how}, {lead.state}"
