"""Whose client: chosen by a manager, joined, parted again, and healed by the CRM itself."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.domain.names import ConversationId, RecordId, conversation_id
from bridge.domain.records import ClientState, Conversation
from bridge.pipeline.explain import is_reproducible
from bridge.pipeline.send import Refusal
from bridge.pipeline.whose import Word, choose, join, part
from bridge.store import chats, identities, records
from bridge.store.engine import reading
from bridge.store.listing import messages_of
from bridge.store.schema import (
    CONTACT_PHONES,
    CONTACTS,
    DECISIONS,
    IDENTITIES,
    MERGES,
    NOTIFICATIONS,
    RECORD_CONTACTS,
)
from tests.pipeline.world import ANA, CHAT, CRM, LUIS, QA, World, client, known_clients

PHONE = "34600777888"
TWINS = [
    {
        "id": "9001",
        "properties": {"firstname": "One", "phone": f"+{PHONE}", "hubspot_owner_id": "101"},
    },
    {
        "id": "9002",
        "properties": {"firstname": "Two", "phone": f"+{PHONE}", "hubspot_owner_id": "102"},
    },
]


def word(key: str = "k", who: Any = LUIS) -> Word:
    return Word(employee=who, why="told me on the phone", key=key)


def chat_of(house: World, phone: str = PHONE) -> Conversation:
    where = conversation_id(CHAT, "chan-sales", phone)
    with reading(house.engine) as db:
        return chats.conversations_by_id(db, [where])[where]


def feeds(house: World) -> Mapping[str, Any]:
    """Each contact's chats with what was said there, and all else that a merge may touch."""
    with reading(house.engine) as db:
        conversations = records.conversations_of(
            db, [RecordId(x["id"]) for x in house.rows(CONTACTS)]
        )
        said = {
            contact: {c.id: [m.text for _, m in messages_of(db, c.id, None, 100)] for c in found}
            for contact, found in conversations.items()
        }
        known = {
            (x.name, x.contact, x.former) for x in identities.of_contacts(db, list(conversations))
        }
    kept = {row["id"]: (row["state"], bytes(row["value"])) for row in house.rows(CONTACTS)}
    tables = (CONTACT_PHONES, RECORD_CONTACTS)
    links = {
        table.name: sorted(tuple(row.values()) for row in house.rows(table)) for table in tables
    }
    return {"said": said, "known": known, "contacts": kept, **links}


@pytest.fixture
def twins(house: World) -> World:
    """A client whose number two contacts of the CRM have has written."""
    house.seed(contacts=TWINS)
    house.client_writes(PHONE, "whose am I?")
    house.settle()
    return house


def test_a_shared_number_is_kept_with_both_and_managers_are_told_once(twins: World) -> None:
    twins.client_writes(PHONE, "hello?")
    twins.settle()
    chat = chat_of(twins)
    assert (chat.client, len(chat.candidates), twins.entries()) == (ClientState.AMBIGUOUS, 2, [])
    told = [x["employee"] for x in twins.rows(NOTIFICATIONS) if x["code"] == "client.ambiguous"]
    assert told == [LUIS]


def test_a_manager_chooses_and_what_waited_is_on_the_timeline(twins: World) -> None:
    one = chat_of(twins).candidates[0]
    assert choose(twins.parts, word(), chat_of(twins).id, one) is None
    assert choose(twins.parts, word(), chat_of(twins).id, one) is None  # the same word again
    twins.settle()
    assert (chat_of(twins).contact, chat_of(twins).candidates) == (one, ())
    assert len(twins.entries()) == 1
    assert twins.count(DECISIONS, kind="ClientChosen") == 1
    with reading(twins.engine) as db:
        assert is_reproducible(db, "chosen:k")


def test_none_of_them_is_a_new_contact_in_the_crm(twins: World) -> None:
    assert choose(twins.parts, word(), chat_of(twins).id, None) is None
    twins.settle()
    made = [x for x in twins.crm()["contacts"] if x["id"] not in ("9001", "9002")]
    assert (len(made), chat_of(twins).client) == (1, ClientState.KNOWN)
    assert len(twins.entries()) == 1


def test_it_heals_by_itself_when_the_crm_has_one_left(twins: World) -> None:
    with twins.hooks():
        before = len(twins.rows(DECISIONS))
        twins.in_crm("delete", kind="contacts", id="9002")
        twins.hears(CRM, 1, seconds=60)
        twins.settle(60)
    assert len(twins.rows(DECISIONS)) > before
    chat = chat_of(twins)
    assert (chat.client, chat.candidates, len(twins.entries())) == (ClientState.KNOWN, (), 1)


@pytest.mark.parametrize("who", [ANA, QA])
def test_only_a_manager_says_whose_client_it_is(twins: World, who: Any) -> None:
    chat = chat_of(twins)
    refused = [
        choose(twins.parts, word(who=who), chat.id, None),
        join(twins.parts, word(who=who), chat.candidates[0], chat.candidates[1]),
        part(twins.parts, word(who=who), "mg_x"),
    ]
    assert [x.status for x in refused if isinstance(x, Refusal)] == [403, 403, 403]
    assert chat_of(twins) == chat


def test_what_is_not_there_is_said_to_be(twins: World) -> None:
    chat = chat_of(twins)
    one, nobody = chat.candidates[0], RecordId("ct_nobody")
    answers = [
        choose(twins.parts, word("a"), ConversationId("cv_x"), None),
        choose(twins.parts, word("b"), chat.id, nobody),
        join(twins.parts, word("c"), one, nobody),
        join(twins.parts, word("d"), one, one),
        part(twins.parts, word("e"), "mg_nothing"),
    ]
    assert [x.status for x in answers if isinstance(x, Refusal)] == [404, 404, 404, 404, 404]


def joined(house: World) -> tuple[RecordId, RecordId, str]:
    first, second = known_clients(house, 2)
    survivor, absorbed = house.contact_of(first), house.contact_of(second)
    assert join(house.parts, word("j"), survivor, absorbed) is None
    return survivor, absorbed, str(house.rows(MERGES)[0]["id"])


def test_joined_contacts_are_one_client_with_both_chats(house: World) -> None:
    survivor, absorbed, _ = joined(house)
    with reading(house.engine) as db:
        of = records.conversations_of(db, [survivor, absorbed])
    assert (len(of[survivor]), of.get(absorbed)) == (2, None)


def test_who_was_joined_and_writes_elsewhere_is_the_survivor(house: World) -> None:
    """The CRM still has the other contact: it names one who is another here."""
    survivor, _, _ = joined(house)
    phone, _ = client(1)
    house.client_writes(phone, "from the north", channelId="chan-north")
    house.settle()
    where = conversation_id(CHAT, "chan-north", phone)
    with reading(house.engine) as db:
        assert chats.conversations_by_id(db, [where])[where].contact == survivor


def test_a_later_merge_has_to_be_undone_first(house: World) -> None:
    first, second, third = (house_contact(house, phone) for phone in known_clients(house, 3))
    assert join(house.parts, word("1"), second, third) is None
    assert join(house.parts, word("2"), first, second) is None
    merges = {x["absorbed"]: x["id"] for x in house.rows(MERGES)}
    refused = part(house.parts, word("3"), merges[third])
    assert isinstance(refused, Refusal)
    assert (refused.status, "undo that first" in refused.reason.detail) == (409, True)
    assert part(house.parts, word("4"), merges[second]) is None
    assert part(house.parts, word("5"), merges[third]) is None
    again = part(house.parts, word("6"), merges[third])
    assert isinstance(again, Refusal)


def house_contact(house: World, phone: str) -> RecordId:
    return house.contact_of(phone)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(between=st.lists(st.sampled_from([0, 1, 2]), max_size=4), swapped=st.booleans())
def test_merge_and_unmerge_give_both_feeds_back(
    house: World, between: list[int], swapped: bool
) -> None:
    """What is written in between stays with the chat that it was written in."""
    phones = known_clients(house, 3)
    people = [house.contact_of(phone) for phone in phones[:2]]
    survivor, absorbed = reversed(people) if swapped else people
    before = feeds(house)
    key = f"{len(house.rows(DECISIONS))}"
    assert join(house.parts, word(f"j{key}"), survivor, absorbed) is None
    for number, who in enumerate(between):
        house.client_writes(phones[who], f"between {key} {number}")
    house.settle()
    merge = next(x["id"] for x in house.rows(MERGES) if x["undone_at"] is None)
    assert part(house.parts, word(f"p{key}"), merge) is None
    after = feeds(house)
    said = {where: texts for chats in after["said"].values() for where, texts in chats.items()}
    for number, who in enumerate(between):
        where = conversation_id(CHAT, "chan-sales", phones[who])
        assert f"between {key} {number}" in said[where]
    assert {c: set(x) for c, x in after["said"].items()} == {
        c: set(x) for c, x in before["said"].items()
    }
    assert without_new(after["said"]) == without_new(before["said"])
    assert {k: v for k, v in after.items() if k != "said"} == {
        k: v for k, v in before.items() if k != "said"
    }


def without_new(said: Mapping[str, Mapping[str, list[str]]]) -> Any:
    return {
        contact: {
            c: [t for t in texts if not t.startswith("between")] for c, texts in found.items()
        }
        for contact, found in said.items()
    }


def test_a_merge_of_the_crm_can_be_undone_too(house: World) -> None:
    first, second = known_clients(house, 2)
    before = feeds(house)["said"]
    with house.hooks():
        house.in_crm("merge", kind="contacts", primary="100000", others=["100001"])
        house.settles_with(lambda: house.count(MERGES) == 1, "the merge is not heard of")
    merge = house.rows(MERGES)[0]["id"]
    assert house.contact_of(second) == house.contact_of(first)
    assert part(house.parts, word(), merge) is None
    assert feeds(house)["said"] == before


def test_the_store_forgets_what_an_erased_client_was_known_by(house: World) -> None:
    survivor, _, _ = joined(house)
    assert house.count(IDENTITIES, contact=survivor) == 2
    with house.hooks():
        crm_id = next(x["crm_id"] for x in house.rows(CONTACTS) if x["id"] == survivor)
        house.in_crm("delete", kind="contacts", id=crm_id, privacy=True)
        house.settles_with(lambda: house.count(IDENTITIES) == 0, "the erasure is not heard of")
    assert house.count(MERGES) == 0


def test_a_merge_that_dies_half_way_has_moved_nothing(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = known_clients(house, 2)
    survivor, absorbed = house.contact_of(first), house.contact_of(second)
    before = feeds(house)

    def dies(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as broken:
        broken.setattr("bridge.pipeline.commit.decisions_store.add", dies)
        with pytest.raises(RuntimeError):
            join(house.parts, word("j"), survivor, absorbed)
    assert (feeds(house), house.count(MERGES)) == (before, 0)
    assert join(house.parts, word("j"), survivor, absorbed) is None
    assert (house.contact_of(second), house.count(MERGES)) == (survivor, 1)
