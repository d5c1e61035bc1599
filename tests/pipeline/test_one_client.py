"""One client by whatever his messenger tells of him: one contact, no second one in the CRM, and a
chat that goes on when his number changes (WZ-13, NEW-03, NEW-08)."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.event import listen, remove

from bridge.domain.messaging import Messenger
from bridge.domain.names import AccountName, ChannelName, ConversationId, conversation_id
from bridge.domain.policy import AccountPolicy, ChannelPolicy
from bridge.domain.records import ClientState, Conversation
from bridge.pipeline.explain import is_reproducible
from bridge.pipeline.send import SendRequest, Sent, send
from bridge.ports import Account
from bridge.store import chats
from bridge.store.engine import reading
from bridge.store.listing import messages_of
from bridge.store.schema import (
    CHAT_HOMES,
    CONVERSATIONS,
    DECISIONS,
    IDENTITIES,
    NOTIFICATIONS,
    OUTBOX,
)
from connectors.whatsapp.sandbox import sandbox
from tests.pipeline.world import CRM, LUIS, World
from tests.serving import served

CLOUD, NUMBER = AccountName("wa-cloud"), "106540352242922"
PHONE, NEW_PHONE = "34600333444", "34600555666"
BSUID, NEW_BSUID = "ES.13491208655302741918", "ES.99991208655302741918"
SECRETS = {"access_token": "token-of-meta", "app_secret": "secret-of-meta", "verify_token": "v"}


class Cloud:
    """WhatsApp Cloud beside the other messenger, told by its own bodies."""

    def __init__(self, house: World, url: str) -> None:
        self.house = house
        self._count = 0
        policy = house.active().policy
        channel = ChannelPolicy(
            account=CLOUD, messenger=Messenger.WHATSAPP, id=NUMBER, label="Cloud"
        )
        account = Account(
            name=CLOUD,
            connector="whatsapp",
            base_url=url,
            secrets={name: (value,) for name, value in SECRETS.items()},
            options={"waba_id": "102290129340398"},
        )
        house._use_account(CLOUD, account)
        house.use(
            accounts={**policy.accounts, CLOUD: AccountPolicy(connector="whatsapp")},
            channels={**policy.channels, ChannelName("cloud"): channel},
        )

    def writes(self, text: str, phone: str = "", bsuid: str = "", username: str = "") -> None:
        self._count += 1
        who = {"wa_id": phone} if phone else {}
        known = {"user_id": bsuid} if bsuid else {}
        profile = {"name": "Clara"} | ({"username": username} if username else {})
        sender = ({"from": phone} if phone else {}) | ({"from_user_id": bsuid} if bsuid else {})
        message = {
            **sender,
            "id": f"wamid.{self._count}",
            "timestamp": self._now(),
            "type": "text",
            "text": {"body": text},
        }
        contact = {"profile": profile, **who, **known}
        self._told({"contacts": [contact], "messages": [message]})

    def moves(self) -> None:
        """The client has another number, and so another scoped id."""
        self._count += 1
        system = {
            "type": "user_changed_number",
            "body": "User changed",
            "wa_id": NEW_PHONE,
            "user_id": NEW_BSUID,
            "previous_user_id": BSUID,
        }
        item = {
            "from": PHONE,
            "id": f"wamid.{self._count}",
            "timestamp": self._now(),
            "type": "system",
            "system": system,
        }
        self._told({"messages": [item]})

    def chat(self, chat_id: str = PHONE) -> Conversation:
        where = conversation_id(CLOUD, NUMBER, chat_id)
        with reading(self.house.engine) as db:
            return chats.conversations_by_id(db, [where])[where]

    def said(self, where: ConversationId) -> list[str]:
        with reading(self.house.engine) as db:
            return [m.text for _, m in reversed(messages_of(db, where, None, 50))]

    def _now(self) -> str:
        return str(int(self.house.parts.now().timestamp()))

    def _told(self, value: Any) -> None:
        metadata = {"display_phone_number": "34600000009", "phone_number_id": NUMBER}
        change = {
            "field": "messages",
            "value": {"messaging_product": "whatsapp", "metadata": metadata, **value},
        }
        entry = {"id": "102290129340398", "changes": [change]}
        body = {"object": "whatsapp_business_account", "entry": [entry]}
        self.house.receives(CLOUD, body)
        self.house.settle()
        self.house.later(2)


@pytest.fixture
def cloud(house: World) -> Iterator[Cloud]:
    with served(sandbox(SECRETS)) as url:
        yield Cloud(house, url)


def contacts(cloud: Cloud) -> int:
    return len(cloud.house.crm()["contacts"])


def all_reproducible(cloud: Cloud) -> bool:
    with reading(cloud.house.engine) as db:
        return all(is_reproducible(db, str(x["id"])) for x in cloud.house.rows(DECISIONS))


def test_an_id_alone_makes_one_contact_and_the_number_later_no_second(cloud: Cloud) -> None:
    cloud.writes("who am I?", bsuid=BSUID, username="clara")
    made = contacts(cloud)
    cloud.writes("now with my number", phone=PHONE, bsuid=BSUID)
    assert (made, contacts(cloud)) == (1, 1)
    first, second = cloud.chat(BSUID), cloud.chat(PHONE)
    assert first.contact == second.contact is not None
    assert all_reproducible(cloud)


def test_the_number_of_a_contact_of_the_crm_and_then_the_id_alone(cloud: Cloud) -> None:
    """Two chats of one client, without asking the CRM again; the newer one is answered."""
    contact = {"id": "777", "properties": {"phone": f"+{PHONE}", "hubspot_owner_id": "101"}}
    cloud.house.seed(contacts=[contact])
    cloud.writes("by number", phone=PHONE, bsuid=BSUID)
    asked = cloud.house.calls("contacts/search")
    cloud.writes("by user name", bsuid=BSUID, username="clara")
    assert (contacts(cloud), cloud.house.calls("contacts/search")) == (1, asked)
    assert cloud.chat(PHONE).contact == cloud.chat(BSUID).contact is not None
    answer = SendRequest(employee=LUIS, conversation=cloud.chat(PHONE).id, text="hello Clara")
    sent = send(cloud.house.parts, answer)
    assert isinstance(sent, Sent)
    assert sent.conversation == cloud.chat(BSUID).id
    assert cloud.said(cloud.chat(BSUID).id) == ["by user name", "hello Clara"]


def test_a_user_name_that_changed_hands_shows_nobody_anothers_chat(cloud: Cloud) -> None:
    cloud.house.tune(CRM, username_property="jobtitle")  # where an admin keeps user names
    cloud.writes("I am Clara", bsuid=BSUID, username="clara")
    cloud.writes("I took her name", bsuid="ES.999", username="clara")
    other = cloud.chat("ES.999")
    assert (other.client, other.contact) == (ClientState.AMBIGUOUS, None)
    assert other.candidates == (cloud.chat(BSUID).contact,)
    assert (contacts(cloud), all_reproducible(cloud)) == (1, True)


def test_a_known_id_needs_no_crm(cloud: Cloud) -> None:
    cloud.writes("first", bsuid=BSUID, username="clara")
    cloud.house.crm_is_elsewhere("http://127.0.0.1:9")
    cloud.writes("second", phone=PHONE, bsuid=BSUID)
    assert cloud.chat(PHONE).client is ClientState.KNOWN
    assert cloud.chat(PHONE).contact == cloud.chat(BSUID).contact


def test_number_and_id_of_two_contacts_are_asked_about_and_not_merged(cloud: Cloud) -> None:
    cloud.writes("who am I?", bsuid=BSUID, username="clara")
    contact = {"id": "777", "properties": {"phone": f"+{PHONE}", "hubspot_owner_id": "101"}}
    cloud.house.seed(contacts=[contact])
    cloud.writes("now with my number", phone=PHONE, bsuid=BSUID)
    first, second = cloud.chat(BSUID), cloud.chat(PHONE)
    assert first.contact != second.contact
    assert set(second.candidates) == {first.contact, second.contact}
    told = [x["employee"] for x in cloud.house.rows(NOTIFICATIONS) if "duplicate" in x["code"]]
    assert (told, contacts(cloud)) == ([LUIS], 2)


def test_an_ordinary_message_teaches_nothing_anew(cloud: Cloud) -> None:
    for number in range(3):
        cloud.writes(f"message {number}", phone=PHONE, bsuid=BSUID)
    assert cloud.house.count(IDENTITIES) == 2


def test_a_changed_number_keeps_the_chat_and_its_feed(cloud: Cloud) -> None:
    cloud.writes("before", phone=PHONE, bsuid=BSUID)
    before = cloud.chat()
    cloud.moves()
    cloud.writes("after", phone=NEW_PHONE, bsuid=NEW_BSUID)
    after = cloud.chat()
    assert (after.chat_id, after.phone, after.contact) == (
        NEW_PHONE,
        f"+{NEW_PHONE}",
        before.contact,
    )
    assert cloud.said(before.id) == ["before", "after"]
    former = {x["name"]: bool(x["former"]) for x in cloud.house.rows(IDENTITIES)}
    assert former == {
        f"phone::+{PHONE}": True,
        f"scoped:{CLOUD}:{BSUID}": True,
        f"phone::+{NEW_PHONE}": False,
        f"scoped:{CLOUD}:{NEW_BSUID}": False,
    }
    assert (contacts(cloud), cloud.house.count(CHAT_HOMES)) == (1, 1)
    assert all_reproducible(cloud)


def test_the_crm_keeps_the_old_number_and_people_are_told(cloud: Cloud) -> None:
    cloud.writes("before", phone=PHONE, bsuid=BSUID)
    cloud.moves()
    [contact] = cloud.house.crm()["contacts"]
    assert contact["properties"]["phone"] == f"+{PHONE}"
    told = {x["employee"] for x in cloud.house.rows(NOTIFICATIONS) if "identity" in x["code"]}
    assert LUIS in told
    [moved] = [x for x in cloud.house.rows(DECISIONS) if x["headline"] == "contact.identity_moved"]
    assert moved["conversation"] == cloud.chat().id


def test_an_answer_goes_to_the_new_number(cloud: Cloud) -> None:
    cloud.writes("before", phone=PHONE, bsuid=BSUID)
    cloud.moves()
    cloud.writes("after", phone=NEW_PHONE, bsuid=NEW_BSUID)
    answer = SendRequest(employee=LUIS, conversation=cloud.chat().id, text="answer")
    sent = send(cloud.house.parts, answer)
    assert isinstance(sent, Sent)
    assert sent.conversation == cloud.chat().id
    [row] = [x for x in cloud.house.rows(OUTBOX) if x["kind"] == "SendMessage"]
    assert NEW_PHONE.encode() in bytes(row["effect"])
    assert cloud.said(cloud.chat().id)[-1] == "answer"


def test_whoever_gets_the_old_number_is_somebody_else(cloud: Cloud) -> None:
    """A number that was given up is given out again: his words are not the client's."""
    cloud.writes("before", phone=PHONE, bsuid=BSUID)
    cloud.moves()
    cloud.writes("a stranger", phone=PHONE, bsuid="ES.55551208655302741918")
    assert cloud.said(cloud.chat().id) == ["before"]
    others = [x for x in cloud.house.rows(CONVERSATIONS) if x["id"] != cloud.chat().id]
    assert [cloud.said(x["id"]) for x in others] == [["a stranger"]]


def test_both_chats_known_become_one_clients(cloud: Cloud) -> None:
    cloud.writes("old", phone=PHONE, bsuid=BSUID)
    cloud.house.crm_is_elsewhere("http://127.0.0.1:9")
    cloud.writes("new", phone=NEW_PHONE, bsuid=NEW_BSUID)
    assert cloud.chat(NEW_PHONE).client is ClientState.UNIDENTIFIED
    cloud.moves()
    assert cloud.chat(NEW_PHONE).contact == cloud.chat(PHONE).contact is not None
    assert (cloud.said(cloud.chat(PHONE).id), cloud.said(cloud.chat(NEW_PHONE).id)) == (
        ["old"],
        ["new"],
    )


def test_a_move_of_a_stranger_is_decided_with_a_reason(cloud: Cloud) -> None:
    cloud.moves()
    decided = cloud.house.rows(DECISIONS)
    assert {(x["verdict"], x["headline"]) for x in decided} == {("ignored", "message.unknown")}


def test_an_ordinary_message_asks_nothing_of_identities(cloud: Cloud) -> None:
    """The hot path: neither who a known client is, nor where his chat goes on."""
    cloud.writes("first", phone=PHONE, bsuid=BSUID)
    asked: list[str] = []

    def hear(db: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    listen(cloud.house.engine, "before_cursor_execute", hear)
    cloud.writes("second", phone=PHONE, bsuid=BSUID)
    remove(cloud.house.engine, "before_cursor_execute", hear)
    about = [x for x in asked if " identities" in x or " chat_homes" in x or " merges" in x]
    assert (len(asked) > 5, about) == (True, [])
