"""What partners and renewals need from a CRM can't stand in the way of the owners of clients."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import pytest

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.crm_renewals import CrmRenewal, RenewalSource
from bridge.domain.errors import BridgeError, CredentialsInvalid, DeliveryTransient
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from bridge.domain.renewing import RenewalOwner
from bridge.domain.renewing_policy import CrmRenewals, RenewalDefault, Renewals
from bridge.pipeline.doctor.points import Health
from bridge.pipeline.doctor.standing import FAILED_OFTEN, check_standing
from bridge.store import mirror
from bridge.store.engine import writing
from bridge.store.schema import LANES, REFRESHES
from tests.pipeline.world import ANA, CRM, World, known_clients

MIRROR = f"mirror:{CRM}"
FIRST = "100000"  # the CRM's id of the first known client
SOURCE = CrmRenewals(
    account=CRM, source=RenewalSource(kind=CrmKind.COMPANY, date="no_such_property")
)


class Refusing:
    """A CRM that gives no renewals."""

    def __init__(self, error: BridgeError) -> None:
        self._error = error
        self.asked = 0

    def due(self, source: RenewalSource, first: date, last: date) -> Sequence[CrmRenewal]:
        self.asked += 1
        raise self._error

    def changed(self, source: RenewalSource, since: datetime) -> Sequence[CrmRenewal]:
        raise self._error

    def read(self, source: RenewalSource, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmRenewal]:
        raise self._error


NO_RIGHT = CredentialsInvalid("hubspot: companies search: correct the property's name")


def asks(house: World, *kinds: tuple[RefreshKind, str]) -> None:
    wishes = [RequestRefresh(kind=kind, key=CrmId(key)) for kind, key in kinds]
    with writing(house.engine) as db:
        mirror.request_refreshes(db, MIRROR, wishes, house.parts.now())


def refusing(house: World, error: BridgeError) -> Refusing:
    crm = Refusing(error)
    house.vendors.renewal_readers[CRM] = crm
    default = RenewalDefault(owner=RenewalOwner.VENDOR, notify=ANA)
    house.use(renewals=Renewals(partner_of="HubSpot", default=default, sources=(SOURCE,)))
    return crm


def left(house: World) -> list[tuple[str, str]]:
    return [(row["kind"], row["reason"]) for row in house.rows(REFRESHES)]


@pytest.mark.parametrize("error", [NO_RIGHT, DeliveryTransient("hubspot: busy", account_wide=True)])
def test_an_owner_is_read_while_renewals_are_refused(house: World, error: BridgeError) -> None:
    """ROL-11: in the same run; the lane goes on, and the renewals are asked for again later."""
    known_clients(house, 1)
    crm = refusing(house, error)
    asks(house, (RefreshKind.RENEWALS, CRM), (RefreshKind.CONTACT, FIRST))
    house.settle()
    assert left(house) == [("renewals", str(error))]
    assert crm.asked == 1
    (lane,) = [row for row in house.rows(LANES) if row["name"] == MIRROR]
    assert lane["held_cause"] in ("", None)
    house.later(3600)
    house.settle()
    assert crm.asked == 2


def test_the_doctor_tells_what_can_not_be_read(house: World) -> None:
    refusing(house, NO_RIGHT)
    asks(house, (RefreshKind.RENEWALS, CRM))

    def said() -> list[tuple[Health, str]]:
        with house.engine.connect() as db:
            points = check_standing(db, house.parts.now())
        return [(p.health, p.detail) for p in points if p.check == "partners and renewals"]

    house.settle()
    assert [health for health, _ in said()] == [Health.OK]
    for _ in range(FAILED_OFTEN):
        house.later(3600)
        house.settle()
    ((health, detail),) = said()
    assert health is Health.WRONG
    assert detail == f"{MIRROR}: renewals can't be read: {NO_RIGHT}"
