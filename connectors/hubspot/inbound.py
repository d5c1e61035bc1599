"""What HubSpot's webhooks say: proves the sender and reads up to a hundred items of one body."""

from collections.abc import Callable

from bridge.domain.errors import ConfigError, EventUnsupported, PayloadInvalid, SignatureInvalid
from bridge.domain.events import Event
from bridge.payload import Payload
from bridge.ports import Account, Answer, Parsed, RawRequest, Rejected
from connectors.hubspot.signature import proves_v1, proves_v2, proves_v3
from connectors.hubspot.subscriptions import NotMirrored, Subscriptions

_PROOFS: dict[str, Callable[[RawRequest, str], bool]] = {
    "v3": proves_v3,
    "v2": proves_v2,
    "v1": proves_v1,
}


class HubSpotInbound:
    """Options: `accept_signatures`, `v3` by default; `v3,v2` also takes workflow webhooks.

    v1 and v2 hold no time, so who caught one can send it again for ever.
    """

    def __init__(self, account: Account) -> None:
        self._secrets = account.required("client_secret")
        self._proofs = _proofs(account)
        self._subscriptions = Subscriptions(account)

    def handshake(self, request: RawRequest) -> Answer | None:
        return None  # HubSpot tries no address before it uses it

    def verify(self, request: RawRequest) -> None:
        for proves in self._proofs:
            if any(proves(request, secret) for secret in self._secrets):
                return
        raise SignatureInvalid(
            f"hubspot: no signature fits {_shown(request.url)}: this address must be the "
            f"targetUrl of the app, and client_secret the secret of the same app"
        )

    def parse(self, request: RawRequest) -> Parsed:
        events: list[Event] = []
        rejected: list[Rejected] = []
        ignored: list[str] = []
        for item in Payload.from_bytes(request.body).items():
            try:
                events.extend(self._subscriptions.events(item))
            except NotMirrored as reason:
                ignored.append(str(reason))
            except EventUnsupported as error:
                rejected.append(_rejected("event_unsupported", error, item.path))
            except PayloadInvalid as error:
                rejected.append(_rejected("payload_invalid", error, error.path))
        return Parsed(events=tuple(events), rejected=tuple(rejected), ignored=tuple(ignored))

    def accepted(self, request: RawRequest) -> Answer:
        return Answer()


def _rejected(reason: str, error: Exception, path: str) -> Rejected:
    return Rejected(reason=reason, detail=str(error), path=path)


def _proofs(account: Account) -> tuple[Callable[[RawRequest, str], bool], ...]:
    words = [word.strip() for word in account.options.get("accept_signatures", "v3").split(",")]
    unknown = [word for word in words if word not in _PROOFS]
    if unknown:
        raise ConfigError(
            f"account {account.name}: accept_signatures: {unknown[0]!r} is not one of "
            f"{', '.join(_PROOFS)}"
        )
    return tuple(_PROOFS[word] for word in words)


def _shown(url: str) -> str:
    """The address as a log may hold it: query, and what follows the account, may be a secret."""
    address = url.split("?")[0].encode("ascii", "backslashreplace").decode()
    before, mark, rest = address.partition("/hooks/")
    account, more, _ = rest.partition("/")
    return f"{before}{mark}{account}{'/***' if more else ''}"
