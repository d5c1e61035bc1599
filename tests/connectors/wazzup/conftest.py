"""A Wazzup account, requests as Wazzup sends them, and the stand-in for its API."""

from collections.abc import Iterator

import pytest

from bridge.ports import Account
from connectors.wazzup.outbound import WazzupOutbound
from connectors.wazzup.sandbox import sandbox
from tests.connectors.wazzup.building import SECRETS, account
from tests.connectors.wazzup.phone import Phone
from tests.serving import served


@pytest.fixture
def phone() -> Iterator[Phone]:
    """The stand-in, with a channel of each kind that the checks tell apart."""
    with served(sandbox(SECRETS)) as url:
        yield Phone(url)


@pytest.fixture
def at_sandbox(phone: Phone) -> Account:
    return account(phone.url)


@pytest.fixture
def outbound(at_sandbox: Account) -> WazzupOutbound:
    return WazzupOutbound(at_sandbox)
