"""What people do to resellers' clients: each action's own rule, and what it makes of the client."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from bridge.domain.client_differences import differences
from bridge.domain.client_forms import (
    against_details,
    against_reference,
    against_services,
    against_units,
    tidied,
)
from bridge.domain.client_telling import STATUS_CODES, tell
from bridge.domain.client_units import use
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import ReasonCode
from bridge.domain.reseller_clients import (
    MOST_BALANCE,
    MOST_CHANGES,
    Changed,
    ClientStatus,
    ResellerClient,
    Told,
)
from bridge.domain.reselling_changes import Movement, PutClient, UnitsMoved
from bridge.domain.reselling_events import (
    ClientActivated,
    ClientArchived,
    ClientDone,
    ClientEdited,
    ClientLinked,
    ClientRenewed,
    ClientSuspended,
    ClientUnarchived,
    ClientUnitsAdded,
    ClientUsedUnits,
)
from bridge.domain.reselling_facts import ResellingFacts
from bridge.domain.reselling_policy import Plan, Service
from bridge.domain.subject_access import ClientFacts, access_to

_NO_CLIENT = "there is no such client"


def on_done(draft: Draft, event: ClientDone) -> Decision:
    """Who may not know of the client is told that there is none."""
    client = _facts(draft).client
    if client is None:
        return draft.rejected(ReasonCode.REQUEST_NOT_FOUND, _NO_CLIENT)
    draft.subject = client.subject
    about = ClientFacts(
        id=client.id,
        tenant=client.tenant,
        is_suspended=client.is_suspended,
        is_archived=client.is_archived,
    )
    granted = access_to(event.by, about, draft.policy)
    if not granted.can_read:
        return draft.rejected(ReasonCode.REQUEST_NOT_FOUND, _NO_CLIENT)
    if isinstance(event, ClientUsedUnits):
        if not granted.can_write and event.by.kind is not PersonKind.SERVICE:
            return draft.rejected(ReasonCode.REQUEST_FORBIDDEN, granted.reason.detail)
        return use(draft, client, event.units, event.by.principal)
    if not granted.can_write:
        return draft.rejected(ReasonCode.REQUEST_FORBIDDEN, granted.reason.detail)
    if event.seen is not None and event.seen != client.version:
        return draft.rejected(ReasonCode.REQUEST_CONFLICT, _meanwhile(client, event.seen, event.by))
    if client.is_archived and not isinstance(event, ClientUnarchived | ClientArchived):
        detail = "the client is archived: take him out of the archive first"
        return draft.rejected(ReasonCode.PLAN_ARCHIVED, detail)
    return _act(draft, client, event)


def _act(draft: Draft, client: ResellerClient, event: ClientDone) -> Decision:
    match event:
        case ClientEdited():
            return _edit(draft, client, event)
        case ClientLinked():
            return _link(draft, client, event)
        case ClientUnitsAdded():
            return _add_units(draft, client, event)
        case ClientRenewed():
            return _renew(draft, client, event)
        case _:
            return _stand(draft, client, event)


def _stand(
    draft: Draft,
    client: ResellerClient,
    event: ClientSuspended | ClientActivated | ClientArchived | ClientUnarchived | ClientUsedUnits,
) -> Decision:
    match event:
        case ClientSuspended():
            return _suspend(draft, client, event)
        case ClientActivated():
            return _activate(draft, client, event)
        case ClientArchived():
            return _archive(draft, client, event)
        case ClientUnarchived():
            return _unarchive(draft, client, event)
        case ClientUsedUnits():
            raise AssertionError("uses are told apart before: they are no edits")
    assert_never(event)


def _edit(draft: Draft, client: ResellerClient, event: ClientEdited) -> Decision:
    """Services and contact data; it makes the plan his own (RSL-16 to RSL-18)."""
    if event.units is not None:
        detail = "units are not changed by an edit: add units, or renew the plan"
        return draft.rejected(ReasonCode.PLAN_UNITS_NOT_EDITED, detail)
    details = client.details if event.details is None else tidied(event.details)
    services = client.services if event.services is None else event.services
    reference = client.reference if event.reference is None else event.reference
    complaint = (
        against_details(details) or against_services(services) or against_reference(reference)
    )
    if complaint:
        return draft.rejected(ReasonCode.PLAN_DETAILS_INVALID, complaint)
    if is_taken(_facts(draft), client.id):
        return draft.rejected(ReasonCode.PLAN_REFERENCE_TAKEN, TAKEN)
    own = details != client.details or not _same(services, client.services)
    if not own and reference == client.reference:
        return draft.rejected(ReasonCode.PLAN_UNCHANGED, "nothing is different: nothing was saved")
    changed = replace(
        client,
        details=details,
        services=services,
        reference=reference,
        is_custom=client.is_custom or own,
    )
    draft.because(ReasonCode.PLAN_EDITED, _edited(client, changed))
    return _save(draft, client, changed, "edited", event.by)


def _edited(before: ResellerClient, after: ResellerClient) -> str:
    """Which fields, never what they held."""
    fields = {
        "contact data": before.details != after.details,
        "services": not _same(before.services, after.services),
        "reference": before.reference != after.reference,
    }
    said = f"changed: {', '.join(name for name, differs in fields.items() if differs)}"
    return said if after.is_custom == before.is_custom else f"{said}; his plan is custom now"


def _link(draft: Draft, client: ResellerClient, event: ClientLinked) -> Decision:
    """For the house alone: what the CRM's record says in chats is shown to the client."""
    if event.by.kind is not PersonKind.EMPLOYEE:
        detail = "only a manager of the house says which record of the CRM a client is"
        return draft.rejected(ReasonCode.REQUEST_FORBIDDEN, detail)
    if event.link == client.link:
        return draft.rejected(ReasonCode.PLAN_UNCHANGED, "nothing is different: nothing was saved")
    said = "is no record of the CRM" if event.link is None else f"is a {event.link.kind} of the CRM"
    draft.because(ReasonCode.PLAN_LINKED, f"the client {said}")
    return _save(draft, client, replace(client, link=event.link), "linked", event.by)


def _add_units(draft: Draft, client: ResellerClient, event: ClientUnitsAdded) -> Decision:
    """The plan and its name stay; an expired client stays expired (RSL-19, RSL-20)."""
    if complaint := against_units(event.units):
        return draft.rejected(ReasonCode.PLAN_UNITS_INVALID, complaint)
    if client.is_suspended:
        detail = "the client is suspended: activate him first, then add units"
        return draft.rejected(ReasonCode.PLAN_SUSPENDED, detail)
    balance = client.balance + event.units
    if balance > MOST_BALANCE:
        detail = f"the client would have more than {MOST_BALANCE} units"
        return draft.rejected(ReasonCode.PLAN_UNITS_INVALID, detail)
    low = draft.policy.reselling.hints_of(client.reseller).low_units
    changed = replace(
        client,
        balance=balance,
        low_told=client.low_told and low.is_low(balance, client.plan_units),
    )
    moved = UnitsMoved(
        delta=event.units, balance=balance, movement=Movement.ADDED, by=event.by.principal
    )
    draft.because(ReasonCode.PLAN_UNITS_ADDED, f"{event.units} units were added: {balance} now")
    return _save(draft, client, changed, "units added", event.by, moved)


def _renew(draft: Draft, client: ResellerClient, event: ClientRenewed) -> Decision:
    """Fresh units and a fresh term from today; what was left of the old plan lapses (RSL-21)."""
    reseller = draft.policy.reselling.resellers.get(client.reseller)
    plans = {} if reseller is None else reseller.plans
    plan = plans.get(event.plan)
    if plan is None:
        return draft.rejected(ReasonCode.PLAN_UNKNOWN, no_plan(plans))
    changed = replace(
        client,
        plan=event.plan,
        plan_name=plan.name,
        plan_units=plan.units,
        is_custom=False,
        services=plan.services,
        balance=plan.units,
        term=_facts(draft).terms.get(event.plan),
        terms=client.terms + 1,
        low_told=False,
        term_told=Told.NOTHING,
    )
    lapsed = UnitsMoved(
        delta=-client.balance, balance=0, movement=Movement.LAPSED, by=event.by.principal
    )
    moved = (lapsed,) if client.balance else ()
    draft.because(ReasonCode.PLAN_RENEWED, f"has the plan {plan.name} from now on")
    granted = granted_units(plan.units, event.by)
    return _save(draft, client, changed, "renewed", event.by, *moved, granted)


def _suspend(draft: Draft, client: ResellerClient, event: ClientSuspended) -> Decision:
    if client.is_suspended:
        return draft.rejected(ReasonCode.PLAN_UNCHANGED, "the client is suspended already")
    draft.because(ReasonCode.PLAN_SUSPENDED, "his access is blocked from now on")
    return _save(draft, client, replace(client, is_suspended=True), "suspended", event.by)


def _activate(draft: Draft, client: ResellerClient, event: ClientActivated) -> Decision:
    """He is then whatever his units and his term make of him (RSL-23)."""
    if not client.is_suspended:
        return draft.rejected(ReasonCode.PLAN_UNCHANGED, "the client is not suspended")
    changed = replace(client, is_suspended=False)
    status = changed.status(draft.facts.now)
    draft.because(ReasonCode.PLAN_ACTIVATED, f"is no longer suspended: {status} now")
    return _save(draft, client, changed, "activated", event.by)


def _archive(draft: Draft, client: ResellerClient, event: ClientArchived) -> Decision:
    """Only who is not active (RSL-24)."""
    if client.is_archived:
        return draft.rejected(ReasonCode.PLAN_UNCHANGED, "the client is in the archive already")
    if client.status(draft.facts.now) is ClientStatus.ACTIVE:
        detail = "the client is active: only suspended, expired or exhausted ones are archived"
        return draft.rejected(ReasonCode.PLAN_STILL_ACTIVE, detail)
    draft.because(ReasonCode.PLAN_ARCHIVED, "is in the archive from now on; nothing is deleted")
    return _save(draft, client, replace(client, is_archived=True), "archived", event.by)


def _unarchive(draft: Draft, client: ResellerClient, event: ClientUnarchived) -> Decision:
    if not client.is_archived:
        return draft.rejected(ReasonCode.PLAN_UNCHANGED, "the client is not in the archive")
    draft.because(ReasonCode.PLAN_UNARCHIVED, "is out of the archive")
    return _save(draft, client, replace(client, is_archived=False), "unarchived", event.by)


def _save(
    draft: Draft,
    before: ResellerClient,
    after: ResellerClient,
    what: str,
    by: Person,
    *moved: UnitsMoved,
) -> Decision:
    now = draft.facts.now
    status = after.status(now)
    changed = Changed(
        version=before.version + 1,
        what=what,
        by=by.principal,
        at=now,
        fields=differences(before, after, now),
    )
    after = replace(
        after,
        version=changed.version,
        changes=(changed, *before.changes)[:MOST_CHANGES],
        # Who made him so knows it: the clock need not tell of it again.
        term_told=Told.EXPIRED if status is ClientStatus.EXPIRED else after.term_told,
    )
    draft.used("status", before.status(now))
    draft.used("units left", str(before.balance))
    draft.change(PutClient(client=after, moved=moved))
    if status is not before.status(now):
        tell(draft, after, STATUS_CODES[status], by)
    return draft.applied()


def granted_units(units: int, by: Person) -> UnitsMoved:
    return UnitsMoved(delta=units, balance=units, movement=Movement.GRANTED, by=by.principal)


TAKEN = "another client of this reseller has this reference"


def is_taken(facts: ResellingFacts, client: str) -> bool:
    return facts.reference_of is not None and facts.reference_of != client


def no_plan(plans: Mapping[str, Plan]) -> str:
    return f"this reseller has no such plan; known: {', '.join(plans) or 'none'}"


def _meanwhile(client: ResellerClient, seen: int, viewer: Person) -> str:
    """What was done since he looked, as far as it is kept."""
    later = [change for change in client.changes if change.version > seen]
    said = ", ".join(f"{one.what} by {who_of(one.by, viewer)}" for one in later)
    return f"somebody else was faster: {said or 'changed'}; look again, then decide"


def who_of(by: str, viewer: Person) -> str:
    """The house's people are nobody's business outside."""
    is_ours = by.startswith(f"{PersonKind.EMPLOYEE}:")
    outside = viewer.kind is not PersonKind.EMPLOYEE
    return "the house" if is_ours and outside else by.partition(":")[2]


def _same(left: Mapping[str, Service], right: Mapping[str, Service]) -> bool:
    """1 and true are two things."""
    return left == right and all(type(left[name]) is type(right[name]) for name in left)


def _facts(draft: Draft) -> ResellingFacts:
    return draft.facts.reselling or ResellingFacts()
