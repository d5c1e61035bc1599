"""Parts that count, and do nothing else."""

from datetime import UTC, datetime
from typing import NoReturn

from sqlalchemy import Engine

from bridge.pipeline.parts import Parts
from bridge.pipeline.vendors import AccountVendors
from tests.web.fakes import OpenBudgets, SilentBell

NOW = datetime(2026, 3, 4, 15, 6, 7, tzinfo=UTC)


def parts_of(engine: Engine) -> Parts:
    return Parts(
        engine=engine,
        active=_nothing,
        vendors=AccountVendors(_nothing, {}),
        bell=SilentBell(),
        budgets=OpenBudgets(),
        now=lambda: NOW,
        public_url="",
    )


def _nothing() -> NoReturn:
    raise AssertionError("counting asks for no configuration")
