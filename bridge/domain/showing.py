"""What of a message somebody is shown who may read its conversation: one answer for page, API,
feed, search and export."""

from dataclasses import replace

from bridge.domain.people import Employee, Role
from bridge.domain.policy import OnDelete, Policy
from bridge.domain.records import Contact, Conversation, Message


def sees_what_was(employee: Employee) -> bool:
    """Texts before an edit, and those that were taken back, are looked into, not worked with."""
    return employee.role in (Role.MANAGER, Role.QUALITY_CONTROL)


def as_shown(message: Message, employee: Employee, policy: Policy) -> Message:
    """The message without what is not for these eyes; that it was edited or deleted stays."""
    if sees_what_was(employee):
        return message
    now = replace(message, edits=(), first=None, versions=(), times_edited=times_edited(message))
    if message.deleted_at is not None and policy.timeline.on_delete is OnDelete.REDACT:
        return replace(now, text="", media=())
    return now


def said(message: Message, policy: Policy) -> tuple[str, ...]:
    """What of a message a search may look into: its words as they are now and its files' names, of
    a deleted one nothing where deleting takes the text away."""
    if message.deleted_at is not None and policy.timeline.on_delete is OnDelete.REDACT:
        return ()
    return words_of(message)


def words_of(message: Message) -> tuple[str, ...]:
    return (message.text, *(file.name for file in message.media))


def names_of(conversation: Conversation) -> tuple[str | None, ...]:
    return conversation.title, conversation.username, conversation.phone


def names_of_contact(contact: Contact) -> tuple[str, ...]:
    return contact.name, *contact.phones


def times_edited(message: Message) -> int:
    return max(message.times_edited, len(message.edits))
