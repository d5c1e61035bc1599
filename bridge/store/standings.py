"""How a client stands on each channel of his messenger: since when silent, and what he refused."""

from collections.abc import Mapping

from sqlalchemy import Connection

from bridge.domain.channels import Standing
from bridge.domain.names import ChannelName, ConversationId, conversation_id
from bridge.domain.policy import Policy
from bridge.domain.records import Conversation
from bridge.store.chats import conversations_by_id


def conversation_on(
    policy: Policy, conversation: Conversation, channel: ChannelName
) -> ConversationId:
    """The id of the same client's chat on another channel of the messenger."""
    there = policy.channels[channel]
    return conversation_id(there.account, there.id, conversation.chat_id)


def standings(
    db: Connection, policy: Policy, conversation: Conversation
) -> Mapping[ChannelName, Standing]:
    """Of those channels on which he has a chat."""
    places = {
        name: conversation_on(policy, conversation, name)
        for name, channel in policy.channels.items()
        if channel.messenger is conversation.messenger and name != conversation.channel
    }
    if not places:
        return {}
    found = conversations_by_id(db, places.values())
    return {
        name: Standing(last_inbound_at=one.last_inbound_at, wishes=one.wishes)
        for name, where in places.items()
        if (one := found.get(where)) is not None
    }
