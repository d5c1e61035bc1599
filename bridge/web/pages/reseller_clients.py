"""Resellers' clients: their table, one of them with all that can be done, who is near the end."""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from flask import Response, request

from bridge.domain.client_actions import who_of
from bridge.domain.names import ResellerName
from bridge.domain.principals import PersonKind
from bridge.domain.reseller_clients import ClientAction, ClientHint, ClientStatus, hint
from bridge.pipeline.reselling.desk import (
    Onlooker,
    count_each,
    find_client,
    hints_of,
    list_clients,
    place_after,
)
from bridge.store.engine import reading
from bridge.store.listing_clients import ClientPlace, ClientSort, ClientsWanted
from bridge.store.unit_movements import ledger
from bridge.web.business import list_business
from bridge.web.pages import business
from bridge.web.pages.asking import PAGE, address_of_next, asked, begin
from bridge.web.pages.client_words import CLIENT_SORTS, DONE, UNDONE_BY
from bridge.web.pages.notices import read_about
from bridge.web.pages.visiting import Visit
from bridge.web.problems import Problem, invalid, not_found

Word = TypeVar("Word", bound=StrEnum)
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _LedgerPlace:
    before: int


def onlooker(visit: Visit) -> Onlooker:
    return Onlooker(person=visit.principal.person, policy=visit.policy)


def show(visit: Visit) -> Response:
    """`?near_end=1` shows whom to follow up, `?archived=1` the archive."""
    eyes, wanted = onlooker(visit), wanted_of(visit)
    start = begin(visit, ClientPlace, "clients")
    with reading(visit.site.parts.engine) as db:
        found = list_clients(db, eyes, wanted, start, PAGE + 1)
        counted = count_each(db, eyes, ClientsWanted(now=visit.now, resellers=wanted.resellers))
    kept = found[:PAGE]
    names = ("reseller", "status", "plan", "hint", "q", "near_end", "archived", "sort")
    return visit.render(
        "reseller_clients.html",
        clients=kept,
        offered={one.id: eyes.actions(one, visit.site.parts) for one in kept},
        hints={one.id: hint(one, hints_of(visit.policy, one), visit.now) for one in kept},
        resellers=eyes.shown_resellers,
        plans=_plans(eyes),
        asked={name: asked(name) for name in names},
        statuses=list(ClientStatus),
        sorts=CLIENT_SORTS,
        counted=counted,
        may_add=may_add(visit, eyes),
        query=request.query_string.decode("ascii", "ignore"),
        next_page=address_of_next(visit, place_after(found, PAGE), "clients"),
    )


def wanted_of(visit: Visit) -> ClientsWanted:
    reseller, status, offer = asked("reseller"), asked("status"), asked("hint")
    return ClientsWanted(
        now=visit.now,
        resellers=frozenset({ResellerName(reseller)}) if reseller else None,
        status=_one_of(ClientStatus, status, "status"),
        hint=_one_of(ClientHint, offer, "hint"),
        near_end=asked("near_end") == "1",
        archived=asked("archived") == "1",
        plan=asked("plan") or None,
        words=asked("q")[:200],
        sort=_one_of(ClientSort, asked("sort"), "sort") or ClientSort.NEWEST,
    )


def show_one(visit: Visit, name: str, problem: Problem | None = None) -> Response:
    """After a refusal with what it was, and what others did meanwhile."""
    eyes = onlooker(visit)
    start = begin(visit, _LedgerPlace, f"ledger {name}")
    with reading(visit.site.parts.engine) as db:
        client = find_client(db, eyes, name)
        if client is None:
            raise not_found("client")
        lines = ledger(db, client.id, start.before if start else None, _SHOWN + 1)
        happened = list_business(
            db, business.onlooker(visit, db), client.subject.name, None, _SHOWN
        )
    read_about(visit, client.subject.name)
    more = _LedgerPlace(before=lines[_SHOWN - 1].id) if len(lines) > _SHOWN else None
    reseller = visit.policy.reselling.resellers.get(client.reseller)
    return visit.render(
        "reseller_client.html",
        status=200 if problem is None else problem.status,
        client=client,
        state=client.status(visit.now),
        offer=hint(client, hints_of(visit.policy, client), visit.now),
        offered=eyes.actions(client, visit.site.parts),
        actions=ClientAction,
        plans={} if reseller is None else reseller.plans,
        reseller=reseller,
        ledger=[(line, who_of(line.moved.by, eyes.person)) for line in lines[:_SHOWN]],
        happenings=happened.happenings,
        key=secrets.token_hex(16),
        problem=problem,
        done=DONE.get(asked("done")),
        undo=UNDONE_BY.get(asked("done"), ""),
        is_ours=eyes.person.kind is PersonKind.EMPLOYEE,
        next_page=address_of_next(visit, more, f"ledger {name}"),
    )


def show_new(visit: Visit, problem: Problem | None = None) -> Response:
    eyes = onlooker(visit)
    if not may_add(visit, eyes):
        raise not_found("page")
    return visit.render(
        "reseller_client_new.html",
        status=200 if problem is None else problem.status,
        resellers=eyes.shown_resellers,
        given={name: request.form.get(name, "") for name in GIVEN},
        key=request.form.get("key") or secrets.token_hex(16),
        problem=problem,
    )


GIVEN = ("reseller", "legal_name", "plan", "reference", "contact_name", "email", "phone")


def may_add(visit: Visit, eyes: Onlooker) -> bool:
    """Who may write to clients of some reseller that there is."""
    writes = visit.principal.person.kind is PersonKind.RESELLER_USER or visit.principal.is_admin
    return writes and bool(eyes.shown_resellers)


def _plans(eyes: Onlooker) -> dict[str, str]:
    """Names by their keys, of all resellers whose clients are shown."""
    found = [one.plans for one in eyes.shown_resellers.values()]
    return {key: plan.name for plans in found for key, plan in plans.items()}


def _one_of(words: type[Word], given: str, field: str) -> Word | None:
    if not given:
        return None
    try:
        return words(given)
    except ValueError:
        raise invalid("is not known here", field=field, status=400) from None
