"""WhatsApp Cloud in a whole house: a lost answer is found out, and the past stays the past."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bridge.domain.events import MessageReceived
from bridge.domain.messaging import MessageStatus, Messenger
from bridge.domain.names import AccountName, ChannelName, ConversationId, conversation_id
from bridge.domain.policy import AccountPolicy, ChannelPolicy
from bridge.pipeline.dead import Box, dead_letters
from bridge.pipeline.mirror import sync
from bridge.pipeline.send import SendRequest, Sent, send
from bridge.ports import Account
from bridge.store import records
from bridge.store.engine import writing
from bridge.store.schema import CHANNELS, CONVERSATIONS, DECISIONS, MESSAGES, OUTBOX
from connectors.whatsapp.sandbox import sandbox
from tests.pipeline.world import ANA, CHAT, World, client
from tests.serving import served

CLOUD = AccountName("wa-cloud")
NUMBER, PHONE = "106540352242922", "34600111222"
OUT = f"out:{CLOUD}"
SECRETS = {"access_token": "token-of-meta", "app_secret": "secret-of-meta", "verify_token": "v"}


class Cloud:
    """The stand-in for Meta as a messenger of a house that has another besides."""

    def __init__(self, house: World, url: str, hooks: str) -> None:
        self.house = house
        self.url = url
        account = Account(
            name=CLOUD,
            connector="whatsapp",
            base_url=url,
            secrets={name: (value,) for name, value in SECRETS.items()},
            options={"waba_id": "102290129340398"},
        )
        policy = house.active().policy
        channel = ChannelPolicy(
            account=CLOUD, messenger=Messenger.WHATSAPP, id=NUMBER, label="Cloud"
        )
        house._use_account(CLOUD, account)
        house.use(
            accounts={**policy.accounts, CLOUD: AccountPolicy(connector="whatsapp")},
            channels={**policy.channels, ChannelName("cloud"): channel},
        )
        self.steer("seed", numbers=[{"id": NUMBER}], webhook={"address": f"{hooks}/hooks/{CLOUD}"})

    def steer(self, deed: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{deed}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def writes(self, text: str = "Hola", **more: Any) -> str:
        """The client writes, and what he wrote has come in."""
        told = self.steer("incoming", number_id=NUMBER, wa_id=PHONE, text=text, **more)
        self.comes_in()
        return str(told["id"])

    def comes_in(self) -> None:
        answer = requests.post(f"{self.url}/_sandbox/settle?seconds=60", timeout=90)
        assert answer.json()["settled"]
        self.house.settle()

    def sent(self) -> list[Any]:
        found: list[Any] = requests.get(f"{self.url}/_sandbox/state", timeout=30).json()["sent"]
        return found

    def answers(self, text: str = "Buenas") -> Sent:
        made = send(
            self.house.parts, SendRequest(employee=ANA, conversation=self.chat(), text=text)
        )
        assert isinstance(made, Sent), made
        return made

    def chat(self, chat_id: str = PHONE) -> ConversationId:
        return conversation_id(CLOUD, NUMBER, chat_id)

    def row(self) -> dict[str, Any]:
        (row,) = [row for row in self.house.rows(OUTBOX) if row["lane"] == OUT]
        return row


@pytest.fixture
def cloud(small: World) -> Iterator[Cloud]:
    _, contact = client(111_222)
    small.seed(contacts=[contact])
    with served(sandbox(SECRETS)) as url, served(small._let_in) as hooks:
        yield Cloud(small, url, hooks)


def status_of(cloud: Cloud, made: Sent) -> tuple[MessageStatus, bool]:
    with writing(cloud.house.engine) as db:
        found = records.messages_by_id(db, [made.message])[made.message]
    return found.status, found.vendor_id is not None


def test_a_client_writes_and_is_answered(cloud: Cloud) -> None:
    cloud.writes()
    made = cloud.answers()
    cloud.house.settle()
    cloud.comes_in()
    assert status_of(cloud, made) == (MessageStatus.READ, True)
    assert [sent["text"] for sent in cloud.sent()] == ["Buenas"]


@pytest.mark.parametrize("fault", ["500_after", "reset_after", "html_after"])
def test_a_send_whose_answer_got_lost_is_found_out_and_never_repeated(
    cloud: Cloud, fault: str
) -> None:
    """R8: WhatsApp has no key that would hold; its statuses bear ours."""
    cloud.writes()
    made = cloud.answers()
    cloud.steer("faults", rules=[{"match": "/messages", "fault": fault, "times": 1}])
    cloud.house.settle()
    cloud.comes_in()
    cloud.house.patiently(rounds=4)
    assert status_of(cloud, made) == (MessageStatus.READ, True)
    assert cloud.row()["state"] == "done"
    assert len(cloud.sent()) == 1


def test_a_send_that_never_left_waits_for_a_person(cloud: Cloud) -> None:
    """R8: nobody knows whether it left, and so it is not sent again."""
    cloud.writes()
    made = cloud.answers()
    cloud.steer("faults", rules=[{"match": "/messages", "fault": "500", "times": 1}])
    cloud.house.patiently(rounds=4)
    assert status_of(cloud, made) == (MessageStatus.UNKNOWN, False)
    assert cloud.row()["state"] == "unknown"
    assert cloud.sent() == []


def test_a_failure_that_comes_with_our_key_is_the_end_of_a_lost_send(cloud: Cloud) -> None:
    """WS-04: outside the window Meta takes a text and tells later that it did not go."""
    cloud.writes()
    made = cloud.answers()
    cloud.steer("advance", seconds=90_000)
    cloud.steer("faults", rules=[{"match": "/messages", "fault": "500_after", "times": 1}])
    cloud.house.settle()
    cloud.comes_in()
    cloud.house.patiently(rounds=4)
    assert status_of(cloud, made) == (MessageStatus.FAILED, True)
    assert len(cloud.sent()) == 1


def test_a_key_of_another_accounts_message_settles_nothing(cloud: Cloud) -> None:
    """S1: who may sign for one account tells nothing of another."""
    house = cloud.house
    house.client_writes(PHONE)
    house.settle()
    elsewhere = conversation_id(CHAT, "chan-sales", PHONE)
    made = send(house.parts, SendRequest(employee=ANA, conversation=elsewhere, text="Buenas"))
    assert isinstance(made, Sent)
    told = {"id": "wamid.9", "status": "read", "biz_opaque_callback_data": made.message}
    stamp = str(int(house.parts.now().timestamp()))
    metadata = {"display_phone_number": "15550783881", "phone_number_id": NUMBER}
    status = told | {"timestamp": stamp, "recipient_id": PHONE}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "statuses": [status]}
    cloud.steer("field", field="messages", value=value)
    answer = requests.post(f"{cloud.url}/_sandbox/settle?seconds=60", timeout=90)
    assert answer.json()["settled"]
    house.drain(f"in:{CLOUD}")
    assert status_of(cloud, made) == (MessageStatus.QUEUED, False)


def test_a_client_who_hides_his_number_stays_who_he_is(cloud: Cloud) -> None:
    """He took a user name while his number was told: what he writes without it goes to his chat."""
    cloud.writes("with a number", username="eva.g")
    (chat,) = cloud.house.rows(CONVERSATIONS)
    cloud.writes("without", hides=True)
    assert cloud.house.rows(CONVERSATIONS)[0]["id"] == chat["id"]
    assert cloud.house.count(CONVERSATIONS) == 1
    assert chat["contact"] is not None


@pytest.mark.parametrize(
    ("field", "news", "state"),
    [
        ("account_update", {"event": "ACCOUNT_DELETED"}, "disabled"),
        (
            "account_update",
            {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}},
            "blocked",
        ),
        (
            "phone_number_quality_update",
            {"event": "FLAGGED", "display_phone_number": "15550783881"},
            "active",
        ),
        (
            "phone_number_quality_update",
            {"event": "ONBOARDING", "display_phone_number": "15550783881"},
            "connecting",
        ),
        (
            "phone_number_quality_update",
            {"event": "ONBOARDING", "display_phone_number": "15550000000"},
            "active",
        ),
    ],
)
def test_news_of_the_account_find_their_channel(
    cloud: Cloud, field: str, news: dict[str, Any], state: str
) -> None:
    """WZ-15: Meta names it by its number, or not at all."""
    sync(cloud.house.parts)
    cloud.house.later(5)
    cloud.steer("advance", seconds=5)
    cloud.steer("field", field=field, value=news)
    cloud.comes_in()
    states = {r["channel_id"]: r["state"] for r in cloud.house.rows(CHANNELS)}
    assert states[NUMBER] == state
    assert "" not in states


def test_a_file_of_the_past_comes_to_its_placeholder(cloud: Cloud) -> None:
    item = {"id": "wamid.h", "from": PHONE, "timestamp": "1739230955"}
    metadata = {"display_phone_number": "15550783881", "phone_number_id": NUMBER}
    around = {"messaging_product": "whatsapp", "metadata": metadata}
    thread = {"id": PHONE, "messages": [item | {"type": "media_placeholder"}]}
    cloud.steer("field", field="history", value=around | {"history": [{"threads": [thread]}]})
    image = {"id": "77", "mime_type": "image/png", "caption": "look"}
    file = item | {"type": "image", "image": image}
    cloud.steer("field", field="history", value=around | {"messages": [file]})
    cloud.comes_in()
    with writing(cloud.house.engine) as db:
        known = records.messages_by_vendor_id(db, [(CLOUD, "wamid.h")])[CLOUD, "wamid.h"]
    assert [media.media_id for media in known.media] == ["77"]
    assert "look" in (known.text, *known.edits)


def test_what_was_said_before_is_kept_and_makes_no_lead(cloud: Cloud) -> None:
    message = {"from": "34600999888", "timestamp": "1739230955", "type": "text"}
    texts = [message | {"id": f"wamid.h{n}", "text": {"body": f"old {n}"}} for n in range(3)]
    thread = {"id": "34600999888", "messages": texts}
    chunk = {"metadata": {"phase": 0, "chunk_order": 1, "progress": 100}, "threads": [thread]}
    metadata = {"display_phone_number": "15550783881", "phone_number_id": NUMBER}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "history": [chunk]}
    cloud.steer("field", field="history", value=value)
    cloud.comes_in()
    assert cloud.house.count(MESSAGES) == 3
    assert cloud.house.rows(OUTBOX) == []
    assert cloud.house.crm()["deals"] == []


def test_every_item_is_decided_and_nothing_is_a_dead_letter(cloud: Cloud) -> None:
    """R1: one of each that a client can do; accepted items and decisions are as many."""
    first = cloud.writes("one")
    for deed in ({"edit": first}, {"react": first}, {"delete": first}, {"by_phone": True}):
        cloud.writes("again", **deed)
    picture = base64.b64encode(b"x").decode()
    cloud.writes("look", kind="image", file=picture, mime_type="image/png")
    with writing(cloud.house.engine) as db:
        assert list(dead_letters(db, Box.INBOX)) == []
    kinds = [row["kind"] for row in cloud.house.rows(DECISIONS) if row["account"] == CLOUD]
    assert len(kinds) == 6
    assert kinds.count(MessageReceived.__name__) == 2
