"""What a decision of the channel side is about, and whose business that is."""

from dataclasses import dataclass
from enum import StrEnum


class SubjectKind(StrEnum):
    LEAD = "lead"  # in the partner programme
    CLIENT = "client"  # a reseller's
    RENEWAL = "renewal"
    PROGRAMME = "programme"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """`tenant` is `partner:<account>` or `reseller:<name>`, as the configuration calls them; empty
    where it is the house's own business."""

    kind: SubjectKind
    id: str
    tenant: str = ""

    @property
    def name(self) -> str:
        """As the store's column has it: `lead:pl_…`."""
        return f"{self.kind}:{self.id}"
