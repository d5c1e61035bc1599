"""`python -m tests.resilience.poisoned STRIKE ARGUMENT…`: runs `bridge ARGUMENT…`, except that
reading a webhook which holds the word does to its process what STRIKE says."""

import sys

import pytest

from bridge.cli import main
from bridge.ports import Parsed, RawRequest
from connectors.wazzup.inbound import WazzupInbound
from tests.resilience.strikes import STRIKES, leave_no_core

WORD = "venomous words"


def poison(strike: str) -> None:
    """For all the life of this process and of those that it forks."""
    inner = WazzupInbound.parse

    def parse(self: WazzupInbound, request: RawRequest) -> Parsed:
        if WORD.encode() in request.body:
            STRIKES[strike]()
        return inner(self, request)

    pytest.MonkeyPatch().setattr(WazzupInbound, "parse", parse)
    leave_no_core()


if __name__ == "__main__":
    poison(sys.argv.pop(1))
    main()
