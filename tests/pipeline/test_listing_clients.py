"""Lists of clients: what the store picks is what the rules say, client by client."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from bridge.domain.names import ClientId, ResellerName
from bridge.domain.reseller_clients import ClientHint, ClientStatus, ResellerClient, hint
from bridge.domain.reselling_policy import HintRules, LowUnits
from bridge.store.engine import reading, writing
from bridge.store.listing_clients import ClientPlace, ClientsWanted, clients, count_clients
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


def _after(seen: Sequence[ResellerClient]) -> ClientPlace | None:
    return ClientPlace(created_at=seen[-1].created_at, id=seen[-1].id) if seen else None
