"""Whose limit a 429 is: one chat's, or the whole bot's."""

from datetime import datetime, timedelta

from bridge.domain.messaging import ChatKind
from bridge.ports import AccountDown, Delivery, RetryAt
from connectors.http import HttpAnswer
from connectors.telegram.client import come_back

FLOOD = timedelta(seconds=5)  # where Telegram does not say how long
GROUP_FLOOD = timedelta(seconds=60)  # 20 messages a minute and group: surely the group's
Chat = tuple[str, str]


class Floods:
    """Telegram says for how long, but not of what: its answer has `retry_after` and no chat in it
    (core.telegram.org/bots/api#responseparameters). So the chat is held first, and the account when
    another chat is refused before any message has passed. Known to this process alone: one that
    begins anew has one refusal more before it holds the account.
    """

    def __init__(self) -> None:
        self._suspected: tuple[Chat, datetime] | None = None

    def passed(self) -> None:
        """A message got through: the bot is not held."""
        self._suspected = None

    def refused(
        self, operation: str, chat: Chat, delivery: Delivery, answer: HttpAnswer
    ) -> RetryAt | AccountDown:
        when = come_back(answer, delivery.now) or delivery.now + FLOOD
        in_group = getattr(delivery.effect, "chat_kind", None) is ChatKind.GROUP
        said = f"{operation}: HTTP 429, too many messages"
        if in_group and when <= delivery.now + GROUP_FLOOD:
            return RetryAt(when=when, reason=f"{said} in this group", is_limit=True)
        before = self._suspected
        if before is not None and before[0] != chat and before[1] > delivery.now:
            return AccountDown(cause=said, until=when)
        self._suspected = (chat, when)
        return RetryAt(when=when, reason=f"{said} in this chat", is_limit=True)
