"""`bridge clients`: resellers' clients, seen and changed from a terminal."""

from collections.abc import Callable, Mapping

import click

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.client_people import AS, BY, actor, reader
from bridge.cli.house import opened, plain
from bridge.domain.names import ResellerName
from bridge.domain.reseller_clients import (
    ClientDetails,
    ClientHint,
    ClientStatus,
    ResellerClient,
    actions,
    hint,
)
from bridge.domain.reselling_events import ClientAdded, ClientDone
from bridge.domain.reselling_policy import Service
from bridge.pipeline.house import rehearse_here
from bridge.pipeline.parts import Parts
from bridge.pipeline.reselling.asking import Asking, adding
from bridge.pipeline.reselling.desk import (
    ClientRefusal,
    Onlooker,
    carry_out,
    find_client,
    hints_of,
    list_clients,
)
from bridge.policy.findings import did_you_mean
from bridge.store.engine import reading
from bridge.store.listing_clients import ClientsWanted
from bridge.store.unit_movements import ledger as movements

_HOW = "`bridge clients list` shows the ids (cl_…)"
DRY = click.option("--dry-run", is_flag=True, help="Say what would become of it.")
SEEN = click.option("--seen", type=int, help="The version that you looked at.")
RESELLER = click.option("--reseller", help="His key in plans.yaml.")


@click.group()
def clients() -> None:
    """Resellers' clients: their plans, units and statuses."""


@clients.command("list", cls=Command)
@RESELLER
@click.option("--status", type=click.Choice([x.value for x in ClientStatus]))
@click.option("--plan", help="A key of the reseller's plans.")
@click.option("--search", default="", help="Words of the legal name or the reference.")
@click.option("--near-end", is_flag=True, help="Only those to follow up.")
@click.option("--hint", "offer", type=click.Choice([x.value for x in ClientHint]))
@click.option("--archived", is_flag=True, help="Those in the archive.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
def list_all(
    reseller: str | None,
    status: str | None,
    plan: str | None,
    search: str,
    near_end: bool,
    offer: str | None,
    archived: bool,
    limit: int,
) -> None:
    """List clients, the newest first."""
    with opened() as parts:
        eyes = _eyes(parts)
        wanted = ClientsWanted(
            now=parts.now(),
            resellers=None if reseller is None else frozenset({known(parts, reseller)}),
            status=None if status is None else ClientStatus(status),
            plan=plan,
            words=search,
            near_end=near_end,
            hint=None if offer is None else ClientHint(offer),
            archived=archived,
        )
        with reading(parts.engine) as db:
            found = list_clients(db, eyes, wanted, None, limit)
        shown = [shown_client(parts, one) for one in found]
        text = "\n".join(_line(parts, one) for one in found) or "there are no such clients"
    answer({"clients": shown}, text)


@clients.command(cls=Command)
@click.argument("client")
def show(client: str) -> None:
    """Show one client, with what may be done to him."""
    with opened() as parts:
        found = _find(parts, client)
        answer(shown_client(parts, found), _whole(parts, found))


@clients.command(cls=Command)
@click.argument("client")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def ledger(client: str, limit: int) -> None:
    """Show every movement of a client's units, the newest first."""
    with opened() as parts:
        found = _find(parts, client)
        with reading(parts.engine) as db:
            lines = movements(db, found.id, None, limit)
    text = "\n".join(
        f"{line.at.isoformat(timespec='seconds')} {line.moved.movement} {line.moved.delta:+d} "
        f"= {line.moved.balance} by {line.moved.by}"
        for line in lines
    )
    answer({"client": found.id, "units": found.balance, "movements": plain(lines)}, text)


@clients.command(cls=Command)
@click.argument("legal_name")
@RESELLER
@click.option("--plan", required=True, help="A key of the reseller's plans.")
@click.option("--reference", default="", help="The reseller's own id of him.")
@click.option("--contact", default="")
@click.option("--email", default="")
@click.option("--phone", default="")
@BY
@AS
@DRY
def add(
    legal_name: str,
    reseller: str | None,
    plan: str,
    reference: str,
    contact: str,
    email: str,
    phone: str,
    by: str | None,
    kind: str | None,
    dry_run: bool,
) -> None:
    """Add a client called LEGAL_NAME with a plan: he is active."""
    details = ClientDetails(legal_name=legal_name, contact_name=contact, email=email, phone=phone)
    with opened() as parts:
        name, person = known(parts, reseller), actor(parts, by, kind)
        event = adding(person, name, details, plan, at=parts.now(), reference=reference)
        _do(parts, event, dry_run=dry_run)


@clients.command(cls=Command)
@click.argument("client")
@click.option("--legal-name")
@click.option("--contact")
@click.option("--email")
@click.option("--phone")
@click.option("--reference")
@click.option("--service", "services", multiple=True, help="NAME=yes|no|NUMBER, or NAME= for none.")
@SEEN
@BY
@AS
@DRY
def edit(
    client: str,
    legal_name: str | None,
    contact: str | None,
    email: str | None,
    phone: str | None,
    reference: str | None,
    services: tuple[str, ...],
    seen: int | None,
    by: str | None,
    kind: str | None,
    dry_run: bool,
) -> None:
    """Change services or contact data; what is not named stays. His plan is custom then."""
    with opened() as parts:
        before = _find(parts, client)
        old = before.details
        details = ClientDetails(
            legal_name=old.legal_name if legal_name is None else legal_name,
            contact_name=old.contact_name if contact is None else contact,
            email=old.email if email is None else email,
            phone=old.phone if phone is None else phone,
        )
        asking = _asking(parts, before, by, kind, before.version if seen is None else seen)
        changed = _services(before.services, services) if services else None
        _do(parts, asking.edit(details, changed, reference), dry_run=dry_run)


@clients.command("add-units", cls=Command)
@click.argument("client")
@click.argument("units", type=int)
@SEEN
@BY
@AS
@DRY
def add_units(
    client: str, units: int, seen: int | None, by: str | None, kind: str | None, dry_run: bool
) -> None:
    """Add UNITS to what a client has; his plan stays."""
    with opened() as parts:
        asking = _asking(parts, _find(parts, client), by, kind, seen)
        _do(parts, asking.add_units(units), dry_run=dry_run)


@clients.command(cls=Command)
@click.argument("client")
@click.argument("units", type=int, default=1)
@click.option("--id", "use_id", required=True, help="Your own id of this use: it counts once.")
@DRY
def use(client: str, units: int, use_id: str, dry_run: bool) -> None:
    """Tell that a client has used UNITS."""
    with opened() as parts:
        found = _find(parts, client)
        asking = Asking(by=reader(), client=found.id, at=parts.now(), request_key=use_id)
        _do(parts, asking.use(units), dry_run=dry_run)


@clients.command(cls=Command)
@click.argument("client")
@click.argument("plan")
@SEEN
@BY
@AS
@DRY
def renew(
    client: str, plan: str, seen: int | None, by: str | None, kind: str | None, dry_run: bool
) -> None:
    """Give a client PLAN from now on: fresh units, a fresh term; what was left lapses."""
    with opened() as parts:
        asking = _asking(parts, _find(parts, client), by, kind, seen)
        _do(parts, asking.renew(plan), dry_run=dry_run)


@clients.command(cls=Command)
@click.argument("client")
@click.option("--why", default="")
@SEEN
@BY
@AS
@DRY
def suspend(
    client: str, why: str, seen: int | None, by: str | None, kind: str | None, dry_run: bool
) -> None:
    """Block a client's access at once."""
    with opened() as parts:
        asking = _asking(parts, _find(parts, client), by, kind, seen)
        _do(parts, asking.suspend(why), dry_run=dry_run)


def _plainly(name: str, help_text: str) -> None:
    """Adds an action that takes nothing but the client."""

    @clients.command(name, cls=Command, help=help_text)
    @click.argument("client")
    @SEEN
    @BY
    @AS
    @DRY
    def act(client: str, seen: int | None, by: str | None, kind: str | None, dry_run: bool) -> None:
        with opened() as parts:
            asking = _asking(parts, _find(parts, client), by, kind, seen)
            events: Mapping[str, Callable[[], ClientDone]] = {
                "activate": asking.activate,
                "archive": asking.archive,
                "unarchive": asking.unarchive,
            }
            _do(parts, events[name](), dry_run=dry_run)


_plainly("activate", "End a client's suspension.")
_plainly("archive", "Put a client who is not active into the archive.")
_plainly("unarchive", "Take a client out of the archive.")


def known(parts: Parts, reseller: str | None) -> ResellerName:
    """The only one where none is named."""
    names = list(parts.active().policy.reselling.resellers)
    if reseller is None and len(names) == 1:
        return names[0]
    if reseller is None or ResellerName(reseller) not in names:
        said = (
            "say whose client, with --reseller" if reseller is None else f"no reseller {reseller}"
        )
        hint_text = did_you_mean(reseller, names) if reseller else ""
        there = f"there are: {', '.join(names)}" if names else "name him under `plans.resellers`"
        raise Failed(said, hint_text or there)
    return ResellerName(reseller)


def shown_client(parts: Parts, client: ResellerClient) -> Mapping[str, object]:
    now, policy = parts.now(), parts.active().policy
    shown: dict[str, object] = plain(client)
    shown |= {
        "status": client.status(now).value,
        "hint": hint(client, hints_of(policy, client), now),
        "shown_plan": client.shown_plan,
        "valid_until": None if client.valid_until is None else client.valid_until.isoformat(),
    }
    return shown


def _eyes(parts: Parts) -> Onlooker:
    return Onlooker(person=reader(), policy=parts.active().policy)


def _find(parts: Parts, name: str) -> ResellerClient:
    with reading(parts.engine) as db:
        found = find_client(db, _eyes(parts), name)
    if found is None:
        raise Failed(f"there is no client {name}", _HOW)
    return found


def _asking(
    parts: Parts, client: ResellerClient, by: str | None, kind: str | None, seen: int | None
) -> Asking:
    person = actor(parts, by, kind)
    return Asking(by=person, client=client.id, at=parts.now(), seen=seen)


def _do(parts: Parts, event: ClientAdded | ClientDone, *, dry_run: bool) -> None:
    if dry_run:
        [tried] = rehearse_here(parts, [event])
        if tried.refused is not None:
            raise Failed(tried.refused.detail, "nothing was done")
        answer({"dry_run": True, "would": True}, "it would be done; nothing was")
        return
    outcome = carry_out(parts, event)
    if isinstance(outcome, ClientRefusal):
        raise Failed(outcome.reason.detail, f"nothing was done ({outcome.reason.code})")
    shown = {"changed": outcome.is_changed, "client": shown_client(parts, outcome.client)}
    said = "" if outcome.is_changed else "nothing is different: "
    answer(shown, said + _line(parts, outcome.client))


def _services(old: Mapping[str, Service], given: tuple[str, ...]) -> Mapping[str, Service]:
    services = dict(old)
    for one in given:
        name, equals, text = one.partition("=")
        if not equals or not (text in ("", "yes", "no") or (text.isascii() and text.isdigit())):
            raise click.UsageError(f"say --service {name or 'NAME'}=yes, no, a number or nothing")
        services.pop(name, None)
        if text:
            services[name] = text == "yes" if text in ("yes", "no") else int(text)
    return services


def _line(parts: Parts, client: ResellerClient) -> str:
    until = f", until {client.valid_until}" if client.valid_until else ""
    offer = hint(client, hints_of(parts.active().policy, client), parts.now())
    return (
        f"{client.id}  {client.details.legal_name}  {client.reseller}  {client.shown_plan}  "
        f"{client.balance} units  {client.status(parts.now())}{until}"
        + (f"  ({offer.replace('_', ' ')})" if offer else "")
    )


def _whole(parts: Parts, client: ResellerClient) -> str:
    offered = ", ".join(actions(client, parts.now()))
    return f"{_line(parts, client)}\nversion {client.version}; may be done: {offered}"
