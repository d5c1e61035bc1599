"""The token that a vendor let an account in with: kept for all workers, encrypted, and signed in
for by one of them at a time.

A row holds the token, the lease of who signs in just now (a killed one's runs out), and since when
signing in goes wrong: whatever happens, sign-ins come ever more seldom. All by the store's clock.
"""

import hashlib
import hmac
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Engine, Row, select, update
from sqlalchemy.exc import SQLAlchemyError

from bridge.codec import decode, encode
from bridge.domain.errors import BridgeError, CredentialsInvalid, DeliveryTransient
from bridge.ports import Account, Token, Tokens
from bridge.store.engine import reading, writing
from bridge.store.examining import store_clock
from bridge.store.schema import TOKENS
from bridge.store.upsert import add_missing

LEASE = timedelta(seconds=20)  # longer than a sign-in may last
LONGEST_PAUSE = timedelta(minutes=5)
_WAIT_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_FRESH = timedelta(minutes=1)  # a token refused sooner was never any good
_SPACING = timedelta(seconds=10)  # between sign-ins of workers that can't read each other's token
_NONCE_BYTES = 12


class NoTokens:
    """Where BRIDGE_SECRET_KEY is missing: a token that can't be kept for the others would make
    every job sign in, until the vendor has had enough."""

    def current(self) -> Token | None:
        return None

    def renewed(self, refused: Token | None, sign_in: Callable[[], Token]) -> Token:
        raise CredentialsInvalid(
            "BRIDGE_SECRET_KEY is missing, under which workers keep what the vendor lets them in "
            "with: set it, the same for every process"
        )


def tokens_of(engine: Engine, secret_key: str | None) -> Callable[[Account], Tokens]:
    """How the tokens of an account are kept; `secret_key` is BRIDGE_SECRET_KEY."""
    if secret_key is None:
        return lambda account: NoTokens()
    return TokenKeys(engine, secret_key).of


class TokenKeys:
    """Makes the Tokens of accounts, under keys derived from BRIDGE_SECRET_KEY."""

    def __init__(self, engine: Engine, secret_key: str) -> None:
        self._engine = engine
        self._key = _derived(secret_key, b"bridge: tokens of accounts")
        self._seal = _derived(secret_key, b"bridge: what a token was signed in with")

    def of(self, account: Account) -> Tokens:
        """Under another secret or address the account has another token."""
        bound = encode([account.connector, account.base_url, account.secrets, account.options])
        bound_to = hmac.new(self._seal, bound, hashlib.sha256).hexdigest()
        return StoredTokens(self._engine, account.name, self._key, bound_to)


@dataclass(frozen=True, slots=True)
class _Claimed:
    """Signing in is ours, under this name."""

    lease: str


@dataclass(frozen=True, slots=True)
class _Busy:
    """Another worker signs in, until then at most."""

    until: datetime


@dataclass(frozen=True, slots=True)
class _Paused:
    until: datetime


_Step = Token | _Claimed | _Busy | _Paused


class StoredTokens:
    """`bridge.ports.Tokens` for one account; may be shared between threads."""

    def __init__(self, engine: Engine, account: str, key: bytes, bound_to: str) -> None:
        self._engine = engine
        self._account = account
        self._cipher = AESGCM(key)
        self._bound_to = bound_to
        self._turn = threading.Lock()
        self._known: Token | None = None

    def current(self) -> Token | None:
        """Raises DeliveryTransient where the store can't be asked."""
        if (known := self._known) and known.expires_at > datetime.now(UTC):
            return known
        try:
            with reading(self._engine) as db:
                row = db.execute(self._row()).first()
                self._known = None if row is None else self._kept(row, store_clock(db))
        except SQLAlchemyError as error:
            raise self._trouble(error) from error
        return self._known

    def renewed(self, refused: Token | None, sign_in: Callable[[], Token]) -> Token:
        with self._turn:
            if (known := self._known) and not _same(known, refused):
                return known
            self._known = None
            try:
                self._known = self._renewed(refused, sign_in)
            except SQLAlchemyError as error:
                raise self._trouble(error) from error
            return self._known

    def _renewed(self, refused: Token | None, sign_in: Callable[[], Token]) -> Token:
        give_up = time.monotonic() + _WAIT_SECONDS
        while True:
            step = self._step(refused)
            if isinstance(step, Token):
                return step
            if isinstance(step, _Claimed):
                return self._signed_in(step.lease, sign_in)
            if isinstance(step, _Paused):
                said = f"account {self._account}: signing in failed, and is not tried before then"
                raise DeliveryTransient(said, retry_at=step.until, account_wide=True)
            if time.monotonic() >= give_up:
                said = f"account {self._account}: another worker is signing in"
                raise DeliveryTransient(said, retry_at=step.until, account_wide=True)
            time.sleep(_LOOK_SECONDS)

    def _step(self, refused: Token | None) -> _Step:
        with writing(self._engine) as db:
            add_missing(db, TOKENS, [{"account": self._account, "bound_to": self._bound_to}])
            row = db.execute(self._row().with_for_update()).one()
            now = store_clock(db)
            kept = self._kept(row, now)
            if kept is not None and not _same(kept, refused):
                return kept
            if row.lease_until is not None and row.lease_until > now:
                return _Busy(row.lease_until)
            return self._claim(db, row, now, was_refused=kept is not None)

    def _claim(
        self, db: Connection, row: Row[Any], now: datetime, *, was_refused: bool
    ) -> _Claimed | _Paused:
        """Takes the lease, unless it is too early. A token that is refused is forgotten, and one
        that was hardly a minute old is counted."""
        ours = row.bound_to == self._bound_to
        pause = row.pause_until if ours else _after(row.signed_in_at, _SPACING)
        changed: dict[str, Any] = {"sealed": None}
        if row.sealed is not None and not was_refused:
            changed |= {"refusals": 0}  # it was good until it ran out
        if was_refused:
            count = row.refusals + 1 if now < row.signed_in_at + _FRESH else 0
            pause = row.signed_in_at + _pause(count - 1)
            changed |= {"refusals": count, "pause_until": pause}
        if pause is not None and pause > now:
            if ours:
                self._change(db, **changed)
            return _Paused(pause)
        if not ours:
            changed |= {"bound_to": self._bound_to, "failures": 0, "refusals": 0}
        lease = os.urandom(16).hex()
        changed |= {"pause_until": None, "lease": lease, "lease_until": now + LEASE}
        self._change(db, **changed)
        return _Claimed(lease)

    def _signed_in(self, lease: str, sign_in: Callable[[], Token]) -> Token:
        try:
            token = sign_in()
        except BridgeError as error:
            self._failed(lease, error)
            raise
        with writing(self._engine) as db:
            self._give_back(
                db,
                lease,
                sealed=self._sealed(token),
                expires_at=token.expires_at,
                signed_in_at=store_clock(db),
                failures=0,
            )
        return token

    def _failed(self, lease: str, error: BridgeError) -> None:
        asked = error.retry_at if isinstance(error, DeliveryTransient) else None
        with writing(self._engine) as db:
            count = db.execute(self._row().with_for_update()).one().failures + 1
            until = store_clock(db) + _pause(count)
            latest = max(until, asked) if asked else until
            self._give_back(db, lease, failures=count, pause_until=latest)

    def _give_back(self, db: Connection, lease: str, **changed: Any) -> None:
        """What came of our sign-in, unless it took so long that another worker has begun one."""
        db.execute(
            update(TOKENS)
            .where(TOKENS.c.account == self._account, TOKENS.c.lease == lease)
            .values(lease=None, lease_until=None, **changed)
        )

    def _change(self, db: Connection, **changed: Any) -> None:
        db.execute(update(TOKENS).where(TOKENS.c.account == self._account).values(**changed))

    def _row(self) -> Any:
        return select(TOKENS).where(TOKENS.c.account == self._account)

    def _kept(self, row: Row[Any], now: datetime) -> Token | None:
        """The row's token; None when it has expired, is not for us, or can't be read."""
        if row.sealed is None or row.bound_to != self._bound_to or row.expires_at <= now:
            return None
        nonce, sealed = row.sealed[:_NONCE_BYTES], row.sealed[_NONCE_BYTES:]
        try:
            return decode(Token, self._cipher.decrypt(nonce, sealed, self._associated()))
        except (InvalidTag, ValueError, msgspec.MsgspecError):
            return None

    def _sealed(self, token: Token) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, encode(token), self._associated())

    def _associated(self) -> bytes:
        """Makes a row worthless under another account's name."""
        return f"{self._account}\x1f{self._bound_to}".encode()

    def _trouble(self, error: SQLAlchemyError) -> DeliveryTransient:
        said = f"account {self._account}: the store of tokens: {type(error).__name__}"
        return DeliveryTransient(said, account_wide=True)


def _same(token: Token, refused: Token | None) -> bool:
    return refused is not None and token.value == refused.value


def _pause(count: int) -> timedelta:
    """After the first time 2 seconds, then ever twice as long; nothing for none."""
    if count <= 0:
        return timedelta()
    return min(timedelta(seconds=2 ** min(count, 16)), LONGEST_PAUSE)


def _after(moment: datetime | None, span: timedelta) -> datetime | None:
    return None if moment is None else moment + span


def _derived(secret_key: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret_key.encode())
