"""Collections: what goes in one call, what a refusal of a whole call leaves of it, when to stop."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import BridgeError, CredentialsInvalid, DeliveryTransient, OutcomeUnknown
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import MAX_RECORDS, SalesforceClient
from connectors.salesforce.results import RecordAnswer
from connectors.salesforce.writing import Row, Writing, waves

BAD = "bad"


class Org:
    """Takes all records but those that are BAD, which cost a whole call its success."""

    def __init__(self, error: BridgeError) -> None:
        self.calls: list[list[str]] = []
        self._error = error

    def collections(
        self, method: str, records: Sequence[Mapping[str, Any]], headers: Mapping[str, str]
    ) -> list[RecordAnswer]:
        names = [str(record["Name"]) for record in records]
        self.calls.append(names)
        if BAD in names:
            raise self._error
        return [RecordAnswer(id=f"id of {name}") for name in names]


def refusal(status: int = 400, code: str = "JSON_PARSER_ERROR") -> SalesforceRefused:
    return SalesforceRefused("refused", status=status, code=code)


def row(place: int, name: str = "", object_name: str = "Contact", key: str = "") -> Row:
    fields = {"Name": name or f"n{place}"}
    return Row(place=place, name=key or f"k{place}", object_name=object_name, fields=fields)


def written(org: Org, rows: Sequence[Row]) -> Mapping[int, str | BridgeError]:
    return Writing(cast(SalesforceClient, org), "POST", {}).write(rows)


def test_one_that_costs_all_others_their_call_is_found() -> None:
    org = Org(refusal())
    made = written(org, [row(n, BAD if n == 5 else "") for n in range(16)])
    assert {n for n, one in made.items() if not isinstance(one, str)} == {5}
    assert len(org.calls) <= 9


@pytest.mark.parametrize(
    "error",
    [
        refusal(code="INVALID_FIELD"),
        refusal(403, "INSUFFICIENT_ACCESS_OR_READONLY"),
        refusal(404, "NOT_FOUND"),
        DeliveryTransient("locked"),
        OutcomeUnknown("broken"),
    ],
)
def test_what_holds_for_all_is_not_looked_for(error: BridgeError) -> None:
    org = Org(error)
    made = written(org, [row(n, BAD if n == 5 else "") for n in range(16)])
    assert set(made.values()) == {error}
    assert len(org.calls) == 1


@pytest.mark.parametrize(
    "error", [CredentialsInvalid("no"), DeliveryTransient("", account_wide=True)]
)
def test_once_the_account_is_down_nothing_more_is_sent(error: BridgeError) -> None:
    org = Org(error)
    made = written(org, [row(0, BAD, key="same"), row(1, key="same"), row(2, key="same")])
    assert set(made.values()) == {error}
    assert len(org.calls) == 1


def test_an_account_that_goes_down_while_one_is_looked_for_is_left_alone() -> None:
    class Tired(Org):
        def collections(self, *given: Any) -> list[RecordAnswer]:
            if self.calls:
                self._error = DeliveryTransient("quota", account_wide=True)
            return Org.collections(self, *given)

    org = Tired(refusal())
    made = written(org, [row(n, BAD) for n in range(8)])
    assert len(org.calls) == 2
    assert {type(one) for one in made.values()} == {DeliveryTransient}


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from(["Contact", "Lead", "Task"])),
        max_size=500,
    )
)
def test_calls_hold_what_salesforce_takes_and_rows_of_one_name_keep_their_order(
    given_rows: list[tuple[str, str]],
) -> None:
    rows = [
        row(n, object_name=kind, key=name if n % 3 == 0 else "")
        for n, (name, kind) in enumerate(given_rows)
    ]
    found = list(waves(rows))
    assert sorted(r.place for wave in found for r in wave) == list(range(len(rows)))
    for wave in found:
        kinds = [r.object_name for r in wave]
        assert len(wave) <= MAX_RECORDS
        assert kinds == sorted(kinds)
        assert len({r.name for r in wave}) == len(wave)
    for name in {r.name for r in rows}:
        places = [r.place for wave in found for r in wave if r.name == name]
        assert places == sorted(places)
