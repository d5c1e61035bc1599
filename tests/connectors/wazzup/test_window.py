"""Wazzup's own window: what it is told, in bulk, and what it refuses (WS-09, WS-12)."""

import json
from typing import Any

import pytest
import responses

from bridge.domain.errors import CredentialsInvalid, DeliveryTransient, OutcomeUnknown
from bridge.domain.messaging import Messenger
from bridge.domain.messenger_window import WindowChat, WindowClient, WindowDeal
from bridge.domain.names import CrmId, EmployeeId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import Pipeline, RecordKind, Stage
from bridge.ports import Account
from connectors.wazzup.window import WazzupWindow
from tests.connectors.wazzup.building import account
from tests.connectors.wazzup.phone import Phone

HOST = "https://api.wazzup24.com/v3"
LINK = "https://bridge.example/conversations/cv_1"
EVA = WindowChat(messenger=Messenger.WHATSAPP, chat_id="79111111111")


def client(crm_id: str = "c-1", *chats: WindowChat, **changed: Any) -> WindowClient:
    given = {"crm_id": CrmId(crm_id), "name": "Eva", "responsible": CrmId("7"), "url": LINK}
    return WindowClient(**{**given, "chats": chats or (EVA,), **changed})


def deal(crm_id: str = "d-1", **changed: Any) -> WindowDeal:
    given = {"crm_id": CrmId(crm_id), "name": "Order", "responsible": CrmId("8"), "url": LINK}
    return WindowDeal(**{**given, "clients": (CrmId("c-1"),), **changed})


def kept(phone: Phone, kind: str) -> dict[str, Any]:
    found = phone.call("GET", f"/v3/{kind}").body
    return {one["id"]: one for one in (found if isinstance(found, list) else found["data"])}


def test_a_client_and_his_deal_are_there_and_go_again(at_sandbox: Account, phone: Phone) -> None:
    window = WazzupWindow(at_sandbox)
    assert window.put_clients([client()]) == window.put_deals([deal()]) == {}
    assert kept(phone, "contacts")["c-1"] == {
        "id": "c-1",
        "responsibleUserId": "7",
        "name": "Eva",
        "contactData": [{"chatType": "whatsapp", "chatId": "79111111111"}],
        "uri": LINK,
    }
    assert kept(phone, "deals")["d-1"]["contacts"] == ["c-1"]
    assert window.drop_deals([CrmId("d-1")]) == window.drop_clients([CrmId("c-1")]) == {}
    assert kept(phone, "contacts") == kept(phone, "deals") == {}


def test_who_is_not_there_is_dropped_without_a_word(at_sandbox: Account) -> None:
    window = WazzupWindow(at_sandbox)
    nobody = [CrmId("nobody")]
    assert window.drop_clients(nobody) == window.drop_employees(nobody) == {}


@pytest.mark.parametrize(
    ("chat", "told"),
    [
        (WindowChat(messenger=Messenger.WHATSAPP, chat_id="+7911"), {"chatId": "7911"}),
        (WindowChat(messenger=Messenger.VIBER, chat_id="7911"), {"chatId": "7911"}),
        (WindowChat(messenger=Messenger.INSTAGRAM, chat_id="eva.shop"), {"chatId": "eva.shop"}),
        (
            WindowChat(
                messenger=Messenger.TELEGRAM, chat_id="guid", phone="+7911", username="@eva"
            ),
            {"chatId": "guid", "phone": "7911", "username": "eva"},
        ),
        (WindowChat(messenger=Messenger.TELEGRAM, chat_id="+7911"), {"phone": "7911"}),
        (WindowChat(messenger=Messenger.TELEGRAM, chat_id="@eva"), {"username": "eva"}),
        (
            WindowChat(messenger=Messenger.MAX, chat_id="guid", phone="+7911"),
            {"chatId": "guid"},
        ),
    ],
)
def test_each_messenger_names_a_client_its_own_way(
    at_sandbox: Account, phone: Phone, chat: WindowChat, told: dict[str, str]
) -> None:
    """WZ-13: phone and username are fields of Telegram alone."""
    WazzupWindow(at_sandbox).put_clients([client("c-1", chat)])
    [found] = kept(phone, "contacts")["c-1"]["contactData"]
    assert {key: value for key, value in found.items() if key != "chatType"} == told


@pytest.mark.parametrize(
    "chat",
    [
        WindowChat(messenger=Messenger.SMS, chat_id="7911"),
        WindowChat(messenger=Messenger.MAX, chat_id="+7911"),
    ],
)
def test_who_has_no_name_there_is_refused_before_the_call(chat: WindowChat) -> None:
    with responses.RequestsMock():
        refused = WazzupWindow(account()).put_clients([client("c-1", chat)])
    assert [why.reason for why in refused.values()] == ["NO_CHAT"]


def test_ws_12_250_contacts_are_calls_of_100_100_and_50_and_one_id_counts_once() -> None:
    with responses.RequestsMock() as vendor:
        vendor.post(f"{HOST}/contacts", json={})
        many = [client(f"c-{n}") for n in range(250)]
        WazzupWindow(account()).put_clients([*many, many[0]])
        sizes = [len(json.loads(call.request.body or "")) for call in vendor.calls]
    assert sizes == [100, 100, 50]


def test_ws_12_a_bad_one_is_named_and_the_rest_is_there(at_sandbox: Account, phone: Phone) -> None:
    long = "x" * 101
    refused = WazzupWindow(at_sandbox).put_clients([client(), client(long), client("c-3")])
    assert {one: why.reason for one, why in refused.items()} == {long: "INVALID_CONTACTS_DATA"}
    assert set(kept(phone, "contacts")) == {"c-1", "c-3"}


def test_names_and_links_are_as_long_as_wazzup_takes_them(
    at_sandbox: Account, phone: Phone
) -> None:
    window = WazzupWindow(at_sandbox)
    given = client(name="E" * 300, url=f"https://bridge.example/{'x' * 200}")
    assert window.put_clients([given]) == {}
    [found] = kept(phone, "contacts").values()
    assert (len(found["name"]), "uri" in found) == (200, False)


def test_pipelines_of_deals_are_told_and_empty_stages_left_out(
    at_sandbox: Account, phone: Phone
) -> None:
    stage = Stage(id="1", label="New", is_open=True)
    whole = Pipeline(id="p", kind=RecordKind.DEAL, label="Sales", stages=(stage,))
    bare = Pipeline(id="q", kind=RecordKind.DEAL, label="", stages=())
    leads = Pipeline(id="l", kind=RecordKind.LEAD, label="Leads", stages=(stage,))
    assert WazzupWindow(at_sandbox).put_pipelines([whole, bare, leads]) is None
    assert phone.call("GET", "/v3/pipelines").body == [
        {"id": "p", "name": "Sales", "stages": [{"id": "1", "name": "New"}]},
        {"id": "q", "name": "q"},
    ]


def test_a_sidecar_key_refuses_the_items_and_does_not_hold_the_account() -> None:
    window = WazzupWindow(account())
    ana = CrmEmployee(
        crm_id=CrmId("7"), email=EmployeeId("ana@acme.example"), name="Ana", active=True
    )
    with responses.RequestsMock() as vendor:
        for path in ("contacts", "users", "pipelines"):
            vendor.post(f"{HOST}/{path}", status=403, json={"error": "FORBIDDEN"})
        vendor.patch(f"{HOST}/deals/bulk_delete", status=403, json={"error": "FORBIDDEN"})
        refused = {**window.put_clients([client()]), **window.put_employees([ana])}
        refused.update(window.drop_deals([CrmId("d-1")]))
        pipelines = window.put_pipelines([])
    assert {why.reason for why in refused.values()} == {"FORBIDDEN"}
    assert pipelines is not None
    assert "window: off" in pipelines.detail


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, "{}", CredentialsInvalid),
        (429, "{}", DeliveryTransient),
        (500, "{}", OutcomeUnknown),
        (200, "<html>a proxy</html>", OutcomeUnknown),
    ],
)
def test_what_concerns_the_account_stops_the_push(
    status: int, body: str, error: type[Exception]
) -> None:
    with responses.RequestsMock() as vendor:
        vendor.post(f"{HOST}/contacts", status=status, body=body)
        with pytest.raises(error):
            WazzupWindow(account()).put_clients([client()])
