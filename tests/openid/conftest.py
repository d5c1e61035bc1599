"""A house whose people sign in by a real provider."""

from collections.abc import Iterator

import pytest

from tests.openid.house import House, house_with
from tests.openid.running import Wanted, rsa_key, running
from tests.ports import free_port


@pytest.fixture(scope="session")
def openid_provider() -> Iterator[str]:
    """Its issuer."""
    wanted = Wanted(
        port=free_port(),
        callbacks=["http://127.0.0.1:8000/signin/callback"],
        goodbyes=["http://127.0.0.1:8000/login"],
        keys=[rsa_key("first")],
    )
    with running(wanted) as issuer:
        yield issuer


@pytest.fixture
def house(openid_provider: str, sqlite_url: str) -> Iterator[House]:
    with house_with(sqlite_url, openid_provider) as made:
        yield made
