"""A new client of a reseller's, with one of his plans; he may bring what he has left elsewhere."""

from bridge.domain.client_actions import TAKEN, granted_units, is_taken, no_plan
from bridge.domain.client_forms import (
    LAST_YEAR,
    against_details,
    against_reference,
    against_units,
    tidied,
)
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.principals import tenant_of_reseller
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.reseller_clients import ResellerClient
from bridge.domain.reselling_changes import PutClient
from bridge.domain.reselling_events import ClientAdded
from bridge.domain.reselling_facts import ResellingFacts
from bridge.domain.reselling_policy import Plan
from bridge.domain.subject_access import ClientFacts, access_to
from bridge.domain.subjects import Subject, SubjectKind


def on_added(draft: Draft, event: ClientAdded) -> Decision:
    """With a plan of his reseller's he is active (RSL-09)."""
    facts = draft.facts.reselling or ResellingFacts()
    tenant = tenant_of_reseller(event.reseller)
    draft.subject = Subject(kind=SubjectKind.CLIENT, id=event.client, tenant=tenant)
    reseller = draft.policy.reselling.resellers.get(event.reseller)
    granted = access_to(event.by, ClientFacts(id=event.client, tenant=tenant), draft.policy)
    if reseller is None or not granted.can_read:
        return draft.rejected(ReasonCode.REQUEST_NOT_FOUND, "there is no such reseller")
    if not granted.can_write:
        return draft.rejected(ReasonCode.REQUEST_FORBIDDEN, granted.reason.detail)
    plan = reseller.plans.get(event.plan)
    if problem := _against(event, facts):
        return draft.rejected(problem.code, problem.detail)
    if plan is None:
        return draft.rejected(ReasonCode.PLAN_UNKNOWN, no_plan(reseller.plans))
    if problem := _against_brought(draft, event, plan, facts):
        return draft.rejected(problem.code, problem.detail)
    units = plan.units if event.units is None else event.units
    client = ResellerClient(
        id=event.client,
        reseller=event.reseller,
        details=tidied(event.details),
        created_at=draft.facts.now,
        plan=event.plan,
        plan_name=plan.name,
        plan_units=plan.units,
        balance=units,
        reference=event.reference,
        services=plan.services,
        term=facts.terms.get(event.plan) if event.until is None else facts.until,
    )
    draft.change(PutClient(client=client, moved=(granted_units(units, event.by),)))
    draft.because(ReasonCode.PLAN_CLIENT_ADDED, f"added with the plan {plan.name}")
    return draft.applied()


def _against(event: ClientAdded, facts: ResellingFacts) -> Reason | None:
    details = tidied(event.details)
    if complaint := against_details(details) or against_reference(event.reference):
        return Reason(ReasonCode.PLAN_DETAILS_INVALID, complaint)
    if is_taken(facts, event.client):
        return Reason(ReasonCode.PLAN_REFERENCE_TAKEN, TAKEN)
    return None


def _against_brought(
    draft: Draft, event: ClientAdded, plan: Plan, facts: ResellingFacts
) -> Reason | None:
    """What he brings has to fit the plan: its units are few or many, its end is one to come."""
    if event.units is not None and (complaint := against_units(event.units)):
        return Reason(ReasonCode.PLAN_UNITS_INVALID, complaint)
    if event.until is None:
        return None
    if plan.validity is None:
        detail = f"the plan {plan.name} never ends: leave the last day out"
        return Reason(ReasonCode.PLAN_DETAILS_INVALID, detail)
    if facts.until is None:
        detail = f"the last day is later than the year {LAST_YEAR}"
        return Reason(ReasonCode.PLAN_DETAILS_INVALID, detail)
    if facts.until.ends_at <= draft.facts.now:
        return Reason(ReasonCode.PLAN_DETAILS_INVALID, "the last day is over")
    return None
