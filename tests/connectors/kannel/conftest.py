"""The stand-in for Kannel, and a bridge in small that it calls."""

from collections.abc import Iterator

import pytest

from connectors.kannel.outbound import KannelOutbound
from connectors.kannel.sandbox import sandbox
from tests.connectors.kannel.building import NUMBER, SECRETS, account
from tests.connectors.kannel.phone import Phone, Receiver, receiving
from tests.serving import served


@pytest.fixture
def bridge() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def phone(bridge: Receiver) -> Iterator[Phone]:
    with served(sandbox(SECRETS)) as url:
        phone = Phone(url)
        phone.steer("seed", numbers=[NUMBER], hook=bridge.hook)
        yield phone


@pytest.fixture
def outbound(phone: Phone, bridge: Receiver) -> KannelOutbound:
    return KannelOutbound(account(phone.url, hook_url=bridge.hook))
