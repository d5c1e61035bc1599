"""What becomes of events about resellers' clients: done by people, used by clients, brought by
time."""

from dataclasses import replace

from bridge.domain.client_actions import on_done
from bridge.domain.client_adding import on_added
from bridge.domain.client_telling import tell
from bridge.domain.client_units import use
from bridge.domain.crm_events import UnitsUsed
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.reasons import ReasonCode
from bridge.domain.reseller_clients import Told, due_telling
from bridge.domain.reselling_changes import PutClient
from bridge.domain.reselling_events import ClientAdded, ClientTermTold, ResellingEvent
from bridge.domain.reselling_facts import ResellingFacts

_SAYS = {
    Told.ENDING: (ReasonCode.PLAN_ENDING, "the plan ends soon"),
    Told.EXPIRED: (ReasonCode.PLAN_EXPIRED, "the plan has expired"),
}


def on_reselling(draft: Draft, event: ResellingEvent) -> Decision:
    match event:
        case ClientAdded():
            return on_added(draft, event)
        case ClientTermTold():
            return _on_term(draft, event)
        case _:
            return on_done(draft, event)


def on_units_used(draft: Draft, event: UnitsUsed) -> Decision:
    """A reseller's system, or the house's own, tells what a client has used."""
    facts = draft.facts.reselling or ResellingFacts()
    if not draft.policy.reselling.told_by(event.account):
        detail = f"plans.yaml names {event.account} nowhere among the accounts that tell of use"
        return draft.ignored(ReasonCode.EVENT_IGNORED, detail)
    if facts.is_ambiguous:
        detail = "several resellers call a client so: name him by our own id"
        return draft.rejected(ReasonCode.PLAN_CLIENT_UNKNOWN, detail)
    if facts.client is None:
        detail = "no client of a reseller that this account may speak for is called so"
        return draft.rejected(ReasonCode.PLAN_CLIENT_UNKNOWN, detail)
    draft.subject = facts.client.subject
    return use(draft, facts.client, event.units, f"account:{event.account}")


def _on_term(draft: Draft, event: ClientTermTold) -> Decision:
    """Once for each term and step, however many clocks look (RSL-11, RSL-27)."""
    client = (draft.facts.reselling or ResellingFacts()).client
    if client is None:
        return draft.rejected(ReasonCode.REQUEST_NOT_FOUND, "there is no such client")
    draft.subject = client.subject
    rules = draft.policy.reselling.hints_of(client.reseller)
    due = due_telling(client, rules, draft.facts.now)
    if not due or due is not event.told or client.terms != event.term:
        return draft.rejected(ReasonCode.PLAN_UNCHANGED, "there is nothing to be told any more")
    code, detail = _SAYS[event.told]
    if client.valid_until is not None:
        draft.used("valid until", client.valid_until.isoformat())
    draft.change(PutClient(client=replace(client, term_told=event.told)))
    draft.because(code, detail)
    tell(draft, replace(client, term_told=event.told), code, None)
    return draft.applied()
