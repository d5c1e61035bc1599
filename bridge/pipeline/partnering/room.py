"""What a unit of work holds of the partner programme; costs nothing where no event is of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain import partner_changes as c
from bridge.domain.changes import Change, TakeTurn
from bridge.domain.crm_partners import CrmPartnerAccount, CrmPartnerUser
from bridge.domain.decisions import Decision
from bridge.domain.events import Event
from bridge.domain.facts import Facts
from bridge.domain.names import PartnerLeadId
from bridge.domain.partner_events import (
    BatchMailed,
    LeadAccepted,
    LeadAssigned,
    LeadDeclined,
    LeadDistributed,
    LeadExpired,
    LeadRead,
    LeadRestored,
    LeadTaken,
    PartnerEvent,
)
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.partner_leads import PartnerLead, lead_id
from bridge.domain.policy import Policy
from bridge.domain.programme import Enabling
from bridge.domain.rotation import Rotation
from bridge.store import partner_leads, partners
from bridge.store.partners import PartnerState
from bridge.store.turns import Taken, put_turns, read_turns

_TURNS = "leads:"


class PartnerRoom:
    def __init__(self) -> None:
        self._state: PartnerState | None = None
        self._leads: dict[PartnerLeadId, PartnerLead] = {}
        self._batches: dict[str, tuple[PartnerLead, ...]] = {}
        self._rotations: dict[str, Rotation] = {}
        self._dirty: dict[PartnerLeadId, None] = {}
        self._taken: list[Taken] = []
        self._accounts: list[CrmPartnerAccount] = []
        self._users: list[CrmPartnerUser] = []
        self._enablings: list[Enabling] = []
        self._programme_changed = False

    def load(self, db: Connection, policy: Policy, run: Sequence[Event]) -> None:
        mine = [event for event in run if isinstance(event, PartnerEvent)]
        if not mine:
            return
        self._state = partners.partner_state(db)
        ids = [lead for event in mine if (lead := lead_of(event)) is not None]
        self._leads = dict(partner_leads.leads_by_id(db, ids))
        for event in mine:
            if isinstance(event, BatchMailed):
                self._batches[event.batch] = partner_leads.leads_of_batch(db, event.batch)
        turns = read_turns(db).rotations
        self._rotations = {key: x for key, x in turns.items() if key.startswith(_TURNS)}

    def facts(self, event: Event, facts: Facts) -> Facts:
        if self._state is None or not isinstance(event, PartnerEvent):
            return facts
        name = lead_of(event)
        mine = PartneringFacts(
            programme=self._state.programme,
            side=self._state.side,
            lead=None if name is None else self._leads.get(name),
            batch=self._batch(event.batch) if isinstance(event, BatchMailed) else (),
            enablings=tuple(one for one in self._state.enablings if one.is_open),
            rotations=dict(self._rotations),
        )
        return replace(facts, partnering=mine)

    def apply(self, change: Change, decision: Decision) -> bool:
        match change:
            case c.PutPartnerLead():
                self._leads[change.lead.id] = change.lead
                self._dirty[change.lead.id] = None
            case c.TakeLeadTurn():
                self._take(change, decision)
            case c.PutProgramme() | c.PutEnabling() | c.PutPartnerAccount() | c.PutPartnerUser():
                self._apply_to_side(change)
            case _:
                return False
        return True

    def write(self, db: Connection, now: datetime) -> None:
        partner_leads.put_leads(db, [self._leads[name] for name in self._dirty])
        put_turns(db, self._taken, now)
        partners.put_accounts(db, self._accounts, now)
        partners.put_users(db, self._users, now)
        partners.put_enablings(db, self._enablings, now)
        if self._programme_changed and self._state is not None:
            partners.put_programme(db, self._state.programme, now)

    def _batch(self, batch: str) -> tuple[PartnerLead, ...]:
        """With what this very run has changed: the assignment may be in it."""
        found = {lead.id: lead for lead in self._batches.get(batch, ())} | self._leads
        return tuple(found[name] for name in sorted(found) if found[name].batch == batch)

    def _take(self, change: c.TakeLeadTurn, decision: Decision) -> None:
        turn = TakeTurn(pool=change.pool, employee=change.to, after=change.after)
        self._rotations[change.pool] = change.after
        self._taken.append(
            Taken(change=turn, account=decision.account, event_key=decision.event_key)
        )

    def _apply_to_side(
        self, change: c.PutProgramme | c.PutEnabling | c.PutPartnerAccount | c.PutPartnerUser
    ) -> None:
        """Later events of the run see it as they would see the store."""
        state = self._state or _EMPTY
        side = state.side
        match change:
            case c.PutProgramme():
                state = replace(state, programme=change.programme)
                self._programme_changed = True
            case c.PutEnabling():
                others = tuple(x for x in state.enablings if x.id != change.enabling.id)
                state = replace(state, enablings=(*others, change.enabling))
                self._enablings.append(change.enabling)
            case c.PutPartnerAccount():
                rest = tuple(x for x in side.accounts if x.crm_id != change.account.crm_id)
                state = replace(state, side=replace(side, accounts=(*rest, change.account)))
                self._accounts.append(change.account)
            case c.PutPartnerUser():
                key = partners.user_key(change.user)
                known = tuple(x for x in side.users if partners.user_key(x) != key)
                state = replace(state, side=replace(side, users=(*known, change.user)))
                self._users.append(change.user)
        self._state = state


_EMPTY = PartnerState(
    programme=PartneringFacts().programme, side=PartneringFacts().side, enablings=()
)
_OF_LEAD = (
    LeadDistributed
    | LeadAssigned
    | LeadTaken
    | LeadAccepted
    | LeadDeclined
    | LeadExpired
    | LeadRestored
)


def lead_of(event: PartnerEvent) -> PartnerLeadId | None:
    """The lead that the event is about."""
    if isinstance(event, LeadRead):
        return lead_id(event.crm, event.crm_id)
    return event.lead if isinstance(event, _OF_LEAD) else None
