"""The ids that the house uses: strings inside, whatever a vendor sends."""

import hashlib
from functools import lru_cache
from typing import NewType

AccountName = NewType("AccountName", str)
"""A key of `accounts` in accounts.yaml."""

HOUSE = AccountName("bridge")
"""In whose name the house decides what its own people and its clock do."""

ChannelName = NewType("ChannelName", str)
"""A key of `channels` in accounts.yaml, or `account:vendor-id` for a channel not named there."""

EmployeeId = NewType("EmployeeId", str)
"""An employee's e-mail in lower case."""

CrmId = NewType("CrmId", str)
"""The CRM's id of a contact, deal, lead or owner."""

RecordId = NewType("RecordId", str)
"""Our id of a contact, deal or lead; effects name records by it, never by a vendor's id."""

PartnerName = NewType("PartnerName", str)
"""A key of `accounts` in partners.yaml: a partner account."""

QueueName = NewType("QueueName", str)
"""A key of `queues` in partners.yaml."""

ResellerName = NewType("ResellerName", str)
"""A reseller's key in plans.yaml."""

PartnerLeadId = NewType("PartnerLeadId", str)
"""Our id of a lead in the partner programme: `pl_…`."""

ClientId = NewType("ClientId", str)
"""Our id of a reseller's client: `cl_…`."""

ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
EventKey = NewType("EventKey", str)


@lru_cache(maxsize=4096)  # the same chat is named several times on the way of each message
def digest_id(prefix: str, *parts: str) -> str:
    """`prefix_` and 20 hex digits made from the parts: deciding again gives the same id."""
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return f"{prefix}_{hashlib.sha256(joined).hexdigest()[:20]}"


def conversation_id(account: AccountName, channel_id: str, chat_id: str) -> ConversationId:
    return ConversationId(digest_id("cv", account, channel_id, chat_id))


def message_id(account: AccountName, vendor_message_id: str) -> MessageId:
    return MessageId(digest_id("ms", account, vendor_message_id))
