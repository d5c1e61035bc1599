"""The store's facts for one run of events, changed event by event, written back in bulk."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain import events as e
from bridge.domain.changes import RoomChange
from bridge.domain.conversations import exchange
from bridge.domain.decisions import Decision
from bridge.domain.facts import ChannelFacts, ChatFacts, Exchange, Facts, Lookup
from bridge.domain.messaging import MessageStatus
from bridge.domain.names import AccountName, ConversationId, EmployeeId, MessageId, RecordId
from bridge.domain.own_writes import is_own_write
from bridge.domain.ownership import has_owner
from bridge.domain.people import Directory
from bridge.domain.phones import canonical
from bridge.domain.records import (
    Contact,
    ContactState,
    Conversation,
    Deal,
    Lead,
    Message,
)
from bridge.domain.rotation import Rotation
from bridge.domain.statuses import is_behind, reached_until
from bridge.domain.templates import MessageTemplate
from bridge.pipeline.applying import Applying
from bridge.pipeline.event_keys import (
    chat_of,
    conversation_of,
    record_of,
    records_found,
    records_of,
    stage_of,
    vendor_message_of,
)
from bridge.pipeline.homes import at_home
from bridge.pipeline.kinship import kinship, load_kin
from bridge.pipeline.loaded import EventOf, Loaded, load
from bridge.pipeline.parts import Active
from bridge.store.mentioned import messages_between

_FAILED = MessageStatus.FAILED


class UnitOfWork:
    """Lives within one write transaction. `facts` sees what earlier decisions changed."""

    def __init__(
        self,
        db: Connection,
        active: Active,
        directory: Directory,
        now: datetime,
        public_url: str,
    ) -> None:
        self._db = db
        self._policy = active.policy
        self._directory = directory
        self._now = now
        self._public_url = public_url
        self._lookups: Mapping[ConversationId, Lookup] = {}
        self.held = Loaded()

    def load(
        self,
        run: Sequence[e.Event],
        lookups: Mapping[ConversationId, Lookup],
        parked: Collection[EventOf] = (),
    ) -> None:
        """Reads everything that these events may ask for; `parked` are those that have waited."""
        self._lookups = lookups
        self.held = load(self._db, self._policy, run, lookups, parked)
        load_kin(self._db, self.held, [self.at_home(x) for x in run], lookups.values())
        self.held.rooms.load(self._db, self._policy, run)

    def at_home(self, event: e.Event) -> e.Event:
        """The event with the conversation that its chat goes on in by now."""
        return at_home(event, self.held.homes, self.held.conversations)

    def facts(self, event: e.Event, received_at: datetime | None = None) -> Facts:
        """The facts of one event as they stand now; `received_at` is when it came."""
        message = self._message(event)
        # A message stays in its conversation, wherever the vendor says by now that it is.
        where = message.conversation if message else conversation_of(event)
        conversation = self.held.conversations.get(where) if where else None
        contact = self._contact(event, conversation.contact if conversation else None)
        deals, leads = self._records(event, contact)
        lookup = self._lookups.get(where) if where else None
        same_phone = self._same_phone(event, conversation) if lookup else ()
        phone_deals, phone_leads = self._records_of(same_phone)
        known = kinship(self.held, event, lookup)
        kin_deals, kin_leads = self._records_of(known.kin)
        stage = stage_of(event)
        facts = Facts(
            now=self._now,
            received_at=received_at,
            directory=self._directory,
            channel=self._channel(event),
            account_channels=self._account_channels(event),
            conversation=conversation,
            contact=contact,
            deals=deals,
            leads=leads,
            lookup=lookup,
            same_phone=same_phone,
            same_phone_deals=phone_deals,
            same_phone_leads=phone_leads,
            message=message,
            waiting=tuple(self.held.waiting.get(where, {}).values()) if where else (),
            open_sends=self.held.open_sends.get(where, ()) if where else (),
            turns=dict(self.held.turns.last),
            rotations=self._rotations(conversation, contact, deals, leads) if where else {},
            records=self._known(event, lookup),
            conversations=self._conversations(event, contact, deals, leads),
            templates=self._templates(event),
            is_open_stage=self.held.open_stages.get(stage) if stage else None,
            public_url=self._public_url,
            identities=known.identities,
            known_otherwise=known.known_otherwise,
            kin=known.kin,
            kin_deals=kin_deals,
            kin_leads=kin_leads,
            undecided=known.undecided,
            former_chat=known.former_chat,
            merge=known.merge,
            claims=self._claims(event, contact),
            exchanged=self._exchanged(event, where),
            parked_at=self.held.parked.get((event.account, event.event_key)),
            unread=self._unread(event, message),
        )
        return self.held.rooms.facts(event, facts)

    def _claims(self, event: e.Event, contact: Contact | None) -> tuple[EmployeeId, ...]:
        if contact is None or not isinstance(event, e.OwnerChanged):
            return ()
        mine = (x for x in self.held.conversations.values() if x.contact == contact.id)
        return tuple(sorted({x.claimed_by for x in mine if x.claimed_by is not None}))

    def _exchanged(self, event: e.Event, where: ConversationId | None) -> tuple[Exchange, ...]:
        """As the events before this one have left it."""
        is_failure = isinstance(event, e.MessageStatusChanged) and event.status is _FAILED
        if where is None or not is_failure:
            return ()
        now = {m.id: exchange(m) for m in self.held.messages.values() if m.conversation == where}
        return tuple({**self.held.exchanged.get(where, {}), **now}.values())

    def apply(self, decision: Decision) -> None:
        applying = Applying(self.held, decision, self._policy, self._now)
        for change in decision.changes:
            if isinstance(change, RoomChange):
                self.held.rooms.apply(change, decision)
            else:
                applying.apply(change)

    def remember(self, event: e.Event, facts: Facts) -> None:
        """Whom the CRM told of though nobody here knows the record yet."""
        if isinstance(event, e.CrmEvent) and not is_own_write(event, facts):
            told = records_of(event)
            self.held.strangers |= {x for x in told if f"{x[0]}:{x[1]}" not in facts.records}

    def _message(self, event: e.Event) -> Message | None:
        vendor_id = vendor_message_of(event)
        known = self.held.by_vendor_id.get((event.account, vendor_id)) if vendor_id else None
        if known is None and isinstance(event, e.MessageStatusChanged):
            return self._own(event)
        if isinstance(event, e.SendMarked):
            return self.held.by_our_key.get(event.message)
        if known is None and isinstance(event, e.MessageDeleted):
            reacted_to = self.held.by_reaction.get((event.account, event.message_id))
            return self.held.messages.get(reacted_to) if reacted_to else None
        return known

    def _unread(self, event: e.Event, message: Message | None) -> tuple[Message, ...]:
        """Of ours before this message, where the vendor says that they have got as far."""
        if not isinstance(event, e.MessageStatusChanged) or not event.and_before or not message:
            return ()
        conversation = self.held.conversations.get(message.conversation)
        until = message.occurred_at
        after = None if conversation is None else reached_until(conversation, event.status)
        found = {m.id: m for m in messages_between(self._db, message.conversation, after, until)}
        held = (m for m in self.held.messages.values() if m.conversation == message.conversation)
        found.update({m.id: m for m in held if m.occurred_at <= until})
        found.pop(message.id, None)
        behind = (m for m in found.values() if is_behind(m, event.status))
        return tuple(sorted(behind, key=lambda m: (m.occurred_at, m.id)))

    def _own(self, event: e.MessageStatusChanged) -> Message | None:
        """Our own message by the key that it was sent with, if the vendor has told of no other."""
        key = MessageId(event.our_key)
        known = self.held.messages.get(key) or self.held.by_our_key.get(key)
        chat = self.held.conversations.get(known.conversation) if known else None
        return known if chat is not None and chat.account == event.account else None

    def _contact(self, event: e.Event, linked: RecordId | None) -> Contact | None:
        if linked is not None:
            return self.held.contacts.get(linked)
        key = record_of(event)
        known = self.held.crm_records.get(key) if key else None
        return self.held.contacts.get(known) if known else None

    def _records(
        self, event: e.Event, contact: Contact | None
    ) -> tuple[tuple[Deal, ...], tuple[Lead, ...]]:
        if contact is not None:
            return self.held.records_of(contact.id)
        key = record_of(event)
        known = self.held.crm_records.get(key) if key else None
        record = self.held.records.get(known) if known else None
        if isinstance(record, Deal):
            return (record,), ()
        return ((), ()) if record is None else ((), (record,))

    def _rotations(
        self,
        conversation: Conversation | None,
        contact: Contact | None,
        deals: tuple[Deal, ...],
        leads: tuple[Lead, ...],
    ) -> Mapping[str, Rotation]:
        """Nothing for a client who has an owner: most messages take no turn, and their facts need
        not be kept with how every pool stood."""
        active = contact is not None and contact.state is ContactState.ACTIVE
        if conversation is not None and active:
            chat = ChatFacts(conversation=conversation, contact=contact, deals=deals, leads=leads)
            if has_owner(chat, self._policy):
                return {}
        return dict(self.held.turns.rotations)

    def _same_phone(self, event: e.Event, conversation: Conversation | None) -> tuple[Contact, ...]:
        chat = chat_of(event)
        phone = canonical(chat.phone) if chat is not None and chat.phone else None
        if phone is None and conversation is not None:
            phone = conversation.phone
        return self.held.with_phone(phone) if phone else ()

    def _records_of(self, contacts: Sequence[Contact]) -> tuple[tuple[Deal, ...], tuple[Lead, ...]]:
        """Their deals and leads, each once."""
        found = [self.held.records_of(contact.id) for contact in contacts]
        deals = {deal.id: deal for mine, _ in found for deal in mine}
        leads = {lead.id: lead for _, mine in found for lead in mine}
        return tuple(deals.values()), tuple(leads.values())

    def _known(self, event: e.Event, lookup: Lookup | None) -> Mapping[str, RecordId]:
        """Our ids of the CRM records that this event or its look-up names."""
        wanted = records_of(event) | (records_found(lookup) if lookup else frozenset())
        known = self.held.crm_records
        return {
            f"{kind}:{crm_id}": known[kind, crm_id]
            for kind, crm_id in sorted(wanted)
            if (kind, crm_id) in known
        }

    def _channel(self, event: e.Event) -> ChannelFacts | None:
        if not isinstance(event, e.ChannelChanged):
            return None
        name = self._policy.channel_name(event.account, event.channel_id)
        return self.held.channels.get(name)

    def _account_channels(self, event: e.Event) -> tuple[ChannelFacts, ...]:
        if not isinstance(event, e.ChannelChanged):
            return ()
        found = (c for c in self.held.channels.values() if c.account == event.account)
        return tuple(sorted(found, key=lambda channel: channel.channel_id))

    def _templates(self, event: e.Event) -> tuple[MessageTemplate, ...]:
        if not isinstance(event, e.TemplateChanged):
            return ()
        known = self.held.templates
        return tuple(t for t in known if _is_of(t, event.account, event.template_id))

    def _conversations(
        self,
        event: e.Event,
        contact: Contact | None,
        deals: tuple[Deal, ...],
        leads: tuple[Lead, ...],
    ) -> tuple[ConversationId, ...]:
        if not isinstance(event, e.OwnerChanged):
            return ()
        people = {contact.id} if contact else set()
        people.update(x for deal in deals for x in deal.contacts)
        people.update(x for lead in leads for x in lead.contacts)
        found = [x for x in self.held.conversations.values() if x.contact in people]
        found.sort(key=lambda x: (x.last_message_at or self._now, x.id), reverse=True)
        return tuple(x.id for x in found[:10])


def _is_of(template: MessageTemplate, account: AccountName, template_id: str) -> bool:
    return template.account == account and template.template_id == template_id
