"""The channel side of a house in a town: a reseller with his billing system, and a mail server."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import requests

from bridge.domain.names import HOUSE, AccountName, ClientId, EmployeeId, ResellerName
from bridge.domain.policy import AccountPolicy, Policy
from bridge.domain.principals import Person, PersonKind, tenant_of_reseller
from bridge.domain.reselling_policy import HintRules, LowUnits, Plan, Reseller, Reselling
from bridge.pipeline.house import Outcome, decide_here
from bridge.pipeline.reselling.asking import asked_key
from bridge.ports import Account
from connectors.standard_webhooks import sign
from tests.chaos.post import PASSWORD, Letter, MailServer
from tests.stories.town import LUIS, Besides, Town

MAIL, BILLING = AccountName("mail-main"), AccountName("billing")
NORTE = ResellerName("norte")
RITA = EmployeeId("rita@norte.example")
BY_RITA = Person(kind=PersonKind.RESELLER_USER, id=RITA, tenant=tenant_of_reseller(NORTE))
BY_LUIS = Person(kind=PersonKind.EMPLOYEE, id=LUIS)
SECRET = "whsec_c2VjcmV0IG9mIGEgYmlsbGluZyBzeXN0ZW0gaW4gYSBzdG9yeQ=="
RESELLING = Reselling(
    resellers={
        NORTE: Reseller(
            label="Factura del Norte",
            plans={"basic": Plan(name="Basic", units=10), "pro": Plan(name="Pro", units=50)},
            hints=HintRules(low_units=LowUnits(units=3)),
            accounts=(BILLING,),
            manager=LUIS,
        )
    }
)


def with_reseller(plain: Policy) -> Policy:
    return replace(
        plain,
        accounts={
            **plain.accounts,
            MAIL: AccountPolicy(connector="email"),
            BILLING: AccountPolicy(connector="webhook"),
        },
        email=MAIL,
        reselling=RESELLING,
        users={tenant_of_reseller(NORTE): (RITA,)},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What people outside the house do, and the mails that have come."""

    story: Town
    post: MailServer

    def does(self, kind: Callable[..., Any], by: Person, client: ClientId, **how: Any) -> Outcome:
        """To a client, at once."""
        parts = self.story.parts
        event = kind(
            event_key=asked_key(str(kind), by),
            occurred_at=parts.now(),
            account=HOUSE,
            by=by,
            client=client,
            **how,
        )
        return decide_here(parts, [event])[0]

    def uses(self, client: str, name: str, units: int = 1) -> None:
        """As the reseller's billing system tells it."""
        event = {
            "type": "units.used",
            "id": name,
            "occurred_at": "2026-03-05T14:20:00Z",
            "client": client,
            "units": units,
        }
        body = json.dumps({"events": [event]}).encode()
        headers: Mapping[str, str] = sign([SECRET], f"msg_{name}", body, datetime.now(UTC))
        where = f"{self.story.url}/hooks/{BILLING}"
        told = {"Content-Type": "application/json", **headers}
        answer = requests.post(where, data=body, headers=told, timeout=60)
        assert answer.ok, answer.text

    def mails_to(self, recipient: str) -> list[Letter]:
        """In the order in which they came."""
        return [one for one in self.post.letters() if one.recipient == recipient]


def accounts(post: MailServer) -> Mapping[AccountName, Account]:
    return {
        MAIL: Account(
            name=MAIL,
            connector="email",
            base_url=post.url,
            secrets={"password": (PASSWORD,)},
            options={"host": "mail.acme.example", "from": "bridge@acme.example"},
        ),
        BILLING: Account(
            name=BILLING,
            connector="webhook",
            base_url=None,
            secrets={"signing_secret": (SECRET,)},
        ),
    }


@contextmanager
def post_office() -> Iterator[tuple[MailServer, Besides]]:
    with MailServer().open() as post:
        yield post, Besides(accounts=accounts(post), policy=with_reseller)
