"""The stand-in for a homeserver, and a bridge's door that it pushes to, both on loopback."""

from collections.abc import Iterator

import pytest

from connectors.matrix.sandbox import sandbox
from tests.connectors.matrix.building import SECRETS
from tests.connectors.matrix.door import Door, opened
from tests.connectors.matrix.stand_in import StandIn
from tests.serving import served


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """With the bridge's user, and nobody to push to."""
    with served(sandbox(SECRETS)) as url:
        made = StandIn(url)
        made.seed(user="@bridge:house.test")
        yield made


@pytest.fixture
def door(stand_in: StandIn) -> Iterator[Door]:
    """Where the stand-in pushes to."""
    with opened() as made:
        stand_in.seed(url=made.url)
        yield made
