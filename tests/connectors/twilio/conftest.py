"""A Twilio account, and the stand-in for its APIs."""

from collections.abc import Iterator

import pytest

from bridge.ports import Account
from connectors.twilio.outbound import TwilioOutbound
from connectors.twilio.sandbox import sandbox
from tests.connectors.twilio.building import SECRETS, account
from tests.connectors.twilio.phone import Phone, Receiver, receiving
from tests.serving import served


@pytest.fixture
def phone() -> Iterator[Phone]:
    """The stand-in, with a number and a WhatsApp sender."""
    with served(sandbox(SECRETS)) as url:
        yield Phone(url)


@pytest.fixture
def bridge() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def at_sandbox(phone: Phone) -> Account:
    return account(phone.url)


@pytest.fixture
def outbound(at_sandbox: Account) -> TwilioOutbound:
    return TwilioOutbound(at_sandbox)
