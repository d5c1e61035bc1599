"""One message sent for real after setting up, and whether it is known to arrive (NEW-09)."""

import time
from dataclasses import dataclass

from bridge.domain.messaging import MessageStatus, Messenger
from bridge.domain.names import ChannelName, EmployeeId, MessageId
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.pipeline.doctor.points import Point, fine, skipped, wrong
from bridge.pipeline.drain import after, drain, due_lanes
from bridge.pipeline.parts import Parts
from bridge.pipeline.send import Refusal, SendRequest, send
from bridge.store.engine import reading
from bridge.store.records import messages_by_id

CHECK = "test message"
TEXT = "This is a test of bridge. If you read it, messages go out. No answer is needed."
# WhatsApp Business API (WABA) channels are WhatsApp channels; Instagram and others are skipped.
MESSENGERS = (Messenger.WHATSAPP, Messenger.TELEGRAM)
_ARRIVED = (MessageStatus.DELIVERED, MessageStatus.READ, MessageStatus.PLAYED)
_OVER = (*_ARRIVED, MessageStatus.FAILED)
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class TestMessage:
    """`to_phone` is in international form, of somebody who looks at it now."""

    __test__ = False  # its name makes pytest take it for a test

    to_phone: str
    sender: EmployeeId
    wait_seconds: float


def first_channel(policy: Policy) -> ChannelName | None:
    """The first WhatsApp or Telegram channel of accounts.yaml, by name."""
    found = (name for name, c in policy.channels.items() if c.messenger in MESSENGERS)
    return next(found, None)


def first_manager(policy: Policy) -> EmployeeId | None:
    """Who writes it when nobody is named."""
    managers = (e.id for e in policy.employees.values() if e.role is Role.MANAGER)
    return next(managers, None)


def run(parts: Parts, message: TestMessage) -> Point:
    """Sends it and waits; drains lanes meanwhile, as a worker would."""
    policy = parts.active().policy
    channel = first_channel(policy)
    if channel is None:
        return skipped(CHECK, "there is no WhatsApp or Telegram channel to send it from")
    sent = send(
        parts,
        SendRequest(
            employee=message.sender,
            to_phone=message.to_phone,
            messenger=policy.channels[channel].messenger,
            channel=channel,
            text=TEXT,
        ),
    )
    if isinstance(sent, Refusal):
        todo = f"{sent.reason.code}: correct what it says, or name another number or sender"
        return wrong(CHECK, sent.reason.detail, todo)
    return _reported(_awaited(parts, sent.message, message.wait_seconds), channel)


def _awaited(parts: Parts, message: MessageId, seconds: float) -> MessageStatus:
    end = time.monotonic() + seconds
    while True:
        for lane in due_lanes(parts):
            drain(parts, lane, over=after(_LOOK_SECONDS))
        with reading(parts.engine) as db:
            found = messages_by_id(db, [message]).get(message)
        status = MessageStatus.UNKNOWN if found is None else found.status
        if status in _OVER or time.monotonic() >= end:
            return status
        time.sleep(_LOOK_SECONDS)


def _reported(status: MessageStatus, channel: ChannelName) -> Point:
    if status in _ARRIVED:
        return fine(CHECK, f"went out on {channel} and has arrived")
    if status is MessageStatus.FAILED:
        todo = "look at it with `bridge dead list`; is there such an account on that messenger?"
        return wrong(CHECK, f"went out on {channel} and was refused", todo)
    if status is MessageStatus.SENT:
        todo = "did it arrive on the phone? Then webhooks don't: is the public URL reachable?"
        return wrong(CHECK, f"went out on {channel}, and no word of its arrival came back", todo)
    todo = "look at `bridge dead list` and at the held lanes above"
    return wrong(CHECK, f"has not left on {channel} yet: it is {status}", todo)
