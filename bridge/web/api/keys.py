"""/keys: who may use this API."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

import msgspec

from bridge.payload import storable
from bridge.store.engine import reading, writing
from bridge.store.keys import ApiKey, Scope, create_key, list_keys, revoke_key
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Nothing, Page, Paging, get, write
from bridge.web.api.shapes import Done
from bridge.web.auth import EMPLOYEE, SERVICE
from bridge.web.problems import invalid, not_found

_SERVICE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class KeyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`principal` is `employee:<e-mail>` or `service:<name>`; `expires_at` of null: never."""

    name: Name
    principal: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyShape:
    id: str
    name: str
    principal: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """`secret` is shown this once; null when the same request is answered again."""

    key: KeyShape
    secret: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    after: str


def list_all(call: Call, query: Paging) -> Page[KeyShape]:
    begin = start(call, query, _Place, "keys")
    with reading(call.site.parts.engine) as db:
        after = begin.after if begin else ""
        found = list_keys(db, after=after, limit=query.limit + 1)
    kept = found[: query.limit]
    more = _Place(after=kept[-1].id) if len(found) > query.limit else None
    return Page(items=tuple(_shape(key) for key in kept), next=go_on(call, more, "keys"))


def create(call: Call, body: KeyBody) -> NewKey:
    _check(call, body)
    with writing(call.site.parts.engine) as db:
        key, secret = create_key(
            db,
            name=storable(body.name),
            principal=body.principal.lower(),
            scopes=body.scopes,
            now=call.now,
            expires_at=body.expires_at,
        )
    return NewKey(key=_shape(key), secret=secret)


def revoke(call: Call, _: Nothing) -> Done:
    with writing(call.site.parts.engine) as db:
        if not revoke_key(db, call.path["id"], call.now):
            raise not_found("key")
    return Done()


def without_secret(answer: object) -> object:
    """What may be stored of the answer."""
    return replace(answer, secret=None) if isinstance(answer, NewKey) else answer


def _check(call: Call, body: KeyBody) -> None:
    if not body.scopes:
        raise invalid("name at least one scope", field="$.scopes")
    if body.expires_at is not None and body.expires_at.tzinfo is None:
        raise invalid("say the zone, such as 2027-01-01T00:00:00Z", field="$.expires_at")
    kind, _, name = body.principal.lower().partition(":")
    known = call.site.policy.employees
    if f"{kind}:" == EMPLOYEE and name in known:
        return
    if f"{kind}:" == SERVICE and _SERVICE_NAME.fullmatch(name):
        return
    detail = "is neither employee:<e-mail of roles.yaml> nor service:<name>"
    raise invalid(detail, field="$.principal")


def _shape(key: ApiKey) -> KeyShape:
    return KeyShape(
        id=key.id,
        name=key.name,
        principal=key.principal,
        scopes=tuple(sorted(key.scopes)),
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )


ROUTES = (
    get("/keys", list_all, Paging, Page[KeyShape], "All keys, without secrets", Scope.ADMIN),
    write(
        "POST",
        "/keys",
        create,
        KeyBody,
        NewKey,
        "Makes a key; its secret is shown once",
        Scope.ADMIN,
        status=201,
        remember=without_secret,
    ),
    write("DELETE", "/keys/{id}", revoke, Nothing, Done, "Revokes a key at once", Scope.ADMIN),
)
