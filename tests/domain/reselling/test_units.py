"""Units used: once each, all or none, never below zero."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.decisions import Verdict
from bridge.domain.facts import Facts
from bridge.domain.names import AccountName
from bridge.domain.reseller_clients import ClientStatus, ResellerClient
from bridge.domain.reselling_facts import ResellingFacts
from bridge.domain.routing import route
from tests.domain.building import CRM, DIRECTORY, NOW
from tests.domain.reselling.building import (
    ARCHIVED,
    BILLING,
    BY_LUIS,
    BY_RITA,
    BY_SERVICE,
    EXHAUSTED,
    EXPIRED,
    RESELLERS,
    STAMPING,
    SUSPENDED,
    after,
    client,
    decided,
    ends,
    moves,
    told,
    used,
)


@pytest.mark.parametrize(
    ("balance", "units", "left", "status"),
    [
        (10, 1, 9, ClientStatus.ACTIVE),
        (10, 10, 0, ClientStatus.EXHAUSTED),
        (1, 1, 0, ClientStatus.EXHAUSTED),
        (10**12, 10**9, 10**12 - 10**9, ClientStatus.ACTIVE),
    ],
)
@pytest.mark.parametrize("event", [used, told])
def test_a_use_takes_units(
    event: Any, balance: int, units: int, left: int, status: ClientStatus
) -> None:
    """RSL-04, RSL-10: told by our API or by a reseller's system."""
    decision = decided(event(units), client(balance=balance))
    made = after(decision)
    assert (made.balance, made.status(NOW), made.version) == (left, status, 1)
    assert moves(decision) == [("used", -units, left)]
    assert decision.subject == made.subject


@pytest.mark.parametrize(
    ("before", "units", "code"),
    [
        (client(balance=9), 10, "client_plan.units_too_few"),
        (EXHAUSTED, 1, "client_plan.exhausted"),
        (EXPIRED, 1, "client_plan.expired"),
        (SUSPENDED, 1, "client_plan.suspended"),
        (replace(EXPIRED, balance=0), 1, "client_plan.expired"),
        (replace(SUSPENDED, balance=0), 1, "client_plan.suspended"),
        (ARCHIVED, 1, "client_plan.archived"),
        (client(), 0, "client_plan.units_invalid"),
        (client(), -1, "client_plan.units_invalid"),
        (client(), 10**9 + 1, "client_plan.units_invalid"),
    ],
)
@pytest.mark.parametrize("event", [used, told])
def test_a_use_that_is_refused_takes_nothing(
    event: Any, before: ResellerClient, units: int, code: str
) -> None:
    """RSL-10 to RSL-12: it stays on the client's feed with its reason."""
    decision = decided(event(units), before)
    assert (decision.verdict, decision.reasons[0].code) == (Verdict.REJECTED, code)
    assert (decision.changes, decision.effects) == ((), ())
    assert decision.subject == before.subject


@pytest.mark.parametrize("by", [BY_RITA, BY_LUIS, BY_SERVICE])
def test_who_may_tell_of_a_use(by: Any) -> None:
    assert decided(used(by=by), client()).verdict is Verdict.APPLIED


@pytest.mark.parametrize(
    ("account", "code"),
    [
        (BILLING, "client_plan.client_unknown"),
        (STAMPING, "client_plan.client_unknown"),
        (AccountName("chat-main"), "event.ignored"),
        (CRM, "event.ignored"),
    ],
)
def test_a_client_of_nobodys(account: AccountName, code: str) -> None:
    """Also of an account that plans.yaml does not name: it speaks for no reseller."""
    assert decided(told(account=account), None).reasons[0].code == code


def test_a_reference_of_several_resellers_names_nobody() -> None:
    decision = decided(told(account=STAMPING, name="A-17"), None, is_ambiguous=True)
    assert decision.reasons[0].code == "client_plan.client_unknown"
    assert "our own id" in decision.reasons[0].detail


@pytest.mark.parametrize(
    ("came", "verdict"),
    [
        (timedelta(seconds=-1), Verdict.APPLIED),
        (timedelta(0), Verdict.REJECTED),
        (timedelta(hours=1), Verdict.REJECTED),
    ],
)
def test_what_came_in_time_counts_however_long_it_waited(came: timedelta, verdict: Verdict) -> None:
    given = Facts(
        now=NOW + timedelta(hours=1),
        received_at=NOW + came,
        directory=DIRECTORY,
        reselling=ResellingFacts(client=client(term=ends(NOW))),
    )
    decision = route(told(), given, RESELLERS)
    assert not hasattr(decision, "until")
    assert getattr(decision, "verdict", None) is verdict
