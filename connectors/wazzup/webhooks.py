"""Wazzup's subscription: where it posts to, and what; set once by an admin's command."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from bridge.domain.errors import ConfigError, DeliveryRejected, OutcomeUnknown, PayloadInvalid
from bridge.payload import Payload
from bridge.ports import Account
from connectors.wazzup.client import error_code, http_for, read, write
from connectors.wazzup.reading import flag, safe_word

PATH = "/v3/webhooks"
MAX_ADDRESS = 200  # characters, wazzup24.com/help/api-en/webhooks
_SHOWN_SEGMENT = 16
_ADVICE = {
    "urinotvalid": "Wazzup does not take this address: it must be a full https URL",
    "testpostnotpassed": "Wazzup posted a test to the address and did not get 200: is the bridge "
    "running, and reachable from the internet?",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What Wazzup posts where. `address` of `""`: nowhere; it holds our secret, so never log it."""

    address: str
    messages: bool = False  # and statuses
    creation: bool = False  # asks the CRM to make contacts and deals; we make them ourselves
    channels: bool = False
    templates: bool = False

    @property
    def is_wanted(self) -> bool:
        return self.messages and self.channels and self.templates and not self.creation


class WazzupWebhooks:
    """Reads and sets the subscription. Calls raise DeliveryTransient, OutcomeUnknown or
    CredentialsInvalid besides what is said below.
    """

    def __init__(self, account: Account) -> None:
        self._http = http_for(account)
        self._account = account.name
        self._key = account.required("webhook_key")[0]

    def address(self, public_url: str) -> str:
        """Where Wazzup has to post to, the webhook key in the path.

        Raises ConfigError when it is longer than the 200 characters that Wazzup takes.
        """
        path = f"{_hook(self._account)}/{quote(self._key, safe='')}"
        address = f"{public_url.rstrip('/')}{path}"
        if len(address) > MAX_ADDRESS:
            raise ConfigError(
                f"account {self._account}: the webhook address has {len(address)} characters, "
                f"Wazzup takes {MAX_ADDRESS}: use a shorter webhook_key or public URL"
            )
        return address

    def current(self) -> Subscription:
        try:
            return _subscription(read(self._http, PATH))
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"wazzup: GET {PATH}: {error}") from error

    def subscribe(self, public_url: str, *, take_over: bool = False) -> Subscription:
        """Points Wazzup at us, if it does not yet, and gives the subscription as read back.

        An account has one address (WZ-17): one that is not ours is replaced only with `take_over`,
        else DeliveryRejected names it, its secrets left out. DeliveryRejected too when Wazzup
        refuses ours; ConfigError when it is too long.
        """
        wanted = self.address(public_url)
        before = self.current()
        if before.address == wanted and before.is_wanted:
            return before
        if not (take_over or self._is_ours(before.address, public_url)):
            raise DeliveryRejected(
                f"wazzup: the account posts to {shown(before.address)}: take that address over "
                f"only if nobody needs it any more",
                code="webhook_taken",
            )
        self._set(wanted)
        return self.current()

    def _is_ours(self, address: str, public_url: str) -> bool:
        """Free, or this account's own with whatever secret."""
        base = f"{public_url.rstrip('/')}{_hook(self._account)}"
        return not address or address == base or address.startswith((f"{base}/", f"{base}?"))

    def _set(self, address: str) -> None:
        subscriptions: Mapping[str, bool] = {
            "messagesAndStatuses": True,
            "contactsAndDealsCreation": False,
            "channelsUpdates": True,
            "templateStatus": True,
        }
        body = {"webhooksUri": address, "subscriptions": subscriptions}
        answer = write(self._http, "PATCH", PATH, body)
        if answer.status >= 300:
            code = safe_word(error_code(answer))
            advice = _ADVICE.get(code.replace("_", "").lower(), "Wazzup refuses the subscription")
            raise DeliveryRejected(
                f"wazzup: PATCH {PATH}: HTTP {answer.status} {code}: {advice}",
                status=answer.status,
                code=code,
            )


def shown(address: str) -> str:
    """An address for people: host and path, without what may be a secret."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return "an address that is no URL"
    path = "/".join(_shortened(segment) for segment in parts.path.split("/"))
    return f"{parts.scheme}://{host}{path}{'?…' if parts.query else ''}"


def _shortened(segment: str) -> str:
    return segment if len(segment) < _SHOWN_SEGMENT else f"{segment[:4]}…"


def _hook(account: str) -> str:
    return f"/hooks/{quote(account, safe='')}"


def _subscription(body: Payload) -> Subscription:
    """The page names `templateStatus`, live accounts answer `wabaTemplatesStatus`."""
    found = body.get("subscriptions") or Payload({}, "$.subscriptions")
    return Subscription(
        address=body.text_or("webhooksUri"),
        messages=flag(found, "messagesAndStatuses") or False,
        creation=flag(found, "contactsAndDealsCreation") or False,
        channels=flag(found, "channelsUpdates") or False,
        templates=bool(flag(found, "templateStatus") or flag(found, "wabaTemplatesStatus")),
    )
