"""What a notice to the partner's point of contact says, from the house's own words."""

import re
from collections.abc import Mapping
from datetime import date

from bridge.domain.renewing import Renewal
from bridge.domain.renewing_policy import FIELDS, Renewals
from bridge.domain.renewing_schedule import deadline

_FIELD = re.compile(r"{([^{}]*)}")


def unknown_fields(text: str) -> tuple[str, ...]:
    """What stands between braces and is no field."""
    return tuple(name for name in _FIELD.findall(text) if name not in FIELDS)


def values_of(
    renewal: Renewal, renews_on: date, day: date, renewals: Renewals, public_url: str
) -> Mapping[str, str]:
    """Every field, as it reads on this day."""
    return {
        "client": renewal.reading.name,
        "contract": renewal.reading.contract,
        "renewal_date": renews_on.isoformat(),
        "deadline": deadline(renews_on, renewals.schedule).isoformat(),
        "days_left": str((renews_on - day).days),
        "partner": renewal.reading.tenant.partition(":")[2] or renewals.partner_of,
        "link": f"{public_url}/renewals/{renewal.id}",
    }


def filled(text: str, values: Mapping[str, str]) -> str:
    """A value is never read as a template itself."""
    return _FIELD.sub(lambda found: values.get(found[1], found[0]), text)
