"""What moves in the CRM beside messages: at once where the webhook says it, never in circles."""

from collections.abc import Callable
from typing import Any

import pytest

from bridge.domain.reasons import ReasonCode
from bridge.pipeline.mirror import request_sync, sync
from bridge.ports import Reader
from bridge.store.schema import DECISIONS, NOTIFICATIONS, OUTBOX, REFRESHES
from tests.pipeline.test_mirror import FIRST, readers
from tests.pipeline.world import ANA, BRUNO, CRM, LUIS, QA, World, known_clients

ORDER = "600001"
READS = "/crm/.*/(contacts|deals|leads)/batch/read"


def order_of_bruno(house: World) -> None:
    """An open deal of Ana's client, which the bridge knows."""
    deal = {
        "dealname": "Order",
        "pipeline": "default",
        "dealstage": "appointmentscheduled",
        "hubspot_owner_id": "102",
    }
    house.seed(deals=[{"id": ORDER, "properties": deal, "contacts": [FIRST]}])
    house.person_changes("deals", ORDER, amount="100")
    came(house, 1)
    assert BRUNO in readers(house, chat_of(house))


def chat_of(house: World) -> str:
    return "34600000000"


def came(house: World, webhooks: int) -> None:
    house.hears(CRM, webhooks)
    house.settle()


def writes(house: World) -> dict[str, int]:
    """Calls that change something in the CRM: creations, changes, links."""
    return {
        call: count
        for call, count in house.crm()["calls"].items()
        if not call.startswith("GET") and not call.endswith(("search", "batch/read"))
    }


@pytest.mark.parametrize("stage", ["closedwon", "closedlost"])
def test_who_saw_a_chat_by_a_deal_does_so_no_more_while_the_crm_can_not_be_asked(
    small: World, stage: str
) -> None:
    [phone] = known_clients(small, 1)
    with small.hooks():
        order_of_bruno(small)
        small.fail(CRM, match=READS, fault="500")
        small.person_changes("deals", ORDER, dealstage=stage)
        small.hears(CRM, 2)
        small.drain("in:hubspot-main")
        assert readers(small, phone) == {ANA, LUIS, QA}
        assert small.count(REFRESHES, kind="deal") == 1
        small.mend()


def test_a_deal_that_goes_on_again_is_read_first_and_at_once(small: World) -> None:
    [phone] = known_clients(small, 1)
    with small.hooks():
        order_of_bruno(small)
        small.person_changes("deals", ORDER, dealstage="closedlost")
        came(small, 2)
        small.person_changes("deals", ORDER, dealstage="appointmentscheduled")
        small.hears(CRM, 3)
        small.drain("in:hubspot-main")
        assert BRUNO not in readers(small, phone)
        small.settle()
    assert readers(small, phone) == {ANA, BRUNO, LUIS, QA}


def test_a_deleted_deal_shows_its_owner_nothing_at_once(small: World) -> None:
    [phone] = known_clients(small, 1)
    with small.hooks():
        order_of_bruno(small)
        small.in_crm("delete", kind="deals", id=ORDER)
        small.hears(CRM, 2)
        small.drain("in:hubspot-main")
    assert readers(small, phone) == {ANA, LUIS, QA}


def test_what_we_write_comes_back_and_sets_off_nothing(house: World) -> None:
    """A loop would write for ever: the whole house runs until it is quiet, and again."""
    with house.hooks():
        house.client_writes("34600111222", "hello")
        house.settle()
        house.client_writes("34600111222", "anybody there?")
        house.settle()
        once = writes(house)
        quiet(house)
        house.later(60)
        quiet(house)
    assert writes(house) == once
    assert {row["state"] for row in house.rows(OUTBOX)} == {"done"}
    echoes = [row["headline"] for row in house.rows(DECISIONS) if row["account"] == CRM]
    assert echoes
    assert set(echoes) == {ReasonCode.ECHO_OWN_WRITE}
    crm = house.crm()
    assert [len(crm[kind]) for kind in ("contacts", "deals", "communications")] == [1, 1, 2]


def quiet(house: World) -> None:
    """Until nothing is due and the CRM has nothing more to tell."""
    house.hears(CRM, 1)
    while house.crm()["webhooks"]["waiting"]:
        house.settle()
    house.settle()


def test_a_persons_change_right_after_our_own_is_not_swallowed(house: World) -> None:
    with house.hooks():
        house.client_writes("34600111222", "hello")
        house.settle()
        [contact] = house.crm()["contacts"]
        [deal] = house.crm()["deals"]
        house.person_changes("contacts", contact["id"], hubspot_owner_id="104")
        house.person_changes("deals", deal["id"], hubspot_owner_id="104")
        quiet(house)
    assert readers(house, "34600111222") == {LUIS, QA}


def test_managers_are_told_once_of_an_owner_who_left_however_many_chats_he_had(
    house: World,
) -> None:
    phones = known_clients(house, 3)
    leaves(house, archived=True)
    for _ in range(2):
        request_sync(house.parts)
        house.settle()
    sync(house.parts)
    assert told(house) == [{"employee": LUIS, "about": ANA}]
    assert all(readers(house, phone) == {LUIS, QA} for phone in phones)
    house.client_writes(phones[0], "is Ana there?")
    house.settle()
    last = house.rows(DECISIONS)[-1]
    assert last["target"] == LUIS


def test_who_comes_back_and_leaves_again_is_told_of_again(small: World) -> None:
    known_clients(small, 1)
    for archived in (True, False, True):
        leaves(small, archived=archived)
        request_sync(small.parts)
        small.settle()
    assert len(told(small)) == 2


def test_of_who_left_without_clients_nobody_is_told(small: World) -> None:
    known_clients(small, 1)
    small.seed(owners=[{"id": "102", "email": BRUNO, "firstName": "Bruno", "archived": True}])
    request_sync(small.parts)
    small.settle()
    assert told(small) == []


def leaves(house: World, *, archived: bool) -> None:
    house.seed(owners=[{"id": "101", "email": ANA, "firstName": "Ana", "archived": archived}])


def told(house: World) -> list[dict[str, Any]]:
    return [
        {"employee": row["employee"], "about": row["about"]}
        for row in house.rows(NOTIFICATIONS)
        if row["code"] == ReasonCode.OWNER_LEFT
    ]


class WhileReading:
    """The CRM's reader, with something that happens between what it reads and its answer."""

    def __init__(self, inner: Reader, happens: list[Callable[[], None]]) -> None:
        self._inner = inner
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any) -> Any:
            answer = getattr(self._inner, name)(*given)
            if self._happens:
                self._happens.pop()()
            return answer

        return call


def test_a_reading_that_a_webhook_has_overtaken_does_not_undo_it(house: World) -> None:
    """ROL-11: what was read a moment before the new owner was told is the older word."""
    [phone] = known_clients(house, 1)

    def owner_changes() -> None:
        house.person_changes("contacts", FIRST, hubspot_owner_id="102")
        house.hears(CRM, 2)
        house.drain("in:hubspot-main")

    inner = house.vendors.readers[CRM]
    reader: Any = WhileReading(inner, [owner_changes])
    house.vendors.readers[CRM] = reader
    with house.hooks():
        house.person_changes("contacts", FIRST, firstname="Clara")
        house.hears(CRM, 1)
        house.drain("in:hubspot-main")
        house.drain("mirror:hubspot-main")
        assert readers(house, phone) == {BRUNO, LUIS, QA}
        house.settle()
    assert readers(house, phone) == {BRUNO, LUIS, QA}
    assert house.count(REFRESHES) == 0


def test_a_deal_that_is_gone_though_nobody_told_shows_its_owner_nothing_once_read(
    house: World,
) -> None:
    """A webhook may be lost: the next reading of the contact finds it."""
    [phone] = known_clients(house, 1)
    with house.hooks():
        order_of_bruno(house)
    house.in_crm("delete", kind="deals", id=ORDER)
    assert BRUNO in readers(house, phone)
    sync(house.parts)
    house.settle()
    assert readers(house, phone) == {ANA, LUIS, QA}
    assert house.count(REFRESHES) == 0
