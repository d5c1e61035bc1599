"""A step of a renewal's schedule is due: the notice leaves, is logged, or is told to managers."""

from datetime import date

from bridge.domain.announcing import announce
from bridge.domain.changes import Notify
from bridge.domain.decisions import Candidate, Decision
from bridge.domain.draft import Draft
from bridge.domain.effects import CreateTask, SendEmail
from bridge.domain.messaging import Template
from bridge.domain.names import EmployeeId, digest_id
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.renewing import Renewal, RenewalOwner, RenewalState
from bridge.domain.renewing_changes import NoteStep, QueueChat, StepOutcome
from bridge.domain.renewing_events import RenewalChatRefused, RenewalDue
from bridge.domain.renewing_facts import RenewingFacts
from bridge.domain.renewing_letters import filled, values_of
from bridge.domain.renewing_notices import Addressed, addressed
from bridge.domain.renewing_ownership import owner_now
from bridge.domain.renewing_people import partner_people
from bridge.domain.renewing_policy import Renewals, SendBy
from bridge.domain.renewing_schedule import StepKind, deadline, step_named
from bridge.domain.telling import active_managers


def on_due(
    draft: Draft, event: RenewalDue, facts: RenewingFacts, renewal: Renewal, renewals: Renewals
) -> Decision:
    """What the clock found may have moved meanwhile: then nothing is sent of it (REN-15)."""
    overtaken = _overtaken(event, facts, renewal)
    if overtaken is not None:
        return draft.ignored(overtaken.code, overtaken.detail)
    step = step_named(event.step, renewals.schedule)
    if step is None:
        detail = "the schedule has no such step any more"
        return draft.ignored(ReasonCode.RENEWAL_MOVED, detail)
    if step.kind is StepKind.SAFETY:
        outcome = _warn(draft, event, renewal, renewals)
    else:
        outcome = _notify(draft, event, facts, renewal, renewals)
    draft.change(
        NoteStep(
            renewal=renewal.id,
            renews_on=event.renews_on,
            step=event.step,
            outcome=outcome,
            at=draft.facts.now,
        )
    )
    return draft.applied()


def on_chat_refused(draft: Draft, event: RenewalChatRefused, renewal: Renewal) -> Decision:
    draft.because(ReasonCode.RENEWAL_UNSENT, f"the chat message could not leave: {event.why}")
    _tell_managers(draft, ReasonCode.RENEWAL_UNSENT, renewal)
    return draft.applied()


def _overtaken(event: RenewalDue, facts: RenewingFacts, renewal: Renewal) -> Reason | None:
    if renewal.reading.gone:
        return Reason(ReasonCode.RENEWAL_GONE, "the client has left: no notices any more")
    if renewal.reading.renews_on != event.renews_on:
        now = renewal.reading.renews_on or "no day"
        return Reason(ReasonCode.RENEWAL_MOVED, f"the renewal moved to {now}; so did its notices")
    if renewal.state is not RenewalState.PENDING:
        return Reason(
            ReasonCode.RENEWAL_STOPPED, f"the renewal is {renewal.state}: no more notices"
        )
    if event.step in facts.done:
        return Reason(ReasonCode.RENEWAL_STEP_DONE, "this step is done with")
    return None


def _notify(
    draft: Draft, event: RenewalDue, facts: RenewingFacts, renewal: Renewal, renewals: Renewals
) -> StepOutcome:
    people = partner_people(
        renewal.reading.tenant, draft.policy, draft.facts.directory, facts.inactive
    )
    found = addressed(renewal, people, renewals)
    draft.used("renewal date", event.renews_on.isoformat())
    for warning in found.recipients.warnings:
        draft.because(warning.code, warning.detail)
    draft.because(found.owner.reason.code, found.owner.reason.detail)
    if found.recipients.problem is not None:
        return _flag(draft, renewal, found.recipients.problem)
    if found.owner.owner is RenewalOwner.VENDOR:
        return _log(draft, renewal, found)
    return _send(draft, event, renewal, found, renewals)


def _flag(draft: Draft, renewal: Renewal, problem: Reason) -> StepOutcome:
    draft.because(problem.code, problem.detail)
    draft.because(ReasonCode.RENEWAL_UNSENT, "nobody gets this notice; managers are told")
    _tell_managers(draft, problem.code, renewal)
    return StepOutcome.FLAGGED


def _log(draft: Draft, renewal: Renewal, found: Addressed) -> StepOutcome:
    """The vendor writes to them, not we: nothing leaves here."""
    for person in found.recipients.people:
        draft.because(person.reason.code, f"goes to {person.reason.detail}")
        if person.is_copy:
            _tell_partner(draft, person.email, ReasonCode.RENEWAL_LOGGED, renewal)
    draft.because(ReasonCode.RENEWAL_LOGGED, "the vendor sends this notice itself")
    return StepOutcome.LOGGED


def _send(
    draft: Draft, event: RenewalDue, renewal: Renewal, found: Addressed, renewals: Renewals
) -> StepOutcome:
    receiver = found.recipients.people[0]
    person = EmployeeId(receiver.email)
    draft.consider([Candidate(employee=person, chosen=True, reason=receiver.reason)])
    draft.target = person
    draft.because(receiver.reason.code, f"{person} is {receiver.reason.detail}")
    sent = _by_other_way(draft, event, renewal, person, renewals)
    if not sent and not _by_email(draft, event, renewal, person, renewals):
        detail = "no account sends e-mail: name one as notifications.email"
        return _flag(draft, renewal, Reason(ReasonCode.RENEWAL_UNSENT, detail))
    draft.because(ReasonCode.RENEWAL_SENT, f"the notice of {event.step} leaves")
    _tell_partner(draft, person, ReasonCode.RENEWAL_SENT, renewal)
    return StepOutcome.SENT


def _by_other_way(
    draft: Draft, event: RenewalDue, renewal: Renewal, person: EmployeeId, renewals: Renewals
) -> bool:
    """By a task or a chat message, where that is set and can reach him."""
    if renewals.send.by is SendBy.EMAIL:
        return False
    by_task = renewals.send.by is SendBy.CRM_TASK
    why_not = (_task if by_task else _chat)(draft, event, renewal, person, renewals)
    if why_not:
        draft.because(ReasonCode.RENEWAL_OTHER_WAY, f"{why_not}; he gets an e-mail instead")
    return not why_not


def _by_email(
    draft: Draft, event: RenewalDue, renewal: Renewal, person: EmployeeId, renewals: Renewals
) -> bool:
    account = draft.policy.email
    if account is None:
        return False
    subject, text = _words(draft, event, renewal, renewals)
    effect = SendEmail(
        key=digest_id("re", renewal.id, event.renews_on.isoformat(), event.step),
        recipient=person,
        subject=subject,
        text=text,
        employee=person if renewal.reading.tenant == "" else None,
        tenant=renewal.reading.tenant,
    )
    draft.plan(account, effect, f"mail:{person}")
    return True


def _task(
    draft: Draft, event: RenewalDue, renewal: Renewal, person: EmployeeId, renewals: Renewals
) -> str:
    """Why there is no task for him; empty where there is."""
    reading = renewal.reading
    known = draft.facts.directory.by_email(person)
    if reading.account is None or reading.kind is None or reading.record is None:
        return "this renewal stands in no CRM that could hold a task"
    if reading.account != draft.policy.crm or known is None or not known.active:
        return f"{person} is nobody whom the CRM could give a task to"
    subject, text = _words(draft, event, renewal, renewals)
    effect = CreateTask(
        kind=reading.kind,
        record=reading.record,
        subject=subject,
        text=text,
        due=max(event.day, deadline(event.renews_on, renewals.schedule)),
        owner=known.crm_id,
    )
    draft.plan(reading.account, effect, f"renewal:{renewal.id}")
    return ""


def _chat(
    draft: Draft, event: RenewalDue, renewal: Renewal, person: EmployeeId, renewals: Renewals
) -> str:
    chat = renewals.send.chat
    phone = None if chat is None else chat.phones.get(person)
    if chat is None or phone is None:
        return f"renewals.send.phones has no number of {person}"
    values = _values(draft, event.renews_on, event.day, renewal, renewals)
    draft.change(
        QueueChat(
            key=digest_id("rc", renewal.id, event.renews_on.isoformat(), event.step),
            renewal=renewal.id,
            step=event.step,
            employee=chat.employee,
            channel=chat.channel,
            phone=phone,
            template=Template(
                name=chat.template,
                language=chat.language,
                values=tuple(values[name] for name in chat.values),
            ),
            at=draft.facts.now,
        )
    )
    return ""


def _warn(draft: Draft, event: RenewalDue, renewal: Renewal, renewals: Renewals) -> StepOutcome:
    """Only where the partner owns the process: the vendor's notices go without anybody's doing."""
    owner = owner_now(renewal.override, renewal.reading.tenant, renewals)
    draft.because(owner.reason.code, owner.reason.detail)
    if owner.owner is RenewalOwner.VENDOR:
        draft.because(ReasonCode.RENEWAL_REACTED, "the vendor owns it: no partner has to react")
        return StepOutcome.REACTED
    if renewal.is_handled:
        draft.because(ReasonCode.RENEWAL_REACTED, "the partner has reacted: nobody is warned")
        return StepOutcome.REACTED
    draft.because(
        ReasonCode.RENEWAL_NO_REACTION,
        f"the partner has not reacted, and the renewal is due on {event.renews_on}",
    )
    _tell_managers(draft, ReasonCode.RENEWAL_NO_REACTION, renewal)
    return StepOutcome.WARNED


def _tell_partner(draft: Draft, user: str, code: ReasonCode, renewal: Renewal) -> None:
    """In his own list, beside the notice itself: a partner's or a reseller's user alone."""
    tenant = renewal.reading.tenant
    if user not in draft.policy.users.get(tenant, ()):
        return
    draft.change(
        Notify(
            employee=EmployeeId(user),
            conversation=None,
            message=None,
            code=code,
            about=renewal.id,
            tenant=tenant,
            subject=renewal.subject.name,
        )
    )


def _tell_managers(draft: Draft, code: ReasonCode, renewal: Renewal) -> None:
    for manager in active_managers(draft.facts.directory, draft.policy):
        notice = Notify(
            employee=manager.id, conversation=None, message=None, code=code, about=renewal.id
        )
        announce(draft, notice)


def _words(
    draft: Draft, event: RenewalDue, renewal: Renewal, renewals: Renewals
) -> tuple[str, str]:
    values = _values(draft, event.renews_on, event.day, renewal, renewals)
    return filled(renewals.send.subject, values), filled(renewals.send.text, values)


def _values(
    draft: Draft, renews_on: date, day: date, renewal: Renewal, renewals: Renewals
) -> dict[str, str]:
    return dict(values_of(renewal, renews_on, day, renewals, draft.facts.public_url))
