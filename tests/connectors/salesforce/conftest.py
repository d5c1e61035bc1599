"""The sandbox on loopback, told what to hold, and what stands in it afterwards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bridge.ports import Account
from connectors.salesforce.sandbox import sandbox
from tests.connectors.salesforce.building import ANA, LUIS, OLD, QUEUE, SECRETS, account
from tests.serving import served

DATA = "/services/data/v62.0"
USERS = [
    {"Id": ANA, "FirstName": "Ana", "LastName": "Ruiz", "Email": "Ana@acme.example"},
    {"Id": LUIS, "FirstName": "Luis", "LastName": "Paz", "Email": "luis@acme.example"},
    {"Id": OLD, "LastName": "Old", "Email": "old@acme.example", "IsActive": False},
]
QUEUES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "Group": [{"Id": QUEUE, "Name": "Lead inbox"}],
    "QueueSobject": [{"QueueId": QUEUE, "SobjectType": "Lead"}],
    "GroupMember": [{"GroupId": QUEUE, "UserOrGroupId": LUIS}],
}


@dataclass
class SalesforceSandbox:
    url: str
    token: str = ""

    def post(self, path: str, body: Any = None) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{path}", json=body or {}, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def told(self, fault: str, match: str, times: int | None = None, **more: Any) -> None:
        rule = {"fault": fault, "match": match, "times": times, **more}
        self.post("faults", {"rules": [rule]})

    def settings(self, **given: Any) -> None:
        self.post("settings", given)

    def seed(self, **records: Any) -> dict[str, list[str]]:
        made: dict[str, list[str]] = self.post("seed", records)
        return made

    def sign_in(self, **form: str) -> requests.Response:
        given = {
            "grant_type": "client_credentials",
            "client_id": SECRETS["client_id"],
            "client_secret": SECRETS["client_secret"],
            **form,
        }
        return requests.post(f"{self.url}/services/oauth2/token", data=given, timeout=60)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """A call below the version, signed in for; names of headers have `_` for `-`."""
        if not self.token:
            self.token = self.sign_in().json()["access_token"]
        return requests.request(
            method,
            f"{self.url}{DATA}{path}",
            json=body,
            headers={
                "authorization": f"Bearer {self.token}",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            timeout=60,
        )

    def query(self, soql: str) -> Any:
        token = self.token or self.sign_in().json()["access_token"]
        self.token = token
        return requests.get(
            f"{self.url}{DATA}/query",
            params={"q": soql},
            headers={"authorization": f"Bearer {token}"},
            timeout=60,
        )

    def state(self) -> Any:
        return requests.get(f"{self.url}/_sandbox/state", timeout=60).json()

    def held(self, object_name: str) -> list[dict[str, Any]]:
        """The fields of the records that are not deleted, in the order in which they were made."""
        found = [one["fields"] for one in self.state()[object_name]]
        return [one for one in found if not one["IsDeleted"]]

    def calls(self, ending: str) -> int:
        found: dict[str, int] = self.state()["calls"]
        return sum(number for line, number in found.items() if line.endswith(ending))


@pytest.fixture
def salesforce() -> Iterator[SalesforceSandbox]:
    """An org with Ana and Luis, somebody who left, and a queue of leads that Luis is in."""
    with served(sandbox(SECRETS)) as url:
        told = SalesforceSandbox(url)
        told.seed(User=USERS, **QUEUES)
        yield told


@pytest.fixture
def at_sandbox(salesforce: SalesforceSandbox) -> Account:
    return account(salesforce.url)


@pytest.fixture(scope="session")
def private_key() -> str:
    """An RSA key in PEM, made for this run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
