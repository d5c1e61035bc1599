"""The reference system's side of the orders: each is checked and answered with an id."""

from collections.abc import Mapping

from bridge.domain.messaging import ChannelState
from connectors.webhook.forms import written
from connectors.webhook.orders import (
    AssignOrder,
    ContactOrder,
    DealOrder,
    EmailOrder,
    EntryOrder,
    EntryUpdateOrder,
    JoinOrder,
    LeadOrder,
    MessageOrder,
    NoteOrder,
    NotificationOrder,
    Order,
    OwnerOrder,
    PropertyOrder,
    RecordOrder,
    TaskOrder,
)
from connectors.webhook.sandbox_events import changed, owner_changed, status_changed
from connectors.webhook.sandbox_posting import Poster
from connectors.webhook.sandbox_world import Body, SandboxMessage, World

MAX_TEXT = 4096


class Refusal(Exception):
    """An order that this system will not carry out: HTTP status and a code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


def do(world: World, poster: Poster, order: Order) -> Body:
    match order:
        case EntryOrder():
            return _entry(world, order)
        case EntryUpdateOrder():
            return _entry_update(world, order)
        case MessageOrder():
            return _message(world, poster, order)
        case JoinOrder():
            return _join(world, order)
        case EmailOrder():
            return _email(world, order)
        case NotificationOrder():
            world.notifications.append(_body(order))
            return {}
        case AssignOrder() | PropertyOrder() | TaskOrder() | NoteOrder():
            return _on_record(world, poster, order)
        case record:
            return _record(world, poster, record)


def _record(
    world: World, poster: Poster, order: ContactOrder | DealOrder | LeadOrder | OwnerOrder
) -> Body:
    match order:
        case ContactOrder():
            return _contact(world, poster, order)
        case DealOrder():
            return _deal(world, poster, order)
        case LeadOrder():
            return _lead(world, poster, order)
        case OwnerOrder():
            return _owner(world, poster, order)


def _on_record(world: World, poster: Poster, order: RecordOrder) -> Body:
    _present(world, order.kind, order.record)
    match order:
        case AssignOrder():
            return _assign(world, poster, order)
        case PropertyOrder():
            world.records[order.kind][order.record][order.name] = order.value
            return {}
        case TaskOrder():
            return _listed(world, "task", world.tasks, order)
        case NoteOrder():
            return _listed(world, "note", world.notes, order)


def _assign(world: World, poster: Poster, order: AssignOrder) -> Body:
    """A queue is known to nobody but the one who put the lead there."""
    if not order.to_queue:
        _must_work_here(world, order.owner)
    world.records[order.kind][order.record]["owner"] = order.owner
    if order.kind in ("contact", "deal", "lead"):
        poster.tell(owner_changed(order.kind, order.record, order.owner, by_us=True))
    return {}


def _listed(world: World, word: str, found: list[Body], order: TaskOrder | NoteOrder) -> Body:
    made = f"{word}{world.number()}"
    found.append({"id": made, **_body(order)})
    return {"id": made}


def _contact(world: World, poster: Poster, order: ContactOrder) -> Body:
    """By its key: one that is there keeps name and owner."""
    contacts = world.records["contact"]
    known = next((one for one in contacts.values() if one.get("key") == order.key), None)
    if known is not None:
        return {"id": known["crm_id"]}
    made = {
        "crm_id": f"contact{world.number()}",
        "key": order.key,
        "name": order.name,
        "owner": order.owner,
        "phones": [order.phone] if order.phone else [],
        "usernames": [order.username] if order.username else [],
    }
    return _put(world, poster, "contact", made)


def _deal(world: World, poster: Poster, order: DealOrder) -> Body:
    _present(world, "contact", order.contact)
    stages = {
        (pipeline.get("id"), stage.get("id"))
        for pipeline in world.pipelines
        for stage in _dicts(pipeline.get("stages"))
    }
    if stages and (order.pipeline, order.stage) not in stages:
        raise Refusal(422, "unknown_stage")
    made = {
        "crm_id": f"deal{world.number()}",
        "name": order.name,
        "pipeline": order.pipeline,
        "stage": order.stage,
        "is_open": True,
        "owner": order.owner,
        "contacts": [order.contact],
    }
    return _put(world, poster, "deal", made)


def _lead(world: World, poster: Poster, order: LeadOrder) -> Body:
    _present(world, "contact", order.contact)
    made = {
        "crm_id": f"lead{world.number()}",
        "name": order.name,
        "is_open": True,
        "owner": order.owner,
        "contacts": [order.contact],
    }
    return _put(world, poster, "lead", made)


def _put(world: World, poster: Poster, kind: str, made: Mapping[str, object]) -> Body:
    world.records[kind][str(made["crm_id"])] = dict(made)
    poster.tell(changed(kind, str(made["crm_id"]), "created", by_us=True))
    return {"id": made["crm_id"]}


def _owner(world: World, poster: Poster, order: OwnerOrder) -> Body:
    _present(world, order.kind, order.record)
    _must_work_here(world, order.owner)
    world.records[order.kind][order.record]["owner"] = order.owner
    poster.tell(owner_changed(order.kind, order.record, order.owner, by_us=True))
    return {}


def _must_work_here(world: World, owner: str) -> None:
    if world.employees and all(one.get("crm_id") != owner for one in world.employees):
        raise Refusal(422, "unknown_owner")


def _entry(world: World, order: EntryOrder) -> Body:
    for record in order.records:
        _present(world, record.kind, record.id)
    entry = f"entry{world.number()}"
    world.entries[entry] = {"id": entry, **_body(order)}
    return {"id": entry}


def _entry_update(world: World, order: EntryUpdateOrder) -> Body:
    if order.entry not in world.entries:
        raise Refusal(404, "unknown_entry")
    now = {"id": order.entry, **_body(order.entry_now), "note": order.note}
    world.entries[order.entry] = now
    return {}


def _message(world: World, poster: Poster, order: MessageOrder) -> Body:
    channel = world.channels.get(order.channel_id)
    if channel is None:
        raise Refusal(422, "unknown_channel")
    if channel.get("state") != ChannelState.ACTIVE:
        raise Refusal(409, "channel_not_active")
    if len(order.text) > MAX_TEXT:
        raise Refusal(422, "text_too_long")
    if order.reply_to is not None and order.reply_to not in world.messages:
        raise Refusal(422, "unknown_reply_to")
    number = world.number()
    sent = SandboxMessage(
        seq=number,
        id=f"m{number}",
        channel_id=order.channel_id,
        chat_id=order.chat_id,
        outgoing=True,
        text=order.text,
        file="" if order.media is None else order.media.url,
        status="delivered",
        key=order.message,
    )
    world.add(sent)
    poster.tell(status_changed(sent.id, "sent"), status_changed(sent.id, "delivered"))
    return {"id": sent.id, "chat_id": sent.chat_id}


def _join(world: World, order: JoinOrder) -> Body:
    if order.channel_id not in world.channels:
        raise Refusal(422, "unknown_channel")
    world.joined.append({"channel_id": order.channel_id, "chat_id": order.chat_id})
    return {}


def _email(world: World, order: EmailOrder) -> Body:
    if "@" not in order.recipient:
        raise Refusal(422, "unknown_recipient")
    mail = f"mail{world.number()}"
    world.mails.append({"id": mail, **_body(order)})
    return {"id": mail}


def _present(world: World, kind: str, record: str) -> None:
    if record not in world.records.get(kind, {}):
        raise Refusal(404, f"unknown_{kind}")


def _body(order: Order) -> Body:
    found = written(order)
    return dict(found) if isinstance(found, Mapping) else {}


def _dicts(value: object) -> list[Mapping[str, object]]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, Mapping)]
