"""What goes on beside the chats: a reseller's clients, the partner programme, and mails of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from tests.chaos import programme
from tests.chaos.house import House
from tests.chaos.lead_verdict import look_at_leads, wrong_lead_mails, wrong_leads
from tests.chaos.partners import Agency
from tests.chaos.plan import Plan
from tests.chaos.post import Letter, mailed_twice
from tests.chaos.standing import Store
from tests.chaos.unit_verdict import courses, look_at_units, wrong_mails, wrong_units
from tests.chaos.units import Usage, meters_of
from tests.chaos.verdict import SideFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    plan: Plan
    usage: Usage
    agency: Agency

    def begin(self) -> None:
        self.usage.begin(meters_of(self.plan))
        self.agency.begin()

    def is_at_work(self) -> bool:
        return self.usage.is_at_work() or self.agency.is_entering()

    def judged(
        self, home: House, engine: Engine, state: Any, store: Store, letters: list[Letter]
    ) -> SideFound:
        """`state` is what the CRM's sandbox shows."""
        meters, taken, units = meters_of(self.plan), self.usage.ledger.taken, look_at_units(engine)
        at, ledger, leads = programme.at(home.vendor), self.agency.ledger, look_at_leads(engine)
        in_doubt = store.mails_for_a_person
        return SideFound(
            leads=list(wrong_leads(at, ledger, leads, at.leads(state))),
            units=list(wrong_units(meters, taken, units)),
            mails=[
                *wrong_mails(courses(meters, taken, units), letters, in_doubt),
                *wrong_lead_mails(leads, letters, in_doubt),
            ],
            mailed_twice=mailed_twice(letters),
        )


def beside(plan: Plan, home: House, until: float) -> Beside:
    doors = {user: home.door_of(f"partner:{user}") for user in programme.USERS}
    at = programme.at(home.vendor)
    return Beside(
        plan=plan,
        usage=Usage(plan, home.door, until),
        agency=Agency(plan, at, doors, home.crm_url, until),
    )


def without_partners(home: House, crm: Any) -> Mapping[str, Any]:
    """What stands in the CRM of clients alone."""
    others = programme.at(home.vendor).contacts
    return {**crm, "contacts": [one for one in crm["contacts"] if one["id"] not in others]}
