"""The main job end to end: from a webhook to the CRM's timeline, with the reason why."""

from bridge.pipeline.explain import explain, is_reproducible
from bridge.store.schema import DECISIONS, INBOX, NOTIFICATIONS, OUTBOX
from tests.pipeline.world import ANA, BRUNO, World


def test_a_known_clients_message_reaches_its_owner_and_the_timeline(house: World) -> None:
    """NEW-03, FEED-02, FEED-03: contact, deal and lead show one entry; nothing is created."""
    house.seed(
        contacts=[
            {
                "id": "501",
                "properties": {
                    "firstname": "Clara",
                    "phone": "+34600111222",
                    "hubspot_owner_id": "102",
                },
            }
        ],
        deals=[
            {
                "id": "601",
                "properties": {
                    "dealname": "Clara",
                    "pipeline": "default",
                    "dealstage": "appointmentscheduled",
                    "hubspot_owner_id": "101",
                },
                "contacts": ["501"],
            }
        ],
    )
    house.client_writes("34600111222", "hello there")
    house.settle()

    crm = house.crm()
    assert [c["id"] for c in crm["contacts"]] == ["501"]
    assert len(crm["communications"]) == 1
    [decision] = house.rows(DECISIONS)
    assert (decision["target"], decision["verdict"]) == (ANA, "applied")
    told = {row["employee"] for row in house.rows(NOTIFICATIONS)}
    assert told == {ANA, BRUNO}


def test_strangers_become_contacts_with_deals_in_turn(house: World) -> None:
    """NEW-02, NEW-04, NEW-06: contact and deal with the owner whose turn it is."""
    for n in range(4):
        house.client_writes(f"3460011122{n}", f"hello {n}")
        house.settle()
    crm = house.crm()
    owners = [c["properties"]["hubspot_owner_id"] for c in crm["contacts"]]
    assert owners == ["101", "102", "101", "102"]
    deals = [d["properties"] for d in crm["deals"]]
    assert [d["hubspot_owner_id"] for d in deals] == owners
    assert {(d["pipeline"], d["dealstage"]) for d in deals} == {("default", "appointmentscheduled")}
    assert len(crm["communications"]) == 4


def test_the_same_first_message_twice_makes_one_of_everything(house: World) -> None:
    """NEW-08, WZ-05: delivered twice, and two messages in one second."""
    house.client_writes("34600111222", "one")
    body = house.rows(INBOX)[0]["body"]
    house.receives(house.rows(INBOX)[0]["account"], bytes(body))
    house.client_writes("34600111222", "two")
    house.settle()
    crm = house.crm()
    assert [len(crm[kind]) for kind in ("contacts", "deals", "communications")] == [1, 1, 2]
    assert house.count(DECISIONS) == 2
    assert house.count(INBOX, state="done") == 3
    assert house.count(OUTBOX, state="done") == 4


def test_a_stored_decision_gives_the_same_record_again(house: World) -> None:
    house.client_writes()
    house.settle()
    [decision] = house.rows(DECISIONS)
    with house.engine.connect() as db:
        explanation = explain(db, decision["event_key"])
        assert explanation is not None
        assert [effect.state for effect in explanation.effects] == ["done", "done", "done"]
        assert is_reproducible(db, decision["event_key"])
