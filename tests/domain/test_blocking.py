"""Clients who want to hear nothing more, and templates that a messenger takes no more."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.changes import DisableTemplate, PutConversation, RefreshKind, RequestRefresh
from bridge.domain.decisions import Verdict
from bridge.domain.events import ChatBlocked, TemplateChanged
from bridge.domain.names import EventKey
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import ClientWishes
from bridge.domain.templates import MessageTemplate
from tests.domain.building import (
    ANA,
    CHAT,
    NOW,
    chat,
    codes,
    conversation_after,
    decide,
    facts,
    where,
)

HOUR = timedelta(hours=1)


def told(*, blocked: bool = True, **changed: Any) -> ChatBlocked:
    event = ChatBlocked(
        event_key=EventKey("b1"), occurred_at=NOW, account=CHAT, chat=where(), blocked=blocked
    )
    return replace(event, **changed)


@pytest.mark.parametrize(
    ("event", "wishes", "code"),
    [
        (told(), ClientWishes(blocked=True, as_of=NOW), ReasonCode.CHAT_BLOCKED),
        (told(blocked=False), ClientWishes(as_of=NOW), ReasonCode.CHAT_UNBLOCKED),
        (
            told(marketing_only=True),
            ClientWishes(no_marketing=True, marketing_as_of=NOW),
            ReasonCode.MARKETING_BLOCKED,
        ),
        (
            told(blocked=False, marketing_only=True),
            ClientWishes(marketing_as_of=NOW),
            ReasonCode.CHAT_UNBLOCKED,
        ),
    ],
)
def test_the_chat_is_marked_with_what_he_wants(
    event: ChatBlocked, wishes: ClientWishes, code: ReasonCode
) -> None:
    decision = decide(event, facts(chat(ANA)))
    assert conversation_after(decision).wishes == wishes
    assert codes(decision) == [code]


def test_advertising_and_all_the_rest_are_two_wishes() -> None:
    before = chat(ANA, wishes=ClientWishes(no_marketing=True, marketing_as_of=NOW - HOUR))
    after = conversation_after(decide(told(), facts(before))).wishes
    assert (after.blocked, after.no_marketing) == (True, True)


def test_older_news_changes_nothing() -> None:
    before = chat(ANA, wishes=ClientWishes(as_of=NOW + HOUR))
    decision = decide(told(), facts(before))
    assert (decision.verdict, codes(decision)) == (Verdict.IGNORED, [ReasonCode.MIRROR_OLDER])


def test_who_never_wrote_may_have_refused_already() -> None:
    decision = decide(told(), facts())
    [change] = decision.changes
    assert isinstance(change, PutConversation)
    assert change.conversation.wishes.blocked
    assert change.conversation.last_message_at is None


def test_who_never_wrote_and_refuses_nothing_is_nobody() -> None:
    assert decide(told(blocked=False), facts()).changes == ()


def changed(state: str, **more: Any) -> TemplateChanged:
    event = TemplateChanged(
        event_key=EventKey("t1"),
        occurred_at=NOW,
        account=CHAT,
        template_id="t-1",
        name="greeting",
        state=state,
    )
    return replace(event, **more)


@pytest.mark.parametrize("state", ["paused", "rejected", "disabled", "pending_deletion", "flagged"])
def test_a_template_that_is_not_approved_is_out_of_use_at_once(state: str) -> None:
    decision = decide(changed(state, detail="SCAM"), facts())
    disabled, wish = decision.changes
    assert disabled == DisableTemplate(
        account=CHAT, template_id="t-1", detail=f"{state}: SCAM", as_of=NOW
    )
    assert wish == RequestRefresh(kind=RefreshKind.TEMPLATES, key=CHAT)


@pytest.mark.parametrize("state", ["approved", "reinstated", ""])
def test_one_that_may_be_usable_is_read_first(state: str) -> None:
    decision = decide(changed(state), facts())
    assert decision.changes == (RequestRefresh(kind=RefreshKind.TEMPLATES, key=CHAT),)


def test_news_from_before_the_last_reading_changes_nothing() -> None:
    known = MessageTemplate(
        account=CHAT,
        template_id="t-1",
        name="greeting",
        language="es",
        text="Hola",
        usable=True,
        as_of=NOW + HOUR,
    )
    decision = decide(changed("paused"), facts(templates=(known,)))
    assert (decision.verdict, decision.changes) == (Verdict.IGNORED, ())
