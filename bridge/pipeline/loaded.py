"""What a unit of work holds: records read in bulk, and which of them have changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain import changes as c
from bridge.domain import events as e
from bridge.domain.facts import ChannelFacts, Exchange, Lookup, OpenSend
from bridge.domain.identities import KnownIdentity
from bridge.domain.merging import Merge
from bridge.domain.messaging import MessageStatus
from bridge.domain.names import (
    AccountName,
    ChannelName,
    ConversationId,
    EventKey,
    MessageId,
    RecordId,
)
from bridge.domain.phones import canonical
from bridge.domain.policy import Policy
from bridge.domain.records import (
    Contact,
    Conversation,
    Deal,
    Lead,
    Message,
    RecordKind,
    TimelineState,
)
from bridge.domain.showing import names_of, words_of
from bridge.domain.templates import MessageTemplate
from bridge.pipeline.all_rooms import all_rooms
from bridge.pipeline.event_keys import (
    CrmKey,
    chat_of,
    conversation_of,
    records_found,
    records_of,
    stage_of,
    vendor_message_of,
)
from bridge.pipeline.homes import Homes, at_home, load_homes
from bridge.pipeline.rooms import Rooms
from bridge.store import chats, marks, mirror, parking, records
from bridge.store.erasure import Forgotten
from bridge.store.mentioned import ReactionId, messages_of_reactions
from bridge.store.sends import open_sends
from bridge.store.templates import templates_of
from bridge.store.turns import Taken, Turns, read_turns

EventOf = tuple[AccountName, EventKey]


@dataclass
class Loaded:
    conversations: dict[ConversationId, Conversation] = field(default_factory=dict)
    contacts: dict[RecordId, Contact] = field(default_factory=dict)
    records: dict[RecordId, Deal | Lead] = field(default_factory=dict)
    messages: dict[MessageId, Message] = field(default_factory=dict)
    account_of: dict[MessageId, AccountName] = field(default_factory=dict)
    by_vendor_id: dict[tuple[AccountName, str], Message] = field(default_factory=dict)
    by_our_key: dict[MessageId, Message] = field(default_factory=dict)  # of whichever account
    by_reaction: dict[ReactionId, MessageId] = field(default_factory=dict)
    by_phone: defaultdict[str, dict[RecordId, None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    by_contact: defaultdict[RecordId, dict[RecordId, None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    crm_records: dict[CrmKey, RecordId] = field(default_factory=dict)
    waiting: dict[ConversationId, dict[MessageId, Message]] = field(default_factory=dict)
    open_sends: dict[ConversationId, tuple[OpenSend, ...]] = field(default_factory=dict)
    turns: Turns = field(default_factory=Turns)
    channels: dict[ChannelName, ChannelFacts] = field(default_factory=dict)
    exchanged: dict[ConversationId, dict[MessageId, Exchange]] = field(default_factory=dict)
    templates: tuple[MessageTemplate, ...] = ()

    homes: Homes = field(default_factory=dict)
    identities: defaultdict[str, dict[RecordId, KnownIdentity]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    merges: dict[str, Merge] = field(default_factory=dict)
    undecided: Mapping[ConversationId, tuple[RecordId, ...]] = field(default_factory=dict)

    # What has changed.
    dirty: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)  # conversations, found by other words now
    reworded: set[str] = field(default_factory=set)  # messages known before, the same
    new_homes: Homes = field(default_factory=dict)
    changed_identities: dict[tuple[str, RecordId], KnownIdentity | None] = field(
        default_factory=dict
    )
    changed_merges: dict[str, Merge] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    open_stages: dict[tuple[RecordKind, str], bool] = field(default_factory=dict)
    shown_else: set[RecordId] = field(default_factory=set)  # clients whose owners or chats moved
    notifications: list[c.Notify] = field(default_factory=list)
    refreshes: list[c.RequestRefresh] = field(default_factory=list)
    strangers: set[CrmKey] = field(default_factory=set)  # told of by the CRM, but not mirrored
    settled: list[c.SettleSend] = field(default_factory=list)
    channel_states: list[c.SetChannelState] = field(default_factory=list)
    erased: list[Forgotten] = field(default_factory=list)
    disabled: list[c.DisableTemplate] = field(default_factory=list)
    reaction_ids: list[tuple[AccountName, c.NameReaction]] = field(default_factory=list)
    arrived: set[str] = field(default_factory=set)  # vendor's ids that are known from now on
    parked: dict[EventOf, datetime] = field(default_factory=dict)  # since when they have waited
    notes: list[c.AddNote] = field(default_factory=list)
    dropped: list[c.DropSend] = field(default_factory=list)
    rooms: Rooms = field(default_factory=all_rooms)

    def put_conversation(self, conversation: Conversation) -> None:
        before = self.conversations.get(conversation.id)
        if before is None or _place(before) != _place(conversation):
            linked = (before.contact if before else None, conversation.contact)
            self.shown_else.update(contact for contact in linked if contact is not None)
        if before is None or names_of(before) != names_of(conversation):
            self.renamed.add(conversation.id)
        self.conversations[conversation.id] = conversation
        self.dirty.add(conversation.id)

    def put_contact(self, contact: Contact) -> None:
        self.hold_contact(contact)
        self.dirty.add(contact.id)
        self.shown_else.add(contact.id)

    def put_record(self, record: Deal | Lead) -> None:
        before = self.records.get(record.id)
        self.shown_else.update(before.contacts if before else (), record.contacts)
        self.hold_record(record)
        self.dirty.add(record.id)

    def put_message(self, account: AccountName, message: Message) -> None:
        account = self.account_of.get(message.id, account)
        vendor_id = message.vendor_id
        if vendor_id is not None and (account, vendor_id) not in self.by_vendor_id:
            self.arrived.add(vendor_id)
        before = self.messages.get(message.id) or self.by_our_key.get(message.id)
        if before is not None and _wording(before) != _wording(message):
            self.reworded.add(message.id)
        self.hold_message(account, message)
        waiting = self.waiting.setdefault(message.conversation, {})
        if message.timeline is TimelineState.WAITING:
            waiting[message.id] = message
        else:
            waiting.pop(message.id, None)
        self.dirty.add(message.id)

    def records_of(self, contact: RecordId) -> tuple[tuple[Deal, ...], tuple[Lead, ...]]:
        mine = [
            self.records[x]
            for x in sorted(self.by_contact.get(contact, ()))
            if contact in self.records[x].contacts
        ]
        deals = tuple(r for r in mine if isinstance(r, Deal))
        return deals, tuple(r for r in mine if isinstance(r, Lead))

    def with_phone(self, phone: str) -> tuple[Contact, ...]:
        return tuple(self.contacts[x] for x in sorted(self.by_phone.get(phone, ())))

    def set_channel(self, name: ChannelName, change: c.SetChannelState) -> None:
        known = self.channels.get(name, ChannelFacts(name=name))
        self.channels[name] = replace(
            known,
            state=change.state,
            as_of=change.as_of,
            account=change.account,
            channel_id=change.channel_id,
        )
        self.channel_states.append(change)

    def hold_identities(self, identities: Iterable[KnownIdentity]) -> None:
        for known in identities:
            self.identities[known.name][known.contact] = known

    def put_identity(self, known: KnownIdentity) -> None:
        self.identities[known.name][known.contact] = known
        self.changed_identities[known.name, known.contact] = known

    def drop_identity(self, name: str, contact: RecordId) -> None:
        if self.identities[name].pop(contact, None) is not None:
            self.changed_identities[name, contact] = None

    def put_merge(self, merge: Merge) -> None:
        self.merges[merge.id] = merge
        self.changed_merges[merge.id] = merge

    def put_home(self, change: c.MoveChat) -> None:
        self.homes[change.chat] = change.conversation
        self.new_homes[change.chat] = change.conversation

    def settle(self, change: c.SettleSend) -> None:
        """One echo settles one send: the next of the same text is another's."""
        self.settled.append(change)
        self.arrived.add(change.vendor_id)
        for where, sends in self.open_sends.items():
            self.open_sends[where] = tuple(x for x in sends if x.message != change.message)

    def hold_contact(self, contact: Contact) -> None:
        self.contacts[contact.id] = contact
        if contact.crm_id is not None:
            self.crm_records[RecordKind.CONTACT, contact.crm_id] = contact.id
        for phone in contact.phones:
            self.by_phone[canonical(phone)][contact.id] = None

    def hold_record(self, record: Deal | Lead) -> None:
        self.records[record.id] = record
        for contact in record.contacts:
            self.by_contact[contact][record.id] = None
        if record.crm_id is not None:
            kind = RecordKind.DEAL if isinstance(record, Deal) else RecordKind.LEAD
            self.crm_records[kind, record.crm_id] = record.id

    def hold_message(self, account: AccountName, message: Message) -> None:
        self.messages[message.id] = message
        self.account_of[message.id] = account
        if message.vendor_id is not None:
            self.by_vendor_id[account, message.vendor_id] = message


def _wording(message: Message) -> tuple[object, ...]:
    return (*words_of(message), message.deleted_at)


def _place(conversation: Conversation) -> tuple[str | None, ...]:
    """Whose it is, and what the client is known by."""
    c = conversation
    return c.contact, c.claimed_by, c.chat_id, c.phone, c.username


def load(
    db: Connection,
    policy: Policy,
    run: Sequence[e.Event],
    lookups: Mapping[ConversationId, Lookup],
    parked: Collection[EventOf] = (),
) -> Loaded:
    """Reads what the run may ask for, in a few statements whatever its length."""
    held = Loaded(parked=parking.since(db, parked))
    _load_messages(db, held, run)
    _load_conversations(db, held, run)
    held.homes = load_homes(db, run, held.conversations)
    run = [at_home(event, held.homes, held.conversations) for event in run]
    _load_contacts(db, held, policy, run, lookups)
    _load_records(db, held)
    held.waiting = {
        where: {m.id: m for m in found}
        for where, found in records.waiting_messages(db, held.conversations).items()
    }
    for where, waiting in held.waiting.items():
        for message in waiting.values():
            held.hold_message(held.conversations[where].account, message)
    sent = [event for event in run if isinstance(event, e.MessageSent)]
    echoes = [(event.account, conversation_of(event)) for event in sent]
    held.open_sends = open_sends(db, [(who, where) for who, where in echoes if where is not None])
    held.turns = read_turns(db)
    if policy.crm is not None and any(stage_of(event) for event in run):
        held.open_stages = mirror.open_stages(db, policy.crm)
    if any(isinstance(event, e.ChannelChanged) for event in run):
        held.channels = dict(mirror.channel_facts(db, policy))
    _load_exchanged(db, held, run)
    told = {event.account for event in run if isinstance(event, e.TemplateChanged)}
    held.templates = templates_of(db, told)
    return held


def _load_exchanged(db: Connection, held: Loaded, run: Sequence[e.Event]) -> None:
    """Of the chats in which a message of ours failed, which is seldom."""
    failed = (x for x in run if isinstance(x, e.MessageStatusChanged))
    if any(event.status is MessageStatus.FAILED for event in failed):
        found = marks.exchanged(db, held.conversations)
        held.exchanged = {where: dict(known) for where, known in found.items()}


def _load_messages(db: Connection, held: Loaded, run: Sequence[e.Event]) -> None:
    wanted = [
        (event.account, vendor_id)
        for event in run
        if (vendor_id := vendor_message_of(event)) is not None
    ]
    for (account, _), message in records.messages_by_vendor_id(db, wanted).items():
        held.hold_message(account, message)
    _load_reacted_to(db, held, run)
    keys = {x.our_key for x in run if isinstance(x, e.MessageStatusChanged) and x.our_key}
    keys |= {x.message for x in run if isinstance(x, e.SendMarked)}
    if keys:
        held.by_our_key = records.messages_by_id(db, [MessageId(key) for key in keys])


def _load_reacted_to(db: Connection, held: Loaded, run: Sequence[e.Event]) -> None:
    """What was deleted may be a reaction."""
    deleted = {(x.account, x.message_id) for x in run if isinstance(x, e.MessageDeleted)}
    unknown = deleted - held.by_vendor_id.keys()
    if unknown:
        for name, message in messages_of_reactions(db, unknown).items():
            held.by_reaction[name] = message.id
            held.hold_message(name[0], message)


def _load_conversations(db: Connection, held: Loaded, run: Sequence[e.Event]) -> None:
    wanted = [where for event in run if (where := conversation_of(event)) is not None]
    wanted.extend(message.conversation for message in held.messages.values())
    wanted.extend(message.conversation for message in held.by_our_key.values())
    held.conversations = chats.conversations_by_id(db, wanted)


def _load_contacts(
    db: Connection,
    held: Loaded,
    policy: Policy,
    run: Sequence[e.Event],
    lookups: Mapping[ConversationId, Lookup],
) -> None:
    keys = {key for event in run for key in records_of(event)}
    keys.update(key for lookup in lookups.values() for key in records_found(lookup))
    linked = {x.contact for x in held.conversations.values() if x.contact is not None}
    for contact in chats.contacts_by_id(db, linked).values():
        held.hold_contact(contact)
    if policy.crm is not None and keys:
        _load_crm_records(db, held, policy.crm, keys)
    if lookups:
        _load_same_phones(db, held, run, lookups)


def _load_crm_records(
    db: Connection, held: Loaded, crm: AccountName, keys: Iterable[CrmKey]
) -> None:
    keys = frozenset(keys)
    contact_ids = [crm_id for kind, crm_id in keys if kind is RecordKind.CONTACT]
    for contact in records.contacts_by_crm_id(db, crm, contact_ids).values():
        held.hold_contact(contact)
    for record in records.records_by_crm_id(db, crm, keys).values():
        held.hold_record(record)
    named = {x for record in held.records.values() for x in record.contacts}
    for contact in chats.contacts_by_id(db, named - held.contacts.keys()).values():
        held.hold_contact(contact)
    for found in records.conversations_of(db, held.contacts).values():
        for conversation in found:
            held.conversations.setdefault(conversation.id, conversation)


def _load_same_phones(
    db: Connection, held: Loaded, run: Sequence[e.Event], strangers: Collection[ConversationId]
) -> None:
    """Contacts with the phone of a chat whose client is not known."""
    phones = {known.phone for where in strangers if (known := held.conversations.get(where))}
    chats_of_strangers = (chat_of(event) for event in run if conversation_of(event) in strangers)
    phones |= {canonical(chat.phone) for chat in chats_of_strangers if chat and chat.phone}
    for found in records.contacts_by_phone(db, (phone for phone in phones if phone)).values():
        for contact in found:
            if contact.id not in held.contacts:
                held.hold_contact(contact)


def _load_records(db: Connection, held: Loaded) -> None:
    deals, leads = chats.records_of(db, held.contacts)
    for deal in (deal for found in deals.values() for deal in found):
        held.hold_record(deal)
    for lead in (lead for found in leads.values() for lead in found):
        held.hold_record(lead)
