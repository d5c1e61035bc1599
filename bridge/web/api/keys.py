"""/keys: who may use this API."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

import msgspec

from bridge.domain.principals import PersonKind
from bridge.payload import storable
from bridge.pipeline.persons import person_of
from bridge.store import audit
from bridge.store.audit import Deed, NewLine
from bridge.store.engine import reading, writing
from bridge.store.keys import ApiKey, Scope, create_key, detail_of, list_keys, revoke_key
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Nothing, Page, Paging, get, write
from bridge.web.api.shapes import Done
from bridge.web.problems import invalid, not_found

_SERVICE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_OURS = (f"{PersonKind.EMPLOYEE}:", f"{PersonKind.SERVICE}:")
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class KeyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`principal` is `employee:`, `partner:` or `reseller:` and an e-mail, `client:` and his id, or
    `service:` and a name; `expires_at` of null: never."""

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
        made = NewLine(who=call.who, deed=Deed.KEY_MADE, object=key.id, detail=detail_of(key))
        audit.note(db, [made], call.now)
    return NewKey(key=_shape(key), secret=secret)


def revoke(call: Call, _: Nothing) -> Done:
    with writing(call.site.parts.engine) as db:
        if not revoke_key(db, call.path["id"], call.now):
            raise not_found("key")
        revoked = NewLine(who=call.who, deed=Deed.KEY_REVOKED, object=call.path["id"])
        audit.note(db, [revoked], call.now)
    return Done()


def without_secret(answer: object) -> object:
    """What may be stored of the answer."""
    return replace(answer, secret=None) if isinstance(answer, NewKey) else answer


def _check(call: Call, body: KeyBody) -> None:
    if not body.scopes:
        raise invalid("name at least one scope", field="$.scopes")
    if body.expires_at is not None and body.expires_at.tzinfo is None:
        raise invalid("say the zone, such as 2027-01-01T00:00:00Z", field="$.expires_at")
    if not _is_known(call, body.principal.lower()):
        detail = (
            "is nobody: say employee:<e-mail of roles.yaml>, partner:<e-mail>, reseller:<e-mail>, "
            "client:<id> or service:<name>"
        )
        raise invalid(detail, field="$.principal")
    if Scope.ADMIN in body.scopes and not body.principal.lower().startswith(_OURS):
        raise invalid("admin is for those of this house alone", field="$.scopes")


def _is_known(call: Call, principal: str) -> bool:
    kind, _, name = principal.partition(":")
    if kind == PersonKind.EMPLOYEE:
        return name in call.site.policy.employees
    if kind == PersonKind.SERVICE:
        return _SERVICE_NAME.fullmatch(name) is not None
    with reading(call.site.parts.engine) as db:
        return person_of(db, call.site.policy, principal) is not None


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
