"""What was said, sent and decided on is kept as long as the configuration says, and no longer."""

import os
import signal
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bridge import codec
from bridge.domain.messaging import MessageStatus
from bridge.domain.names import conversation_id
from bridge.domain.policy import Retention
from bridge.domain.records import Message
from bridge.pipeline import retention
from bridge.pipeline.doctor.standing import check_standing
from bridge.pipeline.explain import explain, is_reproducible
from bridge.pipeline.parts import Parts
from bridge.pipeline.retention import forget, spans
from bridge.pipeline.send import SendRequest, Sent, send
from bridge.store import wiping
from bridge.store.engine import reading
from bridge.store.schema import DECISIONS, INBOX, MEDIA, MESSAGES, METADATA, OUTBOX
from bridge.store.wiping import Subject
from tests.pipeline.world import ANA, CHAT, CRM, World, in_another_process, known_clients

PHONE = "34600100000"
SECRET = "Quetzalcoatl"
DAY = 86_400


def traces(house: World, word: str = SECRET) -> list[str]:
    found = []
    for table in METADATA.sorted_tables:
        for row in house.rows(table):
            for name, value in row.items():
                said = (
                    bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                )
                if word.encode() in said:
                    found.append(f"{table.name}.{name}")
    return sorted(set(found))


def talks(house: World) -> None:
    known_clients(house, 1)
    house.client_writes(PHONE, f"about {SECRET}")
    house.settle()
    where = conversation_id(CHAT, "chan-sales", PHONE)
    answer = send(house.parts, SendRequest(employee=ANA, conversation=where, text=f"{SECRET}!"))
    assert isinstance(answer, Sent)
    house.settle()


def keep(house: World, **spans: timedelta | None) -> None:
    house.use(retention=Retention(**spans))


def forgets(house: World) -> int:
    """Until there is nothing to do any more."""
    total = 0
    for _ in range(20):
        total += forget(house.parts)
    return total


def test_within_its_time_nothing_is_wiped(house: World) -> None:
    talks(house)
    before = {table.name: house.rows(table) for table in (INBOX, DECISIONS, OUTBOX, MESSAGES)}
    house.later(89 * DAY)
    assert forgets(house) == 0
    assert {t.name: house.rows(t) for t in (INBOX, DECISIONS, OUTBOX, MESSAGES)} == before


def test_after_ninety_days_a_decision_says_why_but_not_on_what(house: World) -> None:
    talks(house)
    house.later(91 * DAY)
    assert forgets(house) > 0
    assert traces(house) == ["messages.value"]
    rows = house.rows(DECISIONS)
    assert [row for row in rows if row["event"] is not None or row["facts"] is not None] == []
    with reading(house.engine) as db:
        told = explain(db, rows[0]["event_key"])
        assert told is not None
        assert told.record.reasons
        with pytest.raises(LookupError, match="not stored"):
            is_reproducible(db, rows[0]["event_key"])


def test_texts_are_kept_as_long_as_set_and_their_traces_no_longer(house: World) -> None:
    talks(house)
    keep(house, messages=timedelta(days=30))
    house.later(31 * DAY)
    forgets(house)
    assert traces(house) == []
    said = [codec.decode(Message, bytes(row["value"])) for row in house.rows(MESSAGES)]
    assert len(said) == 3
    assert all(message.wiped_at is not None and not message.text for message in said)
    assert {message.status for message in said} == {MessageStatus.RECEIVED, MessageStatus.SENT}


@pytest.mark.parametrize("deed", ["keep", "wipe"])
def test_files_have_a_time_of_their_own(house: World, deed: str) -> None:
    known_clients(house, 1)
    file = {"type": "document", "contentUri": "https://files.example/x.pdf"}
    house.client_writes(PHONE, "", **file)
    house.settle()
    with house.engine.begin() as db:
        db.execute(MEDIA.update().values(state="stored", sha256="0" * 64))
    keep(house, files=timedelta(days=10))
    house.later((9 if deed == "keep" else 11) * DAY)
    forgets(house)
    assert house.count(MEDIA) == (1 if deed == "keep" else 0)


def test_what_is_still_to_be_done_is_not_touched(house: World) -> None:
    """A dead letter waits for a person, an entry for its CRM, whatever their age."""
    known_clients(house, 1)
    house.fail(CRM, match="communications/batch/create", fault="429", times=1, retry_after="900")
    house.client_writes(PHONE, f"about {SECRET}")
    house.receives(CHAT, {"messages": [{"chatId": PHONE, "text": SECRET}]})
    house.settle()
    keep(house, decisions=timedelta(days=1))
    house.later(2 * DAY)
    forgets(house)
    assert {"inbox.body", "outbox.effect"} <= set(traces(house))
    assert [bytes(r["effect"]) for r in house.rows(OUTBOX) if r["state"] not in ("done", "dropped")]
    house.settle()
    assert any(SECRET in entry for entry in house.entries())


def test_a_row_that_was_open_is_wiped_by_a_later_pass(house: World) -> None:
    talks(house)
    known = house.rows(OUTBOX)[0]["id"]
    with house.engine.begin() as db:
        db.execute(OUTBOX.update().where(OUTBOX.c.id == known).values(state="dead"))
    house.later(91 * DAY)
    forgets(house)
    with house.engine.begin() as db:
        db.execute(OUTBOX.update().where(OUTBOX.c.id == known).values(state="dropped"))
    assert forgets(house) == 0
    house.later(2 * DAY)
    assert forgets(house) == 1


def test_a_pass_goes_on_where_it_was(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    talks(house)
    house.later(91 * DAY)
    forget(house.parts)
    with reading(house.engine) as db:
        first = wiping.passes(db)[Subject.DECISIONS]
    assert (first.position > 0, first.ended_at) == (True, None)
    forgets(house)
    with reading(house.engine) as db:
        last = wiping.passes(db)[Subject.DECISIONS]
        left = db.scalars(select(DECISIONS.c.id).where(DECISIONS.c.facts.is_not(None))).all()
    assert (last.wiped, last.ended_at is not None, left) == (house.count(DECISIONS), True, [])


def test_the_doctor_tells_of_a_pass_that_comes_to_no_end(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    talks(house)
    house.later(91 * DAY)
    forget(house.parts)
    for days, is_well in ((0, True), (3, False)):
        house.later(days * DAY)
        with reading(house.engine) as db:
            points = [p for p in check_standing(db, house.parts.now()) if p.check == "retention"]
        assert {point.todo == "" for point in points} == {is_well}


def _killed(parts: Parts) -> None:
    """In the transaction of the first slice, after it was wiped."""
    put_pass = wiping.put_pass

    def dies(*given: Any) -> None:
        put_pass(*given)
        os.kill(os.getpid(), signal.SIGKILL)

    wiping.put_pass = dies  # type: ignore[assignment]
    forget(parts)


def test_a_process_killed_over_it_leaves_it_to_the_next(small: World) -> None:
    talks(small)
    small.later(91 * DAY)
    assert os.WTERMSIG(in_another_process(small, _killed)) == signal.SIGKILL
    assert traces(small) != ["messages.value"]
    forgets(small)
    assert traces(small) == ["messages.value"]


@pytest.mark.parametrize(
    ("messages", "decisions", "inputs"),
    [(None, 90, 90), (30, 90, 30), (120, 90, 90), (None, None, None), (30, None, 30)],
)
def test_inputs_are_kept_no_longer_than_what_was_said(
    messages: int | None, decisions: int | None, inputs: int | None
) -> None:
    def days(number: int | None) -> timedelta | None:
        return None if number is None else timedelta(days=number)

    kept = spans(Retention(messages=days(messages), decisions=days(decisions)))
    assert kept.get(Subject.REQUESTS) == kept.get(Subject.DECISIONS) == days(inputs)
    assert kept.get(Subject.MESSAGES) == days(messages)
