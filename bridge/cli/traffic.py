"""Example traffic: known clients and strangers write, their owners answer in Wazzup's window."""

import itertools
import threading
from collections.abc import Iterator
from typing import Any

from bridge.cli.calls import call
from bridge.cli.demo_world import KNOWN, NEW, Client, author
from bridge.domain.messaging import Messenger
from bridge.domain.names import AccountName
from bridge.domain.policy import ChannelPolicy, Policy

PAUSE_SECONDS = 4.0
_QUESTIONS = (
    "Good morning! Is the offer from last week still valid?",
    "Could you send me the colours you have in stock?",
    "When would delivery be possible?",
    "Thanks. Does the price include assembly?",
    "We would need six more of them. Same conditions?",
    "Who can I talk to about the invoice?",
)
_FIRST_WORDS = (
    "Hola, vi su página. ¿Tienen mesas para una oficina de diez personas?",
    "Hello, do you deliver to our city?",
    "Guten Tag, ich hätte gern ein Angebot für vier Schreibtische.",
    "Hi! A friend gave me your number. Do you have a showroom?",
)
_ANSWERS = (
    "Yes, of course. I will send it to you today.",
    "We have it in stock, delivery takes about a week.",
)


class Traffic:
    """Writes on the WhatsApp channels of one account, through its sandbox at `url`."""

    def __init__(self, url: str, policy: Policy, account: AccountName) -> None:
        self._url = url
        self._policy = policy
        self._channels = [
            channel
            for channel in policy.channels.values()
            if channel.account == account and channel.messenger is Messenger.WHATSAPP
        ]

    def run(self, stopping: threading.Event) -> None:
        """Until `stopping`; a sandbox that is away for a moment is tried again at the next turn."""
        if not self._channels:
            return
        for message in self.messages():
            try:
                call("POST", f"{self._url}/_sandbox/incoming", message)
            except OSError:
                pass
            if stopping.wait(PAUSE_SECONDS):
                return

    def messages(self) -> Iterator[dict[str, Any]]:
        """Without end: a known client, a stranger as long as there are any, an answer."""
        known, channels = itertools.cycle(KNOWN), itertools.cycle(self._channels)
        questions, words = itertools.cycle(_QUESTIONS), itertools.cycle(_FIRST_WORDS)
        replies, strangers = itertools.cycle(_ANSWERS), iter(NEW)
        while True:
            yield _written(next(known), next(channels), next(questions))
            stranger = next(strangers, None) or next(known)
            channel = next(channels)
            yield _written(stranger, channel, next(words))
            client = next(known)
            yield _written(client, channel, next(questions))
            yield {
                **_written(client, channel, next(replies)),
                **author(self._policy, client),
                "isEcho": True,
                "sentFromApp": True,
            }


def _written(client: Client, channel: ChannelPolicy, text: str) -> dict[str, Any]:
    return {
        "channelId": channel.id,
        "chatId": client.phone.removeprefix("+"),
        "name": client.name,
        "text": text,
    }
