"""Which contact is behind a chat: by proven identities, the CRM, the mirror; never a guess."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from bridge.domain.adopting import adopt
from bridge.domain.announcing import announce
from bridge.domain.changes import (
    Change,
    Notify,
    PutContact,
    PutDeal,
    PutLead,
    RefreshKind,
    RequestRefresh,
)
from bridge.domain.draft import Draft
from bridge.domain.facts import ChatFacts, Lookup
from bridge.domain.identities import contradict, is_phone, phone_name
from bridge.domain.names import CrmId, RecordId
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import ClientState, Contact, ContactState, Deal, Lead
from bridge.domain.telling import active_managers

SEARCH_LAG = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A contact with deals and leads; `is_read`: just read from the CRM, not from the mirror."""

    contact: Contact
    deals: tuple[Deal, ...] = ()
    leads: tuple[Lead, ...] = ()
    is_read: bool = False

    @property
    def id(self) -> RecordId:
        return self.contact.id


def identify(draft: Draft, chat: ChatFacts) -> ChatFacts:
    """The chat with its contact linked, or in the state that says why there is none."""
    lookup = draft.facts.lookup or Lookup(available=False)
    proven = known_people(draft, phones=False)
    if not lookup.available:
        return _without_crm(draft, chat, proven)
    found = _found(draft, lookup)
    same = [person for person in found if person.id in {p.id for p in proven}]
    if len(found) > 1 and len(proven) == len(same) == 1:
        return _link_proven(draft, chat, same[0])
    if len(found) > 1 or any(_has_lost_his_name(draft, chat, person) for person in found):
        return _ambiguous(draft, chat, (*found, *proven))
    if found:
        return _link_found(draft, chat, found[0], proven)
    return _unknown_to_crm(draft, chat, proven)


def known_people(draft: Draft, *, phones: bool) -> tuple[Person, ...]:
    """Contacts that identities of this chat are known to be of: numbers, or all that is one
    person's alone."""
    ids = (x.contact for x in draft.facts.identities if not x.former and is_phone(x.name) is phones)
    return _unique(person for x in ids if (person := person_of(draft, x)) is not None)


def person_of(draft: Draft, contact: RecordId) -> Person | None:
    """The contact if he is still there, or the one whom he turned out to be."""
    kin = {x.id: x for x in draft.facts.kin}
    found = kin.get(contact)
    for _ in kin:
        if found is None or found.merged_into is None:
            break
        found = kin.get(found.merged_into)
    if found is None or found.state is not ContactState.ACTIVE:
        return None
    deals = tuple(d for d in draft.facts.kin_deals if found.id in d.contacts)
    leads = tuple(x for x in draft.facts.kin_leads if found.id in x.contacts)
    return Person(contact=found, deals=deals, leads=leads)


def link(draft: Draft, chat: ChatFacts, person: Person) -> ChatFacts:
    """The chat as this contact's; what was open about it is settled."""
    draft.contact = person.id
    if person.is_read:
        draft.change(*_put(draft, person))
    conversation = replace(
        chat.conversation,
        client=ClientState.KNOWN,
        contact=person.id,
        claimed_by=None,
        candidates=(),
        title=person.contact.name or chat.conversation.title,
    )
    return replace(
        chat,
        conversation=conversation,
        contact=person.contact,
        deals=person.deals,
        leads=person.leads,
    )


def unlink(draft: Draft, chat: ChatFacts, state: ClientState) -> ChatFacts:
    draft.contact = None
    conversation = replace(
        chat.conversation, client=state, contact=None, claimed_by=None, candidates=()
    )
    return ChatFacts(conversation=conversation)


def doubt(draft: Draft, chat: ChatFacts, others: Iterable[Person]) -> ChatFacts:
    """The chat stays with its contact, but what it is known by is somebody else's as well: the two
    may be one person, which only a person may say."""
    known = chat.conversation.candidates
    mine = () if chat.contact is None else (chat.contact.id,)
    candidates = _sorted((*known, *mine, *(person.id for person in others)))
    if candidates == known or len(candidates) < 2:
        return chat
    draft.because(
        ReasonCode.CLIENT_DUPLICATE,
        "what the client is known by is another contact's as well: a manager may join the two",
    )
    if not known:
        _tell_managers(draft, chat, ReasonCode.CLIENT_DUPLICATE)
    return replace(chat, conversation=replace(chat.conversation, candidates=candidates))


def _found(draft: Draft, lookup: Lookup) -> tuple[Person, ...]:
    """Whom the CRM names, each once; who was joined to another here is that other."""
    return _unique(_read_person(draft, lookup, place) for place in range(len(lookup.found)))


def _read_person(draft: Draft, lookup: Lookup, place: int) -> Person:
    contact, deals, leads = adopt(draft, lookup.found[place], lookup.deals, lookup.leads)
    known = next((x for x in draft.facts.kin if x.id == contact.id), None)
    if known is not None and known.merged_into is not None:
        joined = person_of(draft, known.id)
        if joined is not None:
            return joined
    return Person(contact=contact, deals=deals, leads=leads, is_read=True)


def _unknown_to_crm(draft: Draft, chat: ChatFacts, proven: tuple[Person, ...]) -> ChatFacts:
    """The CRM finds nobody: because he has no number there, or was made a moment ago (NEW-08)."""
    made = [p for p in _mirrored(draft) if _may_be_unsearchable(draft, p.contact)]
    without_number = [p for p in known_people(draft, phones=True) if not _has_number(chat, p)]
    people = proven or _unique((*made, *without_number))
    if len(people) > 1:
        return _ambiguous(draft, chat, people)
    if proven:
        return _link_proven(draft, chat, people[0])
    if people:
        return _link_mirrored(draft, chat, people[0])
    return unlink(draft, chat, ClientState.NEW)


def _has_lost_his_name(draft: Draft, chat: ChatFacts, person: Person) -> bool:
    """Found by a user name alone, which may have changed hands: the messenger knows the contact by
    another id than whoever writes here."""
    his = [x.name for x in draft.facts.known_otherwise if x.contact == person.id and not x.former]
    return not _has_number(chat, person) and contradict(chat.conversation.identities, his)


def _has_number(chat: ChatFacts, person: Person) -> bool:
    """Whether the CRM would find him by this chat's number if it still had him."""
    phone = chat.conversation.phone
    names = {phone_name(x) for x in person.contact.phones}
    return phone is not None and phone_name(phone) in names


def _may_be_unsearchable(draft: Draft, contact: Contact) -> bool:
    """A CRM finds a contact some moments after it was made, at the earliest (NEW-08)."""
    return contact.crm_id is None or draft.facts.now - contact.owner.as_of <= SEARCH_LAG


def _mirrored(draft: Draft) -> tuple[Person, ...]:
    """Contacts of the mirror with the chat's number."""
    facts = draft.facts
    return tuple(
        Person(
            contact=contact,
            deals=tuple(d for d in facts.same_phone_deals if contact.id in d.contacts),
            leads=tuple(x for x in facts.same_phone_leads if contact.id in x.contacts),
        )
        for contact in facts.same_phone
        if contact.state is ContactState.ACTIVE
    )


def _without_crm(draft: Draft, chat: ChatFacts, proven: tuple[Person, ...]) -> ChatFacts:
    if draft.policy.crm is None:
        draft.because(ReasonCode.CRM_MISSING, "no CRM is set in accounts.yaml: managers see chats")
        return unlink(draft, chat, ClientState.UNIDENTIFIED)
    numbered = _unique((*_mirrored(draft), *known_people(draft, phones=True)))
    if len(proven) == 1 and (not numbered or proven[0].id in {p.id for p in numbered}):
        return _link_proven(draft, chat, proven[0])
    draft.because(ReasonCode.CRM_UNAVAILABLE, "the CRM could not be asked who this client is")
    if len(numbered) == 1:
        return doubt(draft, _link_mirrored(draft, chat, numbered[0]), proven)
    draft.change(RequestRefresh(kind=RefreshKind.IDENTITY, key=chat.conversation.id))
    return unlink(draft, chat, ClientState.UNIDENTIFIED)


def _ambiguous(draft: Draft, chat: ChatFacts, people: Iterable[Person]) -> ChatFacts:
    """Nobody is guessed: the chat waits in the work list with all who fit."""
    fitting = _unique(people)
    draft.because(
        ReasonCode.CLIENT_AMBIGUOUS,
        f"{len(fitting)} contacts fit this client: a manager has to decide",
    )
    for person in fitting:
        draft.change(*_put(draft, person))
    known = draft.facts.conversation
    is_new = known is None or known.client is not ClientState.AMBIGUOUS
    unlinked = unlink(draft, chat, ClientState.AMBIGUOUS)
    candidates = _sorted(person.id for person in fitting)
    asked = replace(unlinked, conversation=replace(unlinked.conversation, candidates=candidates))
    if is_new:
        _tell_managers(draft, asked, ReasonCode.CLIENT_AMBIGUOUS)
    return asked


def _link_found(
    draft: Draft, chat: ChatFacts, person: Person, proven: tuple[Person, ...]
) -> ChatFacts:
    draft.because(ReasonCode.CONTACT_FOUND, "the client is a contact in the CRM already")
    draft.used("contact", person.id, draft.facts.now)
    return doubt(draft, link(draft, chat, person), proven)


def _link_mirrored(draft: Draft, chat: ChatFacts, person: Person) -> ChatFacts:
    draft.because(ReasonCode.CONTACT_FOUND, "a contact that the bridge knows has this number")
    draft.used("contact", person.id, person.contact.owner.as_of)
    return link(draft, chat, person)


def _link_proven(draft: Draft, chat: ChatFacts, person: Person) -> ChatFacts:
    draft.because(
        ReasonCode.CONTACT_FOUND, "the client is known by his messenger's id from another chat"
    )
    draft.used("contact", person.id, person.contact.owner.as_of)
    return link(draft, chat, person)


def _put(draft: Draft, person: Person) -> tuple[Change, ...]:
    if not person.is_read:
        return ()
    deals = (PutDeal(deal=deal) for deal in person.deals)
    leads = (PutLead(lead=lead) for lead in person.leads)
    put: tuple[Change, ...] = (PutContact(contact=person.contact), *deals, *leads)
    crm_id = person.contact.crm_id
    if crm_id is None or not _was_known_otherwise(draft, person):
        return put
    draft.because(ReasonCode.MIRROR_REFRESH, "known otherwise than just read: read once more")
    return (*put, RequestRefresh(kind=RefreshKind.CONTACT, key=crm_id))


def _was_known_otherwise(draft: Draft, person: Person) -> bool:
    """A webhook may have come while the CRM was asked: which word is the older one, only the CRM
    can say."""
    facts = draft.facts
    read = {x.id: _standing(x) for x in _records(person)}
    records: list[Deal | Lead] = [*facts.kin_deals, *facts.kin_leads]
    mine = [x for x in records if person.id in x.contacts]
    known = {x.id: _standing(x) for x in (*mine, *facts.kin)}
    gone = any(x.is_open for x in mine if x.id not in read)
    return gone or any(known.get(name, standing) != standing for name, standing in read.items())


def _records(person: Person) -> Iterator[Contact | Deal | Lead]:
    yield person.contact
    yield from person.deals
    yield from person.leads


def _standing(record: Contact | Deal | Lead) -> tuple[CrmId | None, bool]:
    """By what people may see it."""
    if isinstance(record, Contact):
        return record.owner.crm_id, record.state is ContactState.ACTIVE
    return record.owner.crm_id, record.is_open


def _tell_managers(draft: Draft, chat: ChatFacts, code: ReasonCode) -> None:
    """Once, when the question comes up."""
    where = chat.conversation.id
    for manager in active_managers(draft.facts.directory, draft.policy):
        announce(draft, Notify(employee=manager.id, conversation=where, message=None, code=code))


def _unique(people: Iterable[Person]) -> tuple[Person, ...]:
    """Each contact once, as he was named first."""
    found: dict[RecordId, Person] = {}
    for person in people:
        found.setdefault(person.id, person)
    return tuple(found.values())


def _sorted(ids: Iterable[RecordId]) -> tuple[RecordId, ...]:
    return tuple(sorted(set(ids)))
