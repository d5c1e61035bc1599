"""One route of the API as data: what it takes, what it gives, who may; the description and the
Flask rule are made from it alike."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from flask import Request
from sqlalchemy import Connection

from bridge.domain.people import Employee
from bridge.domain.principals import PersonKind
from bridge.store.audit import Way, Who
from bridge.store.keys import Scope
from bridge.web.api.given import body_of, query_of
from bridge.web.auth import HOUSE, Principal
from bridge.web.on_record import who_of
from bridge.web.site import Site
from bridge.web.viewer import Viewer, viewer

Given = TypeVar("Given", bound=msgspec.Struct)
Item = TypeVar("Item")
Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]


class Nothing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No parameters, no body."""


class Paging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a list goes on, and how many items it gives at a time."""

    cursor: str = ""
    limit: Limit = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """`next` is the cursor of the next page; null on the last one."""

    items: tuple[Item, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`key` tells this write from every other; a repeated one has the same."""

    site: Site
    principal: Principal
    path: Mapping[str, str]
    now: datetime
    key: str = ""

    @property
    def who(self) -> Who:
        return who_of(self.principal.person, Way.API)

    def viewer(self, db: Connection) -> Viewer:
        return self.viewer_as(db, self.principal.employee)

    def viewer_as(self, db: Connection, employee: Employee) -> Viewer:
        return viewer(db, employee, self.site.policy, self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """An answer that is a file; `name` is what the browser saves it as, plain ASCII. A body that
    comes part by part is sent so."""

    name: str
    content_type: str
    body: bytes | Iterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """An answer with its ETag: what a later write names in If-Match."""

    answer: object
    etag: str


def _as_it_is(answer: object) -> object:
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`bind` reads the query of a GET or the body of the rest, and gives what is then to be called.
    `remember` makes of an answer what is kept under its Idempotency-Key. `also` are types of
    content that it may be asked for besides JSON."""

    method: str
    path: str  # below /api/v1, such as `/conversations/{id}`
    name: str
    summary: str
    bind: Callable[[Request], Callable[[Call], object]]
    given: type[msgspec.Struct]
    answer: object  # its type
    scope: Scope
    status: int = 200
    remember: Callable[[object], object] = _as_it_is
    also: tuple[str, ...] = ()
    takes_file: bool = False  # multipart/form-data, in place of JSON
    kinds: frozenset[PersonKind] = HOUSE  # whom it is for

    @property
    def is_write(self) -> bool:
        return self.method != "GET"


def get(
    path: str,
    view: Callable[[Call, Given], object],
    given: type[Given],
    answer: object,
    summary: str,
    scope: Scope = Scope.READ,
    *,
    also: tuple[str, ...] = (),
    kinds: frozenset[PersonKind] = HOUSE,
) -> Route:
    def bind(request: Request) -> Callable[[Call], object]:
        query = query_of(request, given)
        return lambda call: view(call, query)

    return Route(
        method="GET",
        path=path,
        name=_name(view),
        summary=summary,
        bind=bind,
        given=given,
        answer=answer,
        scope=scope,
        also=also,
        kinds=kinds,
    )


def write(
    method: str,
    path: str,
    view: Callable[[Call, Given], object],
    given: type[Given],
    answer: object,
    summary: str,
    scope: Scope,
    *,
    status: int = 200,
    remember: Callable[[object], object] = _as_it_is,
    kinds: frozenset[PersonKind] = HOUSE,
) -> Route:
    def bind(request: Request) -> Callable[[Call], object]:
        body = body_of(request, given)
        return lambda call: view(call, body)

    return Route(
        method=method,
        path=path,
        name=_name(view),
        summary=summary,
        bind=bind,
        given=given,
        answer=answer,
        scope=scope,
        status=status,
        remember=remember,
        kinds=kinds,
    )


def _name(view: Callable[[Call, Given], object]) -> str:
    """Unique over all routes: the view's module and name."""
    return f"{view.__module__.rpartition('.')[2]}_{view.__name__}"
