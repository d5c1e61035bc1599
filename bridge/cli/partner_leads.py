"""`bridge partners leads|assign|undo|take|accept|decline`: who has which lead, given out, taken."""

from collections.abc import Callable, Sequence

import click

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.house import opened, plain
from bridge.cli.partner_words import BY, TERMINAL, hold, manager_or, partner_user, refused
from bridge.domain.names import PartnerLeadId
from bridge.domain.partner_leads import OPEN, LeadState, PartnerLead
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason
from bridge.pipeline.house import Outcome
from bridge.pipeline.partnering import acting, bulk
from bridge.pipeline.partnering.acting import Asked, Order
from bridge.pipeline.partnering.looking import (
    LeadPage,
    LeadPlace,
    lead_seen,
    leads_seen,
    looker,
    wanted_of,
)
from bridge.pipeline.partnering.ordering import order_for
from bridge.pipeline.parts import Parts
from bridge.store.engine import reading

_STATE = click.Choice([state.value for state in LeadState])
_BY_USER = click.option("--by", required=True, help="The partner's user whose word it is.")


@click.command(cls=Command)
@click.option("--account", default="", help="Of this partner, by its name in partners.yaml.")
@click.option("--user", default="", help="Of this partner's user.")
@click.option("--queue", default="", help="Waiting in this queue.")
@click.option("--state", type=_STATE, help="In this state; the open ones when not given.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
def leads(account: str, user: str, queue: str, state: str | None, limit: int) -> None:
    """List leads of the programme, the latest given out first."""
    states = OPEN if state is None else frozenset({LeadState(state)})
    wanted = wanted_of(account=account, user=user, queue=queue, states=states)
    with opened() as parts, reading(parts.engine) as db:
        eyes = looker(db, parts.active().policy, TERMINAL)
        found: list[PartnerLead] = []
        place: LeadPlace | None = None
        while len(found) < limit:
            page: LeadPage = leads_seen(db, eyes, wanted, place, limit - len(found))
            found.extend(page.leads)
            place = page.next
            if place is None:
                break
    text = "\n".join(map(_line, found)) or "there are no such leads"
    answer({"leads": [plain(lead) for lead in found]}, text)


@click.command(cls=Command)
@click.argument("names", nargs=-1, required=True, metavar="LEAD…")
@click.option("--to-user", default="", help="A partner's user.")
@click.option("--to-queue", default="", help="A queue.")
@click.option("--in-turn", default="", help="Queues and users in turn, with commas between.")
@click.option("--to-employee", default="", help="An employee.")
@click.option("--by-rules", is_flag=True, help="Where the rules say.")
@click.option("--notify/--no-notify", default=None, help="Whether the new owner gets a mail.")
@click.option("--seen", type=int, help="Of one lead: the version that you looked at.")
@click.option("--dry-run", is_flag=True, help="Say what would be done.")
@BY
def assign(
    names: tuple[str, ...],
    to_user: str,
    to_queue: str,
    in_turn: str,
    to_employee: str,
    by_rules: bool,
    notify: bool | None,
    seen: int | None,
    dry_run: bool,
    by: str | None,
) -> None:
    """Give leads to a user, a queue, some in turn, an employee, or where the rules say.

    Each lead has a result of its own; exit code 1 when one was refused.
    """
    if len(set(names)) > bulk.MOST:
        raise Failed(f"at most {bulk.MOST} leads at once", "give them out in several goes")
    with opened() as parts:
        policy = parts.active().policy
        order = order_for(
            policy.partners,
            user=to_user,
            queue=to_queue,
            round_robin=[one for one in in_turn.split(",") if one.strip()],
            employee=to_employee,
            by_rules=by_rules,
            notify=notify,
            seen=seen,
        )
        done = bulk.assign_many(
            parts, manager_or(policy, by), _ids(names), _fine(order), dry_run=dry_run
        )
    _tell(done, dry_run=dry_run)


@click.command(cls=Command)
@click.argument("batch")
@BY
def undo(batch: str, by: str | None) -> None:
    """Give the leads of an assignment back to whom they were with.

    Leads that somebody has moved since stay where they are.
    """
    with opened() as parts:
        done = bulk.undo(parts, manager_or(parts.active().policy, by), batch)
    if not done.results:
        raise Failed(
            f"there is nothing to undo of {batch}", "its leads are back, or were moved since"
        )
    _tell(done, dry_run=False)


@click.command(cls=Command)
@click.argument("lead")
@_BY_USER
def take(lead: str, by: str) -> None:
    """Take LEAD out of its queue; of several who try exactly one gets it."""
    _does(lead, by, acting.take)


@click.command(cls=Command)
@click.argument("lead")
@_BY_USER
def accept(lead: str, by: str) -> None:
    """Accept LEAD, which is offered."""
    _does(lead, by, acting.accept)


@click.command(cls=Command)
@click.argument("lead")
@click.option("--why", required=True, help="Why; the house reads it.")
@_BY_USER
def decline(lead: str, why: str, by: str) -> None:
    """Decline LEAD, which is offered: it goes on, and is never offered to him again."""

    def declined(parts: Parts, asked: Asked, name: PartnerLeadId) -> Outcome:
        return acting.decline(parts, asked, name, why)

    _does(lead, by, declined)


def _does(lead: str, by: str, act: Callable[[Parts, Asked, PartnerLeadId], Outcome]) -> None:
    with opened() as parts:
        policy = parts.active().policy
        hold(act(parts, partner_user(policy, by), PartnerLeadId(lead)))
        now = _now(parts, policy, lead)
    answer({"lead": plain(now)}, _line(now))


def _now(parts: Parts, policy: Policy, lead: str) -> PartnerLead:
    with reading(parts.engine) as db:
        found = lead_seen(db, looker(db, policy, TERMINAL), lead)
    if found is None:
        raise Failed(f"there is no lead {lead}", "its id (pl_…) stands in `bridge partners leads`")
    return found


def _fine(order: Order | Reason) -> Order:
    if isinstance(order, Reason):
        raise refused(order)
    return order


def _ids(names: Sequence[str]) -> list[PartnerLeadId]:
    return [PartnerLeadId(name) for name in dict.fromkeys(names)]


def _tell(done: bulk.Bulk, *, dry_run: bool) -> None:
    lines = [_result(one, dry_run=dry_run) for one in done.results]
    if done.batch and any(one.refused is None for one in done.results):
        lines.append(f"undo with: bridge partners undo {done.batch}")
    shown = {"dry_run": dry_run, "batch": done.batch, "results": plain(done.results)}
    answer(shown, "\n".join(lines))
    if any(one.refused is not None for one in done.results):
        click.get_current_context().exit(1)


def _result(one: bulk.LeadResult, *, dry_run: bool) -> str:
    if one.refused is not None:
        return f"no   {one.lead}: {one.refused.detail} ({one.refused.code})"
    return f"yes  {one.lead} {'would be' if dry_run else 'is'} with {one.to}"


def _line(lead: PartnerLead) -> str:
    said = f"{lead.id}  {lead.state:<9} with {lead.holder} since {lead.since:%Y-%m-%d %H:%M}Z"
    return f"{said}, {lead.how}{f' {lead.rule}' if lead.rule else ''}"
