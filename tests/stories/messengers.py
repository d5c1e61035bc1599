"""One client at each messenger's sandbox: he writes, and sees what comes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from bridge.domain.messaging import Messenger

NAME = "Eva"
PHONE = "34600111222"
Json = Any
Say = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMessenger:
    """`seed` gets the address that the messenger calls, `says` the words that he writes; both give
    what the sandbox is steered with. `came` finds the words that reached him in its state."""

    connector: str
    messenger: Messenger
    channel_id: str
    secrets: Mapping[str, str] = field(repr=False)
    seed: Callable[[str], Mapping[str, Any]]
    says: Say
    came: Callable[[Json], list[str]]
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    at: AtMessenger
    url: str

    def hears_of(self, hook: str) -> None:
        """The messenger learns where to call."""
        self._steer("seed", self.at.seed(hook))

    def writes(self, text: str) -> None:
        self._steer("incoming", self.at.says(text))

    def does(self, verb: str, body: Mapping[str, Any]) -> Json:
        """What this messenger's sandbox alone can be asked for."""
        return self._steer(verb, body)

    def state(self) -> Json:
        return requests.get(f"{self.url}/_sandbox/state", timeout=30).json()

    def got(self) -> list[str]:
        return self.at.came(self.state())

    def _steer(self, verb: str, body: Mapping[str, Any]) -> Json:
        answer = requests.post(f"{self.url}/_sandbox/{verb}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()


def _sent(key: str = "text") -> Callable[[Json], list[str]]:
    return lambda state: [str(message[key]) for message in state["sent"]]


def _matrix_came(state: Json) -> list[str]:
    said = (e for e in state["events"] if e["type"] == "m.room.message")
    return [str(e["content"]["body"]) for e in said if e["sender"] == state["user"]]


TELEGRAM = AtMessenger(
    connector="telegram",
    messenger=Messenger.TELEGRAM,
    channel_id="bot",
    secrets={"bot_token": "7000000001:AAF-story", "secret_token": "secret-of-telegram"},
    seed=lambda hook: {"webhook": {"url": hook}},
    says=lambda text: {"from": {"id": 5001, "first_name": NAME}, "text": text},
    came=_sent(),
)
TELEGRAM_BUSINESS = AtMessenger(
    connector="telegram",
    messenger=Messenger.TELEGRAM,
    channel_id="conn-1",
    secrets=TELEGRAM.secrets,
    seed=lambda hook: {
        "webhook": {"url": hook},
        "connections": [{"id": "conn-1", "user": {"id": 9001, "first_name": "Ana"}}],
    },
    says=lambda text: {
        "from": {"id": 5001, "first_name": NAME},
        "connection": "conn-1",
        "text": text,
    },
    came=_sent(),
    options={"business_connections": "conn-1"},
)
WAZZUP = AtMessenger(
    connector="wazzup",
    messenger=Messenger.WHATSAPP,
    channel_id="chan-1",
    secrets={"api_key": "key-of-wazzup", "webhook_key": "hook-of-wazzup"},
    seed=lambda hook: {
        "channels": [{"channelId": "chan-1", "transport": "whatsapp", "plainId": "34600000001"}],
        "webhook": {"webhooksUri": hook},
    },
    says=lambda text: {"channelId": "chan-1", "chatId": PHONE, "name": NAME, "text": text},
    came=_sent(),
)
WHATSAPP = AtMessenger(
    connector="whatsapp",
    messenger=Messenger.WHATSAPP,
    channel_id="106540352242922",
    secrets={
        "access_token": "token-of-whatsapp",
        "app_secret": "secret-of-whatsapp",
        "verify_token": "verify-of-whatsapp",
    },
    options={"waba_id": "102290129340398"},
    seed=lambda hook: {
        "numbers": [{"id": "106540352242922"}],
        "webhook": {"address": hook, "fields": []},
    },
    says=lambda text: {
        "number_id": "106540352242922",
        "wa_id": PHONE,
        "name": NAME,
        "text": text,
    },
    came=_sent(),
)
TWILIO_SMS = AtMessenger(
    connector="twilio",
    messenger=Messenger.SMS,
    channel_id="+14155550100",
    secrets={"account_sid": f"AC{'0' * 31}1", "auth_token": "0123456789abcdef0123456789abcdef"},
    seed=lambda hook: {"channels": [{"address": "+14155550100", "hook": hook}]},
    says=lambda text: {"to": "+14155550100", "from": f"+{PHONE}", "text": text},
    came=_sent("body"),
)
TWILIO_WHATSAPP = AtMessenger(
    connector="twilio",
    messenger=Messenger.WHATSAPP,
    channel_id="whatsapp:+14155550100",
    secrets=TWILIO_SMS.secrets,
    seed=lambda hook: {"channels": [{"address": "whatsapp:+14155550100", "hook": hook}]},
    says=lambda text: {
        "to": "whatsapp:+14155550100",
        "from": f"whatsapp:+{PHONE}",
        "name": NAME,
        "text": text,
    },
    came=_sent("body"),
)
KANNEL = AtMessenger(
    connector="kannel",
    messenger=Messenger.SMS,
    channel_id="7275",
    secrets={"password": "password-of-kannel", "path_secret": "path-secret-of-kannel"},
    options={"username": "bridge", "numbers": "7275"},
    seed=lambda hook: {"numbers": ["7275"], "hook": hook},
    says=lambda text: {"to": "7275", "from": f"+{PHONE}", "text": text},
    came=_sent(),
)
MATRIX = AtMessenger(
    connector="matrix",
    messenger=Messenger.MATRIX,
    channel_id="@bridge:sandbox",
    secrets={"as_token": "as-token-of-matrix", "hs_token": "hs-token-of-matrix"},
    options={"user": "@bridge:sandbox"},
    seed=lambda hook: {"user": "@bridge:sandbox", "url": hook},
    says=lambda text: {"client": "@eva:sandbox", "display_name": NAME, "text": text},
    came=_matrix_came,
)
WEBHOOK = AtMessenger(
    connector="webhook",
    messenger=Messenger.OTHER,
    channel_id="line-1",
    secrets={"signing_secret": "whsec_c2lnbmluZy1zZWNyZXQtb2YtYS1tZXNzZW5nZXI="},
    seed=lambda hook: {
        "webhook": hook,
        "channels": [{"channel_id": "line-1", "messenger": "other", "state": "active"}],
    },
    says=lambda text: {"channel_id": "line-1", "chat_id": "eva-1", "name": NAME, "text": text},
    came=_sent(),
)

MESSENGERS: Mapping[str, AtMessenger] = {
    "telegram": TELEGRAM,
    "telegram-business": TELEGRAM_BUSINESS,
    "wazzup": WAZZUP,
    "whatsapp": WHATSAPP,
    "twilio-sms": TWILIO_SMS,
    "twilio-whatsapp": TWILIO_WHATSAPP,
    "kannel": KANNEL,
    "matrix": MATRIX,
    "webhook": WEBHOOK,
}
