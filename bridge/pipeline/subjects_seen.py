"""What access looks at of the channel side's subjects, read in bulk; and what they are called."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from sqlalchemy import Connection

from bridge.domain.client_access import facts_of_client
from bridge.domain.lead_access import lead_facts
from bridge.domain.names import ClientId, PartnerLeadId
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.renewing import RenewalId
from bridge.domain.renewing_rules import OF_DEFAULT, facts_of_default
from bridge.domain.renewing_rules import facts_of as facts_of_renewal
from bridge.domain.subject_access import ProgrammeFacts, SubjectFacts
from bridge.domain.subjects import SubjectKind
from bridge.store import partner_leads, partners, renewals, reseller_clients


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectSeen:
    """`label` is for those alone who may read it."""

    kind: SubjectKind
    id: str
    label: str
    facts: SubjectFacts


def subjects_seen(
    db: Connection, policy: Policy, directory: Directory, names: Collection[str]
) -> Mapping[str, SubjectSeen]:
    """By the name that decisions have of each; those that are gone are not among them."""
    ids: dict[SubjectKind, list[str]] = {}
    for name in sorted(set(names)):
        kind, _, id = name.partition(":")
        ids.setdefault(SubjectKind(kind), []).append(id)
    found = (
        one for kind, wanted in ids.items() for one in _seen(db, policy, directory, kind, wanted)
    )
    return {f"{one.kind}:{one.id}": one for one in found}


def _seen(
    db: Connection, policy: Policy, directory: Directory, kind: SubjectKind, ids: list[str]
) -> Iterator[SubjectSeen]:
    match kind:
        case SubjectKind.LEAD:
            return _leads(db, policy, directory, ids)
        case SubjectKind.CLIENT:
            return _clients(db, ids)
        case SubjectKind.RENEWAL:
            return _renewals(db, policy, ids)
        case SubjectKind.PROGRAMME:
            return iter([_programme(id) for id in ids])
    assert_never(kind)


def _leads(
    db: Connection, policy: Policy, directory: Directory, ids: list[str]
) -> Iterator[SubjectSeen]:
    side = partners.partner_state(db).side
    for lead in partner_leads.leads_by_id(db, [PartnerLeadId(id) for id in ids]).values():
        facts = lead_facts(lead, side, policy.partners, directory)
        label = lead.summary.name or lead.summary.company or lead.id
        yield SubjectSeen(kind=SubjectKind.LEAD, id=lead.id, label=label, facts=facts)


def _clients(db: Connection, ids: list[str]) -> Iterator[SubjectSeen]:
    for client in reseller_clients.by_ids(db, [ClientId(id) for id in ids]).values():
        label, facts = client.details.legal_name, facts_of_client(client)
        yield SubjectSeen(kind=SubjectKind.CLIENT, id=client.id, label=label, facts=facts)


def _renewals(db: Connection, policy: Policy, ids: list[str]) -> Iterator[SubjectSeen]:
    if policy.renewals is None:
        return
    for id in ids:
        if id.startswith(OF_DEFAULT):
            default = facts_of_default(id.removeprefix(OF_DEFAULT), policy.renewals)
            label = "Default renewal owner"
            yield SubjectSeen(kind=SubjectKind.RENEWAL, id=id, label=label, facts=default)
    for renewal in renewals.by_id(db, [RenewalId(id) for id in ids]).values():
        facts, read = facts_of_renewal(renewal, policy.renewals), renewal.reading
        yield SubjectSeen(kind=SubjectKind.RENEWAL, id=read.id, label=read.name, facts=facts)


def _programme(id: str) -> SubjectSeen:
    return SubjectSeen(
        kind=SubjectKind.PROGRAMME, id=id, label="Partner programme", facts=ProgrammeFacts()
    )
