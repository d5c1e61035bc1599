"""Who asks to be forgotten is forgotten: in the store, in our files, in our entries in the CRM."""

import os
import signal

import pytest

from bridge.domain.names import ConversationId, EmployeeId, conversation_id
from bridge.domain.reasons import ReasonCode
from bridge.pipeline.erasing import ADMIN, Erased, erase
from bridge.pipeline.explain import explain
from bridge.pipeline.parts import Parts
from bridge.pipeline.refusals import Refusal
from bridge.pipeline.send import SendRequest, Sent, send
from bridge.store import erasures
from bridge.store.engine import reading
from bridge.store.schema import CONTACTS, DECISIONS, ERASURES, OUTBOX
from tests.pipeline.test_erasure import CANARY, PHONE, lives_through_everything, traces
from tests.pipeline.world import ANA, BRUNO, CHAT, LUIS, QA, World, in_another_process

WHERE = conversation_id(CHAT, "chan-sales", PHONE)


def erased(house: World, by: EmployeeId | None = LUIS, where: ConversationId = WHERE) -> Erased:
    done = erase(house.parts, by, where)
    assert isinstance(done, Erased)
    return done


def shown(house: World) -> list[str]:
    return [entry for entry in house.entries() if CANARY in entry]


def test_he_is_forgotten_here_and_in_our_entries(house: World) -> None:
    with house.hooks():
        lives_through_everything(house)
        assert shown(house)
        report = erased(house).report
        assert traces(house) == []
        house.later(901)
        house.settle()
    assert traces(house) == []
    assert shown(house) == []
    assert len([e for e in house.entries() if "Erased on request" in e]) == report.crm_entries > 1
    assert house.count(CONTACTS, state="erased") == 1


def test_the_report_counts_and_names_nobody(house: World) -> None:
    with house.hooks():
        lives_through_everything(house)
        done = erased(house)
    assert done.report.conversations == 1
    assert min(done.report.messages, done.report.requests, done.report.decisions) > 2
    assert done.report.effects > 0
    assert any("777001" in line and "erase the contact there" in line for line in done.left)
    with reading(house.engine) as db:
        [kept] = erasures.newest(db, 5)
    assert (kept.asked_by, kept.report) == (LUIS, done.report)


def test_to_try_changes_nothing(house: World) -> None:
    with house.hooks():
        lives_through_everything(house)
        before = traces(house)
        tried = erase(house.parts, LUIS, WHERE, only_try=True)
        assert isinstance(tried, Erased)
        assert tried.tried
        assert traces(house) == before
        assert house.count(ERASURES) == 0
        assert erased(house).report == tried.report


def test_a_stranger_without_a_contact_is_forgotten_too(house: World) -> None:
    house.use(crm=None)
    house.client_writes(PHONE, f"I am {CANARY}")
    house.settle()
    assert erased(house, None).report.messages == 1
    assert traces(house) == []
    with reading(house.engine) as db:
        [kept] = erasures.newest(db, 5)
    assert (kept.subject, kept.asked_by) == (WHERE, ADMIN)


def test_the_next_message_makes_him_a_new_client(house: World) -> None:
    house.client_writes(PHONE, "the first")
    house.settle()
    erased(house)
    house.settle()
    house.later(120)
    house.client_writes(PHONE, "the second")
    house.settle()
    assert any("the second" in entry for entry in house.entries())
    owners = {"101": ANA, "102": BRUNO}
    newest = house.crm()["contacts"][-1]
    letter = SendRequest(
        employee=owners[newest["properties"]["hubspot_owner_id"]], conversation=WHERE, text="hi"
    )
    assert isinstance(send(house.parts, letter), Sent)
    house.settle()
    assert house.phone()["sent"][-1]["chat_id"] == PHONE


def test_to_erase_again_finds_nothing_more(house: World) -> None:
    house.client_writes(PHONE, f"I am {CANARY}")
    house.settle()
    first = erased(house)
    house.settle()
    again = erased(house)
    assert first.report.messages == again.report.messages == 1
    house.settle()
    assert traces(house) == []


def test_the_decision_says_who_asked(house: World) -> None:
    house.client_writes(PHONE, f"I am {CANARY}")
    house.settle()
    erased(house)
    [row] = [r for r in house.rows(DECISIONS) if r["kind"] == "Erasure"]
    with reading(house.engine) as db:
        told = explain(db, row["event_key"])
    assert told is not None
    assert told.record.reasons[0].code is ReasonCode.CONTACT_ERASED
    assert LUIS in told.record.reasons[0].detail


@pytest.mark.parametrize(
    ("who", "status"), [(ANA, 404), (BRUNO, 404), (QA, 403), (EmployeeId("no@acme.example"), 404)]
)
def test_only_managers_may(house: World, who: EmployeeId, status: int) -> None:
    house.client_writes(PHONE, "hello")
    house.settle()
    refused = erase(house.parts, who, WHERE)
    assert isinstance(refused, Refusal)
    assert refused.status == status
    assert house.count(ERASURES) == 0


def test_what_is_on_its_way_is_waited_for(house: World) -> None:
    house.client_writes(PHONE, "hello")
    house.drain(f"in:{CHAT}")
    with house.engine.begin() as db:
        db.execute(OUTBOX.update().values(state="leased"))
    refused = erase(house.parts, LUIS, WHERE)
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.reason.code) == (409, ReasonCode.REQUEST_CONFLICT)


def test_a_group_is_no_client(house: World) -> None:
    house.client_writes("120363001@g.us", "hello all", chatType="whatsgroup")
    house.settle()
    [where] = house.conversations()
    refused = erase(house.parts, LUIS, where)
    assert isinstance(refused, Refusal)
    assert refused.reason.code is ReasonCode.CLIENT_GROUP


def test_no_such_conversation(house: World) -> None:
    refused = erase(house.parts, None, ConversationId("cv_none"))
    assert isinstance(refused, Refusal)
    assert refused.status == 404


def _killed(parts: Parts) -> None:
    def dies(*given: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    erasures.add = dies  # type: ignore[assignment]
    erase(parts, LUIS, WHERE)


def test_killed_over_it_nothing_is_half_forgotten(small: World) -> None:
    small.client_writes(PHONE, f"I am {CANARY}")
    small.settle()
    before = traces(small)
    assert os.WTERMSIG(in_another_process(small, _killed)) == signal.SIGKILL
    assert traces(small) == before
    erased(small)
    assert traces(small) == []
