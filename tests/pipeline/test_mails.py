"""Mails to employees walk the corridor: planned with the decision, delivered, left to a person.

By the connector email, from a client's message in another one to the employee's mailbox.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from bridge.domain.effects import SendEmail
from bridge.domain.names import AccountName
from bridge.domain.policy import AccountPolicy
from bridge.ports import Account
from bridge.store.schema import OUTBOX
from connectors.email.sandbox import sandbox
from tests.pipeline.world import ANA, CHAT, World, known_clients

MAIL = AccountName("mail-main")
PASSWORD = "password-of-the-post"


@dataclass(frozen=True)
class Post:
    """The mail server of a house that tells its people by e-mail."""

    house: World
    client: FlaskClient

    def mails(self) -> list[dict[str, str]]:
        return list(self.client.get("/_sandbox/state").get_json()["mails"])

    def rows(self) -> list[dict[str, Any]]:
        return [row for row in self.house.rows(OUTBOX) if row["kind"] == SendEmail.__name__]

    def fail(self, fault: str, times: int) -> None:
        rules = [{"fault": fault, "times": times}]
        self.client.post("/_sandbox/faults", json={"rules": rules})


@pytest.fixture
def post(house: World) -> Post:
    client = sandbox({"password": PASSWORD}).test_client()
    account = Account(
        name=MAIL,
        connector="email",
        base_url=client.get("/_sandbox/address").get_json()["address"],
        secrets={"password": (PASSWORD,)},
        options={"host": "mail.acme.example", "from": "bridge@acme.example"},
    )
    policy = house.active().policy
    house._use_account(MAIL, account)
    house.use(accounts={**policy.accounts, MAIL: AccountPolicy(connector="email")}, email=MAIL)
    return Post(house, client)


def _two_messages(house: World) -> None:
    (phone,) = known_clients(house, 1)
    house.receives(CHAT, {"messages": [house.message(phone, "Palabras")]})
    house.settle()


def test_the_owner_finds_one_mail_for_a_chat_that_waits(post: Post) -> None:
    """With a link to it, and not a word of the client's."""
    _two_messages(post.house)
    (mail,) = post.mails()
    (conversation,) = post.house.conversations()
    assert (mail["to"], mail["subject"]) == (ANA, "A client of yours waits for an answer")
    assert f"https://bridge.example/conversations/{conversation}" in mail["text"]
    assert not any(word in str(mail) for word in ("Palabras", "first", "Client 0", "34600"))
    assert [row["state"] for row in post.rows()] == ["done"]


def test_a_mail_that_surely_did_not_leave_is_tried_again(post: Post) -> None:
    post.fail("reset", times=2)
    _two_messages(post.house)
    post.house.patiently()
    assert len(post.mails()) == 1
    assert [row["state"] for row in post.rows()] == ["done"]


def test_a_mail_of_unknown_fate_is_left_to_a_person(post: Post) -> None:
    """Its server can't be asked, now or later; a second mail would be noise at best."""
    post.fail("reset_after", times=1)
    _two_messages(post.house)
    post.house.patiently()
    (row,) = post.rows()
    assert (row["state"], row["next_attempt_at"], len(post.mails())) == ("unknown", None, 1)
    assert "by hand" in str(row)
