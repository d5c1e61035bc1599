"""What a new client gets in the CRM: a contact, with a deal or a lead (NEW-02, NEW-04)."""

from dataclasses import replace

from bridge.domain.changes import PutContact, PutDeal, PutLead
from bridge.domain.draft import Draft
from bridge.domain.effects import CreateContact, CreateDeal, CreateLead
from bridge.domain.events import ClientChosen
from bridge.domain.facts import ChatFacts
from bridge.domain.names import AccountName, CrmId, EmployeeId, RecordId, digest_id
from bridge.domain.policy import Creation, NewClients
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import ClientState, Contact, Conversation, Deal, Lead, Owner


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
    settings = draft.policy.new_clients_on(conversation.channel)
    draft.because(ReasonCode.CONTACT_CREATED, f"a new contact with a {settings.create} is made")
    made = replace(chat, conversation=conversation, contact=contact)
    if settings.create is Creation.DEAL:
        return replace(made, deals=(create_deal(draft, crm, settings, contact, contact.owner),))
    return replace(made, leads=(_create_lead(draft, crm, contact),))


def create_deal(
    draft: Draft, crm: AccountName, settings: NewClients, contact: Contact, owner: Owner
) -> Deal:
    """In the pipeline and stage that the settings of the client's channel name."""
    deal = Deal(
        id=_fresh(draft, "dl"),
        crm_id=None,
        name=contact.name,
        pipeline=settings.pipeline,
        stage=settings.stage,
        is_open=True,
        owner=owner,
        contacts=(contact.id,),
    )
    effect = CreateDeal(
        deal=deal.id,
        contact=contact.id,
        name=deal.name,
        pipeline=deal.pipeline,
        stage=deal.stage,
        owner=owner.crm_id,
    )
    draft.change(PutDeal(deal=deal))
    draft.plan(crm, effect, contact.id)
    return deal


def owner_id(draft: Draft, employee: EmployeeId) -> CrmId | None:
    person = draft.facts.directory.by_email(employee)
    return person.crm_id if person else None


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
    return CreateContact(
        contact=contact.id,
        key=_key(draft, conversation),
        name=contact.name,
        owner=contact.owner.crm_id,
        phone=conversation.phone,
        messenger=conversation.messenger,
        username=conversation.username,
        source=draft.policy.channel_label(conversation.channel),
        with_lead=draft.policy.new_clients_on(conversation.channel).create is Creation.LEAD,
    )


def _key(draft: Draft, conversation: Conversation) -> str:
    """His number, or his id of the messenger; of whom a manager says that he is none of those who
    have this number in the CRM, one that is nobody else's."""
    if isinstance(draft.event, ClientChosen):
        return digest_id("key", draft.event.account, draft.event.event_key)
    scoped = f"{conversation.messenger}:{conversation.channel_id}:{conversation.chat_id}"
    return conversation.phone or scoped


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


def _fresh(draft: Draft, prefix: str) -> RecordId:
    return RecordId(digest_id(prefix, "made", draft.event.account, draft.event.event_key))
