"""Who the client is: a contact of the CRM, or taken in as a new one (NEW-01 to NEW-08)."""

from dataclasses import replace

from bridge.domain.changes import (
    PutContact,
    PutDeal,
    PutLead,
    RefreshKind,
    RequestRefresh,
    TakeTurn,
)
from bridge.domain.distribution import select
from bridge.domain.draft import Draft
from bridge.domain.effects import ChangeOwner, CreateContact, CreateDeal, CreateLead
from bridge.domain.facts import ChatFacts, Lookup
from bridge.domain.names import AccountName, CrmId, EmployeeId, RecordId, digest_id
from bridge.domain.policy import ClientCondition, Creation
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import (
    ClientState,
    Contact,
    ContactState,
    Conversation,
    CrmContact,
    CrmDeal,
    CrmLead,
    Deal,
    Lead,
    Owner,
    RecordKind,
)


def needs_identifying(conversation: Conversation | None, contact: Contact | None) -> bool:
    """Whether the CRM has to be asked who is behind a chat before a message of it is decided."""
    if conversation is None:
        return True
    if conversation.client is ClientState.GROUP:
        return False
    if conversation.client is not ClientState.KNOWN or contact is None:
        return True
    return contact.state is not ContactState.ACTIVE


def identify(draft: Draft, chat: ChatFacts) -> ChatFacts:
    """The chat with its contact linked, or in the state that says why there is none."""
    lookup = draft.facts.lookup or Lookup(available=False)
    mirrored = tuple(c for c in draft.facts.same_phone if c.state is ContactState.ACTIVE)
    if not lookup.available:
        return _without_crm(draft, chat, mirrored)
    created = tuple(c for c in mirrored if c.crm_id is None)
    if len(lookup.found) + len(created) > 1:
        return _ambiguous(draft, chat, len(lookup.found) + len(created))
    if created:
        return _link_mirrored(draft, chat, created[0])
    if lookup.found:
        return _link_found(draft, chat, lookup)
    return _state(chat, ClientState.NEW)


def take_in(draft: Draft, chat: ChatFacts) -> ChatFacts:
    """Gives a new client to whoever takes him, with a contact and a deal or lead (NEW-04)."""
    selection = select(chat.conversation, ClientCondition.NEW, draft.facts, draft.policy)
    draft.tried(selection.rules)
    draft.consider(selection.candidates)
    draft.because(selection.reason.code, selection.reason.detail)
    if selection.employee is None:
        return chat
    draft.target = selection.employee
    if selection.turn is not None:
        draft.used(f"last turn of {selection.turn}", draft.facts.turns.get(selection.turn, "none"))
        draft.change(TakeTurn(pool=selection.turn, employee=selection.employee))
    return create_contact(draft, chat, selection.employee)


def assign_unowned(draft: Draft, chat: ChatFacts) -> None:
    """A known client whom nobody owns goes where a rule that covers known clients sends him."""
    selection = select(chat.conversation, ClientCondition.KNOWN, draft.facts, draft.policy)
    draft.tried(selection.rules)
    draft.consider(selection.candidates)
    if selection.employee is None or chat.contact is None:
        draft.because(
            ReasonCode.TARGET_NOBODY,
            "nobody owns this client: managers and those who take new clients see the chat",
        )
        return
    draft.target = selection.employee
    draft.because(selection.reason.code, selection.reason.detail)
    if selection.turn is not None:
        draft.change(TakeTurn(pool=selection.turn, employee=selection.employee))
    change_owner(draft, chat.contact, selection.employee)


def change_owner(draft: Draft, contact: Contact, employee: EmployeeId) -> None:
    """Plans the change in the CRM and notes it at once in the mirror."""
    owner = owner_id(draft, employee)
    if owner is None or draft.policy.crm is None:
        return
    effect = ChangeOwner(kind=RecordKind.CONTACT, record=contact.id, owner=owner)
    draft.plan(draft.policy.crm, effect, contact.id, urgent=True)
    moved = replace(contact, owner=Owner(crm_id=owner, as_of=draft.facts.now))
    draft.change(PutContact(contact=moved))


def create_contact(draft: Draft, chat: ChatFacts, employee: EmployeeId) -> ChatFacts:
    """The contact of a new client and his deal or lead, owned by the employee (NEW-02)."""
    crm = draft.policy.crm
    if crm is None:
        draft.because(ReasonCode.CRM_MISSING, "no CRM is set in accounts.yaml: no contact is made")
        return chat
    owner = Owner(crm_id=owner_id(draft, employee), as_of=draft.facts.now)
    contact = _new_contact(draft, chat.conversation, owner)
    conversation = replace(
        chat.conversation, client=ClientState.KNOWN, contact=contact.id, title=contact.name
    )
    draft.contact = contact.id
    draft.change(PutContact(contact=contact))
    draft.plan(crm, _create_effect(draft, conversation, contact), contact.id)
    draft.because(ReasonCode.CONTACT_CREATED, f"a new contact with a {_creates(draft)} is made")
    made = replace(chat, conversation=conversation, contact=contact)
    if draft.policy.new_clients.create is Creation.DEAL:
        return replace(made, deals=(create_deal(draft, crm, contact),))
    return replace(made, leads=(_create_lead(draft, crm, contact),))


def create_deal(draft: Draft, crm: AccountName, contact: Contact) -> Deal:
    settings = draft.policy.new_clients
    deal = Deal(
        id=_fresh(draft, "dl"),
        crm_id=None,
        name=contact.name,
        pipeline=settings.pipeline,
        stage=settings.stage,
        is_open=True,
        owner=contact.owner,
        contacts=(contact.id,),
    )
    effect = CreateDeal(
        deal=deal.id,
        contact=contact.id,
        name=deal.name,
        pipeline=deal.pipeline,
        stage=deal.stage,
        owner=contact.owner.crm_id,
    )
    draft.change(PutDeal(deal=deal))
    draft.plan(crm, effect, contact.id)
    return deal


def owner_id(draft: Draft, employee: EmployeeId) -> CrmId | None:
    person = draft.facts.directory.by_email(employee)
    return person.crm_id if person else None


def adopt(
    draft: Draft, found: CrmContact, deals: tuple[CrmDeal, ...], leads: tuple[CrmLead, ...]
) -> tuple[Contact, tuple[Deal, ...], tuple[Lead, ...]]:
    """A contact just read from the CRM as our records, with his deals and leads."""
    now = draft.facts.now
    contact = Contact(
        id=_record(draft, RecordKind.CONTACT, found.crm_id),
        crm_id=found.crm_id,
        name=found.name,
        owner=Owner(crm_id=found.owner, as_of=now),
        phones=found.phones,
    )
    own_deals = tuple(_deal(draft, d) for d in deals if found.crm_id in d.contacts)
    own_leads = tuple(_lead(draft, x) for x in leads if found.crm_id in x.contacts)
    return contact, own_deals, own_leads


def _without_crm(draft: Draft, chat: ChatFacts, mirrored: tuple[Contact, ...]) -> ChatFacts:
    draft.because(ReasonCode.CRM_UNAVAILABLE, "the CRM could not be asked who this client is")
    if len(mirrored) == 1:
        return _link_mirrored(draft, chat, mirrored[0])
    draft.change(RequestRefresh(kind=RefreshKind.IDENTITY, key=chat.conversation.id))
    return _state(chat, ClientState.UNIDENTIFIED)


def _ambiguous(draft: Draft, chat: ChatFacts, count: int) -> ChatFacts:
    draft.because(
        ReasonCode.CLIENT_AMBIGUOUS, f"{count} contacts fit this client: a manager has to decide"
    )
    draft.target = draft.policy.ownership.fallback
    return _state(chat, ClientState.AMBIGUOUS)


def _link_mirrored(draft: Draft, chat: ChatFacts, contact: Contact) -> ChatFacts:
    draft.because(ReasonCode.CONTACT_FOUND, "a contact that the bridge knows has this number")
    draft.used("contact", contact.id, contact.owner.as_of)
    return _linked(draft, chat, contact)


def _link_found(draft: Draft, chat: ChatFacts, lookup: Lookup) -> ChatFacts:
    contact, deals, leads = adopt(draft, lookup.found[0], lookup.deals, lookup.leads)
    draft.because(ReasonCode.CONTACT_FOUND, "the client is a contact in the CRM already")
    draft.used("contact", contact.id, draft.facts.now)
    draft.change(PutContact(contact=contact))
    draft.change(*(PutDeal(deal=deal) for deal in deals))
    draft.change(*(PutLead(lead=lead) for lead in leads))
    return replace(_linked(draft, chat, contact), deals=deals, leads=leads)


def _linked(draft: Draft, chat: ChatFacts, contact: Contact) -> ChatFacts:
    draft.contact = contact.id
    conversation = replace(
        chat.conversation,
        client=ClientState.KNOWN,
        contact=contact.id,
        claimed_by=None,
        title=contact.name or chat.conversation.title,
    )
    return replace(chat, conversation=conversation, contact=contact)


def _state(chat: ChatFacts, state: ClientState) -> ChatFacts:
    conversation = replace(chat.conversation, client=state, contact=None)
    return ChatFacts(conversation=conversation)


def _new_contact(draft: Draft, conversation: Conversation, owner: Owner) -> Contact:
    phones = () if conversation.phone is None else (conversation.phone,)
    return Contact(
        id=_fresh(draft, "ct"),
        crm_id=None,
        name=conversation.title or conversation.username or conversation.phone or "New client",
        owner=owner,
        phones=phones,
    )


def _create_effect(draft: Draft, conversation: Conversation, contact: Contact) -> CreateContact:
    scoped = f"{conversation.messenger}:{conversation.channel_id}:{conversation.chat_id}"
    return CreateContact(
        contact=contact.id,
        key=conversation.phone or scoped,
        name=contact.name,
        owner=contact.owner.crm_id,
        phone=conversation.phone,
        messenger=conversation.messenger,
        username=conversation.username,
        source=draft.policy.channel_label(conversation.channel),
    )


def _create_lead(draft: Draft, crm: AccountName, contact: Contact) -> Lead:
    lead = Lead(
        id=_fresh(draft, "ld"),
        crm_id=None,
        name=contact.name,
        is_open=True,
        owner=contact.owner,
        contacts=(contact.id,),
    )
    effect = CreateLead(
        lead=lead.id, contact=contact.id, name=lead.name, owner=contact.owner.crm_id
    )
    draft.change(PutLead(lead=lead))
    draft.plan(crm, effect, contact.id)
    return lead


def _deal(draft: Draft, found: CrmDeal) -> Deal:
    return Deal(
        id=_record(draft, RecordKind.DEAL, found.crm_id),
        crm_id=found.crm_id,
        name=found.name,
        pipeline=found.pipeline,
        stage=found.stage,
        is_open=found.is_open,
        owner=Owner(crm_id=found.owner, as_of=draft.facts.now),
        contacts=tuple(_record(draft, RecordKind.CONTACT, c) for c in found.contacts),
    )


def _lead(draft: Draft, found: CrmLead) -> Lead:
    return Lead(
        id=_record(draft, RecordKind.LEAD, found.crm_id),
        crm_id=found.crm_id,
        name=found.name,
        is_open=found.is_open,
        owner=Owner(crm_id=found.owner, as_of=draft.facts.now),
        contacts=tuple(_record(draft, RecordKind.CONTACT, c) for c in found.contacts),
    )


def _record(draft: Draft, kind: RecordKind, crm_id: CrmId) -> RecordId:
    """Our id of a CRM record: the one it has, or one made from the CRM's."""
    known = draft.facts.records.get(f"{kind}:{crm_id}")
    return known or record_id(draft.policy.crm or AccountName(""), kind, crm_id)


def record_id(crm: AccountName, kind: RecordKind, crm_id: CrmId) -> RecordId:
    prefix = {RecordKind.CONTACT: "ct", RecordKind.DEAL: "dl", RecordKind.LEAD: "ld"}[kind]
    return RecordId(digest_id(prefix, crm, kind, crm_id))


def _fresh(draft: Draft, prefix: str) -> RecordId:
    return RecordId(digest_id(prefix, "made", draft.event.account, draft.event.event_key))


def _creates(draft: Draft) -> str:
    return draft.policy.new_clients.create.value
