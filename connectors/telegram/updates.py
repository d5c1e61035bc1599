"""Telegram's updates that are no messages: deletions, reactions, buttons, blocks, connections."""

import hashlib
from datetime import datetime

from bridge.domain.errors import EventUnsupported
from bridge.domain.events import (
    ChannelChanged,
    ChatBlocked,
    MessageDeleted,
    MessageReacted,
    MessageReceived,
)
from bridge.domain.messaging import ChannelState, ChatKind
from bridge.domain.names import AccountName, EventKey
from bridge.payload import Payload
from connectors.telegram.chats import chat_of, message_id, message_id_of
from connectors.telegram.reading import moment, number, person_name, short_text
from connectors.telegram.words import GONE, UNKNOWN_CONTENT

_REACTIONS = {"custom_emoji": "(custom emoji)", "paid": "⭐"}


def deleted(
    account: AccountName, item: Payload, given: Payload, received_at: datetime
) -> MessageDeleted:
    """One of the `message_ids` of a deletion; Telegram says neither when nor whose it was."""
    chat = chat_of(item)
    ours = message_id_of(chat.channel_id, chat.chat_id, str(given.integer()))
    return MessageDeleted(
        event_key=EventKey(f"deleted:{ours}"),
        occurred_at=received_at,
        account=account,
        raw=item.raw(),
        message_id=ours,
        direction=None,
        chat=chat,
    )


def reaction(account: AccountName, update_id: str, item: Payload) -> MessageReacted:
    """All that he has put on the message now, as one text."""
    ours, chat = message_id(item), chat_of(item)
    who = item.get("user") if chat.kind is ChatKind.GROUP else None
    return MessageReacted(
        event_key=EventKey(f"reacted:{ours}:{update_id}"),
        occurred_at=moment(item, "date"),
        account=account,
        raw=item.raw(),
        message_id=ours,
        chat=chat,
        emoji="".join(_emoji(found) for found in item.at("new_reaction").items()),
        by="" if who is None else number(who, "id"),
        author_name=person_name(who),
        number=int(update_id),
    )


def pressed(account: AccountName, item: Payload, received_at: datetime) -> MessageReceived:
    """A button under a message of ours. Raises EventUnsupported where the message is in a chat
    that the bot does not see."""
    message = item.get("message")
    if message is None:
        raise EventUnsupported("inline_button")
    chat, ours = chat_of(message), message_id(message)
    key = hashlib.sha256(item.at("id").identifier().encode()).hexdigest()[:32]
    given = item.text_or("data") or item.text_or("game_short_name")
    in_group = chat.kind is ChatKind.GROUP
    return MessageReceived(
        event_key=EventKey(f"pressed:{key}"),
        occurred_at=received_at,
        account=account,
        raw=item.raw(),
        chat=chat,
        message_id=f"{ours}:pressed:{key}",
        text=_label(message, given) or given or UNKNOWN_CONTENT,
        reply_to=ours,
        pressed=given,
        author_name=person_name(item.get("from")) if in_group else "",
    )


def membership(account: AccountName, update_id: str, item: Payload) -> ChatBlocked:
    """The bot was blocked or let in again, by a client or out of a group."""
    member = item.at("new_chat_member")
    status = member.at("status").text()
    silenced = status == "restricted" and member.mapping().get("can_send_messages") is False
    return ChatBlocked(
        event_key=EventKey(f"member:{number(item.at('chat'), 'id')}:{update_id}"),
        occurred_at=moment(item, "date"),
        account=account,
        raw=item.raw(),
        chat=chat_of(item),
        blocked=status in GONE or silenced,
    )


def connection(
    account: AccountName, update_id: str, item: Payload, received_at: datetime
) -> ChannelChanged:
    """Its `date` is that of the first connection, whatever has changed now."""
    channel = short_text(item, "id") or item.at("id").identifier()
    state, detail = connection_state(item)
    return ChannelChanged(
        event_key=EventKey(f"connection:{channel}:{update_id}"),
        occurred_at=received_at,
        account=account,
        raw=item.raw(),
        channel_id=channel,
        state=state,
        detail=detail,
    )


def connection_state(item: Payload) -> tuple[ChannelState, str]:
    """Of a BusinessConnection; without the right to reply nothing can be sent over it."""
    if not item.at("is_enabled").boolean():
        return ChannelState.DISABLED, "disconnected"
    rights = item.get("rights")
    may_reply = item if rights is None else rights  # before Bot API 9.0 it stood outside
    if may_reply.mapping().get("can_reply") is not True:
        return ChannelState.BLOCKED, "the bot may not reply"
    return ChannelState.ACTIVE, "connected"


def _emoji(reaction: Payload) -> str:
    return reaction.text_or("emoji") or _REACTIONS.get(reaction.text_or("type"), "(a reaction)")


def _label(message: Payload, data: str) -> str:
    """What stands on the button that was pressed, as far as the message still shows it."""
    markup = message.get("reply_markup")
    rows = None if markup is None else markup.get("inline_keyboard")
    buttons = () if rows is None else (button for row in rows.items() for button in row.items())
    return next((b.text_or("text") for b in buttons if b.text_or("callback_data") == data), "")
