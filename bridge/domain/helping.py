"""Signing in as a reseller's client, to help him: who may, and both names on record (RSL-25)."""

from typing import assert_never

from bridge.domain.client_access import facts_of_client
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.helping_events import HelpEnd, HelpingEvent, SignInAsEnded, SignInAsStarted
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.reseller_clients import ResellerClient
from bridge.domain.subject_access import access_to
from bridge.domain.subjects import Subject, SubjectKind

HELPERS = frozenset({PersonKind.EMPLOYEE, PersonKind.RESELLER_USER})
_WHY = {
    HelpEnd.HIMSELF: "he ended it",
    HelpEnd.TIME: "the time was over",
    HelpEnd.LOST: "the client is archived or gone, or he may not act for him any more",
}


def on_helping(draft: Draft, event: HelpingEvent) -> Decision:
    facts = draft.facts.reselling
    client = None if facts is None else facts.client
    match event:
        case SignInAsStarted():
            return _on_started(draft, event, client)
        case SignInAsEnded():
            return _on_ended(draft, event, client)
    assert_never(event)


def against_helping(person: Person, client: ResellerClient | None, policy: Policy) -> Reason | None:
    """Why he may not be signed in as this client; None where he may. A suspended client's access is
    blocked, and yet he can be helped."""
    unknown = Reason(ReasonCode.REQUEST_NOT_FOUND, "there is no such client")
    if client is None:
        return unknown
    granted = access_to(person, facts_of_client(client), policy)
    if not granted.can_read:
        return unknown
    if not granted.can_write or person.kind not in HELPERS:
        detail = "only his reseller's people and managers sign in as a client"
        return Reason(ReasonCode.REQUEST_FORBIDDEN, detail)
    if client.is_archived:
        detail = "the client is archived: take him out of the archive first"
        return Reason(ReasonCode.PLAN_ARCHIVED, detail)
    return None


def _on_started(draft: Draft, event: SignInAsStarted, client: ResellerClient | None) -> Decision:
    problem = against_helping(event.by, client, draft.policy)
    if problem is not None or client is None:
        code = ReasonCode.REQUEST_NOT_FOUND if problem is None else problem.code
        return draft.rejected(code, "" if problem is None else problem.detail)
    draft.subject = client.subject
    until = event.until.isoformat(timespec="minutes")
    detail = f"{event.by.principal} is signed in as the client {client.id}, until {until}"
    draft.because(ReasonCode.SIGNED_IN_AS, detail)
    return draft.applied()


def _on_ended(draft: Draft, event: SignInAsEnded, client: ResellerClient | None) -> Decision:
    gone = Subject(kind=SubjectKind.CLIENT, id=event.client)
    draft.subject = gone if client is None else client.subject
    detail = f"{event.by} is not signed in as the client {event.client} any more: {_WHY[event.why]}"
    draft.because(ReasonCode.SIGNED_OUT_AS, detail)
    return draft.applied()
