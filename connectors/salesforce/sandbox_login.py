"""Who may come into the sandbox: client credentials and JWT, checked as Salesforce does."""

import base64
import binascii
import hmac
import secrets as chance
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.algorithms import RSAAlgorithm

from connectors.salesforce.sandbox_org import INTEGRATION_USER, ORGANIZATION, Org
from connectors.salesforce.sandbox_schema import Refused

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
_LONGEST_JWT_SECONDS = 300
_SLACK_SECONDS = 30
_HOUR = 3600.0


@dataclass
class Session:
    expires_at: float
    calls_left: int | None


class LoginRefused(Exception):
    def __init__(self, error: str, description: str = "") -> None:
        Exception.__init__(self, error)
        self.error = error
        self.description = description

    def shown(self) -> Mapping[str, str]:
        told = {"error": self.error}
        return {**told, "error_description": self.description} if self.description else told


class Logins:
    """Thread-safe by the org's lock, which its callers hold."""

    def __init__(self, org: Org, secrets: Mapping[str, str]) -> None:
        self._org = org
        self._secrets = secrets
        self.clear()

    def clear(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.times: list[float] = []
        self.refused = 0

    def shown(self) -> Mapping[str, int]:
        return {"done": len(self.times), "refused": self.refused, "tokens": len(self.sessions)}

    def expire(self) -> int:
        """Every token that was given out; how many those are."""
        ended = len(self.sessions)
        self.sessions.clear()
        return ended

    def sign_in(self, form: Mapping[str, str], basic: str, url: str) -> Mapping[str, str]:
        """The answer of the token endpoint at `url`; raises LoginRefused."""
        try:
            self._check_rate()
            grant = form.get("grant_type", "")
            if grant == "client_credentials":
                self._check_client(form, basic)
            elif grant == JWT_GRANT:
                self._check_jwt(form.get("assertion", ""), url)
            else:
                raise LoginRefused("unsupported_grant_type", "grant type not supported")
        except LoginRefused:
            self.refused += 1
            raise
        return self._welcome(url)

    def check(self, authorization: str) -> None:
        """Raises Refused unless the header bears a token that still holds."""
        kind, _, token = authorization.partition(" ")
        session = self.sessions.get(token) if kind in ("Bearer", "OAuth") else None
        if session is None or self._has_ended(session) or self._org.settings.refuse_tokens:
            raise Refused(401, "INVALID_SESSION_ID", "Session expired or invalid")

    def _has_ended(self, session: Session) -> bool:
        if session.calls_left is not None:
            session.calls_left -= 1
        out_of_calls = session.calls_left is not None and session.calls_left < 0
        return out_of_calls or time.monotonic() >= session.expires_at

    def _check_rate(self) -> None:
        recent = [one for one in self.times if one > time.monotonic() - _HOUR]
        if len(recent) >= self._org.settings.logins_per_hour:
            raise LoginRefused("invalid_grant", "login rate exceeded")

    def _check_client(self, form: Mapping[str, str], basic: str) -> None:
        client_id, client_secret = _of_header(basic) if basic else _of_form(form)
        if not _same(client_id, self._secrets["client_id"]):
            raise LoginRefused("invalid_client_id", "client identifier invalid")
        if not _same(client_secret, self._secrets.get("client_secret", "")):
            raise LoginRefused("invalid_client", "invalid client credentials")

    def _check_jwt(self, assertion: str, url: str) -> None:
        claims = self._claims(assertion, url)
        if not _same(str(claims["iss"]), self._secrets["client_id"]):
            raise LoginRefused("invalid_client_id", "client identifier invalid")
        if claims["exp"] > time.time() + _LONGEST_JWT_SECONDS + _SLACK_SECONDS:
            raise LoginRefused("invalid_grant", "expiration is too far in the future")
        if claims["sub"] != self._org.settings.username:
            raise LoginRefused("invalid_grant", "user hasn't approved this consumer")

    def _claims(self, assertion: str, url: str) -> Mapping[str, Any]:
        """The certificate of the real app is the public half of the key that the bridge has."""
        key = self._secrets.get("private_key", "")
        try:
            private: Any = RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(key)
            return jwt.decode(
                assertion,
                private.public_key(),
                algorithms=["RS256"],
                audience=[*AUDIENCES, url],
                options={"require": ["iss", "sub", "aud", "exp"]},
            )
        except jwt.InvalidAudienceError as error:
            raise LoginRefused("invalid_grant", "audience is invalid") from error
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise LoginRefused("invalid_grant", "invalid assertion") from error

    def _welcome(self, url: str) -> Mapping[str, str]:
        now, settings = time.monotonic(), self._org.settings
        self.times.append(now)
        token = f"{ORGANIZATION[:15]}!{chance.token_urlsafe(48)}"
        self.sessions[token] = Session(now + settings.token_seconds, settings.token_calls)
        issued = str(int(time.time() * 1000))
        signed = base64.b64encode(f"{INTEGRATION_USER}{issued}".encode()).decode()
        return {
            "access_token": token,
            "signature": signed,
            "scope": "api",
            "instance_url": url,
            "id": f"{AUDIENCES[0]}/id/{ORGANIZATION}/{INTEGRATION_USER}",
            "token_type": "Bearer",
            "issued_at": issued,
        }


def user_info(org: Org) -> Mapping[str, Any]:
    """https://help.salesforce.com/s/articleView?id=sf.remoteaccess_using_userinfo_endpoint.htm"""
    return {
        "sub": f"{AUDIENCES[0]}/id/{ORGANIZATION}/{INTEGRATION_USER}",
        "user_id": INTEGRATION_USER,
        "organization_id": ORGANIZATION,
        "preferred_username": org.settings.username,
        "name": "Integration User",
        "user_type": "STANDARD",
        "active": True,
    }


def _of_form(form: Mapping[str, str]) -> tuple[str, str]:
    return form.get("client_id", ""), form.get("client_secret", "")


def _of_header(basic: str) -> tuple[str, str]:
    try:
        told = base64.b64decode(basic.removeprefix("Basic "), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    client_id, _, client_secret = told.partition(":")
    return client_id, client_secret


def _same(given: str, wanted: str) -> bool:
    """An empty secret opens nothing."""
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
