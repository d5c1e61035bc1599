"""Employees told by e-mail (NOT-01): whom, how often, and what a mail does not say."""

from dataclasses import replace
from datetime import timedelta

from bridge.domain.changes import Notify
from bridge.domain.decisions import Decision
from bridge.domain.effects import SendEmail
from bridge.domain.names import AccountName
from tests.domain.building import (
    ANA,
    BRUNO,
    NAME,
    NOW,
    PHONE,
    POLICY,
    TEXT,
    chat,
    contact,
    decide,
    effects,
    facts,
    received,
)
from tests.domain.test_crm_changes import of_contact, owner_changed

MAILING = replace(POLICY, email=AccountName("mail-main"))
ANSWERED = chat(ANA, unanswered_since=None)


def mails(decision: Decision) -> list[SendEmail]:
    return [effect for effect in effects(decision) if isinstance(effect, SendEmail)]


def notified(decision: Decision) -> list[str]:
    return [change.employee for change in decision.changes if isinstance(change, Notify)]


def test_by_default_nobody_is_mailed() -> None:
    decision = decide(received(), facts(ANSWERED), POLICY)
    assert notified(decision) == [ANA]
    assert mails(decision) == []


def test_who_is_notified_is_mailed_with_the_reason_and_a_link() -> None:
    decision = decide(received(), facts(ANSWERED), MAILING)
    (mail,) = mails(decision)
    assert mail.recipient == ANA
    assert mail.subject == "A client of yours waits for an answer"
    assert "because you answer for this client" in mail.text
    assert f"https://bridge.example/conversations/{ANSWERED.conversation.id}" in mail.text
    (account,) = {p.account for p in decision.effects if isinstance(p.effect, SendEmail)}
    assert account == "mail-main"


def test_a_mail_holds_nothing_of_the_client() -> None:
    (mail,) = mails(decide(received(), facts(ANSWERED), MAILING))
    shown = repr(mail)
    assert not any(word in shown for word in (TEXT, NAME, PHONE, PHONE.removeprefix("+")))


def test_one_mail_for_a_chat_that_begins_to_wait_not_one_for_each_line() -> None:
    waiting = chat(ANA, unanswered_since=NOW - timedelta(minutes=5))
    decision = decide(received(), facts(waiting), MAILING)
    assert notified(decision) == [ANA]
    assert mails(decision) == []


def test_deciding_again_makes_the_same_mail() -> None:
    first, second = (mails(decide(received(), facts(ANSWERED), MAILING)) for _ in range(2))
    other = mails(decide(received("m9"), facts(ANSWERED), MAILING))
    assert first == second
    assert first[0].key != other[0].key


def test_a_new_owner_is_mailed_that_the_client_is_his() -> None:
    (mail,) = mails(decide(owner_changed(BRUNO), of_contact(contact(ANA)), MAILING))
    assert (mail.recipient, mail.subject) == (BRUNO, "A client is yours now")
