"""What a decision changes of resellers' clients, and of the ledger of their units."""

from dataclasses import dataclass
from enum import StrEnum

from bridge.domain.reseller_clients import ResellerClient


class Movement(StrEnum):
    """Why a balance moved."""

    GRANTED = "granted"  # with a plan
    ADDED = "added"
    USED = "used"
    LAPSED = "lapsed"  # what was left of the plan before


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsMoved:
    """A line of the ledger; `balance` is what it came to. `by` as a principal is written."""

    delta: int
    balance: int
    movement: Movement
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutClient:
    """The client as he is now, with the movements that his balance comes of."""

    client: ResellerClient
    moved: tuple[UnitsMoved, ...] = ()


ResellingChange = PutClient
