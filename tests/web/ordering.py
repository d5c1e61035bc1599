"""Deliveries on their way, of which one was refused."""

from dataclasses import replace

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import Messenger
from bridge.domain.names import EventKey, MessageId
from bridge.store import attempts, outbox, outgoing
from bridge.store.attempts import Tried
from bridge.store.engine import writing
from bridge.store.outbox import NewRow, State
from tests.web.world import WA, World

SAID = "too_long: write less"
SEND = SendMessage(
    message=MessageId("ms_1"),
    key="k",
    channel_id="c",
    messenger=Messenger.WHATSAPP,
    chat_id="34600111222",
    text="secret words",
)
ROW = NewRow(
    lane=f"out:{WA}",
    account=WA,
    effect=SEND,
    idempotency_key="key-0",
    ordering_key="chat",
    urgent=False,
    makes=None,
    needs=(),
    event_account=WA,
    event_key=EventKey("e-0"),
    conversation=None,
    message=None,
)


def order(world: World, count: int) -> None:
    """So many messages; the first was refused."""
    rows = [
        replace(ROW, idempotency_key=f"key-{n}", ordering_key=f"chat-{n}") for n in range(count)
    ]
    with writing(world.parts.engine) as db:
        outbox.add(db, rows, world.now)
        first, *_ = outgoing.take(db, f"out:{WA}", world.now, 1)
        outgoing.settle(db, first.id, State.DEAD, SAID)
        attempts.add(db, [Tried(row=first, said=SAID)], world.now)
