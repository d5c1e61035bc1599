"""First to answer: all are told, one gets the client, the CRM has the last word (WS-10, ROL-16)."""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bridge.domain.names import EmployeeId
from bridge.domain.policy import Distribution, NewClients
from bridge.pipeline.send import Refusal, SendRequest, Sent, send
from bridge.store.engine import open_engine
from bridge.store.schema import CONVERSATIONS, NOTIFICATIONS
from tests.pipeline.test_send import chat, left
from tests.pipeline.world import ANA, BRUNO, LUIS, World

PHONE = "34600555666"
FIRST = NewClients(
    pipeline="default", stage="appointmentscheduled", distribution=Distribution.FIRST_TO_ANSWER
)


def open_to_all(house: World) -> None:
    house.use(new_clients=FIRST)
    house.client_writes(PHONE)
    house.settle()


def answers(house: World, who: EmployeeId) -> Sent | Refusal:
    request = SendRequest(employee=who, conversation=chat(PHONE), text=f"it is {who}")
    return send(house.parts, request)


def told(house: World, code: str) -> list[str]:
    return sorted(row["employee"] for row in house.rows(NOTIFICATIONS) if row["code"] == code)


def in_processes(house: World, people: Sequence[EmployeeId]) -> list[dict[str, Any]]:
    """Each answers in a process of his own, all at one moment; gives what each was told."""
    url = house.engine.url.render_as_string(hide_password=False)
    gate_read, gate_write = os.pipe()
    children = []
    for who in people:
        said_read, said_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(gate_write)
                own = replace(house.parts, engine=open_engine(url))
                os.read(gate_read, 1)  # returns when the parent has let go of its end
                request = SendRequest(employee=who, conversation=chat(PHONE), text=f"it is {who}")
                answer = send(own, request)
                said = {"who": who, "sent": isinstance(answer, Sent)}
                said |= {"code": answer.reason.code, "detail": answer.reason.detail}
                os.write(said_write, json.dumps(said).encode())
            finally:
                os._exit(0)
        os.close(said_write)
        children.append((pid, said_read))
    os.close(gate_write)
    os.close(gate_read)
    found = []
    for pid, said_read in children:
        with os.fdopen(said_read, "rb") as pipe:
            found.append(json.loads(pipe.read()))
        assert os.waitpid(pid, 0)[1] == 0
    return found


def test_of_two_processes_one_gets_the_client_and_the_other_hears_who(house: World) -> None:
    """On both stores. A name, so that he knows whom to ask; and not a word more."""
    open_to_all(house)
    assert told(house, "notify.new_client") == [ANA, BRUNO]
    house.engine.dispose()  # children must not share its connections
    found = in_processes(house, [ANA, BRUNO])
    (winner,) = [one for one in found if one["sent"]]
    (late,) = [one for one in found if not one["sent"]]
    assert late["code"] == "client.taken"
    assert late["detail"] == f"already taken by {winner['who']}"
    house.settle()
    (contact,) = house.crm()["contacts"]
    owner = {ANA: "101", BRUNO: "102"}[winner["who"]]
    assert contact["properties"]["hubspot_owner_id"] == owner
    assert left(house) == [("chan-sales", f"it is {winner['who']}")]


def test_who_comes_second_hears_it_also_when_the_crm_has_confirmed(small: World) -> None:
    open_to_all(small)
    answers(small, ANA)
    small.settle()
    late = answers(small, BRUNO)
    assert isinstance(late, Refusal)
    assert (late.status, late.reason.code) == (409, "client.taken")


@pytest.mark.parametrize("why", ["was not told", "takes none", "lost the channel"])
def test_to_everybody_else_the_chat_does_not_exist(small: World, why: str) -> None:
    """ROL-06: that there is such a client is told to nobody who did not know it."""
    changed: dict[str, Callable[[], dict[str, Any]]] = {
        "was not told": lambda: {},
        "takes none": lambda: {"gets_new_clients": False},
        "lost the channel": lambda: {"channels": frozenset()},
    }
    employees = small.active().policy.employees
    stranger = EmployeeId("otto@acme.example") if why == "was not told" else BRUNO
    open_to_all(small)
    answers(small, ANA)
    entry = replace(employees[BRUNO], id=stranger, **changed[why]())
    small.use(employees={**employees, stranger: entry})
    late = answers(small, stranger)
    assert isinstance(late, Refusal)
    assert (late.status, late.reason.code) == (404, "request.not_found")


def test_an_answer_without_gets_new_clients_claims_nobody(small: World) -> None:
    """ROL-16: a manager helps out; the client stays open to those who take new ones."""
    open_to_all(small)
    assert isinstance(answers(small, LUIS), Sent)
    assert isinstance(answers(small, ANA), Sent)
    small.settle()
    (contact,) = small.crm()["contacts"]
    assert contact["properties"]["hubspot_owner_id"] == "101"


def test_an_answer_typed_on_the_phone_by_somebody_known_claims_too(small: World) -> None:
    """WS-10: the messenger says which of its users wrote, and the others see the chat no more."""
    open_to_all(small)
    small.client_writes(PHONE, "mine", isEcho=True, status="sent", authorId="102")
    small.settle()
    (row,) = small.rows(CONVERSATIONS)
    (contact,) = small.crm()["contacts"]
    assert contact["properties"]["hubspot_owner_id"] == "102"
    assert row["unanswered_since"] is None
    late = answers(small, ANA)
    assert isinstance(late, Refusal)
    assert late.reason.detail == f"already taken by {BRUNO}"


def test_the_crm_that_names_another_owner_wins_and_the_first_is_told(small: World) -> None:
    """WS-10: a claim is our own fact until the CRM speaks."""
    open_to_all(small)
    with small.hooks():
        answers(small, ANA)
        small.settle()
        (contact,) = small.crm()["contacts"]
        small.later(30)
        small.person_changes("contacts", contact["id"], hubspot_owner_id="102")
        for deal in small.crm()["deals"]:
            small.person_changes("deals", deal["id"], hubspot_owner_id="102")
        end = time.monotonic() + 60
        while not told(small, "notify.claim_overruled"):
            assert time.monotonic() < end, "the CRM's word never came"
            small.settle()
            time.sleep(0.02)
        small.patiently(3)
    assert told(small, "notify.claim_overruled") == [ANA]
    assert BRUNO in told(small, "owner.changed")
    late = answers(small, ANA)
    assert isinstance(late, Refusal)
    assert isinstance(answers(small, BRUNO), Sent)


def test_the_crm_that_confirms_the_first_tells_nobody(small: World) -> None:
    open_to_all(small)
    with small.hooks():
        answers(small, ANA)
        small.settle()
        (contact,) = small.crm()["contacts"]
        small.later(30)
        small.person_changes("contacts", contact["id"], hubspot_owner_id="101")
        small.patiently(3)
    assert told(small, "notify.claim_overruled") == []
    assert isinstance(answers(small, ANA), Sent)
