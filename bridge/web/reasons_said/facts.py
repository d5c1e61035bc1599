"""What rules ask and decisions stand on, in words."""

from collections.abc import Mapping

from bridge.domain.messaging import Messenger
from bridge.domain.records import RecordKind
from bridge.web.languages import Said, _, _l
from bridge.web.wording import MESSENGERS

CHECKS: Mapping[str, Said] = {
    "client": _l("Client"),
    "country": _l("Country"),
    "channel": _l("Channel"),
    "messenger": _l("Messenger"),
    "source": _l("Source"),
    "state": _l("State"),
    "rating": _l("Rating"),
    "product": _l("Product"),
    "industry": _l("Industry"),
}
CLIENTS: Mapping[str, Said] = {"new": _l("not in the CRM"), "known": _l("in the CRM")}
FACTS: Mapping[str, Said] = {
    "contact": _l("Contact"),
    "owner of contact": _l("Owner of the contact"),
    "owner of deal": _l("Owner of the deal"),
    "owner of lead": _l("Owner of the lead"),
    "owner of the lead": _l("Owner of the lead"),
    "owner of the account": _l("Owner of the account"),
    "owner before": _l("Owner before"),
    "owner now": _l("Owner now"),
    "units left": _l("Units left"),
    "valid until": _l("Valid until"),
    "status": _l("Status"),
    "state before": _l("State before"),
    "renewal date": _l("Day of the renewal"),
}
RECORDS: Mapping[RecordKind, Said] = {
    RecordKind.CONTACT: _l("Contact"),
    RecordKind.DEAL: _l("Deal"),
    RecordKind.LEAD: _l("Lead"),
}
OWNERS = "owner of "
_TURN = "last turn of "


def check_words(name: str) -> str:
    """What a condition of a rule asks for."""
    if name.startswith("property."):
        return _("Property %(name)s", name=name.removeprefix("property."))
    return str(CHECKS.get(name, name))


def check_value(check: str, codes: str) -> str:
    """What a condition asks for, or what it was, in words where they are codes of ours."""
    return ", ".join(_value(check, code) for code in codes.split(", ")) if codes else ""


def _value(check: str, code: str) -> str:
    if check == "messenger" and code in set(Messenger):
        return str(MESSENGERS[Messenger(code)])
    if check == "country" and code == "unknown":
        return _("not known")
    return str(CLIENTS.get(code, code)) if check == "client" else code


def fact_words(name: str) -> str:
    if name.startswith(_TURN):
        pool = name.removeprefix(_TURN)
        return _("Last turn of %(pool)s", pool=pool.removeprefix("pool:"))
    return str(FACTS.get(name, name))
