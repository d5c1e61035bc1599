"""A client who comes from another system, and what is kept of a change for who comes second."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bridge.domain.decisions import Verdict
from bridge.domain.reseller_clients import Changed, FieldChange
from bridge.domain.reselling_events import (
    ClientEdited,
    ClientRenewed,
    ClientSuspended,
    ClientUnitsAdded,
)
from bridge.domain.spans import Term, end_of
from tests.domain.building import NOW
from tests.domain.reselling.building import DETAILS, added, after, client, decided, done, moves

LATER = date(2026, 9, 30)


def until(day: date) -> Term:
    return Term(last_day=day, ends_at=end_of(day, UTC))


def test_who_comes_from_elsewhere_keeps_his_units_and_his_last_day() -> None:
    """RSL-09: the plan's name and services are those of the list all the same."""
    decision = decided(added(units=7, until=LATER), None, until=until(LATER))
    made = after(decision)
    assert (made.balance, made.plan_units, made.valid_until) == (7, 100, LATER)
    assert (made.shown_plan, made.is_custom) == ("Basic", False)
    assert moves(decision) == [("granted", 7, 7)]


@pytest.mark.parametrize(
    ("brought", "term", "code", "said"),
    [
        ({"units": 0}, None, "client_plan.units_invalid", "whole number"),
        ({"units": -1}, None, "client_plan.units_invalid", "whole number"),
        ({"units": 10**9 + 1}, None, "client_plan.units_invalid", "whole number"),
        (
            {"until": NOW.date().replace(year=2025)},
            until(NOW.date().replace(year=2025)),
            "client_plan.details_invalid",
            "is over",
        ),
        ({"until": date(9999, 12, 31)}, None, "client_plan.details_invalid", "later than the year"),
        (
            {"until": LATER, "plan": "forever"},
            until(LATER),
            "client_plan.details_invalid",
            "never ends",
        ),
    ],
)
def test_what_he_brings_has_to_fit_the_plan(
    brought: dict[str, Any], term: Term | None, code: str, said: str
) -> None:
    """RSL-07, RSL-20."""
    decision = decided(added(**brought), None, until=term)
    assert decision.verdict is Verdict.REJECTED
    assert decision.reasons[0].code == code
    assert said in decision.reasons[0].detail


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (
            done(ClientEdited, services={"smtp_mail": True, "extra_users": 2}),
            {
                "plan": ("Basic", "custom"),
                "services.smtp_mail": ("no", "yes"),
                "services.companies": ("1", ""),
                "services.extra_users": ("", "2"),
            },
        ),
        (done(ClientEdited, reference="B-1"), {"reference": ("A-17", "B-1")}),
        (done(ClientUnitsAdded, units=50), {"units": ("100", "150")}),
        (done(ClientSuspended), {"status": ("active", "suspended")}),
        (
            done(ClientRenewed, plan="pro"),
            {
                "plan": ("Basic", "Pro"),
                "services.smtp_mail": ("no", ""),
                "services.companies": ("1", ""),
                "units": ("100", "500"),
                "valid_until": ("2027-03-05", "2026-04-04"),
            },
        ),
    ],
)
def test_a_change_keeps_what_was_and_what_became(
    event: Any, fields: dict[str, tuple[str, str]]
) -> None:
    """RSL-16, RSL-17: so that two who change him at once see what the other did."""
    [changed] = after(decided(event, client())).changes
    assert {one.field: (one.old, one.new) for one in changed.fields} == fields


def test_a_change_from_before_fields_were_kept_has_none() -> None:
    assert (
        Changed(version=2, what="edited", by="x", at=datetime(2026, 1, 1, tzinfo=UTC)).fields == ()
    )


def test_contact_data_is_named_by_its_own_fields() -> None:
    edited = done(ClientEdited, details=type(DETAILS)(legal_name="Muebles Nuevos"))
    [changed] = after(decided(edited, client())).changes
    assert FieldChange(field="legal_name", old=DETAILS.legal_name, new="Muebles Nuevos") in (
        changed.fields
    )
    assert FieldChange(field="email", old=DETAILS.email, new="") in changed.fields
