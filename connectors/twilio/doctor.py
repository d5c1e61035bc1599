"""What must be set up in a Twilio account: numbers and senders that post to the bridge."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from bridge.domain.errors import DeliveryRejected, OutcomeUnknown, PayloadInvalid
from bridge.payload import Payload
from bridge.ports import Account, Ailment
from connectors.twilio.client import API, MESSAGING, Client
from connectors.twilio.reader import numbers, senders

# What Twilio itself puts into a new number.
_DEMO = "https://demo.twilio.com/"
_APPLICATION = "application:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a channel's messages go; `path` is where that is changed."""

    channel_id: str
    address: str
    method: str
    path: str
    host: str

    @property
    def is_free(self) -> bool:
        return not self.address or self.address.startswith(_DEMO)

    @property
    def place(self) -> str:
        """Behind a `#` stands how often Twilio tries, which it keeps to itself."""
        return self.address.partition("#")[0]

    def leads_to(self, hook: str) -> bool:
        return self.place == hook and self.method == "POST"


class TwilioDoctor:
    """Option `channels`: the ids of those that the bridge serves, commas between; all without it,
    as a number that nobody names may serve another system."""

    def __init__(self, account: Account) -> None:
        self._client = Client(account)
        self._account = account.name
        named = account.options.get("channels", "").split(",")
        self._ours = frozenset(name.strip() for name in named if name.strip())

    def examine(self, public_url: str) -> Sequence[Ailment]:
        doors = tuple(self._doors())
        hook = self._hook(public_url)
        missing = sorted(self._ours - {door.channel_id for door in doors})
        return (
            *(_missing(channel_id) for channel_id in missing),
            *(_elsewhere(door) for door in doors if not door.leads_to(hook)),
        )

    def fix(self, public_url: str, *, take_over: bool) -> Sequence[str]:
        hook = self._hook(public_url)
        wrong = [door for door in self._doors() if not door.leads_to(hook)]
        taken = [door for door in wrong if not door.is_free and door.place != hook]
        if taken and not take_over:
            names = ", ".join(f"{door.channel_id} ({_host(door.address)})" for door in taken)
            raise DeliveryRejected(
                f"twilio: these post elsewhere: {names}: take them over only if nobody needs that",
                code="webhook_taken",
            )
        return [self._open(door, hook) for door in wrong]

    def _hook(self, public_url: str) -> str:
        return f"{public_url.rstrip('/')}/hooks/{quote(self._account, safe='')}"

    def _doors(self) -> Iterator[Door]:
        try:
            found = [
                *(_number(self._client, item) for item in numbers(self._client)),
                *(_sender(item) for item in senders(self._client)),
            ]
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"twilio: reading webhooks: {error}") from error
        return (door for door in found if not self._ours or door.channel_id in self._ours)

    def _open(self, door: Door, hook: str) -> str:
        if door.host == API:
            form = {"SmsUrl": hook, "SmsMethod": "POST"}
            parted = {"SmsApplicationSid": ""} if door.address.startswith(_APPLICATION) else {}
            self._client.write(door.path, form={**form, **parted})
        else:
            ways = {"callback_url": hook, "callback_method": "POST"}
            told = {"status_callback_url": hook, "status_callback_method": "POST"}
            self._client.write(door.path, host=MESSAGING, body={"webhook": {**ways, **told}})
        return f"{door.channel_id} now posts to {hook}"


def _number(client: Client, item: Payload) -> Door:
    """An application, where there is one, counts before the number's own address."""
    application = item.text_or("sms_application_sid")
    sid = item.at("sid").text()
    return Door(
        channel_id=item.at("phone_number").text(),
        address=f"{_APPLICATION}{application}" if application else item.text_or("sms_url"),
        method=item.text_or("sms_method", "POST"),
        path=client.path(f"IncomingPhoneNumbers/{quote(sid, safe='')}.json"),
        host=API,
    )


def _sender(item: Payload) -> Door:
    webhook = item.get("webhook") or Payload({}, f"{item.path}.webhook")
    return Door(
        channel_id=item.at("sender_id").text(),
        address=webhook.text_or("callback_url"),
        method=webhook.text_or("callback_method", "POST"),
        path=f"/v2/Channels/Senders/{quote(item.at('sid').text(), safe='')}",
        host=MESSAGING,
    )


def _missing(channel_id: str) -> Ailment:
    return Ailment(
        code="channel_missing",
        detail=f"option channels names {channel_id}, which the account does not have",
        todo="correct the option in accounts.yaml, or buy the number in Twilio",
    )


def _elsewhere(door: Door) -> Ailment:
    where = "nowhere" if door.is_free else f"to {_host(door.address)}"
    more = "" if door.is_free else ", with `--take-over` if nobody needs that address any more"
    return Ailment(
        code="webhooks_missing" if door.is_free else "webhooks_elsewhere",
        detail=f"{door.channel_id} posts its messages {where}",
        todo=f"run `bridge doctor --fix`{more}; or name the bridge's own in option channels",
        fixable=True,
    )


def _host(address: str) -> str:
    """Without what may be a secret."""
    try:
        return urlsplit(address).hostname or address.partition(":")[0]
    except ValueError:
        return "an address that is no URL"
