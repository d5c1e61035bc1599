"""Who is told what became of a reseller's client: his reseller's people, the CRM, the owner there.

What is told names him nowhere: whoever handles a mail may not know who he is.
"""

from collections.abc import Mapping

from bridge.domain.announcing import announce
from bridge.domain.changes import Notify
from bridge.domain.draft import Draft
from bridge.domain.effects import SendEmail, WriteNote
from bridge.domain.names import EmployeeId, digest_id
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import ReasonCode
from bridge.domain.reseller_clients import ClientHint, ClientStatus, ResellerClient, hint
from bridge.domain.subject_access import ClientFacts, access_to

STATUS_CODES: Mapping[ClientStatus, ReasonCode] = {
    ClientStatus.ACTIVE: ReasonCode.PLAN_ACTIVE,
    ClientStatus.EXHAUSTED: ReasonCode.PLAN_EXHAUSTED,
    ClientStatus.EXPIRED: ReasonCode.PLAN_EXPIRED,
    ClientStatus.SUSPENDED: ReasonCode.PLAN_SUSPENDED,
}
_SUBJECTS: Mapping[ReasonCode, str] = {
    ReasonCode.PLAN_ACTIVE: "The plan of a client of yours is active",
    ReasonCode.PLAN_EXHAUSTED: "A client of yours has no units left",
    ReasonCode.PLAN_EXPIRED: "The plan of a client of yours has expired",
    ReasonCode.PLAN_SUSPENDED: "A client of yours is suspended",
    ReasonCode.PLAN_UNITS_LOW: "A client of yours has few units left",
    ReasonCode.PLAN_ENDING: "The plan of a client of yours ends soon",
}
_NOTES: Mapping[ReasonCode, str] = {
    ReasonCode.PLAN_ACTIVE: "Plan: active",
    ReasonCode.PLAN_EXHAUSTED: "Plan: no units left",
    ReasonCode.PLAN_EXPIRED: "Plan: expired",
    ReasonCode.PLAN_SUSPENDED: "Plan: suspended",
    ReasonCode.PLAN_UNITS_LOW: "Plan: few units left",
    ReasonCode.PLAN_ENDING: "Plan: ends soon",
}
_OFFERS: Mapping[ClientHint, str] = {
    ClientHint.OFFER_UNITS: "Offer units.",
    ClientHint.OFFER_RENEWAL: "Offer a renewal.",
}


def tell(draft: Draft, client: ResellerClient, code: ReasonCode, by: Person | None) -> None:
    """The CRM's timeline and the owner there always; his reseller's people, unless one of them did
    it. `by` of None: nobody did, units or time ran out."""
    _note(draft, client, code)
    owner = _owner(draft, client)
    if owner is not None and (by is None or by.id != owner):
        draft.because(ReasonCode.PLAN_OWNER_TOLD, f"{owner} looks after the client: is told")
        about = "" if client.link is None else f"{client.link.kind} {client.link.crm_id}"
        notice = Notify(
            employee=owner,
            conversation=None,
            message=None,
            code=code,
            about=about,
            subject=client.subject.name if _may_read(draft, owner, client) else "",
        )
        announce(draft, notice)
    if by is None or by.tenant != client.tenant:
        _tell_users(draft, client, code)


def _note(draft: Draft, client: ResellerClient, code: ReasonCode) -> None:
    crm, link = draft.policy.crm, client.link
    if crm is None or link is None:
        return
    effect = WriteNote(
        kind=link.kind,
        record=link.crm_id,
        subject=_NOTES[code],
        text=_state(draft, client),
        occurred_at=draft.facts.now,
    )
    draft.plan(crm, effect, f"{link.kind}:{link.crm_id}")


def _state(draft: Draft, client: ResellerClient) -> str:
    lines = [
        f"Reseller: {draft.policy.reselling.label_of(client.reseller)}",
        f"Plan: {client.shown_plan}",
        f"Units left: {client.balance}",
    ]
    if client.valid_until is not None:
        lines.append(f"Valid until: {client.valid_until.isoformat()}")
    return "\n".join((*lines, *_offer(draft, client)))


def _offer(draft: Draft, client: ResellerClient) -> tuple[str, ...]:
    rules = draft.policy.reselling.hints_of(client.reseller)
    found = hint(client, rules, draft.facts.now)
    return () if found is None else (_OFFERS[found],)


def _owner(draft: Draft, client: ResellerClient) -> EmployeeId | None:
    """Who owns his record in the CRM, or else the employee who looks after his reseller."""
    known = draft.facts.reselling
    owner = None if known is None or known.owner is None else known.owner
    person = None if owner is None else draft.facts.directory.by_crm_id(owner)
    if person is not None and person.active:
        return person.email
    reseller = draft.policy.reselling.resellers.get(client.reseller)
    return None if reseller is None else reseller.manager


def _may_read(draft: Draft, owner: EmployeeId, client: ResellerClient) -> bool:
    """A salesperson owns the record in the CRM, but the reseller's business is none of his: he is
    told by the record alone."""
    about = ClientFacts(id=client.id, tenant=client.tenant)
    person = Person(kind=PersonKind.EMPLOYEE, id=owner)
    return access_to(person, about, draft.policy).can_read


def _tell_users(draft: Draft, client: ResellerClient, code: ReasonCode) -> None:
    for user in draft.policy.users.get(client.tenant, ()):
        draft.change(
            Notify(
                employee=EmployeeId(user),
                conversation=None,
                message=None,
                code=code,
                subject=client.subject.name,
                tenant=client.tenant,
            )
        )
        _mail(draft, client, code, user)


def _mail(draft: Draft, client: ResellerClient, code: ReasonCode, user: str) -> None:
    account = draft.policy.email
    if account is None:
        return
    link = f"{draft.facts.public_url}/clients/{client.id}"
    letter = SendEmail(
        key=digest_id("em", draft.event.account, draft.event.event_key, user, code),
        recipient=user,
        subject=_SUBJECTS[code],
        text="\n\n".join((*_offer(draft, client), link)),
        tenant=client.tenant,
    )
    draft.plan(account, letter, f"mail:{user}")
