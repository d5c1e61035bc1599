"""How far the digests are: the period that each employee's last one was made for."""

from datetime import datetime

from sqlalchemy import Connection, select

from bridge.domain.names import EmployeeId
from bridge.store.schema import DIGESTS
from bridge.store.upsert import put

HOUSE = EmployeeId("")
"""The row of all together: everybody's digest is made up to there."""


def period_of(db: Connection, employee: EmployeeId) -> datetime | None:
    return db.scalar(select(DIGESTS.c.period).where(DIGESTS.c.employee == employee))


def note_period(db: Connection, employee: EmployeeId, period: datetime) -> None:
    put(db, DIGESTS, ["employee"], [{"employee": employee, "period": period}])
