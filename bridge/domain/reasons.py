"""Why: the one closed list of reason codes, and the sentence that goes with one."""

from dataclasses import dataclass
from enum import StrEnum


class ReasonCode(StrEnum):
    # Who may see and write
    ROLE_MANAGER = "role.manager"
    ROLE_QUALITY_CONTROL = "role.quality_control"
    ROLE_NONE = "role.none"
    OWNER_CONTACT = "owner.contact"
    OWNER_DEAL = "owner.deal"
    OWNER_LEAD = "owner.lead"
    OWNER_MISMATCH = "owner.mismatch"
    OWNER_STALE = "owner.stale"
    OWNER_CLAIMED = "owner.claimed"
    NEW_CLIENT_VISIBLE = "new_client.visible"
    NEW_CLIENT_HIDDEN = "new_client.hidden"
    CLIENT_UNIDENTIFIED = "client.unidentified"
    CLIENT_AMBIGUOUS = "client.ambiguous"
    CLIENT_DUPLICATE = "client.duplicate"
    CLIENT_CHOSEN = "client.chosen"
    CLIENT_GROUP = "client.group"
    CLIENT_DELETED = "client.deleted"
    CLIENT_TAKEN = "client.taken"
    CHANNEL_NO_ACCESS = "channel.no_access"
    NOT_A_PRINCIPAL = "principal.none"
    SCOPE_MISSING = "principal.scope_missing"

    # Who it goes to
    TARGET_OWNER = "owner"
    TARGET_RULE = "rule"
    TARGET_IN_TURN = "distribution.in_turn"
    TARGET_FIRST_TO_ANSWER = "distribution.first_to_answer"
    TARGET_CLAIMED = "distribution.claimed"
    TARGET_DEFAULT = "default"
    TARGET_FALLBACK = "fallback"
    TARGET_NOBODY = "nobody"

    # Why somebody was not chosen
    AWAY = "candidate.away"
    INACTIVE_IN_CRM = "candidate.inactive_in_crm"
    NOT_IN_CRM = "candidate.not_in_crm"
    ROLE_CANNOT_WRITE = "candidate.role_cannot_write"
    NO_CHANNEL_ACCESS = "candidate.no_channel_access"
    GETS_NO_NEW_CLIENTS = "candidate.gets_no_new_clients"
    NOT_NEXT_IN_TURN = "candidate.not_next_in_turn"
    NOT_IN_POOL = "candidate.not_in_pool"
    OWNER_WINS = "candidate.owner_wins"
    RULE_NOT_MATCHED = "candidate.rule_not_matched"
    NOT_CONSIDERED = "candidate.not_considered"

    # What was done with an event
    MESSAGE_STORED = "message.stored"
    MESSAGE_UPDATED = "message.updated"
    MESSAGE_ECHO = "message.own_echo"
    MESSAGE_SETTLED_SEND = "message.settled_send"
    ANSWER_NOT_NEEDED = "message.no_answer_needed"
    ANSWER_FAILED = "message.answer_failed"
    MESSAGE_UNKNOWN = "message.unknown"
    MESSAGE_PARKED = "message.parked"
    MESSAGE_REACTED = "message.reacted"
    MESSAGE_STATUS = "message.status"
    MESSAGE_STATUS_OLDER = "message.status_older"
    CHAT_JOINED = "chat.joined"
    CHANNEL_STATE = "channel.state"
    MIRROR_REFRESH = "mirror.refresh_requested"
    MIRROR_UPDATED = "mirror.updated"
    MIRROR_OLDER = "mirror.event_older_than_known"
    MIRROR_UNKNOWN_RECORD = "mirror.record_not_mirrored"
    ECHO_OWN_WRITE = "echo.own_write"
    CONTACT_CREATED = "contact.created"
    CONTACT_FOUND = "contact.found"
    CRM_UNAVAILABLE = "crm.unavailable"
    NEW_DEAL_ON_CLOSED = "deal.new_on_closed"
    CONTACTS_MERGED = "contact.merged"
    MERGE_UNDONE = "contact.merge_undone"
    IDENTITY_MOVED = "contact.identity_moved"
    RECORD_GONE = "contact.record_gone"
    OWNER_CHANGED = "owner.changed"
    CONTACT_ERASED = "contact.erased"
    EVENT_IGNORED = "event.ignored"
    EVENT_REJECTED = "event.rejected"
    EVENT_PAYLOAD_INVALID = "event.payload_invalid"
    EVENT_UNSUPPORTED = "event.unsupported"
    EVENT_FAILED = "event.failed"

    # Timeline
    TIMELINE_SAVED = "timeline.saved"
    TIMELINE_OFF = "timeline.off"
    TIMELINE_WAITS = "timeline.waits_for_contact"

    # Notifications
    NOTIFY_RESPONSIBLE = "notify.responsible"
    NOTIFY_NEW_CLIENT = "notify.new_client"
    NOTIFY_ALL_CHATS = "notify.managers_hear_all_chats"
    NOTIFY_TARGET = "notify.target"
    NOTIFY_NOBODY = "notify.nobody"
    NOTIFY_DEFAULT = "notify.default"
    ACCOUNT_PAUSED = "account.paused"
    ACCOUNT_OUTAGE = "account.outage"
    OWNER_LEFT = "owner.left"
    CLAIM_OVERRULED = "notify.claim_overruled"
    NOTIFY_TEST = "notify.test"
    NOTIFY_NO_MORE = "notify.no_more"

    # Which channel a message leaves from
    CHANNEL_OF_CHAT = "channel.of_chat"
    CHANNEL_REP_DEFAULT = "channel.rep_default"
    CHANNEL_CHOSEN = "channel.chosen"
    CHANNEL_ONLY_REACHABLE = "channel.only_reachable"
    CHANNEL_FALLBACK = "channel.fallback_same_messenger"
    CHANNEL_NONE = "channel.none"
    CHANNEL_INACTIVE = "channel.inactive"
    CHANNEL_UNKNOWN = "channel.unknown"
    WINDOW_CLOSED = "channel.window_closed"
    CANNOT_WRITE_FIRST = "channel.cannot_write_first"

    CHANNEL_UNREACHABLE = "channel.client_unreachable"
    GROUP_STAYS = "channel.group_stays"
    CHAT_BLOCKED = "chat.blocked"
    MARKETING_BLOCKED = "chat.no_marketing"
    CHAT_UNBLOCKED = "chat.unblocked"

    # What becomes of a message of ours
    MESSAGE_SPLIT = "message.split"
    MESSAGE_AGAIN = "message.sent_again"
    MESSAGE_MARKED_SENT = "message.marked_sent"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_IN_DOUBT = "message.in_doubt"
    TEMPLATE_CHANGED = "template.changed"
    TEMPLATE_UNKNOWN = "template.unknown"
    TEMPLATE_UNUSABLE = "template.unusable"
    TEMPLATE_VALUES = "template.values"
    TEMPLATE_ELSEWHERE = "template.not_on_channel"

    # Refusals of the API
    REQUEST_INVALID = "request.invalid"
    REQUEST_NOT_FOUND = "request.not_found"
    REQUEST_CONFLICT = "request.conflict"
    REQUEST_UNAUTHENTICATED = "request.unauthenticated"
    REQUEST_FORBIDDEN = "request.forbidden"
    REQUEST_TOO_MANY = "request.too_many"
    REQUEST_FAILED = "request.failed"
    MESSAGE_EMPTY = "message.empty"
    MESSAGE_TOO_LONG = "message.too_long"
    CRM_MISSING = "crm.missing"
    STORE_UNAVAILABLE = "store.unavailable"
    MEDIA_PENDING = "media.pending"
    MEDIA_FAILED = "media.failed"


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` for machines, `detail` for people; a detail never holds text or phone numbers."""

    code: ReasonCode
    detail: str
