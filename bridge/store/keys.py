"""API keys: only a digest is kept, the secret is shown once."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from bridge.store.among import among
from bridge.store.schema import API_KEYS

PREFIX = "brk_"


class Scope(StrEnum):
    """What a key may be used for; what its principal may do is asked as well."""

    READ = "read"
    SEND = "send"
    ADMIN = "admin"
    EMBED = "embed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """`principal` is `employee:<e-mail>`, `service:<name>` and the like."""

    id: str
    name: str
    principal: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def detail_of(key: ApiKey) -> str:
    """A key as the audit log tells of it."""
    return f"{key.principal} {' '.join(sorted(key.scopes))}"


def digest(secret: str) -> str:
    """What is stored of a secret of 256 random bits: its SHA-256 in hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def create_key(
    db: Connection,
    *,
    name: str,
    principal: str,
    scopes: Iterable[Scope],
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """The new key and its secret (`brk_…`), which can't be read again."""
    secret = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        id=f"key_{secrets.token_hex(8)}",
        name=name,
        principal=principal,
        scopes=frozenset(scopes),
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
    )
    row = {"id": key.id, "name": name, "principal": principal, "digest": digest(secret)}
    written = {"scopes": " ".join(sorted(key.scopes)), "created_at": now, "expires_at": expires_at}
    db.execute(insert(API_KEYS).values(row | written))
    return key, secret


def find_key(db: Connection, secret: str, now: datetime) -> ApiKey | None:
    """The key of this secret; None when there is none, or it has expired or was revoked."""
    given = digest(secret)
    row = db.execute(select(API_KEYS).filter_by(digest=given)).one_or_none()
    if row is None or not hmac.compare_digest(row.digest, given):
        return None
    key = _key(row)
    return key if key.is_valid(now) else None


def keys_of(db: Connection, digests: Iterable[str], now: datetime) -> Mapping[str, ApiKey]:
    """The keys behind these digests that hold now."""
    wanted = list(digests)
    rows = db.execute(select(API_KEYS).where(among(API_KEYS.c.digest, wanted))) if wanted else ()
    found = {row.digest: _key(row) for row in rows}
    return {name: key for name, key in found.items() if key.is_valid(now)}


def list_keys(db: Connection, *, after: str = "", limit: int = 100) -> tuple[ApiKey, ...]:
    """In the order of their ids, those revoked and expired too."""
    query = select(API_KEYS).where(API_KEYS.c.id > after).order_by(API_KEYS.c.id).limit(limit)
    return tuple(_key(row) for row in db.execute(query))


def revoke_key(db: Connection, key_id: str, now: datetime) -> bool:
    """Whether there is such a key; revoking twice keeps the first time."""
    still = (API_KEYS.c.id == key_id) & API_KEYS.c.revoked_at.is_(None)
    if db.execute(update(API_KEYS).where(still).values(revoked_at=now)).rowcount:
        return True
    return db.execute(select(API_KEYS.c.id).where(API_KEYS.c.id == key_id)).first() is not None


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        principal=row.principal,
        scopes=frozenset(Scope(word) for word in row.scopes.split()),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
