"""What happens to Matrix rooms and to what was said there, turned into our events; pure."""

from collections.abc import Iterator

from bridge.domain.errors import EventUnsupported, PayloadInvalid
from bridge.domain.events import (
    ChatBlocked,
    ChatInvited,
    Event,
    IdentityChanged,
    MessageDeleted,
    MessageStatusChanged,
)
from bridge.domain.messaging import Chat, ChatKind, Identity, IdentityKind, MessageStatus, Messenger
from bridge.domain.names import AccountName, EventKey
from bridge.payload import Payload, storable
from connectors.matrix.messages import Happening, room_chat
from connectors.matrix.people import MAX_ID, People, is_user
from connectors.matrix.reading import MAX_NAME, content_of, identifier, safe_word
from connectors.matrix.words import MEMBER

_GROUP_MARKS = frozenset({"m.room.name", "m.room.canonical_alias"})
_LEFT = frozenset({"leave", "ban"})


def redaction_event(event: Happening) -> MessageDeleted:
    """Of a message or of a reaction: Matrix does not say which."""
    content = content_of(event.item)
    where = event.item if event.item.has("redacts") else content  # moved in room version 11
    return MessageDeleted(
        event_key=event.key,
        occurred_at=event.item.at("origin_server_ts").milliseconds(),
        account=event.account,
        raw=event.item.raw(),
        message_id=identifier(where, "redacts"),
        direction=event.direction,
        chat=event.chat(),
    )


def tombstone_event(event: Happening) -> IdentityChanged:
    """A room that was upgraded goes on as another one."""
    successor = identifier(content_of(event.item), "replacement_room")
    return IdentityChanged(
        event_key=event.key,
        occurred_at=event.item.at("origin_server_ts").milliseconds(),
        account=event.account,
        raw=event.item.raw(),
        chat=room_chat(event.people, successor, event.sender),
        old_chat_id=event.room,
    )


def member_event(event: Happening) -> Event:
    """Invitations of the bridge; a client who leaves or comes back; the bridge thrown out.

    Raises EventUnsupported for all else: profiles, staff who come and go, our own answers.
    """
    state = content_of(event.item).at("membership").text()
    user = identifier(event.item, "state_key")
    if event.people.is_bridge(user):
        return _of_ours(event, state)
    if event.people.is_staff(user):
        raise EventUnsupported("member:staff")
    if state in _LEFT:
        return _blocked(event, user, True)
    if state == "join" and _before(event.item) in _LEFT:
        return _blocked(event, user, False)
    raise EventUnsupported(f"member:{safe_word(state)}")


def receipt_events(
    account: AccountName, people: People, item: Payload
) -> Iterator[MessageStatusChanged | PayloadInvalid]:
    """What a client's device says to have been read, up to which event; each on its own."""
    room = identifier(item, "room_id")
    content = content_of(item)
    for event_id, found in content.mapping().items():
        by_type = Payload(found, f"{content.path}.*")
        try:
            yield from _readers(account, people, room, by_type, storable(event_id))
        except PayloadInvalid as error:
            yield error


def _readers(
    account: AccountName, people: People, room: str, by_type: Payload, event_id: str
) -> Iterator[MessageStatusChanged]:
    if not 0 < len(event_id) <= MAX_ID:
        raise PayloadInvalid(f"{by_type.path} is under no id", by_type.path)
    readers = by_type.get("m.read")
    for name, found in readers.mapping().items() if readers else ():
        user = storable(name)
        if people.are_ours(user) or not is_user(user):
            continue
        receipt = Payload(found, f"{by_type.path}.m.read.*")  # a path may not name a person
        yield MessageStatusChanged(
            event_key=EventKey(f"read:{event_id}:{user}"),
            occurred_at=receipt.at("ts").milliseconds(),
            account=account,
            raw=by_type.raw(),
            message_id=event_id,
            status=MessageStatus.READ,
            and_before=True,
            chat=room_chat(people, room, user),
        )


def _of_ours(event: Happening, state: str) -> Event:
    if state == "invite":
        return ChatInvited(
            event_key=event.key,
            occurred_at=event.item.at("origin_server_ts").milliseconds(),
            account=event.account,
            raw=event.item.raw(),
            chat=_invited_to(event),
        )
    thrown_out = state in _LEFT and not event.people.are_ours(event.sender)
    if thrown_out:
        return _blocked(event, event.sender, True)
    raise EventUnsupported(f"member:{safe_word(state)}")


def _blocked(event: Happening, user: str, blocked: bool) -> ChatBlocked:
    return ChatBlocked(
        event_key=event.key,
        occurred_at=event.item.at("origin_server_ts").milliseconds(),
        account=event.account,
        raw=event.item.raw(),
        chat=room_chat(event.people, event.room, user),
        blocked=blocked,
    )


def _invited_to(event: Happening) -> Chat:
    """A group when the room has a name or an address and was not made for the two of us."""
    state = list(_stripped(event.item))
    is_direct = content_of(event.item).mapping().get("is_direct") is True
    is_named = any(found.text_or("type") in _GROUP_MARKS for found in state)
    if is_named and not is_direct:
        name = _first(state, "m.room.name", "name")
        return Chat(
            channel_id=event.people.user,
            messenger=Messenger.MATRIX,
            chat_id=event.room,
            kind=ChatKind.GROUP,
            name=name or None,
        )
    inviter = [s for s in state if s.text_or("state_key") == event.sender]
    return Chat(
        channel_id=event.people.user,
        messenger=Messenger.MATRIX,
        chat_id=event.room,
        username=event.sender,
        name=_first(inviter, MEMBER, "displayname") or None,
        identities=(Identity(kind=IdentityKind.USER, value=event.sender),),
    )


def _stripped(item: Payload) -> Iterator[Payload]:
    """The parts of the room's state that come along with an invitation."""
    unsigned = item.get("unsigned")
    state = None if unsigned is None else unsigned.get("invite_room_state")
    for found in state.items() if state is not None else ():
        found.mapping()
        yield found


def _first(state: list[Payload], kind: str, key: str) -> str:
    contents = (content_of(found) for found in state if found.text_or("type") == kind)
    return next((content.text_or(key)[:MAX_NAME] for content in contents), "")


def _before(item: Payload) -> str:
    unsigned = item.get("unsigned")
    before = None if unsigned is None else unsigned.get("prev_content")
    return "" if before is None else before.text_or("membership")
