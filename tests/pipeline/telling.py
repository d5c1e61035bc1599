"""A house that tells its people by mail and by a webhook of its own."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import requests
from flask.testing import FlaskClient

from bridge.domain.names import AccountName, EmployeeId
from bridge.domain.people import MailWish
from bridge.domain.policy import AccountPolicy, Policy
from bridge.ports import Account
from bridge.store.schema import OUTBOX
from connectors.email.sandbox import sandbox as mail_sandbox
from connectors.webhook.sandbox import sandbox as webhook_sandbox
from tests.pipeline.world import World
from tests.serving import served

MAIL, PAGER = AccountName("mail-main"), AccountName("pager")
PASSWORD = "password-of-the-post"
SECRET = f"whsec_{base64.b64encode(b'the secret of the house, 32 byte').decode()}"


@dataclass(frozen=True)
class Telling:
    house: World
    post: FlaskClient
    pager: str

    def mails(self) -> list[dict[str, str]]:
        return list(self.post.get("/_sandbox/state").get_json()["mails"])

    def posts(self) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.pager}/_sandbox/state", timeout=60)
        return list(answer.json()["notifications"])

    def rows(self, *kinds: str) -> list[dict[str, Any]]:
        return [row for row in self.house.rows(OUTBOX) if row["kind"] in kinds]

    def pager_fails(self, fault: str, times: int) -> None:
        rules = {"rules": [{"fault": fault, "times": times}]}
        requests.post(f"{self.pager}/_sandbox/faults", json=rules, timeout=60).raise_for_status()

    def wishes(self, employee: EmployeeId, mail: MailWish) -> None:
        self._employ(employee, mail=mail)

    def becomes(self, employee: EmployeeId, **changes: Any) -> None:
        self._employ(employee, **changes)

    def _employ(self, employee: EmployeeId, **changes: Any) -> None:
        policy: Policy = self.house.active().policy
        changed = replace(policy.employee(employee), **changes)
        self.house.use(employees={**policy.employees, employee: changed})


@contextmanager
def telling(house: World) -> Iterator[Telling]:
    post = mail_sandbox({"password": PASSWORD}).test_client()
    with served(webhook_sandbox({"signing_secret": SECRET})) as url:
        accounts = {
            MAIL: Account(
                name=MAIL,
                connector="email",
                base_url=post.get("/_sandbox/address").get_json()["address"],
                secrets={"password": (PASSWORD,)},
                options={"host": "mail.acme.example", "from": "bridge@acme.example"},
            ),
            PAGER: Account(
                name=PAGER,
                connector="webhook",
                base_url=f"{url}/",
                secrets={"signing_secret": (SECRET,)},
            ),
        }
        named = dict(house.active().policy.accounts)
        for name, account in accounts.items():
            house._use_account(name, account)
            named[name] = AccountPolicy(connector=account.connector)
        house.use(accounts=named, email=MAIL, webhook=PAGER)
        yield Telling(house, post, url)
