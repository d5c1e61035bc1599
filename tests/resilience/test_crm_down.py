"""The CRM is away for an hour: nothing is lost, it is not hammered, and nothing dies of it."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.refresh import LONGEST_WAIT
from bridge.store.schema import INBOX, LANES, NOTIFICATIONS, OUTBOX, REFRESHES
from tests.pipeline.world import CRM, LUIS, World, known_clients
from tests.resilience.gateway import Call, Gateway, Given, gateway, refusal

CHATS = 20
STRANGER = "34699000001"
HOUR = timedelta(hours=1)
STEP = timedelta(minutes=1)
ASKED_FOR = timedelta(minutes=5)  # by Retry-After
CREATE = "communications/batch/create"
LINKED = "contacts/communications/batch/read"
MIRROR, OUT = lane(Way.MIRROR, CRM), lane(Way.OUT, CRM)


def refused(house: World) -> Given:
    raise AssertionError("nothing listens there, so nobody asks")


def in_seconds(house: World) -> Given:
    return refusal(429, retry_after=str(int(ASKED_FOR.total_seconds())))


def as_date(house: World) -> Given:
    moment = (house.parts.now() + ASKED_FOR).replace(microsecond=0)
    return refusal(429, retry_after=format_datetime(moment, usegmt=True))


OUTAGES: dict[str, Callable[[World], Given]] = {
    "no connection": refused,
    "500": lambda house: refusal(500),
    "503": lambda house: refusal(503),
    "429 in seconds": in_seconds,
    "429 as a date": as_date,
}
NOTHING_LISTENS = "http://127.0.0.1:9"


@contextmanager
def behind_a_gateway(house: World, answer: Callable[[World], Given]) -> Iterator[Gateway]:
    """The CRM answers like this until the gateway's trick is taken away."""
    with gateway(house.crm_url, lambda call: answer(house)) as before:
        nobody = answer is refused
        house.crm_is_elsewhere(NOTHING_LISTENS if nobody else before.url)
        yield before
        house.crm_is_elsewhere(house.crm_url)


def an_hour_passes(house: World, phones: list[str]) -> list[str]:
    """Clients write in turn, a stranger once; gives what was written, in order."""
    written = []
    for step in range(int(HOUR / STEP)):
        phone = phones[step % len(phones)]
        text = f"step {step:03d} of {phone}"
        house.client_writes(phone, text)
        written.append(text)
        if step == 10:
            house.client_writes(STRANGER, f"step {step:03d} of {STRANGER}")
            written.append(f"step {step:03d} of {STRANGER}")
        house.settle()
        house.later(STEP.total_seconds())
    return written


def comes_to_rest(house: World, within: timedelta) -> None:
    for _ in range(int(within / STEP)):
        house.settle()
        house.later(STEP.total_seconds())
    house.settle()


def delivered(house: World, written: list[str]) -> dict[str, list[str]]:
    """By chat, in the order of the CRM."""
    entries = house.entries()
    found = [text for entry in entries for text in written if text in entry]
    return {phone: [t for t in found if t.endswith(phone)] for phone in _phones(written)}


def sent(written: list[str]) -> dict[str, list[str]]:
    return {phone: [t for t in written if t.endswith(phone)] for phone in _phones(written)}


def _phones(written: list[str]) -> set[str]:
    return {text.split()[-1] for text in written}


def states(house: World) -> Counter[str]:
    rows = [*house.rows(INBOX), *house.rows(OUTBOX)]
    return Counter(str(row["state"]) for row in rows)


# For each outage: how often entries may be tried to be written in that hour, how often the CRM may
# be searched for the stranger, and how many calls may be made at all. Seconds of a reader's answer
# count from this machine's clock, which stands still here: these searches come once a minute.
ONCE_A_CHAT, ONCE_A_MINUTE = CHATS, int(HOUR / LONGEST_WAIT) + 2
AS_TOLD = int(HOUR / ASKED_FOR) + 2
BOUNDS = {
    "no connection": (0, 0, 0),
    "500": (ONCE_A_CHAT, ONCE_A_MINUTE, 200),
    "503": (ONCE_A_CHAT, ONCE_A_MINUTE, 200),
    "429 in seconds": (AS_TOLD, ONCE_A_MINUTE, AS_TOLD + ONCE_A_MINUTE),
    "429 as a date": (AS_TOLD, AS_TOLD, 2 * AS_TOLD),
}


def test_a_crm_that_answers_look_ups_but_no_write_makes_no_dead_letters(small: World) -> None:
    """R7: each look-up says that nothing arrived, and still no row is to blame."""
    phones = known_clients(small, CHATS)
    small.fail(CRM, match=f"POST .*/{CREATE}", fault="500")
    before = small.crm()["calls"]
    written = an_hour_passes(small, phones)
    assert states(small)["dead"] == 0
    calls = {line: n - before.get(line, 0) for line, n in small.crm()["calls"].items()}
    assert sum(calls.values()) < 600, "ten a minute"
    small.mend()
    comes_to_rest(small, timedelta(minutes=30))
    assert states(small) == {"done": sum(states(small).values())}
    assert delivered(small, written) == sent(written)


def test_a_row_that_the_crm_alone_never_answers_well_ends_dead_while_others_pass(
    small: World,
) -> None:
    """R9: others got through since its first try, so it is to blame."""
    one, *others = known_clients(small, 5)
    with gateway(small.crm_url, _fails_at(b"venomous")) as crm:
        small.crm_is_elsewhere(crm.url)
        small.client_writes(one, "venomous words")
        for step in range(20):
            small.client_writes(others[step % 4], f"step {step:03d} of {others[step % 4]}")
            small.settle()
            small.later(60)
    assert states(small)["dead"] == 1
    assert sum("step" in entry for entry in small.entries()) == 20


def _fails_at(word: bytes) -> Callable[[Call], Given | None]:
    return lambda call: refusal(500) if word in call.body else None


@pytest.mark.parametrize("outage", OUTAGES)
def test_after_an_hour_all_is_delivered_once_and_in_order(small: World, outage: str) -> None:
    """R7: whatever the CRM says meanwhile, it is not hammered, and nothing dies of it."""
    phones = known_clients(small, CHATS)
    with behind_a_gateway(small, OUTAGES[outage]) as crm:
        written = an_hour_passes(small, phones)
        assert delivered(small, written) == {phone: [] for phone in _phones(written)}
        assert states(small)["dead"] == 0
        tried, searched, called = crm.made(CREATE), crm.made("contacts/search"), crm.made()
    most_tried, most_searched, most_called = BOUNDS[outage]
    assert tried <= most_tried
    assert searched <= most_searched
    assert called <= most_called
    assert max(row["attempts"] for row in small.rows(OUTBOX)[CHATS:]) <= 1
    comes_to_rest(small, timedelta(minutes=20))
    assert states(small) == {"done": sum(states(small).values())}
    assert delivered(small, written) == sent(written)
    assert small.rows(REFRESHES) == []


def test_after_an_hour_all_is_delivered_on_each_store(house: World) -> None:
    """R7."""
    phones = known_clients(house, 5)
    with behind_a_gateway(house, OUTAGES["500"]):
        written = an_hour_passes(house, phones)
    comes_to_rest(house, timedelta(minutes=20))
    assert states(house) == {"done": sum(states(house).values())}
    assert delivered(house, written) == sent(written)


def test_refused_credentials_are_told_though_nothing_is_to_be_written(small: World) -> None:
    """R7: only a look-up meets the refusal. Asked on, for it costs nothing; told once."""
    with behind_a_gateway(small, lambda house: refusal(401)):
        small.client_writes(STRANGER)
        for _ in range(10):
            small.settle()
            small.later(LONGEST_WAIT.total_seconds())
    told = [row["employee"] for row in small.rows(NOTIFICATIONS) if row["code"] == "account.paused"]
    assert told == [LUIS]
    [held] = [row for row in small.rows(LANES) if row["name"] == MIRROR]
    assert "refuses our credentials" in held["held_cause"]
    small.later(LONGEST_WAIT.total_seconds())
    small.settle()
    assert len(small.entries()) == 1


def half_of_a_batch(status_of_the_rest: str) -> Callable[[Call], Given | None]:
    """A trick: of the first write of entries only every second one is carried out: 207."""
    struck: list[bool] = []

    def trick(call: Call) -> Given | None:
        if struck or not call.path.endswith(CREATE):
            return None
        struck.append(True)
        inputs = json.loads(call.body)["inputs"]
        _, headers, answer = call.passed_on(json.dumps({"inputs": inputs[::2]}).encode())
        errors = [_error(one, status_of_the_rest) for one in inputs[1::2]]
        body = {**json.loads(answer), "errors": errors, "numErrors": len(errors)}
        return 207, headers, json.dumps(body).encode()

    return trick


def _error(given: Any, category: str) -> Any:
    traces = [given["objectWriteTraceId"]]
    return {
        "status": "error",
        "category": category,
        "message": "not now",
        "context": {"objectWriteTraceId": traces},
    }


@pytest.mark.parametrize(
    ("category", "looked_up"), [("RATE_LIMIT", False), ("INTERNAL_ERROR", True)]
)
def test_of_a_partial_answer_only_what_failed_is_tried_again(
    small: World, category: str, looked_up: bool
) -> None:
    """R7: 207. What is surely not done is tried again, what may be done is looked up first."""
    phones = known_clients(small, 10)
    with gateway(small.crm_url, half_of_a_batch(category)) as crm:
        small.crm_is_elsewhere(crm.url)
        small.receives_each(phones, "news")
        small.settle()
        assert sum("news" in entry for entry in small.entries()) == 5
        small.patiently(2)
        assert (crm.made(CREATE), crm.made(LINKED) > 0) == (2, looked_up)
    assert Counter("news" in entry for entry in small.entries())[True] == 10
    attempts = [row["attempts"] for row in small.rows(OUTBOX)[-10:]]
    assert attempts == [1, 2] * 5
