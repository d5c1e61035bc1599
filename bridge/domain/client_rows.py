"""A row of a table that is imported, as a new client: what each column takes, what is refused."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bridge.domain.client_forms import against_units
from bridge.domain.reseller_clients import ClientDetails
from bridge.domain.reselling_policy import Plan

REQUIRED = ("legal_name", "plan")
COLUMNS = (
    *REQUIRED,
    "reference",
    "contact_name",
    "email",
    "phone",
    "units",
    "valid_until",
)
_FORMULA = "=+-@＝＋－＠"
_PHONE = re.compile(r"\+[0-9][0-9 ()./-]*")
_WHOLE = re.compile(r"[0-9]{1,30}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowClient:
    """`plan` is the key of the plan. `units` and `until` of None: as the plan has them."""

    details: ClientDetails
    plan: str
    reference: str = ""
    units: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """What is wrong, and in which column; never what stands there."""

    field: str
    detail: str


def columns_of(head: Sequence[str]) -> tuple[str, ...] | str:
    """The columns by their names, or what is wrong with the head: nothing is read then."""
    names = tuple(re.sub(r"[\s-]+", "_", name.strip().lower()) for name in head)
    known = f"known: {', '.join(COLUMNS)}"
    if unknown := [place for place, name in enumerate(names, start=1) if name not in COLUMNS]:
        return f"column {unknown[0]} is called as none that can be imported; {known}"
    if doubled := [name for name in COLUMNS if names.count(name) > 1]:
        return f"the column {doubled[0]} stands there twice"
    if missing := [name for name in REQUIRED if name not in names]:
        return f"the column {missing[0]} is missing; {known}"
    return names


def client_of_row(
    columns: Sequence[str], cells: Sequence[str], plans: Mapping[str, Plan]
) -> RowClient | RowFault:
    if len(cells) > len(columns):
        detail = "has more cells than there are columns: is a text without quotation marks?"
        return RowFault(field=columns[-1], detail=detail)
    given = dict(zip(columns, (*cells, *[""] * (len(columns) - len(cells))), strict=True))
    for name, text in given.items():
        if _is_formula(name, text):
            return RowFault(field=name, detail="is a formula: write its value, as text")
    given = {name: _plain(text) for name, text in given.items()}
    plan = _plan_of(given["plan"], plans)
    if plan is None:
        detail = f"no such plan; known: {', '.join(plans) or 'none'}"
        return RowFault(field="plan", detail=detail)
    units, until = _units(given.get("units", "")), _day(given.get("valid_until", ""))
    for found in (units, until):
        if isinstance(found, RowFault):
            return found
    return RowClient(
        details=ClientDetails(
            legal_name=given["legal_name"],
            contact_name=given.get("contact_name", ""),
            email=given.get("email", ""),
            phone=given.get("phone", ""),
        ),
        plan=plan,
        reference=given.get("reference", ""),
        units=units if isinstance(units, int) else None,
        until=until if isinstance(until, date) else None,
    )


def _is_formula(name: str, text: str) -> bool:
    if not text or text[0] not in _FORMULA:
        return False
    if name == "phone":
        return not _PHONE.fullmatch(text)
    return not (name == "units" and _WHOLE.fullmatch(text[1:]))


def _plain(text: str) -> str:
    """Without the apostrophe that marks a text as no formula, as an export writes it."""
    return text[1:] if text[:1] == "'" and text[1:2] and text[1] in _FORMULA else text


def _plan_of(text: str, plans: Mapping[str, Plan]) -> str | None:
    """By its key, or as it is called."""
    if text in plans:
        return text
    called = [key for key, plan in plans.items() if plan.name.casefold() == text.casefold()]
    return called[0] if len(called) == 1 else None


def _units(text: str) -> int | RowFault | None:
    if not text:
        return None
    complaint = against_units(int(text) if _WHOLE.fullmatch(text) else 0)
    return int(text) if complaint is None else RowFault(field="units", detail=complaint)


def _day(text: str) -> date | RowFault | None:
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    return RowFault(field="valid_until", detail="is no day; write it as 2027-12-31")
