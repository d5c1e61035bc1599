"""Signing in to Salesforce: OAuth client credentials, or an assertion signed with our key (JWT).

simple-salesforce's own login is not used: it knows hosts of salesforce.com only, waits for ever,
and calls every failure a refusal. Sources: https://help.salesforce.com/s/articleView, ids
sf.remoteaccess_oauth_client_credentials_flow.htm and sf.remoteaccess_oauth_jwt_flow.htm.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import jwt

from bridge.domain.errors import (
    CredentialsInvalid,
    DeliveryTransient,
    PayloadInvalid,
)
from bridge.payload import Payload
from bridge.ports import Account, Token
from connectors.http import Http, HttpAnswer, retry_after
from connectors.salesforce.places import audience, is_safe, login_url

PATH = "/services/oauth2/token"
_OPERATION = "salesforce: sign in"
# Salesforce does not say how long a session lasts; two hours is what orgs are set to at first.
_LASTS = timedelta(hours=2)
_ASSERTION_LASTS = timedelta(minutes=3)
_RATE_LIMIT = timedelta(hours=1)  # 3,600 sign-ins per user and hour
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TODO: Mapping[str, str] = {
    "invalid_client": "client_id or client_secret is wrong",
    "invalid_client_id": "client_id is wrong, or the app is not yet known to the org",
    "invalid_client_credentials": "client_secret is wrong",
    "invalid_grant": "the user, the app's policies, login_url or the key's certificate do not fit",
    "invalid_app_access": "the user may not use the app: assign it to him",
    "inactive_user": "the integration user is not active",
    "inactive_org": "the org is not active",
    "unsupported_grant_type": "the app's flow is not enabled, or login_url is no My Domain",
    "unauthorized_client": "the app's flow is not enabled",
}


class Login:
    """Signs in for one account; asks nothing before `sign_in`. Raises ConfigError where a secret
    is missing, and for addresses that may not be given secrets."""

    def __init__(self, account: Account, timeout_seconds: float) -> None:
        self._client_id = account.required("client_id")[0]
        self._by_key = bool(account.secrets.get("private_key"))
        self._secret = account.required("private_key" if self._by_key else "client_secret")[0]
        self._account = account
        self._http = Http("salesforce", login_url(account), {}, timeout_seconds)

    def sign_in(self) -> Token:
        """Raises CredentialsInvalid, or DeliveryTransient where it may work later."""
        now = datetime.now(UTC)
        form, headers = self._asked(now)
        answer = self._http.call(
            "POST", PATH, form=form, headers=headers, called="sign in", reads=True
        )
        if answer.status != 200:
            raise _refused(answer, now)
        return self._token(answer, now)

    def _asked(self, now: datetime) -> tuple[dict[str, str], dict[str, str]]:
        if self._by_key:
            return {"grant_type": _JWT_GRANT, "assertion": self._assertion(now)}, {}
        basic = base64.b64encode(f"{self._client_id}:{self._secret}".encode()).decode()
        return {"grant_type": "client_credentials"}, {"authorization": f"Basic {basic}"}

    def _assertion(self, now: datetime) -> str:
        username = self._account.options.get("username", "")
        if not username:
            raise CredentialsInvalid(
                f"{_OPERATION}: option username is missing, whom the key is of"
            )
        # A variable of the environment often has \n where the file has ends of lines.
        key = self._secret.replace("\\n", "\n")
        claims = {
            "iss": self._client_id,
            "sub": username,
            "aud": audience(self._account),
            "exp": int((now + _ASSERTION_LASTS).timestamp()),
        }
        try:
            return jwt.encode(claims, key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            said = f"{_OPERATION}: private_key is not a private RSA key in PEM"
            raise CredentialsInvalid(said) from error

    def _token(self, answer: HttpAnswer, now: datetime) -> Token:
        try:
            payload = answer.payload()
            value, url = payload.at("access_token").text(), payload.at("instance_url").text()
        except PayloadInvalid as error:
            said = f"{_OPERATION}: HTTP 200 without a token"
            raise DeliveryTransient(said, account_wide=True) from error
        place = self._account.base_url or url
        if not value.isascii() or not value.isprintable() or not is_safe(place):
            raise CredentialsInvalid(f"{_OPERATION}: login_url gave no address of an org")
        return Token(value=value, expires_at=now + _LASTS, url=place.rstrip("/"))


def _refused(answer: HttpAnswer, now: datetime) -> Exception:
    """OAuth's errors are an object; its description may name the user and is not told on."""
    body = _body(answer)
    error, description = _text(body, "error"), _text(body, "error_description")
    said = f"{_OPERATION}: HTTP {answer.status}"
    if "rate" in description.lower() and "exceeded" in description.lower():
        until = retry_after(answer, now) or now + _RATE_LIMIT
        return DeliveryTransient(f"{said}: too many sign-ins", retry_at=until, account_wide=True)
    if error in _TODO:
        return CredentialsInvalid(f"{said} {error}: {_TODO[error]}")
    if answer.status in (400, 401, 403) and error:
        return CredentialsInvalid(f"{said}: the sign-in is refused")
    return DeliveryTransient(said, retry_at=retry_after(answer, now), account_wide=True)


def _body(answer: HttpAnswer) -> Payload:
    try:
        body = answer.payload()
        body.mapping()
        return body
    except PayloadInvalid:
        return Payload({})


def _text(body: Payload, name: str) -> str:
    try:
        return body.text_or(name)
    except PayloadInvalid:
        return ""
