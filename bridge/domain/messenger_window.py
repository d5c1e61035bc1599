"""What a messenger's own window is told, so that it shows a client to those who may see him."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridge.domain.access import can_answer, owners
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import ChatKind, Messenger
from bridge.domain.names import CrmId, EmployeeId
from bridge.domain.people import CrmEmployee, Directory, Role
from bridge.domain.policy import Policy
from bridge.domain.records import ContactState, Deal


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowChat:
    """How the messenger knows the client. Telegram and MAX tell phone or username beside the id."""

    messenger: Messenger
    chat_id: str
    username: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowClient:
    """`responsible` is the CRM's id of the one salesperson who sees him; `url` asks for sign-in."""

    crm_id: CrmId
    name: str
    responsible: CrmId
    chats: tuple[WindowChat, ...]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowDeal:
    """An open deal: its owner sees the chats of `clients` beside those responsible for them."""

    crm_id: CrmId
    name: str
    responsible: CrmId
    clients: tuple[CrmId, ...]
    url: str


def window_employees(directory: Directory, policy: Policy) -> tuple[CrmEmployee, ...]:
    """Everybody who works and has a role: nobody else has a place in the window."""
    return tuple(
        person
        for person in directory.people
        if person.active and policy.employee(person.email).role is not Role.NONE
    )


def window_client(
    chats: Sequence[ChatFacts], directory: Directory, policy: Policy, public_url: str
) -> WindowClient | None:
    """The client of these chats of one account, the latest first. None where the window must not
    know him: nobody owns him, so that those who take new clients see him there as here."""
    own = [chat for chat in chats if chat.conversation.kind is ChatKind.DIRECT]
    contact = own[0].contact if own else None
    if contact is None or contact.crm_id is None or contact.state is not ContactState.ACTIVE:
        return None
    responsible = responsible_for(own, directory, policy)
    if responsible is None:
        return None
    return WindowClient(
        crm_id=contact.crm_id,
        name=contact.name or own[0].conversation.title or contact.crm_id,
        responsible=responsible,
        chats=tuple(dict.fromkeys(_window_chats(own))),
        url=_url(own[0], public_url),
    )


def window_deal(
    deal: Deal,
    clients: Sequence[tuple[WindowClient, ChatFacts]],
    directory: Directory,
    policy: Policy,
) -> WindowDeal | None:
    """None where it is not open, or where its owner may not see its clients: the window shows a
    deal's clients to its owner even when it is closed."""
    if not deal.is_open or deal.crm_id is None or not clients or deal.owner.crm_id is None:
        return None
    person = directory.by_crm_id(deal.owner.crm_id)
    if person is None or not person.active:
        return None
    if not any(can_answer(policy.employee(person.email), chat) for _, chat in clients):
        return None
    return WindowDeal(
        crm_id=deal.crm_id,
        name=deal.name or deal.crm_id,
        responsible=person.crm_id,
        clients=tuple(client.crm_id for client, _ in clients),
        url=clients[0][0].url,
    )


def responsible_for(
    chats: Sequence[ChatFacts], directory: Directory, policy: Policy
) -> CrmId | None:
    """The first owner who can answer, then `ownership.fallback`, then a manager, who sees all
    anyway. Where there is none of them it stays with the owner who can't be there: to name nobody
    would show the client to all who take new ones. None: nobody owns him."""
    candidates = [owner.employee for chat in chats for owner in owners(chat, directory)]
    owned = [crm_id for chat in chats for crm_id in _named_owners(chat)]
    if not candidates and not owned:
        return None
    for employee in (*candidates, *_stand_ins(policy)):
        person = directory.by_email(employee)
        seller = policy.employee(employee)
        if person is None or not person.active:
            continue
        if any(can_answer(seller, chat) for chat in chats):
            return person.crm_id
    return owned[0] if owned else None


def _stand_ins(policy: Policy) -> Iterator[EmployeeId]:
    if policy.ownership.fallback is not None:
        yield policy.ownership.fallback
    yield from policy.managers


def _named_owners(chat: ChatFacts) -> Iterator[CrmId]:
    """Whoever the CRM names, whether he still works there or not."""
    named = [] if chat.contact is None else [chat.contact.owner]
    named += [deal.owner for deal in chat.deals if deal.is_open]
    named += [lead.owner for lead in chat.leads if lead.is_open]
    yield from (owner.crm_id for owner in named if owner.crm_id is not None)


def _window_chats(chats: Sequence[ChatFacts]) -> Iterator[WindowChat]:
    for chat in chats:
        told = chat.conversation
        yield WindowChat(
            messenger=told.messenger,
            chat_id=told.chat_id,
            username=told.username,
            phone=told.phone,
        )


def _url(chat: ChatFacts, public_url: str) -> str:
    return f"{public_url}/conversations/{chat.conversation.id}"
