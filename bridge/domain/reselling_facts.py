"""What a decision about a reseller's client may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.domain.names import ClientId, CrmId
from bridge.domain.reseller_clients import ResellerClient
from bridge.domain.spans import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class ResellingFacts:
    """`terms` are how long the reseller's plans would hold, were they given now; those that never
    end are not among them. `reference_of` is who has the reference that the event gives. `owner`
    is who owns the record that the client is in the CRM. `is_ambiguous`: what the event calls the
    client is a reference of several resellers. `until` is the term that ends with the last day that
    the event names."""

    client: ResellerClient | None = None
    reference_of: ClientId | None = None
    terms: Mapping[str, Term] = field(default_factory=dict)
    owner: CrmId | None = None
    is_ambiguous: bool = False
    until: Term | None = None
