"""Who owns the renewal process of a client: what is set for him, else the default (REN-02, 03)."""

from dataclasses import dataclass
from typing import assert_never

from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.renewing import Override, OwnerChoice, RenewalOwner
from bridge.domain.renewing_policy import RenewalDefault, Renewals


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerNow:
    """`is_default`: it follows the default, `default`, which is shown in either case (REN-10)."""

    owner: RenewalOwner
    notify: str | None
    is_default: bool
    default: RenewalDefault

    @property
    def source(self) -> str:
        return "default" if self.is_default else "client"

    @property
    def reason(self) -> Reason:
        whose = "the default for all clients" if self.is_default else "set for this client"
        code = {
            RenewalOwner.VENDOR: ReasonCode.RENEWAL_OWNER_VENDOR,
            RenewalOwner.PARTNER: ReasonCode.RENEWAL_OWNER_PARTNER,
        }[self.owner]
        return Reason(code, f"the {self.owner} owns the renewal process: {whose}")

    @property
    def shown(self) -> str:
        """As it is written to the CRM, to see whether that has changed."""
        return f"{self.owner}|{self.notify or ''}"


def owner_now(override: Override, tenant: str, renewals: Renewals) -> OwnerNow:
    """An override beats the default and holds for this client alone (REN-09, REN-14).

    One that says `vendor` without a person of its own is copied to nobody's but the default's.
    """
    default = renewals.default_of(tenant)
    match override.choice:
        case OwnerChoice.DEFAULT:
            return OwnerNow(
                owner=default.owner, notify=default.notify, is_default=True, default=default
            )
        case OwnerChoice.VENDOR:
            return OwnerNow(
                owner=RenewalOwner.VENDOR,
                notify=override.notify or default.notify,
                is_default=False,
                default=default,
            )
        case OwnerChoice.PARTNER:
            return OwnerNow(
                owner=RenewalOwner.PARTNER,
                notify=override.notify,
                is_default=False,
                default=default,
            )
    assert_never(override.choice)
