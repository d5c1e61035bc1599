"""Partner accounts and users are enabled in the CRM by its admin: asked for here, and observed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from bridge.domain.announcing import announce
from bridge.domain.changes import Notify
from bridge.domain.crm_effects import CreateTask
from bridge.domain.crm_partners import CrmPartnerAccount, CrmPartnerUser
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.lead_giving import partnering
from bridge.domain.names import CrmId, EmployeeId, PartnerName, digest_id
from bridge.domain.partner_candidates import against_programme, manager_of_account
from bridge.domain.partner_changes import PutEnabling, PutPartnerAccount, PutPartnerUser
from bridge.domain.partner_events import EnablingAsked, PartnerAccountRead, PartnerUserRead
from bridge.domain.principals import tenant_of_partner
from bridge.domain.programme import Details, Enabling, EnablingKind, PartnerSide
from bridge.domain.programme_switching import managers_only
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import CrmKind
from bridge.domain.subjects import Subject, SubjectKind
from bridge.domain.telling import active_managers

_DUE = timedelta(days=1)
_ACCOUNT_STEPS = (
    "Open the account, choose Manage External Account, then Enable As Partner. The bridge sees by "
    "itself that it is done."
)
_USER_STEPS = (
    "Open the contact, choose Manage External User, then Enable Partner User. Compare the details "
    "with those confirmed here and save: the CRM mails him his login and how to set a password. "
    "The bridge sees by itself that it is done, and keeps no password."
)


def partner_subject(account: PartnerName) -> Subject:
    return Subject(
        kind=SubjectKind.PROGRAMME, id=f"partner:{account}", tenant=tenant_of_partner(account)
    )


def on_enabling_asked(draft: Draft, event: EnablingAsked) -> Decision:
    """The request is on record and an admin of the CRM is told what to do (PRM-08 to PRM-10)."""
    draft.subject = partner_subject(event.partner)
    against = managers_only(event.by, draft.policy) or _against(draft, event)
    if against is not None:
        return draft.rejected(against.code, against.detail)
    user = event.user if event.kind is EnablingKind.USER else None
    enabling = Enabling(
        id=enabling_id(event.kind, event.partner, user),
        kind=event.kind,
        account=event.partner,
        user=user,
        asked_by=event.by.id,
        asked_at=draft.facts.now,
        details=event.details,
    )
    draft.change(PutEnabling(enabling=enabling))
    what = f"user {user}" if user else "account"
    draft.because(
        ReasonCode.PARTNER_ENABLING,
        f"{event.by.id} asks to enable the {what} of {event.partner} as a partner in the CRM",
    )
    _ask_admin(draft, enabling)
    _tell_managers(draft, event.partner)
    return draft.applied()


def enabling_id(kind: EnablingKind, account: PartnerName, user: EmployeeId | None) -> str:
    return digest_id("en", kind, account, user or "")


def on_account_read(draft: Draft, event: PartnerAccountRead) -> Decision:
    """What is new of a partner account: it is a partner now, or has another channel manager."""
    facts, policy = partnering(draft), draft.policy.partners
    name = policy.account_by_crm_id(event.found.crm_id)
    if name is None:
        return draft.ignored(ReasonCode.PARTNER_UNKNOWN, "no account of partners.yaml is this one")
    draft.subject = partner_subject(name)
    draft.change(PutPartnerAccount(account=event.found))
    draft.used("owner of the account", event.found.owner or "nobody", draft.facts.now)
    _observe(draft, name, None, done=event.found.is_partner is not False)
    for code, detail in _news_of_account(facts.side.account(event.found.crm_id), event.found):
        draft.because(code, detail)
    draft.because(ReasonCode.PARTNER_READ, "the partner account as the CRM has it")
    return draft.applied()


def on_user_read(draft: Draft, event: PartnerUserRead) -> Decision:
    policy = draft.policy.partners
    email = EmployeeId(event.found.email)
    name = policy.account_of(email)
    if name is None:
        return draft.ignored(ReasonCode.PARTNER_UNKNOWN, "no user of partners.yaml is this one")
    draft.subject = partner_subject(name)
    draft.target = email
    draft.change(PutPartnerUser(user=event.found))
    _observe(draft, name, email, done=is_enabled(event.found))
    before = partnering(draft).side.user(email)
    if before is not None and before.active and not event.found.active:
        _tell_that_he_left(draft, name, email)
    draft.because(ReasonCode.PARTNER_READ, f"{email} as the CRM has him")
    return draft.applied()


def is_enabled(user: CrmPartnerUser) -> bool:
    return user.crm_id is not None and user.active and user.is_partner is not False


def _tell_that_he_left(draft: Draft, account: PartnerName, user: EmployeeId) -> None:
    """He gets no more leads; those that he has stay with him until somebody gives them on."""
    draft.because(ReasonCode.PARTNER_INACTIVE, f"{user} is not active in the CRM any more")
    crm_id, side = draft.policy.partners.accounts[account].crm_id, partnering(draft).side
    manager = manager_of_account(crm_id, side, draft.facts.directory)
    if manager is not None:
        notice = Notify(
            employee=manager,
            conversation=None,
            message=None,
            code=ReasonCode.PARTNER_INACTIVE,
            about=account,
            subject=partner_subject(account).name,
        )
        announce(draft, notice)


def _news_of_account(
    before: CrmPartnerAccount | None, found: CrmPartnerAccount
) -> Iterator[tuple[ReasonCode, str]]:
    if before is None:
        return
    if before.owner != found.owner:
        detail = f"the channel manager is {found.owner or 'nobody'} now, was {before.owner}"
        yield ReasonCode.PARTNER_MANAGER, detail
    if before.is_partner is not found.is_partner:
        state = "enabled" if found.is_partner else "not enabled any more"
        yield ReasonCode.PARTNER_ENABLED, f"the account is {state} as a partner in the CRM"


def _observe(draft: Draft, account: PartnerName, user: EmployeeId | None, *, done: bool) -> None:
    """What somebody has asked for, and the CRM shows to be done."""
    kind = EnablingKind.ACCOUNT if user is None else EnablingKind.USER
    wanted = enabling_id(kind, account, user)
    asked = next((x for x in partnering(draft).enablings if x.id == wanted and x.is_open), None)
    if asked is None or not done:
        return
    draft.change(PutEnabling(enabling=replace(asked, done_at=draft.facts.now)))
    what = f"user {user}" if user else "account"
    draft.because(ReasonCode.PARTNER_ENABLED, f"the {what} is enabled in the CRM now")
    notice = Notify(
        employee=EmployeeId(asked.asked_by),
        conversation=None,
        message=None,
        code=ReasonCode.PARTNER_ENABLED,
        about=account,
        subject=partner_subject(account).name,
    )
    announce(draft, notice)


def _against(draft: Draft, event: EnablingAsked) -> Reason | None:
    facts, policy = partnering(draft), draft.policy.partners
    off = against_programme(facts.programme)
    if off is not None:
        return off
    entry = policy.accounts.get(event.partner)
    if entry is None:
        detail = f"there is no partner account {event.partner} in partners.yaml"
        return Reason(ReasonCode.PARTNER_UNKNOWN, detail)
    account = facts.side.account(entry.crm_id)
    if account is None:
        detail = f"partner account missing: the CRM has no account {entry.crm_id} of {entry.label}"
        return Reason(ReasonCode.PARTNER_ACCOUNT_MISSING, detail)
    if event.kind is EnablingKind.ACCOUNT:
        if account.is_partner is False:
            return None
        return Reason(ReasonCode.PARTNER_ALREADY, f"{entry.label} is a partner in the CRM already")
    return _against_user(event, account, facts.side, entry.label)


def _against_user(
    event: EnablingAsked, account: CrmPartnerAccount, side: PartnerSide, label: str
) -> Reason | None:
    if account.is_partner is False:
        detail = f"enable the account of {label} as a partner first, then its users"
        return Reason(ReasonCode.PARTNER_NOT_ENABLED, detail)
    known = None if event.user is None else side.user(event.user)
    if known is None or known.account != account.crm_id:
        detail = f"the account of {label} has no contact of this address in the CRM: add him there"
        return Reason(ReasonCode.PARTNER_USER_UNKNOWN, detail)
    if is_enabled(known):
        return Reason(ReasonCode.PARTNER_ALREADY, f"{event.user} is a partner's user already")
    if not event.confirmed or not is_complete(event.details):
        detail = "look at the details of the user (names, e-mail, profile) and confirm them first"
        return Reason(ReasonCode.PARTNER_UNCONFIRMED, detail)
    return None


def is_complete(details: Details) -> bool:
    return all((details.last_name, details.email, details.profile))


def _ask_admin(draft: Draft, enabling: Enabling) -> None:
    """A task on the account in the CRM, for its owner: what to do, step by step."""
    policy, crm = draft.policy.partners, draft.policy.crm
    if crm is None:
        return
    account = policy.accounts[enabling.account]
    is_user = enabling.kind is EnablingKind.USER
    said = enabling.details
    who = f"{said.first_name} {said.last_name}".strip()
    lines = [_USER_STEPS if is_user else _ACCOUNT_STEPS]
    if is_user:
        lines.append(f"User: {who}, {said.email}, profile {said.profile}")
    task = CreateTask(
        kind=CrmKind.COMPANY,
        record=account.crm_id,
        subject="Enable a partner user" if is_user else "Enable this account as a partner",
        text="\n\n".join(lines),
        due=(draft.facts.now + _DUE).date(),
        owner=_owner(draft, account.crm_id),
    )
    draft.plan(crm, task, f"partner:{enabling.account}")


def _owner(draft: Draft, account: CrmId) -> CrmId | None:
    known = partnering(draft).side.account(account)
    return None if known is None else known.owner


def _tell_managers(draft: Draft, account: PartnerName) -> None:
    for manager in active_managers(draft.facts.directory, draft.policy):
        notice = Notify(
            employee=manager.id,
            conversation=None,
            message=None,
            code=ReasonCode.PARTNER_ENABLING,
            about=account,
            subject=partner_subject(account).name,
        )
        announce(draft, notice)
