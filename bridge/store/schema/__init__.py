"""The tables. Documents are kept whole in `value`, with the columns that queries need beside it."""

from bridge.store.schema.audit import AUDIT
from bridge.store.schema.channels import CHANNELS, TEMPLATES
from bridge.store.schema.chats import CONVERSATIONS, MESSAGES
from bridge.store.schema.clients import CONTACT_PHONES, CONTACTS, RECORD_CONTACTS, RECORDS
from bridge.store.schema.config_changes import CONFIG_CHANGES, CONFIG_DRAFTS, CONFIG_TEXTS
from bridge.store.schema.house import ACTIVE_CONFIG, BEATS, CONFIGS
from bridge.store.schema.identities import CHAT_HOMES, IDENTITIES, MERGES
from bridge.store.schema.keeping import ERASURES, PASSES, SYNCS
from bridge.store.schema.media import FILE_REMOVALS, MEDIA, UPLOADS
from bridge.store.schema.messenger_window import PUSHES, WINDOWS
from bridge.store.schema.metadata import METADATA
from bridge.store.schema.mirror import (
    CURSORS,
    DIRECTORIES,
    LEFT_OWNERS,
    PIPELINES,
    REFRESHES,
    STRANGERS,
    TOKENS,
)
from bridge.store.schema.notes import NOTES
from bridge.store.schema.notices import DIGESTS, NOTIFICATIONS
from bridge.store.schema.numbers import COUNTED, SUMS, TO_COUNT
from bridge.store.schema.parked import PARKED, REACTION_IDS
from bridge.store.schema.partners import PARTNER_LEADS, PARTNER_SIDE
from bridge.store.schema.people import (
    API_ANSWERS,
    API_KEYS,
    LOGIN_LINKS,
    PROVIDER_LOGOUTS,
    SESSIONS,
)
from bridge.store.schema.renewals import (
    RENEWAL_CHATS,
    RENEWAL_DEFAULTS,
    RENEWAL_EDITS,
    RENEWAL_STEPS,
    RENEWALS,
)
from bridge.store.schema.reselling import RESELLER_CLIENTS, UNIT_MOVEMENTS
from bridge.store.schema.rotation import TURN_LOG, TURNS
from bridge.store.schema.searching import SEARCH_DUE, SEARCH_MARKS, SEARCH_NAMES, SEARCH_WORDS
from bridge.store.schema.walk import (
    ATTEMPTS,
    DECISIONS,
    INBOX,
    LANES,
    NEEDS,
    NOT_MADE,
    OUTBOX,
    SENDS,
    UPDATES,
    VENDOR_IDS,
)

__all__ = [
    "ACTIVE_CONFIG",
    "API_ANSWERS",
    "API_KEYS",
    "ATTEMPTS",
    "AUDIT",
    "BEATS",
    "CHANNELS",
    "CHAT_HOMES",
    "CONFIGS",
    "CONFIG_CHANGES",
    "CONFIG_DRAFTS",
    "CONFIG_TEXTS",
    "CONTACTS",
    "CONTACT_PHONES",
    "CONVERSATIONS",
    "COUNTED",
    "CURSORS",
    "DECISIONS",
    "DIGESTS",
    "DIRECTORIES",
    "ERASURES",
    "FILE_REMOVALS",
    "IDENTITIES",
    "INBOX",
    "LANES",
    "LEFT_OWNERS",
    "LOGIN_LINKS",
    "MEDIA",
    "MERGES",
    "MESSAGES",
    "METADATA",
    "NEEDS",
    "NOTES",
    "NOTIFICATIONS",
    "NOT_MADE",
    "OUTBOX",
    "PARKED",
    "PARTNER_LEADS",
    "PARTNER_SIDE",
    "PASSES",
    "PIPELINES",
    "PROVIDER_LOGOUTS",
    "PUSHES",
    "REACTION_IDS",
    "RECORDS",
    "RECORD_CONTACTS",
    "REFRESHES",
    "RENEWALS",
    "RENEWAL_CHATS",
    "RENEWAL_DEFAULTS",
    "RENEWAL_EDITS",
    "RENEWAL_STEPS",
    "RESELLER_CLIENTS",
    "SEARCH_DUE",
    "SEARCH_MARKS",
    "SEARCH_NAMES",
    "SEARCH_WORDS",
    "SENDS",
    "SESSIONS",
    "STRANGERS",
    "SUMS",
    "SYNCS",
    "TEMPLATES",
    "TOKENS",
    "TO_COUNT",
    "TURNS",
    "TURN_LOG",
    "UNIT_MOVEMENTS",
    "UPDATES",
    "UPLOADS",
    "VENDOR_IDS",
    "WINDOWS",
]
