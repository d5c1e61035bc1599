"""/clients and /plans: resellers' clients, their ledgers, and what they can be sold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from bridge.domain.names import ResellerName
from bridge.domain.principals import PersonKind
from bridge.domain.reseller_clients import ClientHint, ClientStatus, ResellerClient
from bridge.pipeline.reselling.desk import Onlooker, find_client, list_clients, place_after
from bridge.store.engine import reading
from bridge.store.listing_clients import ClientPlace, ClientSort, ClientsWanted
from bridge.store.unit_movements import ledger
from bridge.web.api.client_shapes import (
    ClientShape,
    LedgerShape,
    PlanShape,
    client_shape,
    movement_shape,
    onlooker,
    plan_shape,
)
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Nothing, Page, Paging, get
from bridge.web.problems import not_found

RESELLING = frozenset({PersonKind.EMPLOYEE, PersonKind.SERVICE, PersonKind.RESELLER_USER})
Words = Annotated[str, msgspec.Meta(max_length=200)]


class ClientFilters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reseller` and `plan` are keys of plans.yaml; `archived` of true: those in the archive, which
    are not among the others. `near_end`: those with any hint, `hint` those with this one. `q` are
    words of the legal name or the reference. `sort` is what the list begins with."""

    reseller: str = ""
    status: ClientStatus | None = None
    plan: str = ""
    archived: bool = False
    near_end: bool = False
    hint: ClientHint | None = None
    q: Words = ""
    sort: ClientSort = ClientSort.NEWEST

    def wanted(self, now: datetime) -> ClientsWanted:
        reseller = frozenset({ResellerName(self.reseller)}) if self.reseller else None
        return ClientsWanted(
            now=now,
            resellers=reseller,
            archived=self.archived,
            status=self.status,
            hint=self.hint,
            near_end=self.near_end,
            plan=self.plan or None,
            words=self.q,
            sort=self.sort,
        )


class ClientsQuery(ClientFilters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    cursor: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50

    @property
    def filters(self) -> str:
        """What a cursor is good for."""
        said = (self.reseller, self.status, self.plan, self.archived, self.near_end, self.hint)
        return f"clients {said} {self.sort} {self.q}"


class PlansQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reseller: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    items: tuple[PlanShape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _LedgerPlace:
    before: int


def list_all(call: Call, query: ClientsQuery) -> Page[ClientShape]:
    eyes, of = onlooker(call), query.filters
    begin = start(call, Paging(cursor=query.cursor), ClientPlace, of)
    with reading(call.site.parts.engine) as db:
        found = list_clients(db, eyes, query.wanted(call.now), begin, query.limit + 1)
    items = tuple(client_shape(eyes, one, call.now) for one in found[: query.limit])
    return Page(items=items, next=go_on(call, place_after(found, query.limit), of))


def one(call: Call, _: Nothing) -> ClientShape:
    eyes = onlooker(call)
    return client_shape(eyes, client_named(call, eyes), call.now)


def list_ledger(call: Call, query: Paging) -> Page[LedgerShape]:
    eyes = onlooker(call)
    client = client_named(call, eyes)
    of = f"ledger {client.id}"
    begin = start(call, query, _LedgerPlace, of)
    with reading(call.site.parts.engine) as db:
        found = ledger(db, client.id, begin.before if begin else None, query.limit + 1)
    kept = found[: query.limit]
    more = _LedgerPlace(before=kept[-1].id) if len(found) > query.limit else None
    return Page(items=tuple(movement_shape(eyes, x) for x in kept), next=go_on(call, more, of))


def list_plans(call: Call, query: PlansQuery) -> Plans:
    resellers = onlooker(call).shown_resellers
    if query.reseller and ResellerName(query.reseller) not in resellers:
        raise not_found("reseller")
    found = {name: one for name, one in resellers.items() if query.reseller in ("", name)}
    return Plans(
        items=tuple(
            plan_shape(name, key, plan)
            for name, reseller in found.items()
            for key, plan in reseller.plans.items()
        )
    )


def client_named(call: Call, eyes: Onlooker) -> ResellerClient:
    """Problem 404 for one that is not there for him."""
    with reading(call.site.parts.engine) as db:
        found = find_client(db, eyes, call.path["id"])
    if found is None:
        raise not_found("client")
    return found


ROUTES = (
    get(
        "/clients",
        list_all,
        ClientsQuery,
        Page[ClientShape],
        "Resellers' clients, the newest first; for a reseller's user his reseller's",
        kinds=RESELLING,
    ),
    get("/clients/{id}", one, Nothing, ClientShape, "One client of a reseller", kinds=RESELLING),
    get(
        "/clients/{id}/ledger",
        list_ledger,
        Paging,
        Page[LedgerShape],
        "Every movement of a client's units, the newest first; they add up to what is left",
        kinds=RESELLING,
    ),
    get(
        "/plans",
        list_plans,
        PlansQuery,
        Plans,
        "The plans that resellers sell; for a reseller's user his reseller's",
        kinds=RESELLING,
    ),
)
