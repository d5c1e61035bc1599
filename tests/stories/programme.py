"""A partner of each CRM: his company, his two people, a queue where the CRM has one, his leads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import requests

from bridge.domain.names import (
    AccountName,
    CrmId,
    EmployeeId,
    PartnerLeadId,
    PartnerName,
    QueueName,
)
from bridge.domain.partner_leads import lead_id
from bridge.domain.partner_policy import (
    LeadMail,
    LeadRule,
    LeadTarget,
    LeadWhen,
    PartnerAccountPolicy,
    PartnersPolicy,
    PartnerUserPolicy,
    QueuePolicy,
)
from bridge.domain.policy import AccountPolicy, Policy
from bridge.domain.principals import tenant_of_partner
from bridge.domain.programme_switching import CONFIRMATION
from bridge.domain.records import RecordKind
from bridge.store.engine import writing
from bridge.store.keys import Scope, create_key
from bridge.web.api import PREFIX
from connectors.hubspot.sandbox_records import PRIMARY_CONTACT
from connectors.salesforce.ids import long_id
from tests.chaos.post import MailServer
from tests.stories.crms import HUBSPOT, SALESFORCE, AtCrm, Json
from tests.stories.side import MAIL
from tests.stories.town import CRM, LUIS, Town

NORTH, LATAM = PartnerName("north"), QueueName("latam")
PETRA, PABLO = (EmployeeId(f"{name}@north.example") for name in ("petra", "pablo"))
USERS = (PETRA, PABLO)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtProgramme:
    """`seed` tells the CRM of the partner; `owners` are the ids of his people there, `queue` is
    that of the queue, where it has any. `comes` is what somebody does who enters a lead, `owned`
    what makes a person its owner."""

    at: AtCrm
    company: str
    seed: Mapping[str, Any]
    owners: Mapping[EmployeeId, str]
    comes: Callable[[str], Mapping[str, Any]]
    owned: Callable[[str, str], Mapping[str, Any]]
    queue: str | None = None
    settings: Mapping[str, Any] | None = None


def _sf(prefix: str, number: int) -> str:
    return long_id(f"{prefix}5g{number:010d}")


_SF_COMPANY, _SF_PROFILE, _SF_NETWORK, _SF_QUEUE = (
    _sf(prefix, 701) for prefix in ("001", "00e", "0DB", "00G")
)
_SF_OWNERS = {user: _sf("005", 710 + n) for n, user in enumerate(USERS)}
_SF_CONTACTS = {user: _sf("003", 710 + n) for n, user in enumerate(USERS)}


def _sf_user(user: EmployeeId) -> Mapping[str, Any]:
    return {
        "Id": _SF_OWNERS[user],
        "LastName": user.split("@")[0].title(),
        "Email": user,
        "UserType": "PowerPartner",
        "IsPortalEnabled": True,
        "ContactId": _SF_CONTACTS[user],
        "ProfileId": _SF_PROFILE,
        "LastLoginDate": "2026-01-02T10:00:00Z",
    }


AT_SALESFORCE = AtProgramme(
    at=SALESFORCE,
    company=_SF_COMPANY,
    seed={
        "Account": [
            {
                "Id": _SF_COMPANY,
                "Name": "North",
                "OwnerId": SALESFORCE.owners["ana"],
                "IsPartner": True,
            }
        ],
        "Contact": [
            {"Id": contact, "LastName": user, "Email": user, "AccountId": _SF_COMPANY}
            for user, contact in _SF_CONTACTS.items()
        ],
        "Profile": [{"Id": _SF_PROFILE, "Name": "Partner Community User"}],
        "Network": [{"Id": _SF_NETWORK, "Name": "Partner Central"}],
        "NetworkMemberGroup": [{"NetworkId": _SF_NETWORK, "ParentId": _SF_PROFILE}],
        "User": [_sf_user(user) for user in USERS],
        "Group": [{"Id": _SF_QUEUE, "Name": "Latin America"}],
        "QueueSobject": [{"QueueId": _SF_QUEUE, "SobjectType": "Lead"}],
        "GroupMember": [
            {"GroupId": _SF_QUEUE, "UserOrGroupId": user} for user in _SF_OWNERS.values()
        ],
    },
    owners=_SF_OWNERS,
    queue=_SF_QUEUE,
    # Of every lead that is written without the header that switches it off.
    settings={"assignment_rule_owner": SALESFORCE.owners["bruno"]},
    comes=lambda name: {
        "object": "Lead",
        "fields": {
            "LastName": name,
            "Company": "Lemon",
            "Country": "MX",
            "OwnerId": SALESFORCE.owners["luis"],
        },
    },
    owned=lambda record, owner: {"object": "Lead", "id": record, "fields": {"OwnerId": owner}},
)
_HS_COMPANY, _HS_CLIENT = "701", "801"
_HS_OWNERS = {user: str(711 + n) for n, user in enumerate(USERS)}
_HS_CONTACTS = {user: str(721 + n) for n, user in enumerate(USERS)}
_HS_LINK = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": PRIMARY_CONTACT}


AT_HUBSPOT = AtProgramme(
    at=HUBSPOT,
    company=_HS_COMPANY,
    seed={
        "owners": [
            {"id": owner, "email": user, "firstName": user.split("@")[0].title()}
            for user, owner in _HS_OWNERS.items()
        ],
        "contacts": [
            *(
                {
                    "id": contact,
                    "properties": {"email": user, "associatedcompanyid": _HS_COMPANY},
                }
                for user, contact in _HS_CONTACTS.items()
            ),
            {
                "id": _HS_CLIENT,
                "properties": {"firstname": "Lea", "company": "Lemon", "country": "MX"},
            },
        ],
        "companies": [
            {
                "id": _HS_COMPANY,
                "properties": {"name": "North", "hubspot_owner_id": HUBSPOT.owners["ana"]},
                "contacts": list(_HS_CONTACTS.values()),
            }
        ],
    },
    owners=_HS_OWNERS,
    comes=lambda name: {
        "kind": "leads",
        "properties": {"hs_lead_name": name, "hubspot_owner_id": HUBSPOT.owners["luis"]},
        "associations": [{"to": {"id": _HS_CLIENT}, "types": [_HS_LINK]}],
    },
    owned=lambda record, owner: {
        "kind": "leads",
        "id": record,
        "properties": {"hubspot_owner_id": owner},
    },
)


def with_partners(at: AtProgramme) -> Callable[[Policy], Policy]:
    """Leads from Mexico wait in a queue of North's; whom Luis gives one to has a mail."""
    queue = QueuePolicy(
        label="Latin America",
        members=USERS,
        crm_queue=None if at.queue is None else CrmId(at.queue),
    )
    rule = LeadRule(
        id="mx",
        label="Mexico",
        when=LeadWhen(countries=frozenset({"MX"})),
        to=(LeadTarget(queue=LATAM),),
    )
    partners = PartnersPolicy(
        accounts={NORTH: PartnerAccountPolicy(crm_id=CrmId(at.company), label="North")},
        users={user: PartnerUserPolicy(account=NORTH) for user in USERS},
        queues={LATAM: queue},
        rules=(rule,),
        default_owner=LUIS,
        email=LeadMail(subject="{name} of {company} is yours"),
    )

    def policy(plain: Policy) -> Policy:
        accounts = {**plain.accounts, MAIL: AccountPolicy(connector="email")}
        users = {tenant_of_partner(NORTH): USERS}
        return replace(plain, accounts=accounts, email=MAIL, partners=partners, users=users)

    return policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What partners' users and Luis do, by the API; what somebody does in the CRM."""

    story: Town
    at: AtProgramme
    post: MailServer
    keys: Mapping[EmployeeId, str]

    def switch_on(self) -> None:
        standing = self.asks(LUIS, "GET", "/partners/programme").json()
        organisation = standing["organisation"]["name"]
        answer = self.asks(
            LUIS,
            "POST",
            "/partners/programme/switch-on",
            confirmation=CONFIRMATION,
            organisation=organisation,
        )
        assert answer.status_code == 200, answer.text

    def comes(self, name: str) -> PartnerLeadId:
        """Somebody enters a lead in the CRM; it is known here then."""
        self.story.crm.does("change", **self.at.comes(name))
        (found,) = [x for x in self.story.crm.records(RecordKind.LEAD) if name in x.name]
        known = lead_id(AccountName(CRM), CrmId(found.id))
        self.story.until(lambda: self.seen(LUIS, known) is not None, f"{name} is known")
        return known

    def owner_in_crm(self) -> str:
        (found,) = self.story.crm.records(RecordKind.LEAD)
        return found.owner

    def gives_in_crm(self, owner: str) -> None:
        (found,) = self.story.crm.records(RecordKind.LEAD)
        self.story.crm.does("change", **self.at.owned(found.id, owner))

    def seen(self, who: EmployeeId, lead: PartnerLeadId) -> Json:
        """The lead as he sees it; None where it is none of his business."""
        answer = self.asks(who, "GET", f"/partners/leads/{lead}")
        assert answer.status_code in (200, 404), answer.text
        return answer.json() if answer.ok else None

    def does(self, who: EmployeeId, verb: str, lead: PartnerLeadId, **body: Any) -> tuple[int, str]:
        """The status, and why it was refused."""
        answer = self.asks(who, "POST", f"/partners/leads/{lead}/{verb}", **body)
        return answer.status_code, "" if answer.ok else answer.json()["reason"]

    def asks(self, who: EmployeeId, method: str, path: str, **body: Any) -> requests.Response:
        return requests.request(
            method,
            f"{self.story.url}{PREFIX}{path}",
            json=body or ({} if method == "POST" else None),
            headers={"Authorization": f"Bearer {self.keys[who]}"},
            timeout=60,
        )


def programme(story: Town, at: AtProgramme, post: MailServer) -> Programme:
    keys = {user: _key(story, user) for user in USERS}
    return Programme(story=story, at=at, post=post, keys={**story.keys, **keys})


def _key(story: Town, user: EmployeeId) -> str:
    with writing(story.parts.engine) as db:
        _, secret = create_key(
            db,
            name="story",
            principal=f"partner:{user}",
            scopes=(Scope.READ, Scope.SEND),
            now=story.parts.now(),
        )
    return secret
