"""Notifications are seen in the order of their numbers, or a live stream would pass one by."""

import ast
from pathlib import Path

from sqlalchemy import Engine

from bridge.domain.changes import Notify
from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.reasons import ReasonCode
from bridge.store import notices
from bridge.store.deciding import deciding
from tests.house import ROOT
from tests.pipeline.test_send import together
from tests.store.test_lanes import NOW

ANA = EmployeeId("ana@acme.example")


def told(number: int) -> Notify:
    where = ConversationId(f"cv_{number}")
    return Notify(
        employee=ANA, conversation=where, message=None, code=ReasonCode.NOTIFY_RESPONSIBLE
    )


def test_no_number_is_seen_before_a_smaller_one(engine: Engine) -> None:
    """Eight who add, and one who reads all the time what is newer than what he has had."""
    seen: list[int] = []

    def add(number: int) -> None:
        for _ in range(5):
            with deciding(engine) as db:
                notices.add(db, [told(number)], NOW)

    def read() -> None:
        while len(seen) < 40:
            with engine.connect() as db:
                found = notices.since(db, [ANA], seen[-1] if seen else 0, 100)
            seen.extend(one.id for one in found)

    together([read, *((lambda n=n: add(n)) for n in range(8))])
    assert seen == sorted(seen)
    with engine.connect() as db:
        assert len(notices.since(db, [ANA], 0, 100)) == 40


def test_only_who_decides_adds_notifications() -> None:
    """`commit` and what settles a delivery are called under `deciding` alone; nobody else may write
    the table."""
    found = set()
    for path in Path(ROOT / "bridge").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "notices.add":
                found.add(path.relative_to(ROOT).as_posix())
    assert found == {"bridge/pipeline/commit.py", "bridge/pipeline/showing.py"}
