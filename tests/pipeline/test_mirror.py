"""What moves in the CRM moves here: at once by webhook, and by the clock when nobody told us."""

from datetime import timedelta

from bridge.domain.access import access
from bridge.domain.facts import ChatFacts
from bridge.domain.names import EmployeeId, conversation_id
from bridge.domain.policy import Ownership
from bridge.pipeline.mirror import request_sync, sync
from bridge.pipeline.upkeep import tick
from bridge.store import chats, mirror
from bridge.store.schema import CONTACTS, DECISIONS, INBOX, REFRESHES, TURN_LOG
from tests.pipeline.world import ANA, BRUNO, CHAT, CRM, LUIS, QA, World, client, known_clients

MIRROR = "mirror:hubspot-main"
FIRST = "100000"  # the CRM's id of the first known client


def chat(house: World, phone: str) -> ChatFacts:
    where = conversation_id(CHAT, "chan-sales", phone)
    with house.engine.connect() as db:
        return chats.chat_facts(db, [where])[where]


def readers(house: World, phone: str) -> set[EmployeeId]:
    """Everybody who sees the chat now."""
    policy = house.active().policy
    with house.engine.connect() as db:
        people = mirror.directory(db, CRM)
    found = chat(house, phone)
    return {
        employee.id
        for employee in policy.employees.values()
        if access(employee, found, people, policy, house.parts.now()).can_read
    }


def in_crm(house: World, webhooks: int = 1) -> None:
    """What a person did in the CRM has come, and is dealt with."""
    house.hears(CRM, webhooks)
    house.settle()


def headlines(house: World) -> list[str]:
    return [row["headline"] for row in house.rows(DECISIONS) if row["account"] == CRM]


def test_a_new_owner_in_the_crm_moves_the_chat_at_once(house: World) -> None:
    """ROL-11"""
    [phone] = known_clients(house, 1)
    assert readers(house, phone) == {ANA, LUIS, QA}
    calls = house.crm()["calls"]
    with house.hooks():
        house.person_changes("contacts", FIRST, hubspot_owner_id="102")
        in_crm(house)
    assert readers(house, phone) == {BRUNO, LUIS, QA}
    assert headlines(house) == ["owner.changed"]
    assert house.crm()["calls"] == calls


def test_an_older_event_does_not_override_a_newer_owner(house: World) -> None:
    [phone] = known_clients(house, 1)
    with house.hooks():
        house.person_changes("contacts", FIRST, hubspot_owner_id="102")
        house.hears(CRM, 1)
        [late] = [row for row in house.rows(INBOX) if row["account"] == CRM]
        with house.engine.begin() as db:
            db.execute(INBOX.delete().where(INBOX.c.id == late["id"]))
        house.person_changes("contacts", FIRST, hubspot_owner_id="103")
        in_crm(house)
        house.receives(CRM, bytes(late["body"]))
        house.settle()
    assert readers(house, phone) == {LUIS, QA}
    assert headlines(house) == ["owner.changed", "mirror.event_older_than_known"]
    assert house.count(REFRESHES) == 0


def test_merged_contacts_take_their_chats_along(house: World) -> None:
    one, two = known_clients(house, 2)
    with house.hooks():
        house.person_changes("contacts", "100001", hubspot_owner_id="102")
        in_crm(house)
        house.in_crm("merge", kind="contacts", primary="100001", others=[FIRST])
        in_crm(house, 2)
    assert chat(house, one).contact == chat(house, two).contact
    assert readers(house, one) == readers(house, two) == {BRUNO, LUIS, QA}
    house.client_writes(one, "after the merger")
    house.settle()
    crm = house.crm()
    survivor = chat(house, one).contact
    assert survivor is not None
    assert crm["communications"][-1]["associations"]["contacts"] == [survivor.crm_id]
    assert len(crm["contacts"]) == 1


def test_a_deleted_contact_is_made_anew_by_his_next_message(house: World) -> None:
    [phone] = known_clients(house, 1)
    with house.hooks():
        house.in_crm("delete", kind="contacts", id=FIRST)
        in_crm(house)
    assert readers(house, phone) == {LUIS, QA}
    house.client_writes(phone, "I am back")
    house.settle()
    [contact] = house.crm()["contacts"]
    assert contact["id"] != FIRST
    assert "I am back" in house.entries()[-1]
    assert house.count(TURN_LOG) == 1


def test_a_deal_that_is_linked_and_unlinked_changes_who_reads(small: World) -> None:
    [phone] = known_clients(small, 1)
    deal = {
        "dealname": "Order",
        "pipeline": "default",
        "dealstage": "appointmentscheduled",
        "hubspot_owner_id": "102",
    }
    small.seed(deals=[{"id": "600001", "properties": deal, "contacts": [FIRST]}])
    with small.hooks():
        small.person_changes("deals", "600001", amount="100")
        in_crm(small)
        assert readers(small, phone) == {ANA, BRUNO, LUIS, QA}
        small.person_changes("deals", "600001", dealstage="closedwon")
        in_crm(small, 2)
    assert readers(small, phone) == {ANA, LUIS, QA}


def test_a_link_made_in_the_crm_is_read_anew(small: World) -> None:
    [phone] = known_clients(small, 1)
    deal = {
        "dealname": "Order",
        "pipeline": "default",
        "dealstage": "appointmentscheduled",
        "hubspot_owner_id": "102",
    }
    small.seed(deals=[{"id": "600001", "properties": deal, "contacts": [FIRST]}])
    assert BRUNO not in readers(small, phone)
    told = {
        "eventId": 1,
        "portalId": 1,
        "appId": 1,
        "occurredAt": int(small.parts.now().timestamp() * 1000),
        "subscriptionType": "deal.associationChange",
        "changeSource": "CRM_UI",
        "sourceId": "userId:1",
        "associationType": "DEAL_TO_CONTACT",
        "fromObjectId": 600001,
        "toObjectId": int(FIRST),
        "associationRemoved": False,
    }
    small.receives(CRM, [told])
    small.settle()
    assert readers(small, phone) == {ANA, BRUNO, LUIS, QA}


def test_our_own_writes_come_back_without_effect(house: World) -> None:
    """No loop: what the CRM tells of our own doing is known to be ours."""
    with house.hooks():
        house.client_writes()
        house.settle()
        house.hears(CRM, 1)
        for _ in range(3):
            house.settle()
            house.later(1)
        house.client_writes(text="two")
        house.settle()
    own = [row for row in house.rows(DECISIONS) if row["account"] == CRM]
    assert {row["headline"] for row in own} <= {"echo.own_write", "mirror.record_not_mirrored"}
    assert "echo.own_write" in {row["headline"] for row in own}
    crm = house.crm()
    assert [len(crm[kind]) for kind in ("contacts", "deals", "communications")] == [1, 1, 2]
    assert house.count(REFRESHES) == 0


def test_an_owner_who_left_falls_back(small: World) -> None:
    [phone] = known_clients(small, 1)
    gone = {"id": "101", "email": ANA, "firstName": "Ana", "lastName": "Alba", "archived": True}
    small.seed(owners=[gone])
    sync(small.parts)
    assert ANA not in readers(small, phone)
    small.client_writes(phone, "anybody?")
    small.settle()
    last = small.rows(DECISIONS)[-1]
    assert last["target"] == LUIS
    assert b'"fallback"' in bytes(last["record"])


def test_an_update_of_crm_data_brings_people_and_pipelines_and_loses_nothing(house: World) -> None:
    """ROL-04"""
    [phone] = known_clients(house, 1)
    before = chat(house, phone)
    house.seed(
        owners=[{"id": "105", "email": "eva@acme.example", "firstName": "Eva", "lastName": "E"}],
        pipelines={"deals": [{"id": "new", "label": "New", "stages": [{"id": "s", "label": "S"}]}]},
    )
    request_sync(house.parts)
    assert house.rings.rung[-1] == MIRROR
    house.settle()
    with house.engine.connect() as db:
        people = mirror.directory(db, CRM)
        pipelines = [pipeline.id for pipeline in mirror.pipelines(db, CRM)]
    assert people.by_email(EmployeeId("eva@acme.example")) is not None
    assert "new" in pipelines
    assert chat(house, phone) == before
    assert readers(house, phone) == {ANA, LUIS, QA}


def test_a_whole_sync_reads_every_contact_in_hundreds(small: World) -> None:
    phones = known_clients(small, 120)
    before = small.calls("contacts/batch/read")
    seen: list[tuple[str, int, int]] = []
    synced = sync(small.parts, lambda what, done, total: seen.append((what, done, total)))
    assert small.calls("contacts/batch/read") - before == 2
    assert (synced.employees, synced.contacts, synced.channels) == (4, 120, 3)
    assert seen[2:] == [
        ("contacts", 100, 120),
        ("contacts", 120, 120),
        ("channels", 3, 3),
        ("templates", 0, 0),
        ("window", 100, 120),
        ("window", 120, 120),
    ]
    assert readers(small, phones[-1]) == {ANA, LUIS, QA}


def test_stale_owners_hide_a_chat_from_salespeople_only(small: World) -> None:
    [phone] = known_clients(small, 1)
    small.later(timedelta(hours=25).total_seconds())
    assert readers(small, phone) == {LUIS, QA}
    tick(small.parts)
    assert small.rings.rung[-1] == MIRROR
    small.settle()
    assert readers(small, phone) == {ANA, LUIS, QA}


def test_owners_are_read_anew_well_before_they_are_too_old(house: World) -> None:
    [phone] = known_clients(house, 1)
    house.use(ownership=Ownership(fallback=LUIS, max_age=timedelta(hours=10)))
    house.later(timedelta(hours=4).total_seconds())
    request_sync(house.parts)
    house.settle()
    tick(house.parts)
    assert house.count(REFRESHES) == 0
    house.later(timedelta(hours=2).total_seconds())
    tick(house.parts)
    assert [row["kind"] for row in house.rows(REFRESHES)] == [
        "templates",
        "contact",
        "employees",
    ]
    tick(house.parts)
    assert house.count(REFRESHES) == 3
    house.settle()
    [contact] = house.rows(CONTACTS)
    assert house.parts.now() - contact["as_of"] < timedelta(minutes=1)
    assert readers(house, phone) == {ANA, LUIS, QA}


def test_owners_of_a_clock_that_was_wrong_are_hidden_and_then_healed(small: World) -> None:
    """Stored a year ahead, they would be neither too old nor read anew for that year."""
    [phone] = known_clients(small, 1)
    year = timedelta(days=365).total_seconds()
    small.later(year)
    tick(small.parts)
    small.settle()
    small.later(-year)
    assert readers(small, phone) == {LUIS, QA}
    tick(small.parts)
    small.settle()
    assert readers(small, phone) == {ANA, LUIS, QA}


def test_while_the_crm_is_down_nothing_that_is_to_be_read_is_forgotten(small: World) -> None:
    known_clients(small, 2)
    small.later(timedelta(hours=13).total_seconds())
    small.fail(CRM, match="batch/read", fault="500")
    tick(small.parts)
    for _ in range(3):
        small.settle()
        small.later(61)
    assert small.count(REFRESHES) == 3
    small.mend()
    small.patiently(2, 1000)
    assert small.count(REFRESHES) == 0
    ages = [small.parts.now() - row["as_of"] for row in small.rows(CONTACTS)]
    assert max(ages) < timedelta(hours=2)


def test_strangers_of_the_crm_are_left_out(small: World) -> None:
    _, contact = client(9)
    small.seed(contacts=[contact])
    with small.hooks():
        small.person_changes("contacts", contact["id"], hubspot_owner_id="102")
        in_crm(small)
    assert headlines(small) == ["mirror.record_not_mirrored"]
    assert small.count(CONTACTS) == 0
