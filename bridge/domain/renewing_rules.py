"""What people say about the renewal of a client, and what its origin says: owner, date, state."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from bridge.domain.access import Access
from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.crm_events import ClientChanged
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.effects import SetProperty
from bridge.domain.principals import Person
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import CrmKind
from bridge.domain.renewing import (
    Override,
    OwnerChoice,
    Renewal,
    RenewalReading,
    Said,
    follow,
)
from bridge.domain.renewing_changes import NoteDefault, PutRenewal
from bridge.domain.renewing_due import on_chat_refused, on_due
from bridge.domain.renewing_events import (
    RenewalChatRefused,
    RenewalDefaultSet,
    RenewalDue,
    RenewalEvent,
    RenewalOwnerSet,
    RenewalRead,
    RenewalShown,
    RenewalWordGiven,
)
from bridge.domain.renewing_facts import RenewingFacts
from bridge.domain.renewing_ownership import OwnerNow, owner_now
from bridge.domain.renewing_people import partner_people
from bridge.domain.renewing_policy import RenewalDefault, Renewals
from bridge.domain.renewing_recipients import against
from bridge.domain.subject_access import RenewalFacts, access_to
from bridge.domain.subjects import Subject, SubjectKind

OF_DEFAULT = "default:"
"""Before whose it is: what the default of all clients is called as a subject."""
NOT_SET_UP = "there is no renewals.yaml any more"


def on_renewal(draft: Draft, event: RenewalEvent) -> Decision:
    renewals, facts = draft.policy.renewals, draft.facts.renewing or RenewingFacts()
    if isinstance(event, RenewalDefaultSet):
        return _on_default(draft, event)
    if renewals is None:
        return draft.rejected(ReasonCode.RENEWAL_NOT_SET_UP, NOT_SET_UP)
    if isinstance(event, RenewalRead):
        return _on_read(draft, event, facts.renewal, renewals)
    if facts.renewal is None:
        return draft.rejected(ReasonCode.REQUEST_NOT_FOUND, "there is no such renewal")
    draft.subject = facts.renewal.subject
    return _on_known(draft, event, facts, facts.renewal, renewals)


def _on_known(
    draft: Draft,
    event: RenewalOwnerSet | RenewalWordGiven | RenewalDue | RenewalChatRefused | RenewalShown,
    facts: RenewingFacts,
    renewal: Renewal,
    renewals: Renewals,
) -> Decision:
    match event:
        case RenewalOwnerSet():
            return _on_owner(draft, event, renewal, renewals)
        case RenewalWordGiven():
            return _on_word(draft, event, renewal, renewals)
        case RenewalDue():
            return on_due(draft, event, facts, renewal, renewals)
        case RenewalChatRefused():
            return on_chat_refused(draft, event, renewal)
        case RenewalShown():
            return _on_shown(draft, renewal, renewals)
    assert_never(event)


def on_client_changed(draft: Draft, event: ClientChanged) -> Decision:
    """A partner client of the CRM's vendor: read anew, where renewals stand with these (PX-07)."""
    sources = () if draft.policy.renewals is None else draft.policy.renewals.sources
    kinds = (source.source.kind for source in sources if source.account == event.account)
    if CrmKind.PARTNER_CLIENT not in kinds:
        detail = "a partner's client changed, and renewals.sources reads none of this account"
        return draft.ignored(ReasonCode.EVENT_UNSUPPORTED, detail)
    draft.change(RequestRefresh(kind=RefreshKind.CLIENT, key=event.client))
    draft.because(ReasonCode.MIRROR_REFRESH, "the partner's client is read anew from the CRM")
    return draft.applied()


def access_of(person: Person, renewal: Renewal, draft: Draft, renewals: Renewals) -> Access:
    return access_to(person, facts_of(renewal, renewals), draft.policy)


def facts_of(renewal: Renewal, renewals: Renewals) -> RenewalFacts:
    """What the access function looks at."""
    owner = owner_now(renewal.override, renewal.reading.tenant, renewals)
    return RenewalFacts(id=renewal.id, tenant=renewal.reading.tenant, notify=owner.notify)


def facts_of_default(tenant: str, renewals: Renewals) -> RenewalFacts:
    """The same of the setting for all clients of a partner."""
    default = renewals.default_of(tenant)
    return RenewalFacts(id=f"{OF_DEFAULT}{tenant}", tenant=tenant, notify=default.notify)


def _on_owner(
    draft: Draft, event: RenewalOwnerSet, renewal: Renewal, renewals: Renewals
) -> Decision:
    refused = _refused(draft, event, renewal, renewals)
    if refused is not None:
        return refused
    notify = None if event.choice is OwnerChoice.DEFAULT else event.notify or None
    if event.choice is OwnerChoice.PARTNER or notify is not None:
        people = partner_people(
            renewal.reading.tenant, draft.policy, draft.facts.directory, _inactive(draft)
        )
        problem = against(notify, people)
        if problem is not None:
            return draft.rejected(problem.code, problem.detail)
    before = renewal.override
    if (before.choice, before.notify) == (event.choice, notify):
        return draft.ignored(ReasonCode.RENEWAL_OWNER_SAME, "it is set so already")
    override = Override(
        choice=event.choice, notify=notify, by=event.by.principal, at=draft.facts.now
    )
    after = replace(renewal, override=override, version=renewal.version + 1)
    _tell_owners(draft, renewal, after, renewals)
    said = f"{event.by.id} sets the renewal owner of this client: "
    draft.because(
        ReasonCode.RENEWAL_OWNER_CHANGED, said + _from_to(_words(before), _words(override))
    )
    draft.change(PutRenewal(renewal=show_owner(draft, after, renewals)))
    return draft.applied()


def _refused(
    draft: Draft,
    event: RenewalOwnerSet | RenewalWordGiven,
    renewal: Renewal,
    renewals: Renewals,
) -> Decision | None:
    """Who may not read it hears that there is none; who looked at an older version, what is new."""
    granted = access_of(event.by, renewal, draft, renewals)
    if not granted.can_read:
        draft.subject = None
        return draft.rejected(ReasonCode.REQUEST_NOT_FOUND, "there is no such renewal")
    if not granted.can_write:
        return draft.rejected(granted.reason.code, granted.reason.detail)
    if renewal.reading.gone:
        detail = "this client has left; what was set for him has no effect any more"
        return draft.rejected(ReasonCode.RENEWAL_GONE, detail)
    if event.seen != renewal.version:
        return draft.rejected(ReasonCode.RENEWAL_CHANGED_MEANWHILE, _news(renewal))
    return None


def _on_word(
    draft: Draft, event: RenewalWordGiven, renewal: Renewal, renewals: Renewals
) -> Decision:
    refused = _refused(draft, event, renewal, renewals)
    if refused is not None:
        return refused
    if event.renews_on != renewal.reading.renews_on:
        detail = f"the renewal is due on {renewal.reading.renews_on or 'no day'} by now"
        return draft.rejected(ReasonCode.RENEWAL_CHANGED_MEANWHILE, detail)
    said = Said(
        word=event.word,
        renews_on=event.renews_on,
        by=event.by.principal,
        at=draft.facts.now,
    )
    draft.used("state before", renewal.state)
    draft.because(
        ReasonCode.RENEWAL_WORD,
        f"{event.by.id} says of the renewal of {event.renews_on}: {event.word}",
    )
    draft.change(PutRenewal(renewal=replace(renewal, said=said, version=renewal.version + 1)))
    return draft.applied()


def _on_read(
    draft: Draft, event: RenewalRead, known: Renewal | None, renewals: Renewals
) -> Decision:
    """Its schedule follows the date; what was set here stays (REN-14)."""
    after = follow(known, event.reading)
    draft.subject = after.subject
    if known is not None and known.reading == event.reading:
        return draft.ignored(ReasonCode.MIRROR_OLDER, "nothing has changed at its origin")
    if known is not None and known.reading.tenant != event.reading.tenant:
        after = replace(after, override=Override(), version=after.version + 1)
        draft.because(
            ReasonCode.RENEWAL_OWNER_CHANGED,
            "the client belongs to another partner now: what was set for him is the former's",
        )
    for what in _moved(None if known is None else known.reading, event.reading):
        draft.because(ReasonCode.RENEWAL_FOLLOWED, what)
    draft.change(PutRenewal(renewal=show_owner(draft, after, renewals)))
    return draft.applied()


def _moved(before: RenewalReading | None, after: RenewalReading) -> list[str]:
    """What is new, without a word of who the client's people are."""
    if before is None:
        return [f"known from now on; due on {after.renews_on or 'no day'}"]
    found = []
    if before.gone != after.gone:
        found.append("the client has left" if after.gone else "the client is back")
    if before.renews_on != after.renews_on:
        was, now = before.renews_on or "no day", after.renews_on or "no day"
        found.append(f"the renewal moved from {was} to {now}")
    if before.state is not after.state:
        found.append(f"the origin says {after.state}, before {before.state}")
    if before.contacts != after.contacts:
        found.append("the client's contacts are others")
    return found or ["its name or particulars are others"]


def _on_default(draft: Draft, event: RenewalDefaultSet) -> Decision:
    """Overrides are not touched; those who follow the default do so from now on (REN-10)."""
    name = f"{OF_DEFAULT}{event.tenant}"
    draft.subject = Subject(kind=SubjectKind.RENEWAL, id=name, tenant=event.tenant)
    noted = (draft.facts.renewing or RenewingFacts()).default
    if noted == event.after:
        return draft.ignored(ReasonCode.RENEWAL_OWNER_SAME, "this default is on the feed already")
    who = event.by or "the configuration"
    said = f"{who} sets the default renewal owner of all clients: "
    said += _from_to(_default_words(noted), _default_words(event.after))
    draft.because(ReasonCode.RENEWAL_DEFAULT_CHANGED, said)
    draft.change(
        NoteDefault(tenant=event.tenant, default=event.after, by=event.by, at=draft.facts.now)
    )
    return draft.applied()


def _on_shown(draft: Draft, renewal: Renewal, renewals: Renewals) -> Decision:
    after = show_owner(draft, renewal, renewals)
    if after == renewal:
        return draft.ignored(ReasonCode.RENEWAL_OWNER_SAME, "the CRM has this owner already")
    draft.because(ReasonCode.RENEWAL_SHOWN, "the owner is written to the CRM as it holds now")
    draft.change(PutRenewal(renewal=replace(after, revision=renewal.revision + 1)))
    return draft.applied()


def is_shown(renewal: Renewal, renewals: Renewals) -> bool:
    """Whether the CRM has been told who owns it, where it wants to know."""
    if not wants_owner(renewal, renewals):
        return True
    owner = owner_now(renewal.override, renewal.reading.tenant, renewals)
    return renewal.shown == owner.shown


def wants_owner(renewal: Renewal, renewals: Renewals) -> bool:
    written = renewals.written_to
    in_crm = renewal.reading.record is not None and not renewal.reading.gone
    return in_crm and bool(written.owner or written.contact)


def show_owner(draft: Draft, renewal: Renewal, renewals: Renewals) -> Renewal:
    """Writes it to the properties that are named for it (PX-08); gives the renewal as shown."""
    reading = renewal.reading
    if is_shown(renewal, renewals) or not (reading.account and reading.kind and reading.record):
        return renewal
    owner = owner_now(renewal.override, reading.tenant, renewals)
    values = (
        (renewals.written_to.owner, str(owner.owner)),
        (renewals.written_to.contact, owner.notify or ""),
    )
    for name, value in values:
        if name:
            effect = SetProperty(kind=reading.kind, record=reading.record, name=name, value=value)
            draft.plan(reading.account, effect, f"renewal:{renewal.id}")
    return replace(renewal, shown=owner.shown)


def _inactive(draft: Draft) -> Mapping[str, str]:
    return {} if draft.facts.renewing is None else draft.facts.renewing.inactive


def _tell_owners(draft: Draft, before: Renewal, after: Renewal, renewals: Renewals) -> None:
    was, now = (owner_now(x.override, x.reading.tenant, renewals) for x in (before, after))
    draft.used("owner before", _owner_words(was))
    draft.used("owner now", _owner_words(now))


def _owner_words(owner: OwnerNow) -> str:
    told = f", {owner.notify}" if owner.notify else ""
    return f"{owner.owner}{told} ({owner.source})"


def _from_to(before: str, after: str) -> str:
    return f"from {before} to {after}"


def _words(override: Override) -> str:
    return f"{override.choice} ({override.notify})" if override.notify else str(override.choice)


def _default_words(default: RenewalDefault | None) -> str:
    if default is None:
        return "none"
    return f"{default.owner} ({default.notify})" if default.notify else str(default.owner)


def _news(renewal: Renewal) -> str:
    """What somebody else did meanwhile."""
    override, said = renewal.override, renewal.said
    found = []
    if override.at is not None:
        found.append((override.at, f"{override.by} has set the owner to {_words(override)}"))
    if said is not None:
        found.append((said.at, f"{said.by} has said: {said.word}"))
    latest = max(found)[1] if found else "it is another by now"
    return f"somebody was faster: {latest}; look at it again"
