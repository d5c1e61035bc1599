"""Notes that colleagues write in a conversation: for each other, never for the client."""

from bridge.domain.access import access
from bridge.domain.changes import AddNote
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.effects import WriteNote
from bridge.domain.facts import ChatFacts
from bridge.domain.note_events import NoteAdded
from bridge.domain.people import Employee
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Contact, CrmKind

MOST = 10_000
"""Characters of one note."""


def on_note(draft: Draft, event: NoteAdded) -> Decision:
    """Who may write to the client may note; the CRM gets it too where it knows him."""
    conversation = draft.facts.conversation
    if conversation is None:
        return draft.rejected(ReasonCode.REQUEST_NOT_FOUND, "there is no such conversation")
    facts = draft.facts
    chat = ChatFacts(
        conversation=conversation, contact=facts.contact, deals=facts.deals, leads=facts.leads
    )
    refused = _refused(draft, chat, draft.policy.employee(event.employee))
    refused = refused or _unfit(event.text)
    if refused is not None:
        return draft.rejected(refused.code, refused.detail)
    draft.target, draft.conversation, draft.contact = (
        event.employee,
        conversation.id,
        conversation.contact,
    )
    draft.because(ReasonCode.NOTE_ADDED, f"{event.employee} wrote a note for colleagues")
    draft.change(
        AddNote(
            conversation=conversation.id,
            author=event.employee,
            at=event.occurred_at,
            text=event.text,
        )
    )
    if event.in_crm:
        _write(draft, event, facts.contact)
    return draft.applied()


def _refused(draft: Draft, chat: ChatFacts, employee: Employee) -> Reason | None:
    granted = access(employee, chat, draft.facts.directory, draft.policy, draft.facts.now)
    if not granted.can_read:
        return Reason(ReasonCode.REQUEST_NOT_FOUND, "there is no such conversation")
    return None if granted.can_write else granted.reason


def _unfit(text: str) -> Reason | None:
    if not text.strip():
        return Reason(ReasonCode.MESSAGE_EMPTY, "a note needs a text")
    if len(text) > MOST:
        return Reason(ReasonCode.MESSAGE_TOO_LONG, f"a note has at most {MOST} characters")
    return None


def _write(draft: Draft, event: NoteAdded, contact: Contact | None) -> None:
    crm = draft.policy.crm
    if crm is None or contact is None or contact.crm_id is None:
        draft.because(ReasonCode.NOTE_KEPT_HERE, "the CRM does not know the client yet")
        return
    author = draft.facts.directory.by_email(event.employee)
    effect = WriteNote(
        kind=CrmKind.CONTACT,
        record=contact.crm_id,
        subject="Note",
        text=event.text,
        occurred_at=event.occurred_at,
        author=None if author is None else author.crm_id,
    )
    draft.plan(crm, effect, f"{CrmKind.CONTACT}:{contact.crm_id}")
