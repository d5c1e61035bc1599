"""What is told of a message before the message itself has come waits for it (WZ-10, WZ-11)."""

from datetime import timedelta

from bridge.domain.changes import Park
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import (
    MessageDeleted,
    MessageEdited,
    MessageReacted,
    MessageStatusChanged,
)
from bridge.domain.reasons import ReasonCode

PATIENCE = timedelta(hours=24)
"""By our own clock, from when the event was parked: a vendor may be hours late with all of it."""

Later = MessageEdited | MessageDeleted | MessageReacted | MessageStatusChanged


def park(draft: Draft, event: Later) -> Decision:
    """Waits for the message, in vain at last: it may be another system's, or from before."""
    known, since = draft.facts.conversation, draft.facts.parked_at
    draft.conversation = None if known is None else known.id
    if since is not None and draft.facts.now - since >= PATIENCE:
        detail = "the message that it is about has not come within 24 hours"
        return draft.ignored(ReasonCode.MESSAGE_UNKNOWN, detail)
    draft.change(Park(target=event.message_id))
    return draft.parked(ReasonCode.MESSAGE_PARKED, "waits for the message that it is about")
