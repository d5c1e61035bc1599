"""Webhooks: URL to account, raw bytes to `RawRequest`, and the vendor's answer back.

In front of Flask, whose own way to a view costs a webhook more than its signature and its row.
"""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bridge.codec import encode
from bridge.domain.errors import ConfigError, SignatureInvalid
from bridge.domain.names import AccountName
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Active, Parts
from bridge.pipeline.receive import NotStored, Received, Receiver, Unstorable, receive
from bridge.ports import Account, Answer, RawRequest
from bridge.store.inbox import NewRow
from bridge.web.held import Held, Ready, hold
from bridge.web.metrics import Metrics

RETRY_SECONDS = 5
HIDDEN = "***"
_PATH = re.compile(r"/hooks/([^/]+)(?:/.+)?", re.DOTALL)  # connectors read the rest in the URL
_NEVER_STORED = frozenset({"authorization", "cookie", "proxy-authorization"})
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    status: int
    outcome: str
    text: str
    allow: str = ""


class Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.outcome)
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class HookDoor:
    parts: Parts
    receiver: Receiver
    metrics: Metrics

    def answer(self, account: AccountName, environ: WSGIEnvironment) -> Ready | Held:
        """The walk of one webhook up to the answer, logged and counted once."""
        walk = _Walk(self, account, time.perf_counter())
        try:
            received = self._receive(account, environ)
        except Refused as refused:
            return walk.refused(refused.refusal)
        except Exception:
            _log.exception("webhook failed", account=account)
            return walk.refused(_FAILED)
        if received.durable is None:
            return walk.answered(received.answer, "handshake")
        return Held(durable=received.durable, finish=partial(walk.stored, received.answer))

    def _receive(self, account: AccountName, environ: WSGIEnvironment) -> Received:
        active = self._active()
        raw = _raw(self.parts, environ)
        try:
            self._check(account, raw, active)
            return receive(
                self.parts.vendors.inbound(account),
                raw,
                lambda raw: self.receiver.append(_row(account, raw, active)),
            )
        except SignatureInvalid as error:
            _log.warning(
                "signature mismatch", url=_shown(self.parts, account, environ), why=str(error)
            )
            raise Refused(_UNSIGNED) from error
        except (NotStored, ConfigError) as error:
            raise Refused(_not_stored(account, error)) from error

    def _check(self, account: AccountName, raw: RawRequest, active: Active) -> None:
        found = active.policy.accounts.get(account)
        methods = frozenset[str]() if found is None else self.parts.vendors.methods(account)
        if found is None or not methods:
            raise Refused(_UNKNOWN)
        if raw.method not in methods:
            raise Refused(replace(_METHOD, allow=", ".join(sorted(methods))))
        if len(raw.body) > found.max_body_bytes:
            raise Refused(_TOO_LARGE)

    def _active(self) -> Active:
        try:
            return self.parts.active()
        except (ConfigError, SQLAlchemyError) as error:
            _log.error("no configuration to receive by", cause=type(error).__name__)
            raise Refused(_NOT_STORED) from error


@dataclass(frozen=True, slots=True)
class _Walk:
    """How one webhook's walk ends."""

    door: HookDoor
    account: AccountName
    began: float

    def stored(self, answer: Answer, durable: Future[None]) -> Ready:
        try:
            durable.result()
        except NotStored as error:
            return self.refused(_not_stored(self.account, error))
        except Unstorable:
            return self.refused(_UNSTORABLE)
        return self.answered(answer, "stored")

    def answered(self, given: Answer, outcome: str) -> Ready:
        self._tell(self.account, outcome)
        return Ready(status=given.status, content_type=given.content_type, body=given.body)

    def refused(self, refusal: Refusal) -> Ready:
        self._tell("" if refusal is _UNKNOWN else self.account, refusal.outcome)
        return Ready(
            status=refusal.status,
            content_type="text/plain; charset=utf-8",
            body=refusal.text.encode(),
            retry_after=RETRY_SECONDS if refusal.status == 503 else None,
            allow=refusal.allow,
        )

    def _tell(self, account: str, outcome: str) -> None:
        self.door.metrics.webhook(account, outcome)
        milliseconds = round((time.perf_counter() - self.began) * 1000, 1)
        _log.info("webhook", account=account, outcome=outcome, milliseconds=milliseconds)


def _not_stored(account: AccountName, error: Exception) -> Refusal:
    _log.error("webhook not stored", account=account, cause=str(error))
    return _NOT_STORED


_UNKNOWN = Refusal(status=404, outcome="unknown_account", text="no such account\n")
_TOO_LARGE = Refusal(status=413, outcome="too_large", text="the body is too large\n")
_METHOD = Refusal(status=405, outcome="method", text="webhooks do not come so\n")
_FAILED = Refusal(status=500, outcome="failed", text="failed, please send again\n")
_UNSIGNED = Refusal(status=401, outcome="signature", text="not proven to come from the vendor\n")
_UNSTORABLE = Refusal(status=400, outcome="unstorable", text="nothing can store this request\n")
_NOT_STORED = Refusal(status=503, outcome="not_stored", text="not stored, please send again\n")


class Hooks:
    """What stands below `/hooks/<account>` is the door's; all else is asked of `app`."""

    def __init__(self, door: HookDoor, app: WSGIApplication) -> None:
        self._door = door
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = _PATH.fullmatch(environ["PATH_INFO"])
        if found is None:
            return self._app(environ, start_response)
        account = found[1].encode("latin-1").decode(errors="replace")
        answer = self._door.answer(AccountName(account), environ)
        if isinstance(answer, Held):
            return hold(answer, environ, start_response)
        return answer(environ, start_response)


def _raw(parts: Parts, environ: WSGIEnvironment) -> RawRequest:
    return RawRequest(
        method=environ["REQUEST_METHOD"],
        url=parts.public_url + environ["REQUEST_URI"],
        headers=dict(_headers(environ)),
        body=environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
        received_at=parts.now(),
    )


def _headers(environ: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Straight from the environment: Werkzeug's own view of it costs ten times as much."""
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-").lower(), value
        elif name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            yield name.replace("_", "-").lower(), value


def _row(account: AccountName, raw: RawRequest, active: Active) -> NewRow:
    """What is kept: everything but the secrets by which the vendor proved himself."""
    headers = {name: text for name, text in raw.headers.items() if name not in _NEVER_STORED}
    url = raw.url
    needles = _needles(active.accounts[account])
    told = "\n".join((url, *headers.values()))
    if any(needle in told for needle in needles):
        url = _hidden(url, needles)
        headers = {name: _hidden(value, needles) for name, value in headers.items()}
    return NewRow(
        lane=lane(Way.IN, account),
        account=account,
        received_at=raw.received_at,
        method=raw.method,
        url=url,
        headers=encode(headers),
        body=raw.body,
    )


def _needles(account: Account) -> set[str]:
    """The account's secrets, as they are and as a URL has them."""
    secrets = [secret for values in account.secrets.values() for secret in values if secret]
    return {*secrets, *(quote(secret, safe="") for secret in secrets)}


def _hidden(text: str, needles: set[str]) -> str:
    for needle in sorted(needles, key=len, reverse=True):
        text = text.replace(needle, HIDDEN)
    return text


def _shown(parts: Parts, account: AccountName, environ: WSGIEnvironment) -> str:
    """The URL as a log may hold it: what follows the account may be a secret, right or wrong."""
    path, _, query = environ["REQUEST_URI"].partition("?")
    more = f"/{HIDDEN}" if path.count("/") > 2 else ""
    return f"{parts.public_url}/hooks/{account}{more}{'?' + HIDDEN if query else ''}"
