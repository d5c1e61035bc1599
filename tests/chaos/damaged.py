"""The bridge with one of its safeties taken out, to see that the crash run sees the damage.

`python -m tests.chaos.damaged SAFETY COMMAND…` is `bridge COMMAND…` without it. Nothing of this is
in the product: the function that does it is exchanged before anything runs, and forked jobs have
it exchanged as well.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from unittest.mock import patch

from sqlalchemy import Connection

from bridge.cli import main
from bridge.pipeline import deliver
from bridge.pipeline.lease import Lease
from bridge.ports import Absent, Delivery
from bridge.store import decisions, lanes
from bridge.store.decisions import Key, Known
from connectors.email.outbound import EmailOutbound

MODULE = "tests.chaos.damaged"


def no_look_up() -> None:
    """What is of unknown outcome is taken to be not there, so that it is sent again."""

    def absent(vendor: object, deliveries: Sequence[Delivery]) -> Sequence[Absent]:
        return [Absent()] * len(deliveries)

    patch.object(deliver, "_find", absent).start()


def no_fence() -> None:
    """Who has lost his lease goes on as if he had it."""

    def keep(db: Connection, lane: str, token: str, lease_seconds: float) -> None:
        return

    patch.object(lanes, "keep", keep).start()
    patch.object(Lease, "is_ours", lambda lease: True).start()


def no_memory() -> None:
    """What was decided is decided again when it comes again."""

    def nothing(db: Connection, wanted: Sequence[Key]) -> Known:
        return Known()

    patch.object(decisions, "known", nothing).start()


def no_doubt() -> None:
    """A mail whose answer was lost is taken not to have left."""

    def absent(mails: object, run: Sequence[Delivery]) -> Sequence[Absent]:
        return [Absent()] * len(run)

    patch.object(EmailOutbound, "find", absent).start()


SAFETIES: Mapping[str, Callable[[], None]] = {
    "look-up": no_look_up,
    "fence": no_fence,
    "memory": no_memory,
    "doubt": no_doubt,
}

if __name__ == "__main__":
    SAFETIES[sys.argv[1]]()
    main(sys.argv[2:], prog_name="bridge")
