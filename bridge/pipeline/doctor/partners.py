"""partners.yaml against the CRM's partner side: who could get no lead, and what to do about it."""

from collections.abc import Iterator, Mapping

from bridge.domain.names import EmployeeId
from bridge.domain.partner_candidates import against_queue, against_user, manager_of_account
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.programme import Programme
from bridge.domain.reasons import ReasonCode
from bridge.pipeline.doctor.points import Point, fine, skipped, wrong
from bridge.store.partners import PartnerState

_TODO: Mapping[ReasonCode, str] = {
    ReasonCode.PARTNER_ACCOUNT_MISSING: "correct crm_id in partners.yaml, or make the account",
    ReasonCode.PARTNER_NOT_ENABLED: "enable the account as a partner in the CRM; the partners' "
    "page asks for it",
    ReasonCode.PARTNER_USER_UNKNOWN: "correct the address in partners.yaml, or add the contact",
    ReasonCode.PARTNER_USER_NOT_ENABLED: "enable him as a partner user in the CRM; the partners' "
    "page asks for it",
    ReasonCode.PARTNER_USER_ELSEWHERE: "move the contact in the CRM, or the user in partners.yaml",
    ReasonCode.PARTNER_NOT_MEMBER: "add his profile to the members of the community",
    ReasonCode.PARTNER_NOT_PUBLISHED: "publish the community",
    ReasonCode.PARTNER_INACTIVE: "activate him in the CRM, or remove him from partners.yaml",
    ReasonCode.PARTNER_NEVER_SIGNED_IN: "ask him to sign in to the community once",
    ReasonCode.QUEUE_NOBODY: "add a member who could take leads",
}
_NEXT = "correct it in partners.yaml or in the CRM"


def check_partners(
    policy: Policy,
    state: PartnerState,
    directory: Directory,
    leads: Mapping[EmployeeId, int],
) -> tuple[Point, ...]:
    """Nothing where there is no partner programme. `leads`: how many open ones each user has."""
    if not policy.partners.is_set:
        return ()
    if state.side.read_at is None:
        return (wrong("partners", "the CRM's partner side was never read", "run `bridge sync`"),)
    points = (*_points(policy, state, directory), *_left_with(policy, state, leads))
    if not state.programme.is_on:
        return (*points, skipped("partners", "the partner programme is not switched on"))
    return points or (fine("partners", "all of partners.yaml can be given leads"),)


def _left_with(
    policy: Policy, state: PartnerState, leads: Mapping[EmployeeId, int]
) -> Iterator[Point]:
    """Leads of people who can't work on them any more."""
    facts = PartneringFacts(programme=state.programme, side=state.side)
    for user, count in sorted(leads.items()):
        against = against_user(user, None, facts, policy.partners)
        if against is not None:
            said = f"{count} open leads are with {user}: {against.detail}"
            yield wrong("partners", said, "give them to somebody else: `bridge partners assign`")


def _points(policy: Policy, state: PartnerState, directory: Directory) -> Iterator[Point]:
    # As if it were on: what is wrong is better known before that.
    on = Programme(since=state.side.read_at)
    facts = PartneringFacts(programme=on, side=state.side)
    partners = policy.partners
    for account in partners.accounts.values():
        if manager_of_account(account.crm_id, state.side, directory) is None:
            said = f"{account.label} has no channel manager: its account has no active owner"
            yield wrong("partners", said, "give the account an owner in the CRM")
    for user in partners.users:
        against = against_user(user, None, facts, partners)
        if against is not None:
            said = f"{user} gets no leads: {against.detail}"
            yield wrong("partners", said, _TODO.get(against.code, _NEXT))
    for queue in partners.queues:
        against = against_queue(queue, None, facts, partners)
        if against is not None:
            yield wrong("partners", against.detail, _TODO.get(against.code, _NEXT))
