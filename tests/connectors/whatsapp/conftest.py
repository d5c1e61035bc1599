"""The stand-in for Meta, and an account at it."""

from collections.abc import Iterator

import pytest

from bridge.ports import Account
from connectors.whatsapp.outbound import WhatsAppOutbound
from connectors.whatsapp.sandbox import sandbox
from tests.connectors.whatsapp.building import APP, SECRETS, account
from tests.connectors.whatsapp.meta import Meta, Post, listening
from tests.serving import served


@pytest.fixture
def meta() -> Iterator[Meta]:
    with served(sandbox(SECRETS)) as url:
        yield Meta(url)


@pytest.fixture
def at_meta(meta: Meta) -> Account:
    return account(meta.url, app_id=APP)


@pytest.fixture
def outbound(at_meta: Account) -> WhatsAppOutbound:
    return WhatsAppOutbound(at_meta)


@pytest.fixture
def post(meta: Meta) -> Iterator[Post]:
    """The bridge's address, known to the stand-in."""
    with listening() as heard:
        meta.steer("seed", webhook={"address": heard.url})
        yield heard
