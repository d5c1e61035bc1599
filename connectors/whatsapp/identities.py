"""A client who got another number or user id; a chat never has a line of it, nor a lead."""

from dataclasses import replace

from bridge.domain.errors import EventUnsupported, PayloadInvalid
from bridge.domain.events import IdentityChanged
from bridge.domain.names import AccountName, EventKey
from bridge.payload import Payload
from connectors.whatsapp.people import Person
from connectors.whatsapp.reading import identifier, identifier_or, moment, word

_MOVES = frozenset({"user_changed_number", "user_changed_user_id", "customer_changed_number"})


def identity_events(
    account: AccountName, channel_id: str, item: Payload
) -> tuple[IdentityChanged, ...]:
    """One per id that has changed: nobody here knows by which of them his chat goes.

    Raises EventUnsupported for other system messages: a new security code, which names nobody new.
    """
    system = item.at("system")
    kind = word(system, "type")
    if kind not in _MOVES:
        raise EventUnsupported(f"system:{kind}")
    now = Person(
        wa_id=identifier_or(system, "wa_id") or identifier_or(system, "new_wa_id"),
        user_id=identifier_or(system, "user_id"),
        parent_id=identifier_or(system, "parent_user_id"),
    )
    moved = [
        _moved(account, channel_id, item, now, old, new)
        for old, new in (
            (identifier_or(item, "from"), now.wa_id),
            (identifier_or(system, "previous_user_id"), now.user_id),
        )
        if old and new
    ]
    if not moved:
        raise PayloadInvalid(f"{system.path} does not say who became whom", system.path)
    return tuple(moved)


def _moved(
    account: AccountName, channel_id: str, item: Payload, now: Person, old: str, new: str
) -> IdentityChanged:
    key = f"identity:{identifier(item, 'id')}:{'number' if new == now.wa_id else 'user'}"
    return IdentityChanged(
        event_key=EventKey(key),
        occurred_at=moment(item, "timestamp"),
        account=account,
        raw=item.raw(),
        chat=replace(now.chat(channel_id), chat_id=new),
        old_chat_id=old,
    )
