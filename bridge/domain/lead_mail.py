"""The mail that tells a partner's user of his leads, made of the house's own template."""

import re
from collections.abc import Mapping, Sequence

from bridge.domain.effects import SendEmail
from bridge.domain.names import EmployeeId, digest_id
from bridge.domain.partner_leads import PartnerLead
from bridge.domain.partner_policy import LeadMail

FIELDS = (
    "name",
    "company",
    "country",
    "state",
    "city",
    "source",
    "rating",
    "status",
    "industry",
    "product",
    "owner",
    "accept_until",
    "link",
)
PROPERTY = "property."
_PLACE = re.compile(r"\{([a-z_.A-Z0-9]*)\}")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]+")


def places(template: str) -> tuple[str, ...]:
    """The names of the fields that a template asks for."""
    return tuple(_PLACE.findall(template))


def unknown_places(template: str) -> tuple[str, ...]:
    found = dict.fromkeys(places(template))
    return tuple(x for x in found if x not in FIELDS and not _is_property(x))


def _is_property(name: str) -> bool:
    return name.startswith(PROPERTY) and len(name) > len(PROPERTY)


def lead_mail(
    mail: LeadMail, leads: Sequence[PartnerLead], to: EmployeeId, key: str, public_url: str
) -> SendEmail:
    """One mail for one lead or more; of several the first names the subject. He may read his own
    leads, so it may say what they are; nobody else gets it."""
    shown = [_values(lead, to, public_url) for lead in leads]
    subject = filled(mail.subject, shown[0])
    if len(shown) > 1:
        subject = f"{subject} (and {len(shown) - 1} more)"
    return SendEmail(
        key=digest_id("pm", key, to, *(lead.id for lead in leads)),
        recipient=to,
        subject=_UNSAFE.sub(" ", subject).strip()[:200],
        text="\n\n".join(filled(mail.text, values) for values in shown),
        tenant=leads[0].tenant,
        leads=tuple(lead.id for lead in leads),
    )


def filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values.get(place[1], ""), template)


def _values(lead: PartnerLead, to: EmployeeId, public_url: str) -> dict[str, str]:
    said, until = lead.summary, lead.offered_until
    values = {
        "name": said.name,
        "company": said.company,
        "country": said.country,
        "state": said.state,
        "city": said.city,
        "source": said.source,
        "rating": said.rating,
        "status": said.status,
        "industry": said.industry,
        "product": said.product,
        "owner": to,
        "accept_until": "" if until is None else f"{until:%Y-%m-%d %H:%M} UTC",
        "link": f"{public_url}/inbox/{lead.id}",
    }
    return values | {f"{PROPERTY}{name}": value for name, value in said.properties.items()}
