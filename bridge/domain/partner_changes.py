"""What decisions of the partner programme change in the bridge's own store, as data."""

from dataclasses import dataclass

from bridge.domain.crm_partners import CrmPartnerAccount, CrmPartnerUser
from bridge.domain.names import EmployeeId
from bridge.domain.partner_leads import PartnerLead
from bridge.domain.programme import Enabling, Programme
from bridge.domain.rotation import Rotation


@dataclass(frozen=True, slots=True, kw_only=True)
class PutProgramme:
    programme: Programme


@dataclass(frozen=True, slots=True, kw_only=True)
class PutEnabling:
    enabling: Enabling


@dataclass(frozen=True, slots=True, kw_only=True)
class PutPartnerAccount:
    """The account as just read from the CRM."""

    account: CrmPartnerAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class PutPartnerUser:
    user: CrmPartnerUser


@dataclass(frozen=True, slots=True, kw_only=True)
class PutPartnerLead:
    lead: PartnerLead


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeLeadTurn:
    """`to` had the last turn of this round robin, a user or a queue; `after` is how it stands."""

    pool: str
    to: EmployeeId
    after: Rotation


PartnerChange = (
    PutProgramme | PutEnabling | PutPartnerAccount | PutPartnerUser | PutPartnerLead | TakeLeadTurn
)
