"""Sends whose end is not known: settled by a look-up or a list, else told, never sent again."""

from datetime import timedelta

import pytest

from bridge.domain.messaging import MessageStatus
from bridge.domain.names import MessageId, conversation_id
from bridge.pipeline.reconcile.asking import Task
from bridge.pipeline.reconcile.findings import About, Finding, State
from bridge.pipeline.reconcile.run import Wishes, reconcile
from bridge.pipeline.refusals import Sent
from bridge.pipeline.send import SendRequest, send
from bridge.ports import CannotTell, Found
from bridge.store.engine import reading
from bridge.store.records import messages_by_id
from bridge.store.schema import OUTBOX
from tests.pipeline.test_histories import on
from tests.pipeline.world import ANA, CHAT, World, known_clients


def sent(house: World, *, settled: bool = True) -> MessageId:
    """Ana answers her client; an hour passes."""
    [phone] = known_clients(house, 1)
    chat = conversation_id(CHAT, "chan-sales", phone)
    answer = send(house.parts, SendRequest(employee=ANA, conversation=chat, text="good day"))
    assert isinstance(answer, Sent)
    if settled:
        house.settle()
    house.later(3600)
    return answer.message


def in_doubt(house: World) -> None:
    with house.engine.begin() as db:
        db.execute(
            OUTBOX.update()
            .where(OUTBOX.c.kind == "SendMessage")
            .values(state="unknown", next_attempt_at=None, reason="no answer", done_at=None)
        )


def of_sends(house: World, *, dry_run: bool = False) -> list[Finding]:
    now = house.parts.now()
    task = Task(
        parts=house.parts,
        since=now - timedelta(hours=4),
        until=now,
        account=CHAT,
        dry_run=dry_run,
        wait=house.later,
    )
    return [one for one in reconcile(task, Wishes()).findings if one.about is About.SEND]


class Answering:
    """A messenger that answers every look-up alike, and takes nothing more."""

    def __init__(self, answer: Found | CannotTell) -> None:
        self._answer = answer

    def deliver(self, run: object) -> list[object]:
        raise AssertionError("nothing is sent again")

    def find(self, run: list[object]) -> list[Found | CannotTell]:
        return [self._answer] * len(run)


def status(house: World, message: MessageId) -> MessageStatus:
    with reading(house.engine) as db:
        return messages_by_id(db, [message])[message].status


def test_one_that_the_messenger_knows_of_is_settled(house: World) -> None:
    sent(house)
    in_doubt(house)
    house.vendors.outbounds[CHAT] = Answering(Found(vendor_ids={"id": "w-1"}))  # type: ignore[assignment]
    assert [one.state for one in of_sends(house, dry_run=True)] == [State.WOULD_MEND]
    assert house.count(OUTBOX, kind="SendMessage", state="unknown") == 1
    assert [one.state for one in of_sends(house)] == [State.MENDED]
    assert house.count(OUTBOX, kind="SendMessage", state="done") == 1
    assert of_sends(house) == []


def test_one_that_it_does_not_know_of_is_told_and_not_sent_again(house: World) -> None:
    sent(house)
    in_doubt(house)
    house.vendors.outbounds[CHAT] = Answering(CannotTell(reason="no list"))  # type: ignore[assignment]
    [finding] = of_sends(house)
    assert (finding.state, finding.detail) == (State.OPEN, "SendMessage: no answer")
    assert "mark it as sent" in finding.todo
    house.settle()
    assert house.count(OUTBOX, kind="SendMessage", state="unknown") == 1


@pytest.mark.parametrize(("minutes", "told"), [(0, 1), (-50, 0)])
def test_one_that_has_waited_for_long_is_told(small: World, minutes: int, told: int) -> None:
    sent(small, settled=False)
    small.later(60 * minutes)
    found = of_sends(small)
    assert len(found) == told
    assert all("has not left since" in one.detail for one in found)


def test_a_status_that_was_never_told_is_read_from_the_list(small: World) -> None:
    message = sent(small)
    with reading(small.engine) as db:
        vendor_id = messages_by_id(db, [message])[message].vendor_id
    listed = on(small)
    at = (small.parts.now() - timedelta(minutes=5)).isoformat()
    listed.add(statuses=[{"messageId": vendor_id, "timestamp": at, "status": "read"}])
    of_sends(small)
    assert status(small, message) is MessageStatus.READ
