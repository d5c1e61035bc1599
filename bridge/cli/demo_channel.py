"""Partners, resellers and their clients in the demo: made up, but decided as all others are."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bridge.cli.calls import call
from bridge.domain.errors import ConfigError
from bridge.domain.names import ClientId, EmployeeId, ResellerName
from bridge.domain.partner_leads import LeadState, PartnerLead
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind, tenant_of_partner, tenant_of_reseller
from bridge.domain.programme_switching import CONFIRMATION
from bridge.domain.reseller_clients import ClientDetails
from bridge.pipeline.house import Outcome, decide_here
from bridge.pipeline.partnering import acting
from bridge.pipeline.partnering.acting import Asked, Order
from bridge.pipeline.partnering.looking import leads_seen, looker, wanted_of
from bridge.pipeline.partnering.standing import programme_standing
from bridge.pipeline.parts import Parts
from bridge.pipeline.reselling.asking import Asking, adding
from bridge.store.engine import reading

_PAUSE_SECONDS = 2.0
_PRIMARY_CONTACT = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}
_LEADS = (
    ("Office for ten in Guadalajara", "Ximena", "Lara", "Estudio Lara", "Guadalajara", "Mexico"),
    ("Showroom lighting", "Tomás", "Ibarra", "Casa Ibarra", "Monterrey", "Mexico"),
    ("New branch in Lyon", "Chloé", "Martin", "Martin et Fils", "Lyon", "France"),
    ("Reading room chairs", "Niall", "Byrne", "Byrne Libraries", "Cork", "Ireland"),
    ("Co-working floor", "Greta", "Holm", "Holm Spaces", "Malmö", "Sweden"),
    ("Hotel lobby", "Paolo", "Conti", "Albergo Conti", "Turin", "Italy"),
    ("Clinic waiting room", "Ines", "Sousa", "Clínica Sousa", "Porto", "Portugal"),
    ("Canteen tables", "Jan", "Peeters", "Peeters NV", "Ghent", "Belgium"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """A client of a reseller: added some days ago, with so many units used since."""

    reseller: str
    name: str
    plan: str
    days_ago: int = 0
    used: int = 0
    suspended: bool = False


_SOLD = (
    Sold(reseller="norte", name="Ferretería Luna", plan="basic", days_ago=5, used=30),
    Sold(reseller="norte", name="Panadería El Sol", plan="basic", days_ago=20, used=90),
    Sold(reseller="norte", name="Taller Robles", plan="single", days_ago=12, used=25),
    Sold(reseller="norte", name="Óptica Clara", plan="basic", days_ago=45, used=10),
    Sold(reseller="norte", name="Transportes Vega", plan="pro", days_ago=60, suspended=True),
    Sold(reseller="tirol", name="Gasthof Adler", plan="start", days_ago=50, used=20),
    Sold(reseller="tirol", name="Tischlerei Moser", plan="start", days_ago=35, used=48),
    Sold(reseller="tirol", name="Blumen Huber", plan="start", days_ago=3),
)


def crm_seed(policy: Policy) -> dict[str, Any]:
    """The partners' companies with their people, and who the leads are of."""
    partners = policy.partners
    users = [(str(711 + n), user) for n, user in enumerate(partners.users)]
    people = {user: str(721 + n) for n, user in enumerate(partners.users)}
    company = {name: account.crm_id for name, account in partners.accounts.items()}
    return {
        "owners": [
            {"id": owner, "userId": int(owner), "email": user, "firstName": _first(user)}
            for owner, user in users
        ],
        "contacts": [
            *(
                _contact(
                    people[user],
                    _first(user),
                    "",
                    email=user,
                    associatedcompanyid=company[x.account],
                )
                for user, x in partners.users.items()
            ),
            *(
                _contact(str(801 + n), first, last, company=firm, city=city, country=country)
                for n, (_, first, last, firm, city, country) in enumerate(_LEADS)
            ),
        ],
        "companies": [
            {
                "id": account.crm_id,
                "properties": {"name": account.label, "hubspot_owner_id": "101"},
                "contacts": [people[u] for u, x in partners.users.items() if x.account == name],
            }
            for name, account in partners.accounts.items()
        ],
    }


def begin(parts: Parts, crm_url: str) -> None:
    """The programme is on, resellers have clients, and leads come into the CRM."""
    policy = parts.active().policy
    if policy.partners.is_set:
        _switch_on(parts, policy)
        for n, (title, *_rest) in enumerate(_LEADS):
            _come(crm_url, title, str(801 + n))
    for sold in _SOLD:
        if ResellerName(sold.reseller) in policy.reselling.resellers:
            _sell(parts, policy, sold)


def go_on(parts: Parts, crm_url: str, stopping: threading.Event) -> None:
    """As soon as leads have been given out: some are accepted, declined, taken back, closed."""
    policy = parts.active().policy
    if not policy.partners.is_set:
        return
    manager = _manager(policy)
    while len(_leads(parts, manager, frozenset(LeadState))) < len(_LEADS):
        if stopping.wait(_PAUSE_SECONDS):
            return
    offered = iter(_leads(parts, manager, frozenset({LeadState.OFFERED})))
    for deed in (_accepts, _declines, _taken_back):
        if (lead := next(offered, None)) is not None:
            deed(parts, lead)
    if (lead := next(offered, None)) is not None:
        closed = {"hs_pipeline_stage": "unqualified-stage-id"}
        call(
            "POST",
            f"{crm_url}/_sandbox/change",
            {"kind": "leads", "id": lead.crm_id, "properties": closed},
        )


def people(policy: Policy) -> Iterator[Person]:
    """One of each kind whom the terminal tells how to sign in."""
    for user in list(policy.partners.users)[:1]:
        yield _partner_user(policy, user)
    for name in list(policy.reselling.resellers)[:1]:
        tenant = tenant_of_reseller(name)
        for one in policy.users.get(tenant, ())[:1]:
            yield Person(kind=PersonKind.RESELLER_USER, id=one, tenant=tenant)


def _accepts(parts: Parts, lead: PartnerLead) -> None:
    user = _partner_user(parts.active().policy, EmployeeId(lead.holder.name))
    _done(acting.accept(parts, Asked(by=user, key="demo"), lead.id))


def _declines(parts: Parts, lead: PartnerLead) -> None:
    user = _partner_user(parts.active().policy, EmployeeId(lead.holder.name))
    _done(acting.decline(parts, Asked(by=user, key="demo"), lead.id, "We don't deliver there."))


def _taken_back(parts: Parts, lead: PartnerLead) -> None:
    manager = _manager(parts.active().policy)
    order = Order(employee=EmployeeId(manager.id), notify=False)
    _done(acting.assign(parts, Asked(by=manager, key="demo"), lead.id, order))


def _switch_on(parts: Parts, policy: Policy) -> None:
    manager = _manager(policy)
    with reading(parts.engine) as db:
        standing = programme_standing(looker(db, policy, manager))
    name = "" if standing.organisation is None else standing.organisation.name
    asked = Asked(by=manager, key="demo")
    _done(acting.switch_on(parts, asked, CONFIRMATION, name))


def _sell(parts: Parts, policy: Policy, sold: Sold) -> None:
    """At the time when it was, so that terms have run since."""
    then = parts.now() - timedelta(days=sold.days_ago)
    past = replace(parts, now=lambda: then)
    by, reseller = _manager(policy), ResellerName(sold.reseller)
    added = adding(
        by, reseller, ClientDetails(legal_name=sold.name), sold.plan, at=then, request_key=sold.name
    )
    _done(decide_here(past, [added])[0])
    asking = Asking(by=by, client=ClientId(added.client), at=then, request_key="demo")
    if sold.used:
        _done(decide_here(past, [asking.use(sold.used)])[0])
    if sold.suspended:
        _done(decide_here(past, [asking.suspend("Has not paid for two months.")])[0])


def _come(crm_url: str, title: str, contact: str) -> None:
    body = {
        "kind": "leads",
        "properties": {"hs_lead_name": title, "hs_lead_label": "WARM"},
        "associations": [{"to": {"id": contact}, "types": [_PRIMARY_CONTACT]}],
    }
    call("POST", f"{crm_url}/_sandbox/change", body)


def _leads(parts: Parts, by: Person, states: frozenset[LeadState]) -> tuple[PartnerLead, ...]:
    with reading(parts.engine) as db:
        eyes = looker(db, parts.active().policy, by)
        return leads_seen(db, eyes, wanted_of(states=states), None, 2 * len(_LEADS)).leads


def _done(outcome: Outcome) -> None:
    if outcome.refused is not None:
        raise ConfigError(f"the demo: {outcome.refused.detail}")


def _manager(policy: Policy) -> Person:
    found = (one.id for one in policy.employees.values() if one.role is Role.MANAGER)
    return Person(kind=PersonKind.EMPLOYEE, id=next(found, ""))


def _partner_user(policy: Policy, user: EmployeeId) -> Person:
    tenant = tenant_of_partner(policy.partners.users[user].account)
    return Person(kind=PersonKind.PARTNER_USER, id=user, tenant=tenant)


def _first(user: str) -> str:
    return user.partition("@")[0].capitalize()


def _contact(contact_id: str, first: str, last: str, **more: str) -> dict[str, Any]:
    return {"id": contact_id, "properties": {"firstname": first, "lastname": last, **more}}
