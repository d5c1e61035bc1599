"""/plan: what a client of a reseller sees of himself, by a key of his own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bridge.domain.messaging import Direction, Messenger
from bridge.domain.names import ConversationId, MessageId
from bridge.domain.reseller_clients import ClientStatus
from bridge.domain.reselling_changes import Movement
from bridge.domain.reselling_policy import Service
from bridge.store.engine import reading
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Nothing, Page, Paging, get
from bridge.web.auth import CLIENTS
from bridge.web.plan import PlanPlace, own_chats, own_ledger, own_messages, own_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShape:
    """`valid_until` is the last day that it holds; null: it does not end."""

    legal_name: str
    plan: str
    status: ClientStatus
    units: int
    valid_until: date | None
    services: Mapping[str, Service]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementShape:
    movement: Movement
    delta: int
    balance: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnChatShape:
    id: ConversationId
    messenger: Messenger
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnChats:
    items: tuple[OwnChatShape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMessageShape:
    """`direction` of `in` is his own word. `files` are names; files themselves are not given."""

    id: MessageId
    direction: Direction
    text: str
    files: tuple[str, ...]
    at: datetime
    deleted: bool


def show(call: Call, _: Nothing) -> PlanShape:
    with reading(call.site.parts.engine) as db:
        own = own_plan(db, call.principal.person, call.site.policy, call.now)
    client = own.client
    return PlanShape(
        legal_name=client.details.legal_name,
        plan=client.shown_plan,
        status=own.status,
        units=client.balance,
        valid_until=client.valid_until,
        services=client.services,
    )


def movements(call: Call, query: Paging) -> Page[MovementShape]:
    begin = start(call, query, PlanPlace, "plan ledger")
    with reading(call.site.parts.engine) as db:
        own = own_plan(db, call.principal.person, call.site.policy, call.now)
        found = own_ledger(db, own, begin, query.limit)
    items = tuple(
        MovementShape(
            movement=line.moved.movement,
            delta=line.moved.delta,
            balance=line.moved.balance,
            at=line.at,
        )
        for line in found.lines
    )
    return Page(items=items, next=go_on(call, found.next, "plan ledger"))


def chats(call: Call, _: Nothing) -> OwnChats:
    with reading(call.site.parts.engine) as db:
        own = own_plan(db, call.principal.person, call.site.policy, call.now)
        found = own_chats(db, own, call.site.policy)
    return OwnChats(
        items=tuple(
            OwnChatShape(id=chat.id, messenger=chat.messenger, last_message_at=chat.last_message_at)
            for chat in found
        )
    )


def messages(call: Call, query: Paging) -> Page[OwnMessageShape]:
    name = call.path["id"]
    begin = start(call, query, PlanPlace, f"plan messages {name}")
    policy, eyes = call.site.policy, call.principal.employee
    with reading(call.site.parts.engine) as db:
        own = own_plan(db, call.principal.person, policy, call.now)
        his = own_chats(db, own, policy)
        found = own_messages(db, his, name, eyes, policy, begin, query.limit)
    items = tuple(
        OwnMessageShape(
            id=message.id,
            direction=message.direction,
            text=message.text,
            files=tuple(file.name or file.kind for file in message.media),
            at=message.occurred_at,
            deleted=message.deleted_at is not None,
        )
        for message in found.messages
    )
    return Page(items=items, next=go_on(call, found.next, f"plan messages {name}"))


ROUTES = (
    get("/plan", show, Nothing, PlanShape, "A client's own plan and units", kinds=CLIENTS),
    get(
        "/plan/ledger",
        movements,
        Paging,
        Page[MovementShape],
        "The movements of a client's own units, the newest first",
        kinds=CLIENTS,
    ),
    get(
        "/plan/conversations",
        chats,
        Nothing,
        OwnChats,
        "A client's own conversations, where the CRM knows him as a contact",
        kinds=CLIENTS,
    ),
    get(
        "/plan/conversations/{id}/messages",
        messages,
        Paging,
        Page[OwnMessageShape],
        "The messages of one of them, the newest first",
        kinds=CLIENTS,
    ),
)
