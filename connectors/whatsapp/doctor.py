"""What must be set up at Meta: the app subscribed to the account, its webhook pointed at us."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from bridge.domain.errors import DeliveryRejected, OutcomeUnknown, PayloadInvalid
from bridge.domain.messaging import ChannelState
from bridge.payload import Payload
from bridge.ports import Account, Ailment
from connectors.http import Http
from connectors.whatsapp.client import (
    app_of,
    check,
    http_for,
    payload_of,
    read,
    version_of,
    wabas_of,
)
from connectors.whatsapp.inbound import OBJECT
from connectors.whatsapp.reader import numbers, state_of

# Fields of the app's webhook: without the first two nothing works that the bridge is for.
FIELDS = (
    "messages",
    "smb_message_echoes",
    "message_template_status_update",
    "account_update",
    "phone_number_quality_update",
)
_READY = frozenset({ChannelState.ACTIVE, ChannelState.UNKNOWN})


class WhatsAppDoctor:
    """Options `app_id` lets it look at, and mend, the app's webhook; without it, it sees whether
    any app is subscribed."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._version = version_of(account)
        self._http = http_for(account)
        self._wabas = wabas_of(account)
        self._app = app_of(account)

    def examine(self, public_url: str) -> Sequence[Ailment]:
        """Raises CredentialsInvalid when the token is refused."""
        try:
            found = [ailment for waba in self._wabas for ailment in self._of_account(waba)]
            return [*found, *self._of_webhook(public_url)]
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"whatsapp: doctor: {error}") from error

    def fix(self, public_url: str, *, take_over: bool) -> Sequence[str]:
        codes = {ailment.code for ailment in self.examine(public_url)}
        if "webhooks_elsewhere" in codes and not take_over:
            raise DeliveryRejected(
                "whatsapp: the app posts its webhooks elsewhere: take them over only if nobody "
                "needs that address any more",
                code="webhook_taken",
            )
        done = [self._subscribe_app(waba) for waba in self._unsubscribed()]
        if codes & {"webhooks_missing", "webhooks_elsewhere", "webhooks_incomplete"}:
            self._subscribe_webhook(public_url)
            done.append("the app's webhooks now come here")
        return done

    def _of_account(self, waba: str) -> Iterator[Ailment]:
        try:
            read(self._http, f"/{self._version}/{waba}", {"fields": "id,name"})
        except DeliveryRejected:
            yield _unknown_account(waba)
            return
        if not self._is_subscribed(waba):
            yield _unsubscribed(waba)
        for number in numbers(self._http, self._version, waba):
            if state_of(number) not in _READY:
                yield _number_not_ready(number)

    def _is_subscribed(self, waba: str) -> bool:
        path = f"/{self._version}/{waba}/subscribed_apps"
        apps = [
            app.at("whatsapp_business_api_data").at("id").identifier()
            for app in read(self._http, path).at("data").items()
        ]
        return self._app in apps if self._app else bool(apps)

    def _unsubscribed(self) -> list[str]:
        return [waba for waba in self._wabas if not self._is_subscribed(waba)]

    def _of_webhook(self, public_url: str) -> Iterator[Ailment]:
        if not self._app:
            return
        found = self._subscription()
        if found is None:
            yield _WEBHOOKS_MISSING
            return
        if found.text_or("callback_url") != self._address(public_url):
            yield _WEBHOOKS_ELSEWHERE
            return
        missing = sorted(set(FIELDS) - set(_field_names(found)))
        if missing or found.mapping().get("active") is False:
            yield _webhooks_incomplete(missing)

    def _subscription(self) -> Payload | None:
        path = f"/{self._version}/{self._app}/subscriptions"
        for one in read(self._as_app(), path).at("data").items():
            if one.text_or("object") == OBJECT:
                return one
        return None

    def _as_app(self) -> Http:
        """The app's own webhook is open to the app alone, by its secret, which is no address."""
        secret = self._account.required("app_secret")[0]
        return http_for(self._account, f"{self._app}|{secret}")

    def _address(self, public_url: str) -> str:
        return f"{public_url.rstrip('/')}/hooks/{quote(self._account.name, safe='')}"

    def _subscribe_app(self, waba: str) -> str:
        self._post(self._http, f"/{self._version}/{waba}/subscribed_apps", {})
        return f"the app is subscribed to the account {waba}"

    def _subscribe_webhook(self, public_url: str) -> None:
        body = {
            "object": OBJECT,
            "callback_url": self._address(public_url),
            "verify_token": self._account.required("verify_token")[0],
            "fields": ",".join(FIELDS),
            "include_values": "true",
        }
        self._post(self._as_app(), f"/{self._version}/{self._app}/subscriptions", body)

    @staticmethod
    def _post(http: Http, path: str, body: Mapping[str, str]) -> None:
        """Meta asks our address back before it answers."""
        answer = http.call("POST", path, form=body, reads=True)
        operation = f"whatsapp: POST {path}"
        try:
            check(operation, answer)
        except DeliveryRejected as error:
            raise DeliveryRejected(
                f"{error}: Meta refuses the webhook: is the bridge reachable at its public URL, "
                f"and is verify_token the same everywhere?",
                status=error.status,
                code=error.code,
            ) from error
        payload_of(operation, answer)


def _field_names(subscription: Payload) -> list[str]:
    """Listed as objects, or as plain names."""
    found = subscription.get("fields")
    items = [] if found is None else list(found.items())
    return [
        item.at("name").text() if isinstance(item.value, dict) else item.text() for item in items
    ]


_WEBHOOKS_MISSING = Ailment(
    code="webhooks_missing",
    detail="the app posts no webhooks of WhatsApp",
    todo="run `bridge doctor --fix` while the bridge runs at its public URL",
    fixable=True,
)
_WEBHOOKS_ELSEWHERE = Ailment(
    code="webhooks_elsewhere",
    detail="the app posts its webhooks to another address than this bridge",
    todo="run `bridge doctor --fix --take-over` if nobody needs that address any more",
    fixable=True,
)


def _webhooks_incomplete(missing: Sequence[str]) -> Ailment:
    what = f"without {', '.join(missing)}" if missing else "switched off"
    return Ailment(
        code="webhooks_incomplete",
        detail=f"the app's webhooks come here, but {what}",
        todo="run `bridge doctor --fix`",
        fixable=True,
    )


def _unknown_account(waba: str) -> Ailment:
    return Ailment(
        code="account_unknown",
        detail=f"the access token does not see the WhatsApp Business Account {waba}",
        todo="compare the option waba_id, and give the system user this account in Business "
        "Settings",
    )


def _unsubscribed(waba: str) -> Ailment:
    return Ailment(
        code="app_not_subscribed",
        detail=f"no webhooks of the account {waba} go to the app",
        todo="run `bridge doctor --fix`",
        fixable=True,
    )


def _number_not_ready(number: Payload) -> Ailment:
    return Ailment(
        code="number_not_ready",
        detail=f"the number {number.at('id').identifier()} is {number.text_or('status')}",
        todo="register it, or mend it, in WhatsApp Manager",
    )
