"""Leads against what had to become of them: one owner each, here and in the CRM, turns in exact
shares, taken by exactly one, and nobody mailed of a lead twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from bridge.domain.names import EmployeeId
from bridge.domain.partner_leads import HolderKind, LeadState, PartnerLead, Written
from bridge.store.engine import reading
from bridge.store.partner_leads import leads_by_id
from bridge.store.schema import PARTNER_LEADS, TURN_LOG
from tests.chaos.partners import LeadLedger, Will, will
from tests.chaos.post import Letter
from tests.chaos.programme import (
    DEFAULT_OWNER,
    IN_TURN,
    OFFERED,
    TAKEN,
    TURN,
    USERS,
    AtCrm,
    country_of,
    name_of,
    number_of,
)

_SUBJECT = " is yours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads:
    """What the store says: leads by their numbers, and who had the turns of those who get them in
    turn, in their order."""

    leads: Mapping[int, Sequence[PartnerLead]]
    turns: tuple[str, ...]


def look_at_leads(engine: Engine) -> Leads:
    found: defaultdict[int, list[PartnerLead]] = defaultdict(list)
    with reading(engine) as db:
        ids = db.scalars(select(PARTNER_LEADS.c.id)).all()
        for lead in leads_by_id(db, ids).values():
            found[number_of(lead.summary.name)].append(lead)
        turns = db.scalars(
            select(TURN_LOG.c.employee)
            .where(TURN_LOG.c.pool == f"leads:{','.join(IN_TURN)}")
            .order_by(TURN_LOG.c.id)
        ).all()
    return Leads(leads=found, turns=tuple(turns))


def wrong_leads(
    at: AtCrm, ledger: LeadLedger, leads: Leads, in_crm: Sequence[tuple[str, str]]
) -> Iterator[str]:
    owners = defaultdict(list)
    for name, owner in in_crm:
        owners[name].append(owner)
    for number in sorted(ledger.came):
        found = leads.leads.get(number, ())
        if len(found) != 1:
            yield f"{name_of(number)}: {len(found)} leads here"
            continue
        (lead,) = found
        yield from _wrong_lead(number, lead, ledger)
        wanted = at.owners.get(lead.holder.name)
        if wanted is not None and owners[name_of(number)] != [wanted]:
            yield f"{name_of(number)}: {lead.holder} here, {owners[name_of(number)]} in the CRM"
    yield from _wrong_turns(ledger, leads)


def _wrong_lead(number: int, lead: PartnerLead, ledger: LeadLedger) -> Iterator[str]:
    name, holder = name_of(number), lead.holder
    if lead.written.state not in (Written.CONFIRMED, Written.NOT_ASKED):
        yield f"{name}: the owner is {lead.written.state} in the CRM"
    if lead.state is not LeadState.ACCEPTED and not _was_let_lie(lead):
        yield f"{name}: {lead.state} in the end, with {holder}"
    took = ledger.took.get(number, set())
    if country_of(number) == TAKEN and took != {holder.name}:
        yield f"{name}: taken by {sorted(took)}, with {holder}"
    if country_of(number) == OFFERED:
        yield from _wrong_offers(number, lead)


def _was_let_lie(lead: PartnerLead) -> bool:
    """Everybody had it, and nobody accepted in time, though he meant to: web was away so long."""
    passed = {one.user for one in lead.passed}
    return lead.holder.name == DEFAULT_OWNER and passed == set(USERS)


def _wrong_offers(number: int, lead: PartnerLead) -> Iterator[str]:
    times = Counter(one.user for one in lead.passed)
    for user, number_of_times in times.items():
        if number_of_times > 1:
            yield f"{name_of(number)}: offered to {user} {number_of_times} times"
    if EmployeeId(lead.holder.name) in times:
        yield f"{name_of(number)}: with {lead.holder}, who did not want it"
    for one in lead.passed:
        if one.declined != (will(one.user, number) is Will.DECLINE) and one.declined:
            yield f"{name_of(number)}: {one.user} never declined it"


def _wrong_turns(ledger: LeadLedger, leads: Leads) -> Iterator[str]:
    """One after the other, and as many as there are leads that were given in turn. Who let one lie
    has had his turn; it goes on to another, which is one more."""
    numbers = [number for number in ledger.came if country_of(number) == TURN]
    again = sum(_given_on(lead) for number in numbers for lead in leads.leads.get(number, ()))
    if len(leads.turns) != len(numbers) + again:
        yield f"{len(leads.turns)} turns for {len(numbers)} leads, of which {again} were given on"
    if again:
        return
    for place, user in enumerate(leads.turns):
        if user != IN_TURN[place % len(IN_TURN)]:
            yield f"turn {place} is {user}'s, not {IN_TURN[place % len(IN_TURN)]}'s"
            return


def _given_on(lead: PartnerLead) -> int:
    """How often it went on to somebody of those who have turns."""
    ended = lead.holder.kind is not HolderKind.PARTNER
    return max(0, len(lead.passed) - ended)


def wrong_lead_mails(
    leads: Leads, letters: Sequence[Letter], in_doubt: Sequence[Letter]
) -> Iterator[str]:
    """Each of whom it was offered to has one mail of it at the most; one who accepted it has one,
    unless nobody knows whether it left. Whose it is no more when the mail leaves gets none."""
    came, doubted = _mails(letters), _mails(in_doubt)
    for (user, number), times in sorted(came.items()):
        offered = _offered_to(leads, number)
        if times > 1 or user not in offered:
            yield f"{user}: {times} mails of {name_of(number)}, which was offered to {offered}"
    for number, found in sorted(leads.leads.items()):
        for lead in found:
            user = lead.holder.name
            if country_of(number) == TAKEN or lead.holder.kind is not HolderKind.PARTNER:
                continue
            if came[user, number] + doubted[user, number] == 0:
                yield f"{user}: no mail of {name_of(number)}"


def _offered_to(leads: Leads, number: int) -> list[str]:
    """Who takes one out of a queue is not mailed of it."""
    if country_of(number) == TAKEN:
        return []
    found = leads.leads.get(number, ())
    return sorted(
        {str(x.user) for one in found for x in one.passed} | {x.holder.name for x in found}
    )


def _mails(letters: Sequence[Letter]) -> Counter[tuple[str, int]]:
    return Counter(
        (letter.recipient, number_of(letter.subject.removesuffix(_SUBJECT)))
        for letter in letters
        if letter.subject.endswith(_SUBJECT)
    )
