"""Pushing employees to Wazzup: 100 per call, one bad user does not cost the rest (WS-12)."""

import json

import pytest
import responses

from bridge.domain.errors import ConfigError, CredentialsInvalid, DeliveryTransient
from bridge.domain.names import CrmId, EmployeeId
from bridge.domain.people import CrmEmployee
from bridge.ports import Account
from connectors.wazzup.users import WazzupUser, WazzupUsers
from tests.connectors.wazzup.building import account
from tests.connectors.wazzup.phone import Phone

URL = "https://api.wazzup24.com/v3/users"


def users(count: int, **names: str) -> list[WazzupUser]:
    return [WazzupUser(id=f"u{n}", name=names.get(f"u{n}", "Ana")) for n in range(count)]


def kept(phone: Phone) -> int:
    return len(phone.call("GET", "/v3/users").body)


def test_ws_12_a_hundred_go_in_one_call(at_sandbox: Account, phone: Phone) -> None:
    pushed = WazzupUsers(at_sandbox).push(users(250))
    assert (len(pushed.taken), pushed.refused, kept(phone)) == (250, {}, 250)


def test_ws_12_250_users_are_calls_of_100_100_and_50() -> None:
    with responses.RequestsMock() as vendor:
        vendor.post(URL, json={})
        WazzupUsers(account()).push(users(250))
        sizes = [len(json.loads(call.request.body or "")) for call in vendor.calls]
    assert sizes == [100, 100, 50]


def test_ws_12_the_bad_ones_are_named_and_the_rest_sent_again(
    at_sandbox: Account, phone: Phone
) -> None:
    pushed = WazzupUsers(at_sandbox).push(users(150, u3="", u120=""))
    assert set(pushed.refused) == {"u3", "u120"}
    assert {refused.reason for refused in pushed.refused.values()} == {"INVALID_USERS_DATA"}
    assert (len(pushed.taken), kept(phone)) == (148, 148)


@pytest.mark.parametrize("data", [None, [], [{"index": 99}], [{"index": "0"}], ["x"], {"index": 0}])
def test_ws_12_a_bad_one_that_wazzup_does_not_point_at_is_found(data: object) -> None:
    def answer(request: object) -> tuple[int, dict[str, str], str]:
        given = json.loads(getattr(request, "body", ""))
        bad = any(user["id"] == "u5" for user in given)
        body = {"error": "DUPLICATE_PHONE_NUMBER", "data": data}
        return (400, {}, json.dumps(body)) if bad else (200, {}, "{}")

    with responses.RequestsMock() as vendor:
        vendor.add_callback("POST", URL, callback=answer)
        pushed = WazzupUsers(account()).push(users(8))
    assert list(pushed.refused) == ["u5"]
    assert len(pushed.taken) == 7


def test_ws_12_one_id_twice_would_cost_the_call_so_the_last_counts(
    at_sandbox: Account, phone: Phone
) -> None:
    pushed = WazzupUsers(at_sandbox).push(
        [WazzupUser(id="7", name="Ana"), WazzupUser(id="7", name="Ana Maria")]
    )
    assert pushed.taken == ("7",)
    assert phone.call("GET", "/v3/users/7").body["name"] == "Ana Maria"


def test_more_than_an_account_holds_is_refused_before_the_call() -> None:
    with pytest.raises(ConfigError, match="1001 users, an account holds 1000"):
        WazzupUsers(account("http://127.0.0.1:1")).push(users(1001))


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, CredentialsInvalid), (403, CredentialsInvalid), (429, DeliveryTransient)],
)
def test_what_concerns_the_account_stops_the_push(status: int, error: type[Exception]) -> None:
    with responses.RequestsMock() as vendor:
        vendor.post(URL, status=status, json={})
        with pytest.raises(error):
            WazzupUsers(account()).push(users(3))


def test_nobody_costs_no_call() -> None:
    assert WazzupUsers(account("http://127.0.0.1:1")).push([]).taken == ()


def test_an_employee_becomes_a_user_under_his_crm_id() -> None:
    ana = CrmEmployee(
        crm_id=CrmId("77"), email=EmployeeId("ana@acme.example"), name="", active=True
    )
    assert WazzupUser.of(ana) == WazzupUser(id="77", name="ana@acme.example")
