"""Who is erased in the CRM for privacy leaves no word, number or name in the store."""

from pathlib import Path

import pytest
from sqlalchemy import text

from bridge.domain.messaging import Media, MediaKind
from bridge.domain.names import conversation_id
from bridge.pipeline.explain import explain, is_reproducible
from bridge.pipeline.mirror import sync
from bridge.pipeline.send import SendRequest, Sent, send
from bridge.store.schema import CONTACTS, DECISIONS, INBOX, METADATA, OUTBOX
from tests.pipeline.world import ANA, CHAT, CRM, World

PHONE = "34666123987"
CANARY = "Zebulon"
FILE = Media(kind=MediaKind.DOCUMENT, url=f"https://files.example/{CANARY}.pdf", name="x.pdf")


def traces(house: World) -> list[str]:
    """Tables and columns in which something of the client is left."""
    found = []
    for table in METADATA.sorted_tables:
        for row in house.rows(table):
            for name, value in row.items():
                said = (
                    bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                )
                if CANARY.encode() in said or PHONE.encode() in said:
                    found.append(f"{table.name}.{name}")
    return sorted(set(found))


def lives_through_everything(house: World) -> None:
    """Written, answered, failed, delivered twice, with a dead letter and an open effect."""
    contact = {
        "id": "777001",
        "properties": {"firstname": CANARY, "phone": f"+{PHONE}", "hubspot_owner_id": "101"},
    }
    deal = {
        "id": "777002",
        "properties": {
            "dealname": f"{CANARY}'s order",
            "pipeline": "default",
            "dealstage": "appointmentscheduled",
        },
        "contacts": ["777001"],
    }
    house.seed(contacts=[contact], deals=[deal])
    body = {"messages": [house.message(PHONE, f"I am {CANARY}", contact={"name": CANARY})]}
    house.receives(CHAT, body)
    house.receives(CHAT, body)
    house.receives(CHAT, {"messages": [house.message(PHONE, CANARY), {"chatId": PHONE}]})
    house.settle()
    where = conversation_id(CHAT, "chan-sales", PHONE)
    letter = SendRequest(employee=ANA, conversation=where, text=f"Dear {CANARY}", media=FILE)
    assert isinstance(send(house.parts, letter), Sent)
    house.settle()
    house.person_changes("contacts", "777001", firstname=f"{CANARY} II")
    house.person_changes("contacts", "777001", hubspot_owner_id="102")
    house.hears(CRM, 2)
    house.settle()
    house.fail(CRM, match="communications/batch/create", fault="429", times=1, retry_after="900")
    house.client_writes(PHONE, f"{CANARY} again")
    house.settle()


@pytest.fixture
def erased(house: World) -> World:
    with house.hooks():
        lives_through_everything(house)
        assert {"messages.value", "inbox.body", "decisions.facts", "outbox.effect"} <= set(
            traces(house)
        )
        house.in_crm("delete", kind="contacts", id="777001", privacy=True)
        house.hears(CRM, house.count(INBOX, account=CRM) + 1)
        house.settle()
    return house


def test_an_erased_client_leaves_no_trace(erased: World) -> None:
    assert traces(erased) == []
    assert erased.count(CONTACTS, state="erased") == 1
    assert erased.count(INBOX, state="dead") == 0
    open_states = ("pending", "leased", "held", "unknown", "dead")
    assert [erased.count(OUTBOX, state=state) for state in open_states] == [0] * 5


def test_the_decisions_about_him_stay_without_their_input(erased: World) -> None:
    rows = [row for row in erased.rows(DECISIONS) if row["kind"] == "MessageReceived"]
    assert len(rows) == 3
    with erased.engine.connect() as db:
        assert explain(db, rows[0]["event_key"]) is not None
        with pytest.raises(LookupError, match="not stored"):
            is_reproducible(db, rows[0]["event_key"])


def test_a_sync_brings_nothing_back_and_a_new_message_begins_anew(erased: World) -> None:
    sync(erased.parts)
    assert traces(erased) == []
    erased.later(901)
    erased.client_writes(PHONE, "hello, who are you?")
    erased.settle()
    [contact] = erased.crm()["contacts"]
    assert contact["id"] != "777001"
    where = conversation_id(CHAT, "chan-sales", PHONE)
    owner = {"101": ANA}.get(contact["properties"]["hubspot_owner_id"], "bruno@acme.example")
    answer = SendRequest(employee=owner, conversation=where, text="hi")  # type: ignore[arg-type]
    assert isinstance(send(erased.parts, answer), Sent)
    erased.settle()
    assert erased.phone()["sent"][-1]["chat_id"] == PHONE


def test_no_byte_of_him_is_left_in_the_file(small: World) -> None:
    """Not in free pages either, nor in what a row was before it changed."""
    with small.hooks():
        lives_through_everything(small)
        small.in_crm("delete", kind="contacts", id="777001", privacy=True)
        small.hears(CRM, small.count(INBOX, account=CRM) + 1)
        small.settle()
    with small.engine.connect() as db:
        db.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    path = Path(str(small.engine.url.database))
    assert CANARY.encode() not in path.read_bytes()
    assert PHONE.encode() not in path.read_bytes()
