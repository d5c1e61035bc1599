"""What becomes of messages at messengers whose clients and sellers can do all of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.stories.messengers import PHONE, WAZZUP, WEBHOOK, AtMessenger, Client

Deed = tuple[str, Mapping[str, Any]]
FILE = "https://files.example/offer.pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """Each gives what the sandbox is steered with. `reacts` is None where nobody can; `comes_back`
    shows a message of ours once more, None where the sandbox does so by itself. `typed_head` is how
    a message from the phone is headed: not every vendor tells where it was typed."""

    at: AtMessenger
    id_of: str  # where the answer names the message
    edits: Callable[[str, str], Deed]
    deletes: Callable[[str], Deed]
    types_on_phone: Callable[[str], Deed]
    typed_head: str
    sends_file: Deed
    reacts: Callable[[str], Deed] | None = None
    comes_back: Callable[[str, str], Deed] | None = None

    def writes(self, client: Client, text: str) -> str:
        """The vendor's id of it."""
        return str(client.does("incoming", self.at.says(text))[self.id_of])


def _sent(message: str, text: str, **more: str) -> Deed:
    chat = {"channel_id": "line-1", "messenger": "other", "chat_id": "eva-1"}
    event = {
        "type": "message.sent",
        "id": f"{message}:{text}",
        "occurred_at": datetime.now(UTC).isoformat(),
        "message_id": message,
        "chat": chat,
        "text": text,
        **more,
    }
    return "post", {"events": [event]}


LIVING: Mapping[str, Living] = {
    "wazzup": Living(
        at=WAZZUP,
        id_of="messageId",
        edits=lambda message, text: (
            "incoming",
            {"messageId": message, "isEdited": True, "text": text},
        ),
        deletes=lambda message: ("incoming", {"messageId": message, "isDeleted": True}),
        types_on_phone=lambda text: ("incoming", {**WAZZUP.says(text), "isEcho": True}),
        typed_head="WhatsApp to the client · Sales",
        sends_file=(
            "incoming",
            {"channelId": "chan-1", "chatId": PHONE, "contentUri": FILE, "type": "document"},
        ),
    ),
    "webhook": Living(
        at=WEBHOOK,
        id_of="message_id",
        edits=lambda message, text: ("incoming", {"message_id": message, "text": text}),
        deletes=lambda message: ("incoming", {"message_id": message, "deleted": True}),
        types_on_phone=lambda text: _sent("typed-1", text, sent_from="phone"),
        typed_head="Chat to the client from the phone · Sales",
        sends_file=("incoming", {"channel_id": "line-1", "chat_id": "eva-1", "file": FILE}),
        reacts=lambda message: ("incoming", {"message_id": message, "emoji": "👍"}),
        comes_back=lambda message, text: _sent(message, text),
    ),
}
