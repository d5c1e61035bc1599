"""The partner programme is switched on once, knowingly, and stays on; then its review is done."""

from dataclasses import replace

from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.lead_giving import partnering
from bridge.domain.names import EmployeeId
from bridge.domain.partner_changes import PutProgramme
from bridge.domain.partner_events import ProgrammeSwitchedOff, ProgrammeSwitchedOn, SharingReviewed
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.programme import Programme, Review, ReviewState
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.subjects import Subject, SubjectKind

CONFIRMATION = "not reversible"
"""What is to be typed, so that nobody switches it on by a click."""

PROGRAMME = Subject(kind=SubjectKind.PROGRAMME, id="partners")


def on_switched_on(draft: Draft, event: ProgrammeSwitchedOn) -> Decision:
    draft.subject = PROGRAMME
    facts = partnering(draft)
    against = managers_only(event.by, draft.policy) or _against(draft, event)
    if against is not None:
        return draft.rejected(against.code, against.detail)
    organisation = facts.side.organisation
    programme = Programme(
        since=draft.facts.now,
        by=event.by.id,
        organisation="" if organisation is None else organisation.name,
        review=Review(state=ReviewState.OPEN, sharing=facts.side.sharing),
        version=facts.programme.version + 1,
    )
    draft.change(PutProgramme(programme=programme))
    detail = f"{event.by.id} switches the partner programme on for {programme.organisation}"
    draft.because(ReasonCode.PROGRAMME_ON, detail)
    return draft.applied()


def on_switched_off(draft: Draft, event: ProgrammeSwitchedOff) -> Decision:
    """There is no way back: partners have accounts and users in the CRM by then (PRM-02)."""
    draft.subject = PROGRAMME
    against = managers_only(event.by, draft.policy)
    if against is not None:
        return draft.rejected(against.code, against.detail)
    if not partnering(draft).programme.is_on:
        return draft.rejected(ReasonCode.PROGRAMME_OFF, "the partner programme is off already")
    detail = "the partner programme can't be switched off again: give its leads to employees"
    return draft.rejected(ReasonCode.PROGRAMME_STAYS, detail)


def on_reviewed(draft: Draft, event: SharingReviewed) -> Decision:
    """Done, or cancelled where nothing needs changing (PRM-04)."""
    draft.subject = PROGRAMME
    programme = partnering(draft).programme
    against = managers_only(event.by, draft.policy)
    if against is not None:
        return draft.rejected(against.code, against.detail)
    if programme.review.state is not ReviewState.OPEN:
        detail = f"there is no review to end: it is {programme.review.state}"
        return draft.rejected(ReasonCode.REVIEW_OVER, detail)
    if event.seen != programme.version:
        detail = "the review list has changed meanwhile: look at it again"
        return draft.rejected(ReasonCode.CHANGED_SINCE, detail)
    review = replace(
        programme.review,
        state=ReviewState.FINISHED if event.changed else ReviewState.CANCELLED,
        ended_at=draft.facts.now,
        ended_by=event.by.id,
    )
    version = programme.version + 1
    draft.change(PutProgramme(programme=replace(programme, review=review, version=version)))
    outcome = "with changes in the CRM" if event.changed else "nothing needed changing"
    draft.because(ReasonCode.REVIEW_ENDED, f"{event.by.id} ends the review: {outcome}")
    return draft.applied()


def managers_only(by: Person, policy: Policy) -> Reason | None:
    """What concerns the whole house is for those who see all of it."""
    role = policy.employee(EmployeeId(by.id)).role
    if by.kind is PersonKind.EMPLOYEE and role is Role.MANAGER:
        return None
    return Reason(ReasonCode.REQUEST_FORBIDDEN, "only managers do this")


def _against(draft: Draft, event: ProgrammeSwitchedOn) -> Reason | None:
    facts = partnering(draft)
    if facts.programme.is_on:
        return Reason(ReasonCode.PROGRAMME_ALREADY, "the partner programme is on already")
    organisation = facts.side.organisation
    if organisation is None:
        detail = "the CRM has not been asked yet which organisation this is: run `bridge sync`"
        return Reason(ReasonCode.PROGRAMME_UNKNOWN, detail)
    if event.confirmation.strip().casefold() != CONFIRMATION:
        detail = (
            "switching on can't be undone; try it in a sandbox or developer edition first. "
            f"To confirm, write: {CONFIRMATION}"
        )
        return Reason(ReasonCode.PROGRAMME_UNCONFIRMED, detail)
    if not organisation.is_sandbox and event.organisation.strip() != organisation.name:
        detail = (
            f"{organisation.name} is a production organisation: confirm a second time by writing "
            "its name"
        )
        return Reason(ReasonCode.PROGRAMME_PRODUCTION, detail)
    return None
