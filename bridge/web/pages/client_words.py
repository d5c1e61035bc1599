"""How resellers' clients look on a page: statuses, movements of units and days in words."""

from collections.abc import Callable, Mapping
from datetime import date

from babel.dates import format_date

from bridge.domain.reseller_clients import ClientStatus
from bridge.domain.reselling_changes import Movement
from bridge.store.listing_clients import ClientSort
from bridge.web.languages import Said, _l, language

_STATUS: Mapping[ClientStatus, Said] = {
    ClientStatus.SUSPENDED: _l("suspended"),
    ClientStatus.EXPIRED: _l("expired"),
    ClientStatus.EXHAUSTED: _l("exhausted"),
    ClientStatus.ACTIVE: _l("active"),
}
_MOVEMENT: Mapping[Movement, Said] = {
    Movement.GRANTED: _l("granted with the plan"),
    Movement.ADDED: _l("added"),
    Movement.USED: _l("used"),
    Movement.LAPSED: _l("lapsed with the plan before"),
}
CLIENT_SORTS: Mapping[ClientSort, Said] = {
    ClientSort.NEWEST: _l("The newest first"),
    ClientSort.NAME: _l("By name"),
    ClientSort.UNITS: _l("The fewest units first"),
    ClientSort.ENDS: _l("The soonest end first"),
}


def client_status(status: str) -> str:
    return str(_STATUS[ClientStatus(status)])


def unit_movement(movement: str) -> str:
    """Why a balance moved."""
    return str(_MOVEMENT[Movement(movement)])


def day(when: date) -> str:
    """A day that is the same in every zone, as the reader's language writes it."""
    return format_date(when, "medium", locale=language())


CLIENT_FILTERS: dict[str, Callable[..., object]] = {
    "client_status": client_status,
    "unit_movement": unit_movement,
    "day": day,
}
