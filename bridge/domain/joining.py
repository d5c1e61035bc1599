"""Two contacts that are one client: joined by a manager, and parted again."""

from bridge.domain.changes import MergeContacts, RefreshKind, RequestRefresh, UndoMerge
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import ContactsJoined, ContactsParted
from bridge.domain.names import AccountName, EventKey, RecordId, digest_id
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import Contact, ContactState


def on_joined(draft: Draft, event: ContactsJoined) -> Decision:
    """All chats of the one are the other's from now on; what moves is kept, to be undone."""
    survivor, absorbed = _kin(draft, event.survivor), _kin(draft, event.absorbed)
    draft.contact = event.survivor
    if event.survivor == event.absorbed or not _are_there(survivor, absorbed):
        return draft.ignored(
            ReasonCode.CLIENT_DELETED, "both have to be contacts that are there, and two"
        )
    draft.change(
        MergeContacts(
            survivor=event.survivor,
            absorbed=event.absorbed,
            crm_id=None,
            merge=merge_id(event.account, event.event_key, event.absorbed),
            by=event.employee,
            why=event.why,
        )
    )
    draft.because(
        ReasonCode.CONTACTS_MERGED,
        f"{event.employee} says that two contacts are one client; entries in the CRM stay",
    )
    return draft.applied()


def on_parted(draft: Draft, event: ContactsParted) -> Decision:
    """Each gets back what was his; what came meanwhile stays with the chat that it came in."""
    merge = draft.facts.merge
    if merge is None or merge.undone_at is not None:
        return draft.ignored(ReasonCode.MERGE_UNDONE, "this merge is undone already")
    draft.contact = merge.absorbed
    survivor = _kin(draft, merge.survivor)
    if survivor is not None and survivor.merged_into is not None:
        return draft.ignored(
            ReasonCode.CONTACTS_MERGED, "the survivor was merged himself: undo that first"
        )
    draft.change(UndoMerge(merge=merge.id, by=event.employee, at=draft.facts.now))
    for contact in (survivor, merge.before):
        if contact is not None and contact.crm_id is not None:
            # What the CRM says of each by now: it may have only one of them.
            draft.change(RequestRefresh(kind=RefreshKind.CONTACT, key=contact.crm_id))
    draft.because(
        ReasonCode.MERGE_UNDONE,
        f"{event.employee} says that these are two clients; entries in the CRM stay",
    )
    return draft.applied()


def merge_id(account: AccountName, event_key: EventKey, absorbed: RecordId) -> str:
    return digest_id("mg", account, event_key, absorbed)


def _kin(draft: Draft, contact: RecordId) -> Contact | None:
    return next((x for x in draft.facts.kin if x.id == contact), None)


def _are_there(*contacts: Contact | None) -> bool:
    return all(x is not None and x.state is ContactState.ACTIVE for x in contacts)
