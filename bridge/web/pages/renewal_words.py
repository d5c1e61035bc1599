"""How renewals look on a page: states, words that one says about them, owners."""

from collections.abc import Callable, Mapping
from datetime import date, datetime

from bridge.domain.renewing import OwnerChoice, RenewalOwner, RenewalState, RenewalWord
from bridge.web.languages import Said, _, _l, _n, zone
from bridge.web.pages.client_words import day

WORDS: Mapping[RenewalWord, Said] = {
    RenewalWord.HANDLED: _l("We are at it"),
    RenewalWord.CONFIRMED: _l("Confirmed"),
    RenewalWord.RENEWED: _l("Renewed"),
    RenewalWord.CANCELLATION_REQUESTED: _l("Wants to leave"),
    RenewalWord.CANCELLED: _l("Cancelled"),
    RenewalWord.PENDING: _l("Open again"),
}
STATES: Mapping[RenewalState, Said] = {
    RenewalState.PENDING: _l("open"),
    RenewalState.RENEWED: _l("renewed"),
    RenewalState.CONFIRMED: _l("confirmed"),
    RenewalState.CANCELLATION_REQUESTED: _l("wants to leave"),
    RenewalState.CANCELLED: _l("cancelled"),
}
STATE_TONES: Mapping[RenewalState, str] = {
    RenewalState.PENDING: "info",
    RenewalState.RENEWED: "good",
    RenewalState.CONFIRMED: "good",
    RenewalState.CANCELLATION_REQUESTED: "warn",
    RenewalState.CANCELLED: "",
}
CHOICES: Mapping[OwnerChoice, Said] = {
    OwnerChoice.DEFAULT: _l("As the default"),
    OwnerChoice.VENDOR: _l("Vendor: writes to the client"),
    OwnerChoice.PARTNER: _l("Partner: is told and acts"),
}
_OWNERS: Mapping[RenewalOwner, Said] = {
    RenewalOwner.VENDOR: _l("Vendor"),
    RenewalOwner.PARTNER: _l("Partner"),
}
_OUTCOMES: Mapping[str, Said] = {
    "sent": _l("the bridge sends it"),
    "logged": _l("the vendor sends it"),
    "flagged": _l("reaches nobody"),
}


def renewal_owner(owner: RenewalOwner) -> str:
    return str(_OWNERS[owner])


def notice_outcome(outcome: str) -> str:
    """What becomes, or became, of a notice."""
    return str(_OUTCOMES.get(outcome, outcome))


def renewal_step(name: str, renews_on: date) -> str:
    """A step of the schedule, as `14d` or `safety-7d` names it."""
    on = day(renews_on)
    if name.startswith("safety"):
        return _("The last warning before %(day)s", day=on)
    days = int(name.removesuffix("d"))
    return _n("%(num)d day before %(day)s", "%(num)d days before %(day)s", days, day=on)


def days_until(when: date, now: datetime) -> str:
    """Counted by the reader's calendar."""
    days = (when - now.astimezone(zone()).date()).days
    if days > 0:
        return _n("in %(num)d day", "in %(num)d days", days)
    if days < 0:
        return _n("%(num)d day ago", "%(num)d days ago", -days)
    return _("today")


RENEWAL_FILTERS: dict[str, Callable[..., object]] = {
    "renewal_owner": renewal_owner,
    "notice_outcome": notice_outcome,
    "days_until": days_until,
    "renewal_step": renewal_step,
}
