"""Lists of clients: what the store picks is what the rules say, client by client."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from bridge.domain.names import ClientId, ResellerName
from bridge.domain.reseller_clients import ClientHint, ClientStatus, ResellerClient, hint
from bridge.domain.reselling_policy import HintRules, LowUnits
from bridge.store.engine import reading, writing
from bridge.store.listing_clients import (
    ClientNumbers,
    ClientPlace,
    ClientSort,
    ClientsWanted,
    clients,
    count_clients,
    numbers,
)
from bridge.store.reseller_clients import put_clients
from tests.domain.building import NOW
from tests.domain.reselling.building import DETAILS, NORTE, SUR, client, ends

RULES = {
    NORTE: HintRules(low_units=LowUnits(units=5), ending=timedelta(days=14)),
    SUR: HintRules(low_units=LowUnits(percent=50), ending=timedelta(days=1)),
}
TERMS = (None, ends(NOW), ends(NOW + timedelta(days=2)), ends(NOW + timedelta(days=90)))
BALANCES = (0, 1, 5, 50, 51, 100)


def _all() -> list[ResellerClient]:
    """Every combination that a list could mind."""
    made: list[ResellerClient] = []
    for reseller in (NORTE, SUR, ResellerName("gone")):
        for term in TERMS:
            for balance in BALANCES:
                for flags in ({}, {"is_suspended": True}, {"is_archived": True}):
                    number = len(made)
                    more: Any = {**flags, "reference": f"R-{number}", "reseller": reseller}
                    made.append(_one(number, term=term, balance=balance, **more))
    return made


def _one(number: int, **changed: Any) -> ResellerClient:
    given = client(
        id=ClientId(f"cl_{number:04d}"), created_at=NOW + timedelta(minutes=number % 7), **changed
    )
    return replace(given, details=replace(DETAILS, legal_name=f"Client 100% of_{number:04d}"))


EVERYBODY = _all()


@pytest.fixture(
    params=["fresh_sqlite", pytest.param("emptied_postgres", marks=pytest.mark.postgres)]
)
def store(request: pytest.FixtureRequest) -> Engine:
    engine: Engine = request.getfixturevalue(request.param)
    with writing(engine) as db:
        put_clients(db, EVERYBODY)
    return engine


def ids(found: Sequence[ResellerClient]) -> list[str]:
    return [one.id for one in found]


def listed(store: Engine, **wanted: Any) -> set[str]:
    asked = ClientsWanted(now=NOW, rules=RULES, **wanted)
    with reading(store) as db:
        found = ids(clients(db, asked, None, 1000))
        assert count_clients(db, asked) == len(found) == len(set(found))
    return set(found)


def test_every_status_is_listed_as_it_is_derived(store: Engine) -> None:
    """RSL-05, RSL-13, RSL-24: the main list shows nobody who is in the archive."""
    for status in ClientStatus:
        same = {one.id for one in EVERYBODY if one.status(NOW) is status}
        shown = {one.id for one in EVERYBODY if not one.is_archived}
        assert listed(store, status=status) == same & shown
        assert listed(store, status=status, archived=None) == same
    archive = {one.id for one in EVERYBODY if one.is_archived}
    assert listed(store, archived=True) == archive


@pytest.mark.parametrize("offer", list(ClientHint))
def test_every_hint_is_listed_as_it_is_derived(store: Engine, offer: ClientHint) -> None:
    """RSL-26, RSL-27: by each reseller's own thresholds."""
    expected = {
        one.id for one in EVERYBODY if hint(one, RULES.get(one.reseller, HintRules()), NOW) is offer
    }
    assert listed(store, hint=offer, archived=None) == expected
    assert expected


def test_a_reseller_lists_his_own(store: Engine) -> None:
    """RSL-01."""
    assert listed(store, resellers=frozenset({SUR}), archived=None) == {
        one.id for one in EVERYBODY if one.reseller == SUR
    }
    assert listed(store, resellers=frozenset()) == set()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("client 100% of_0003", 1),
        ("CLIENT", 144),
        ("of_0", 144),
        ("ofx0", 0),
        ("R-7", 8),
        ("100_", 0),
        ("%", 144),
        ("'; --", 0),
    ],
)
def test_words_are_looked_for_as_they_stand(store: Engine, words: str, found: int) -> None:
    assert len(listed(store, words=words)) == found


def test_pages_follow_one_another_without_a_gap(store: Engine) -> None:
    """Also where several were added in the same moment."""
    wanted = ClientsWanted(now=NOW, archived=None)
    seen: list[ResellerClient] = []
    with reading(store) as db:
        while page := clients(db, wanted, _after(seen), 50):
            seen.extend(page)
    order = sorted(EVERYBODY, key=lambda one: (one.created_at, one.id), reverse=True)
    assert ids(seen) == ids(order)


ORDERS: Mapping[ClientSort, Callable[[ResellerClient], Any]] = {
    ClientSort.NAME: lambda one: (one.details.legal_name.lower(), one.id),
    ClientSort.UNITS: lambda one: (one.balance, one.id),
    ClientSort.ENDS: lambda one: (one.term is None, one.term and one.term.ends_at, one.id),
}


@pytest.mark.parametrize("sort", ORDERS)
def test_each_order_is_whole_from_page_to_page(store: Engine, sort: ClientSort) -> None:
    """RSL-27: who is near the end stands first, who has no end last."""
    wanted = ClientsWanted(now=NOW, archived=None, sort=sort)
    seen: list[ResellerClient] = []
    with reading(store) as db:
        while page := clients(db, wanted, _after(seen), 50):
            seen.extend(page)
    assert ids(seen) == ids(sorted(EVERYBODY, key=ORDERS[sort]))


def test_the_numbers_are_those_of_the_lists(store: Engine) -> None:
    """RSL-05, RSL-27: and of nobody whose clients he may not read."""
    mine = ClientsWanted(now=NOW, rules=RULES, resellers=frozenset({NORTE}))
    with reading(store) as db:
        found = numbers(db, mine)
        none = numbers(db, replace(mine, resellers=frozenset()))
    of_mine = [one for one in EVERYBODY if one.reseller == NORTE and not one.is_archived]
    assert found.all == len(of_mine)
    assert found.near_end == len([one for one in of_mine if hint(one, RULES[NORTE], NOW)])
    assert found.by_status == {
        status: len([one for one in of_mine if one.status(NOW) is status])
        for status in ClientStatus
    }
    assert none == ClientNumbers(by_status=dict.fromkeys(ClientStatus, 0))


def _after(seen: Sequence[ResellerClient]) -> ClientPlace | None:
    return ClientPlace(created_at=seen[-1].created_at, id=seen[-1].id) if seen else None
