"""What moved in the CRM: owners count at once, the rest is read anew."""

from dataclasses import replace
from datetime import datetime

from bridge.domain.announcing import announce
from bridge.domain.changes import (
    EraseContact,
    MergeContacts,
    Notify,
    PutContact,
    RefreshKind,
    RequestRefresh,
    SetOwner,
)
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import (
    ContactChanged,
    ContactDeleted,
    ContactErased,
    ContactsMerged,
    OwnerChanged,
)
from bridge.domain.joining import merge_id
from bridge.domain.names import CrmId, RecordId
from bridge.domain.own_writes import known_owner
from bridge.domain.reasons import ReasonCode
from bridge.domain.record_changes import REFRESH, read_anew
from bridge.domain.records import ContactState, Owner, RecordKind


def on_owner(draft: Draft, event: OwnerChanged) -> Decision:
    """The owner as the CRM says counts from the next request on (ROL-11)."""
    record = _known(draft, event.kind, event.record)
    if record is None:
        return _unknown(draft, event.kind, event.record)
    draft.contact = record if event.kind is RecordKind.CONTACT else None
    known = known_owner(draft.facts, event)
    is_new = known is None or known.crm_id != event.owner
    now = draft.facts.now
    heard = min(event.occurred_at, now)
    # Whichever of them is from the future, a clock was wrong: it proves nothing about order.
    before = known.as_of if known is not None and known.as_of <= now else heard
    if is_new and before > heard:
        draft.change(RequestRefresh(kind=REFRESH[event.kind], key=event.record))
        return draft.ignored(ReasonCode.MIRROR_OLDER, "a newer owner is known: read anew")
    if is_new and event.by_us:
        draft.change(RequestRefresh(kind=REFRESH[event.kind], key=event.record))
        detail = "our own write, but of another owner than we know: read anew"
        return draft.ignored(ReasonCode.ECHO_OWN_WRITE, detail)
    owner = Owner(crm_id=event.owner, as_of=max(heard, before))
    draft.change(SetOwner(kind=event.kind, record=record, owner=owner))
    if is_new and (_is_ahead(event, known, now) or _is_tied(event, known)):
        draft.change(RequestRefresh(kind=REFRESH[event.kind], key=event.record))
    draft.used(f"owner of {event.kind}", event.owner or "nobody", event.occurred_at)
    if not is_new:
        draft.because(ReasonCode.MIRROR_UPDATED, f"the CRM confirms the owner of the {event.kind}")
        return draft.applied()
    draft.because(
        ReasonCode.OWNER_CHANGED, f"the CRM says: {event.kind} of {event.owner or 'nobody'}"
    )
    _tell_new_owner(draft, event)
    _tell_overruled(draft, event)
    return draft.applied()


def on_contact(draft: Draft, event: ContactChanged) -> Decision:
    draft.contact = _known(draft, RecordKind.CONTACT, event.contact)
    if draft.contact is None:
        return draft.ignored(
            ReasonCode.MIRROR_UNKNOWN_RECORD, "the bridge has no chat of this contact"
        )
    _ask_again(draft)
    return read_anew(draft, RefreshKind.CONTACT, event.contact)


def on_contact_deleted(draft: Draft, event: ContactDeleted) -> Decision:
    contact = draft.facts.contact
    if contact is None or contact.crm_id != event.contact:
        return draft.ignored(ReasonCode.MIRROR_UNKNOWN_RECORD, "no chat of this contact")
    draft.contact = contact.id
    if contact.state in (ContactState.ERASED, ContactState.MERGED):
        return draft.ignored(ReasonCode.MIRROR_UPDATED, f"the contact is {contact.state} already")
    draft.change(PutContact(contact=replace(contact, state=ContactState.DELETED)))
    _ask_again(draft)
    draft.because(
        ReasonCode.CLIENT_DELETED, "gone from the CRM: his next message makes a new contact"
    )
    return draft.applied()


def on_erased(draft: Draft, event: ContactErased) -> Decision:
    record = _known(draft, RecordKind.CONTACT, event.contact)
    if record is None:
        return draft.ignored(ReasonCode.MIRROR_UNKNOWN_RECORD, "no chat of this contact")
    draft.contact = record
    draft.change(EraseContact(contact=record))
    _ask_again(draft)
    draft.because(ReasonCode.CONTACT_ERASED, "erased for privacy in the CRM: wiped here as well")
    return draft.applied()


def on_merged(draft: Draft, event: ContactsMerged) -> Decision:
    """Absorbed contacts live on as the survivor, chats and all."""
    absorbed = [
        (crm_id, record)
        for crm_id in event.absorbed
        if (record := _known(draft, RecordKind.CONTACT, crm_id)) is not None
    ]
    survivor = _known(draft, RecordKind.CONTACT, event.survivor)
    if not absorbed and survivor is None:
        return draft.ignored(ReasonCode.MIRROR_UNKNOWN_RECORD, "no chat of these contacts")
    if survivor is None:
        # The first absorbed record takes the survivor's place: chats keep their record.
        survivor = absorbed.pop(0)[1]
        draft.change(MergeContacts(survivor=survivor, absorbed=survivor, crm_id=event.survivor))
    for _, record in absorbed:
        if record != survivor:
            draft.change(_merge(event, survivor, record))
    draft.contact = survivor
    _ask_again(draft)
    draft.change(RequestRefresh(kind=RefreshKind.CONTACT, key=event.survivor))
    draft.because(ReasonCode.MIRROR_UPDATED, f"{len(event.absorbed)} merged into one contact")
    return draft.applied()


def _merge(event: ContactsMerged, survivor: RecordId, absorbed: RecordId) -> MergeContacts:
    return MergeContacts(
        survivor=survivor,
        absorbed=absorbed,
        crm_id=event.survivor,
        merge=merge_id(event.account, event.event_key, absorbed),
        why="merged in the CRM",
    )


def _ask_again(draft: Draft) -> None:
    """Of chats that wait for a choice among contacts of which this is news, one may be left."""
    for where in draft.facts.undecided:
        draft.change(RequestRefresh(kind=RefreshKind.IDENTITY, key=where))


def _unknown(draft: Draft, kind: RecordKind, record: CrmId) -> Decision:
    if kind is RecordKind.CONTACT:
        return draft.ignored(ReasonCode.MIRROR_UNKNOWN_RECORD, "no chat of this contact")
    return read_anew(draft, REFRESH[kind], record)


def _known(draft: Draft, kind: RecordKind, crm_id: CrmId) -> RecordId | None:
    return draft.facts.records.get(f"{kind}:{crm_id}")


def _is_ahead(event: OwnerChanged, known: Owner | None, now: datetime) -> bool:
    return event.occurred_at > now or (known is not None and known.as_of > now)


def _is_tied(event: OwnerChanged, known: Owner | None) -> bool:
    """Two owners of one moment: the last to come counts until the CRM has said who it is."""
    return known is not None and known.as_of == event.occurred_at


def _tell_overruled(draft: Draft, event: OwnerChanged) -> None:
    """Who answered first had the client until the CRM said otherwise; the CRM wins (WS-10)."""
    if event.kind is not RecordKind.CONTACT or event.owner is None:
        return
    named = draft.facts.directory.by_crm_id(event.owner)
    for claimant in draft.facts.claims:
        if named is not None and named.email == claimant:
            continue
        draft.because(ReasonCode.CLAIM_OVERRULED, f"{claimant} had answered first")
        notice = Notify(
            employee=claimant, conversation=None, message=None, code=ReasonCode.CLAIM_OVERRULED
        )
        announce(draft, notice)


def _tell_new_owner(draft: Draft, event: OwnerChanged) -> None:
    """Tells him of his chat, if he still works here and may write."""
    if event.owner is None:
        return
    person = draft.facts.directory.by_crm_id(event.owner)
    if person is None:
        draft.change(RequestRefresh(kind=RefreshKind.EMPLOYEES, key=event.account))
        return
    if not person.active or not draft.policy.employee(person.email).may_write_at_all:
        return
    draft.target = person.email
    if draft.facts.conversations:
        draft.conversation = draft.facts.conversations[0]
        notice = Notify(
            employee=person.email,
            conversation=draft.facts.conversations[0],
            message=None,
            code=ReasonCode.OWNER_CHANGED,
        )
        announce(draft, notice)
