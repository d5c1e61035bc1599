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
    ClientSort.NEWEST: _l("Newest first"),
    ClientSort.NAME: _l("By name"),
    ClientSort.UNITS: _l("Fewest units first"),
    ClientSort.ENDS: _l("Soonest end first"),
}
DONE: Mapping[str, Said] = {
    "add": _l("The client is added."),
    "edit": _l("Saved."),
    "link": _l("Saved."),
    "add-units": _l("The units are added."),
    "renew": _l("The plan is renewed from today."),
    "suspend": _l("The client is suspended: he can use nothing."),
    "activate": _l("The client is activated."),
    "archive": _l("The client is in the archive."),
    "unarchive": _l("The client is out of the archive."),
}
"""What his page says right after it was done, by the word in its address."""
UNDONE_BY = {
    "suspend": "activate",
    "activate": "suspend",
    "archive": "unarchive",
    "unarchive": "archive",
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
