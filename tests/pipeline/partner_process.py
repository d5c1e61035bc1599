"""What one process among several does to leads on a shared store; started by the tests.

`python -m tests.pipeline.partner_process URL START take USER LEAD…`, or `… come NUMBER…`: it waits
until START (Unix time), so that all begin at once, and prints a line for each lead.
"""

import sys
import time
from datetime import UTC, datetime

from bridge.domain.names import CrmId, EmployeeId, EventKey, PartnerLeadId
from bridge.domain.partner_events import LeadRead
from bridge.pipeline.house import decide_here
from bridge.pipeline.partnering import acting
from bridge.pipeline.partnering.acting import Asked
from bridge.pipeline.parts import Active, Parts
from bridge.policy.reading import policy_of
from bridge.store import configs
from bridge.store.engine import open_engine, reading
from tests.pipeline.partner_house import a_lead, partner_user
from tests.pipeline.world import CRM, Rings, Unlimited, Vendors


def parts_of(url: str) -> Parts:
    engine = open_engine(url)
    with reading(engine) as db:
        row = configs.active(db)
        assert row is not None
        stored = configs.config(db, row.hash)
    assert stored is not None
    active = Active(policy=policy_of(stored.canonical), hash=stored.hash, accounts={})
    return Parts(
        engine=engine,
        active=lambda: active,
        vendors=Vendors({}),
        bell=Rings(),
        budgets=Unlimited(),
        now=lambda: datetime.now(UTC),
        public_url="https://bridge.example",
    )


def take(parts: Parts, user: str, leads: list[str]) -> None:
    for lead in leads:
        asked = Asked(by=partner_user(EmployeeId(user)), key=f"{user} {lead}")
        refused = acting.take(parts, asked, PartnerLeadId(lead)).refused
        print(lead, refused.code if refused else "taken", flush=True)  # noqa: T201


def come(parts: Parts, numbers: list[str]) -> None:
    for number in numbers:
        now = parts.now()
        crm_id = CrmId(f"lead-{number}")
        event = LeadRead(
            event_key=EventKey(f"come {number}"),
            occurred_at=now,
            crm=CRM,
            crm_id=crm_id,
            found=a_lead(int(number)),
            read_at=now,
            is_new=True,
        )
        decide_here(parts, [event])
        print(number, flush=True)  # noqa: T201


def main(url: str, start: str, what: str, *args: str) -> None:
    parts = parts_of(url)
    time.sleep(max(0.0, float(start) - time.time()))
    if what == "take":
        take(parts, args[0], list(args[1:]))
    else:
        come(parts, list(args))


if __name__ == "__main__":
    main(*sys.argv[1:])
