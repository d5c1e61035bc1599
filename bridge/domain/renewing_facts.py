"""What decisions about renewals look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from bridge.domain.renewing import Renewal
from bridge.domain.renewing_policy import RenewalDefault


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewingFacts:
    """`done` are the steps done with for `done_for`, the date of the event; `inactive` says of
    partner users why they can't be told any more; `default` is the one noted last."""

    renewal: Renewal | None = None
    done: frozenset[str] = frozenset()
    done_for: date | None = None
    inactive: Mapping[str, str] = field(default_factory=dict)
    default: RenewalDefault | None = None
