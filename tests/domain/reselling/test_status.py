"""The four statuses of a client, derived, and what may be done in each."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bridge.domain.reseller_clients import (
    ClientAction,
    ClientStatus,
    ResellerClient,
    actions,
)
from tests.domain.building import NOW
from tests.domain.reselling.building import (
    ARCHIVED,
    EXHAUSTED,
    EXPIRED,
    SUSPENDED,
    client,
    ends,
)

A, X, E, S = (
    ClientStatus.ACTIVE,
    ClientStatus.EXHAUSTED,
    ClientStatus.EXPIRED,
    ClientStatus.SUSPENDED,
)


@pytest.mark.parametrize("suspended", [True, False])
@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("balance", [0, 1])
def test_the_first_that_holds_is_the_status(suspended: bool, ended: bool, balance: int) -> None:
    """RSL-05, RSL-13: suspended, then expired, then exhausted, then active."""
    found = client(
        is_suspended=suspended,
        term=ends(NOW if ended else NOW + timedelta(days=1)),
        balance=balance,
    ).status(NOW)
    order = [(suspended, S), (ended, E), (balance == 0, X), (True, A)]
    assert found is next(status for holds, status in order if holds)


@pytest.mark.parametrize(
    ("at", "status"),
    [(NOW - timedelta(seconds=1), A), (NOW, E), (NOW + timedelta(days=900), E)],
)
def test_a_plan_ends_by_time_with_units_left(at: datetime, status: ClientStatus) -> None:
    """RSL-11: valid until yesterday is expired, until today is not."""
    assert EXPIRED.status(at) is status


def test_a_plan_without_validity_never_ends() -> None:
    """RSL-07."""
    forever = client(term=None)
    assert (forever.valid_until, forever.status(NOW + timedelta(days=36500))) == (None, A)


OPEN = (ClientAction.EDIT, ClientAction.ADD_UNITS, ClientAction.RENEW, ClientAction.SUSPEND)


@pytest.mark.parametrize(
    ("given", "offered"),
    [
        (client(), (*OPEN, ClientAction.SIGN_IN_AS)),
        (EXHAUSTED, (*OPEN, ClientAction.ARCHIVE, ClientAction.SIGN_IN_AS)),
        (EXPIRED, (*OPEN, ClientAction.ARCHIVE, ClientAction.SIGN_IN_AS)),
        (
            SUSPENDED,
            (
                ClientAction.EDIT,
                ClientAction.RENEW,
                ClientAction.ACTIVATE,
                ClientAction.ARCHIVE,
                ClientAction.SIGN_IN_AS,
            ),
        ),
        (ARCHIVED, (ClientAction.UNARCHIVE,)),
        (replace(SUSPENDED, is_archived=True), (ClientAction.UNARCHIVE,)),
    ],
    ids=["active", "exhausted", "expired", "suspended", "archived", "archived-suspended"],
)
def test_the_actions_of_each_status(
    given: ResellerClient, offered: tuple[ClientAction, ...]
) -> None:
    """RSL-08, RSL-14: units are added to a suspended client once he is activated."""
    assert actions(given, NOW) == offered
