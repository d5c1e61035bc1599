"""What decisions of the partner programme look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.domain.partner_leads import PartnerLead
from bridge.domain.programme import Enabling, PartnerSide, Programme
from bridge.domain.rotation import Rotation


@dataclass(frozen=True, slots=True, kw_only=True)
class PartneringFacts:
    """`lead` is the one that the event is about, `batch` those of the bulk assignment that it
    ends; `enablings` are those still open. `rotations` is where each round robin stands."""

    programme: Programme = field(default_factory=Programme)
    side: PartnerSide = field(default_factory=PartnerSide)
    lead: PartnerLead | None = None
    batch: tuple[PartnerLead, ...] = ()
    enablings: tuple[Enabling, ...] = ()
    rotations: Mapping[str, Rotation] = field(default_factory=dict)
