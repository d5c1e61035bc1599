"""Units: used by events that count once, added by people; the balance is never below zero."""

from dataclasses import replace

from bridge.domain.client_forms import against_units
from bridge.domain.client_telling import tell
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.reasons import ReasonCode
from bridge.domain.reseller_clients import ClientStatus, ResellerClient
from bridge.domain.reselling_changes import Movement, PutClient, UnitsMoved


def use(draft: Draft, client: ResellerClient, units: int, by: str) -> Decision:
    """All of them or none (RSL-04, RSL-10). Counts by when it came, however long it waited here."""
    if complaint := against_units(units):
        return draft.rejected(ReasonCode.PLAN_UNITS_INVALID, complaint)
    came = draft.facts.received_at or draft.facts.now
    status = client.status(min(came, draft.facts.now))
    draft.used("status", status)
    draft.used("units left", str(client.balance))
    if client.is_archived:
        return draft.rejected(ReasonCode.PLAN_ARCHIVED, "the client is archived")
    if status in (ClientStatus.SUSPENDED, ClientStatus.EXPIRED):
        return draft.rejected(_BLOCKS[status], f"the client is {status}")
    if client.balance < units:
        detail = f"{units} units are more than the {client.balance} that are left"
        code = ReasonCode.PLAN_UNITS_TOO_FEW if client.balance else ReasonCode.PLAN_EXHAUSTED
        return draft.rejected(code, detail)
    left = client.balance - units
    rules = draft.policy.reselling.hints_of(client.reseller)
    is_low = rules.low_units.is_low(left, client.plan_units)
    after = replace(client, balance=left, low_told=client.low_told or is_low or left == 0)
    moved = UnitsMoved(delta=-units, balance=left, movement=Movement.USED, by=by)
    draft.change(PutClient(client=after, moved=(moved,)))
    draft.because(ReasonCode.PLAN_UNITS_USED, f"{units} units were used, {left} are left")
    _tell_of_few(draft, client, after, is_low=is_low)
    return draft.applied()


_BLOCKS = {
    ClientStatus.SUSPENDED: ReasonCode.PLAN_SUSPENDED,
    ClientStatus.EXPIRED: ReasonCode.PLAN_EXPIRED,
}


def _tell_of_few(
    draft: Draft, before: ResellerClient, after: ResellerClient, *, is_low: bool
) -> None:
    """Once for each crossing; who has none left at all is not told that he has few (RSL-27)."""
    if after.balance == 0:
        draft.because(ReasonCode.PLAN_EXHAUSTED, "no units are left")
        tell(draft, after, ReasonCode.PLAN_EXHAUSTED, None)
    elif is_low and not before.low_told:
        draft.because(ReasonCode.PLAN_UNITS_LOW, "few units are left")
        tell(draft, after, ReasonCode.PLAN_UNITS_LOW, None)
