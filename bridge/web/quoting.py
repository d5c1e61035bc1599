"""What a message answers: looked up when it is shown, as it may have come later than its answer."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from bridge.domain.facts import ChatFacts
from bridge.domain.records import Message
from bridge.store.records import messages_by_vendor_id
from bridge.web.viewer import Viewer


def quotes_of(
    db: Connection, viewer: Viewer, chat: ChatFacts, messages: Iterable[Message]
) -> Mapping[str, Message]:
    """Those of this very conversation, by the vendor's ids, as they are for the reader's eyes: of
    another one it is not said here what stands in it."""
    account = chat.conversation.account
    wanted = {(account, m.reply_to) for m in messages if m.reply_to is not None}
    found = messages_by_vendor_id(db, wanted) if wanted else {}
    return {
        vendor_id: viewer.shown(message)
        for (_, vendor_id), message in found.items()
        if message.conversation == chat.conversation.id
    }
