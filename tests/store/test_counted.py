"""What messages add up to, on both stores, against the messages themselves."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, select

from bridge.domain.messaging import ChatKind, Direction, MessageStatus, Messenger
from bridge.domain.names import (
    AccountName,
    ChannelName,
    ConversationId,
    EmployeeId,
    MessageId,
)
from bridge.domain.numbers import rounded
from bridge.domain.records import ClientState, Conversation, Message
from bridge.pipeline.counting import count
from bridge.store import counted
from bridge.store.engine import writing
from bridge.store.records import put_conversations, put_messages
from bridge.store.schema import METADATA, SUMS
from tests.pipeline.counting import parts_of

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
WA = AccountName("wa-main")
PEOPLE = (None, EmployeeId("ana@acme.example"), EmployeeId("bruno@acme.example"))
CHATS = tuple(ConversationId(f"cv_{n}") for n in range(3))
GROUP = CHATS[2]
Key = tuple[str, str, int, int, str, str]
SPANS = {"in": (1, 4), "sent": (1, 4)}  # of others: quarters and days


def chat(name: ConversationId) -> Conversation:
    return Conversation(
        id=name,
        account=WA,
        channel=ChannelName(f"on-{name}"),
        channel_id="ch",
        messenger=Messenger.WHATSAPP,
        chat_id=name,
        kind=ChatKind.GROUP if name == GROUP else ChatKind.DIRECT,
        client=ClientState.NEW,
    )


def message(number: int, **told: object) -> Message:
    plain = Message(
        id=MessageId(f"ms_{number:03}"),
        conversation=CHATS[0],
        vendor_id=f"v{number}",
        direction=Direction.IN,
        occurred_at=T0,
        status=MessageStatus.RECEIVED,
    )
    return replace(plain, **told)  # type: ignore[arg-type]


def stored(db: Connection, run: Sequence[Message]) -> None:
    put_messages(db, {one.id: WA for one in run}, run)


def sums(engine: Engine) -> dict[Key, int]:
    with engine.connect() as db:
        rows = db.execute(select(SUMS)).all()
    return {(r.person, r.what, r.span, r.quarter, r.channel, r.detail): r.n for r in rows}


def by_hand(messages: Sequence[Message]) -> dict[Key, int]:
    """Each message on its own, looking at all the others."""
    found: Counter[Key] = Counter()
    for one in messages:
        quarter = int(one.occurred_at.timestamp()) // 900
        channel = f"on-{one.conversation}"
        parts = [("in", "")]
        if one.direction is Direction.OUT:
            parts = [("sent", ""), ("out", _outcome(one.status))]
            if one.status is MessageStatus.FAILED:
                parts.append(("failed", one.error))
        waited = _waited(one, messages)
        if waited is not None:
            parts.append(("answer", str(rounded(waited))))
        author = (one.author or "") if one.direction is Direction.OUT else ""
        for what, detail in parts:
            for person in {author} if what == "answer" else {"", author}:
                for span in SPANS.get(what, (1, 96)):
                    begins = quarter // span * span
                    where = "" if what == "answer" else channel
                    found[person, what, span, begins, where, detail] += 1
    return dict(found)


def _outcome(status: MessageStatus) -> str:
    return {"queued": "waiting", "played": "read"}.get(status.value, status.value)


def _answers(one: Message) -> bool:
    failed = one.status is MessageStatus.FAILED
    return one.direction is Direction.OUT and not one.automatic and not failed


def _waited(one: Message, messages: Sequence[Message]) -> int | None:
    """Since the first question after the answer before this one."""
    if not _answers(one) or one.conversation == GROUP:
        return None
    same = [m for m in messages if m.conversation == one.conversation]
    order = {m.id: (m.occurred_at, m.direction is Direction.OUT, m.id) for m in same}
    earlier = [m for m in same if order[m.id] < order[one.id]]
    last = max((order[m.id] for m in earlier if _answers(m)), default=None)
    asked = [
        m.occurred_at
        for m in earlier
        if m.direction is Direction.IN and (last is None or order[m.id] > last)
    ]
    return int((one.occurred_at - min(asked)).total_seconds()) if asked else None


@st.composite
def drawn(draw: st.DrawFn, number: int) -> Message:
    ours = draw(st.booleans())
    status = [one for one in MessageStatus if one is not MessageStatus.RECEIVED]
    return message(
        number,
        conversation=draw(st.sampled_from(CHATS)),
        direction=Direction.OUT if ours else Direction.IN,
        occurred_at=T0 + timedelta(seconds=draw(st.integers(0, 7200))),
        status=draw(st.sampled_from(status)) if ours else MessageStatus.RECEIVED,
        author=draw(st.sampled_from(PEOPLE)) if ours else None,
        automatic=ours and draw(st.booleans()),
        error=draw(st.sampled_from(["", "not on WhatsApp"])),
    )


RUNS = st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=4), min_size=1, max_size=5)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), runs=RUNS)
def test_sums_are_what_the_messages_add_up_to(
    engine: Engine, data: st.DataObject, runs: list[list[int]]
) -> None:
    """However often and in which order they change between two looks of the clock."""
    with writing(engine) as db:
        for table in METADATA.sorted_tables:
            db.execute(delete(table))
        put_conversations(db, [chat(name) for name in CHATS])
    parts, known = parts_of(engine), dict[str, Message]()
    for numbers in runs:
        run = [data.draw(drawn(number)) for number in dict.fromkeys(numbers)]
        known.update({one.id: one for one in run})
        with writing(engine) as db:
            stored(db, run)
        if data.draw(st.booleans()):
            count(parts)
    count(parts)
    assert sums(engine) == by_hand(list(known.values()))


def test_counting_all_anew_gives_the_same(engine: Engine) -> None:
    run = [message(n, occurred_at=T0 + timedelta(minutes=n)) for n in range(5)]
    with writing(engine) as db:
        put_conversations(db, [chat(CHATS[0])])
        stored(db, run)
    count(parts_of(engine))
    before = sums(engine)
    with writing(engine) as db:
        counted.forget_everything(db)
    count(parts_of(engine))
    assert sums(engine) == before == by_hand(run)


def test_counting_that_was_cut_short_is_done_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = [message(1)]
    with writing(engine) as db:
        put_conversations(db, [chat(CHATS[0])])
        stored(db, run)
    with monkeypatch.context() as patch:
        patch.setattr(counted, "done", _dies)
        with pytest.raises(KeyboardInterrupt):
            count(parts_of(engine))
    assert sums(engine) == {}
    count(parts_of(engine))
    assert sums(engine) == by_hand(run)


def _dies(db: Connection, queued: counted.Queued) -> None:
    raise KeyboardInterrupt


def test_a_message_without_its_conversation_stops_nobody(engine: Engine) -> None:
    with writing(engine) as db:
        stored(db, [message(1)])
    assert count(parts_of(engine)) == 1
    assert sums(engine) == {}
