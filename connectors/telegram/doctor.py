"""What must be set up at Telegram: the bot's webhook, pointed at the bridge with its secret."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from bridge.domain.errors import (
    ConfigError,
    CredentialsInvalid,
    DeliveryRejected,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.domain.messaging import ChannelState
from bridge.payload import Payload
from bridge.ports import Account, Ailment, ChannelReading
from connectors.http import error_for
from connectors.telegram.client import Api, refused, shown
from connectors.telegram.reader import TelegramReader, connections_of
from connectors.telegram.reading import moment
from connectors.telegram.words import ALLOWED_UPDATES, BOT_CHANNEL, NOT_BY_DEFAULT

MANY_WAITING = 100
FRESH = timedelta(minutes=10)
DEFAULT_CONNECTIONS = 1  # one after the other, so that no answer overtakes a question
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # core.telegram.org/bots/api#setwebhook
_SHOWN_SEGMENT = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Webhook:
    """What getWebhookInfo says; of the secret it says nothing."""

    address: str
    updates: frozenset[str]
    waiting: int
    error: str
    failed_at: datetime | None

    @property
    def missing(self) -> Sequence[str]:
        return [word for word in ALLOWED_UPDATES if word not in self.updates]


class TelegramDoctor:
    def __init__(self, account: Account) -> None:
        self._api = Api(account)
        self._reader = TelegramReader(account)
        self._account = account
        self._secret = account.required("secret_token")[0]

    def examine(self, public_url: str) -> Sequence[Ailment]:
        webhook = self._webhook()
        if webhook.address != self._address(public_url):
            return [_elsewhere(webhook.address)]
        return [*_updates(webhook), *_delivery(webhook), *self._business()]

    def fix(self, public_url: str, *, take_over: bool) -> Sequence[str]:
        """Sets the webhook in any case: Telegram does not tell which secret it has."""
        if not _SECRET.fullmatch(self._secret):
            raise ConfigError(
                f"account {self._account.name}: secret_token is 1 to 256 of A-Z, a-z, 0-9, _ and -"
            )
        before = self._webhook()
        if not (take_over or self._is_ours(before.address, public_url)):
            raise DeliveryRejected(
                f"telegram: the bot posts to {_shown(before.address)}: take that address over "
                f"only if nobody needs it any more",
                code="webhook_taken",
            )
        self._set(public_url)
        after = self._webhook()
        changed = (before.address, before.updates) != (after.address, after.updates)
        return [f"updates now go to {_shown(after.address)}"] if changed else []

    def _address(self, public_url: str) -> str:
        return f"{public_url.rstrip('/')}/hooks/{quote(self._account.name, safe='')}"

    def _is_ours(self, address: str, public_url: str) -> bool:
        """Free, or this account's own."""
        return address in ("", self._address(public_url))

    def _webhook(self) -> _Webhook:
        try:
            return _webhook(self._api.read("getWebhookInfo"))
        except (PayloadInvalid, DeliveryRejected) as error:
            raise OutcomeUnknown(f"telegram: getWebhookInfo: {error}") from error

    def _set(self, public_url: str) -> None:
        answer = self._api.call(
            "setWebhook",
            {
                "url": self._address(public_url),
                "secret_token": self._secret,
                "allowed_updates": ALLOWED_UPDATES,
                "max_connections": self._connections(),
            },
            reads=True,
        )
        if answer.status == 400:
            error = refused("telegram: setWebhook", answer)
            raise DeliveryRejected(
                f"{error}: the bridge's public address must be https, on port 443, 80, 88 or "
                f"8443, and reachable from the internet",
                status=400,
            )
        if answer.status == 404:
            raise CredentialsInvalid("telegram: setWebhook: HTTP 404, no bot has this token")
        if not 200 <= answer.status < 300:
            raise error_for("telegram: setWebhook", answer, datetime.now(UTC))

    def _connections(self) -> int:
        """Option `max_connections`: how many updates Telegram may post at a time."""
        given = self._account.options.get("max_connections", str(DEFAULT_CONNECTIONS))
        if not (given.isascii() and given.isdigit() and 1 <= int(given[:4]) <= 100):
            raise ConfigError(
                f"account {self._account.name}: max_connections is a number from 1 to 100"
            )
        return int(given)

    def _business(self) -> Iterator[Ailment]:
        if not connections_of(self._account):
            return
        for channel in self._reader.channels():
            if channel.channel_id != BOT_CHANNEL and channel.state is not ChannelState.ACTIVE:
                yield _unconnected(channel)


def _webhook(info: Payload) -> _Webhook:
    """Where no list of updates is told, it is the vendor's default."""
    named = info.get("allowed_updates")
    given = frozenset(ALLOWED_UPDATES) - NOT_BY_DEFAULT
    waiting = info.get("pending_update_count")
    return _Webhook(
        address=info.text_or("url"),
        updates=given if named is None else frozenset(one.text() for one in named.items()),
        waiting=0 if waiting is None else waiting.integer(),
        error=info.text_or("last_error_message"),
        failed_at=moment(info, "last_error_date") if info.has("last_error_date") else None,
    )


def _elsewhere(address: str) -> Ailment:
    if not address:
        return Ailment(
            code="webhook_missing",
            detail="Telegram posts this bot's updates nowhere",
            todo="run `bridge doctor --fix` while the bridge runs at its public URL",
            fixable=True,
        )
    return Ailment(
        code="webhook_elsewhere",
        detail=f"Telegram posts this bot's updates to {_shown(address)}",
        todo="run `bridge doctor --fix`, with `--take-over` if nobody needs that address any more",
        fixable=True,
    )


def _updates(webhook: _Webhook) -> Iterator[Ailment]:
    if webhook.missing:
        yield Ailment(
            code="updates_missing",
            detail=f"Telegram does not post {', '.join(webhook.missing)}",
            todo="run `bridge doctor --fix`",
            fixable=True,
        )


def _delivery(webhook: _Webhook) -> Iterator[Ailment]:
    failed = webhook.failed_at
    if webhook.error and failed is not None and datetime.now(UTC) - failed < FRESH:
        refused_ours = "401" in webhook.error
        yield Ailment(
            code="secret_wrong" if refused_ours else "webhook_failing",
            detail=f"Telegram could not post an update at {failed:%H:%M} UTC: "
            f"{'we refused its secret token' if refused_ours else shown(webhook.error)}",
            todo="run `bridge doctor --fix`: it gives Telegram the secret token anew"
            if refused_ours
            else "see that the public address leads to the bridge, with a certificate that holds",
            fixable=refused_ours,
        )
    if webhook.waiting > MANY_WAITING:
        yield Ailment(
            code="updates_waiting",
            detail=f"{webhook.waiting} updates wait at Telegram; it keeps them for 24 hours",
            todo="see that the bridge runs; if it does, raise the option max_connections",
        )


def _unconnected(channel: ChannelReading) -> Ailment:
    return Ailment(
        code="business_connection_down",
        detail=f"business connection {channel.channel_id}: {channel.detail}",
        todo="in that person's Telegram: Settings, Telegram Business, Chatbots: add the bot and "
        "let it reply; a new connection has a new id",
    )


def _shown(address: str) -> str:
    """An address for people: host and path, without what may be a secret."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return "an address that is no URL"
    path = "/".join(
        segment if len(segment) < _SHOWN_SEGMENT else f"{segment[:4]}…"
        for segment in parts.path.split("/")
    )
    return f"{parts.scheme}://{host}{path}{'?…' if parts.query else ''}"
