"""Wazzup's own window: employees, clients, deals and pipelines as the CRM has them (WS-09, WS-12).

The window shows a chat to the user responsible for its contact, and to those responsible for a deal
of that contact, closed ones too. What roles they have there is set in Wazzup's pages: the API that
our key opens neither reads nor writes them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bridge.domain.messaging import ChatKind, Messenger
from bridge.domain.messenger_window import WindowChat, WindowClient, WindowDeal
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import Pipeline, RecordKind
from bridge.ports import Account, Rejected
from connectors.wazzup.bulk import Bulk, Item, refusal, told
from connectors.wazzup.client import ClosedToKey, http_for
from connectors.wazzup.reading import digits_of
from connectors.wazzup.users import PATH as USERS
from connectors.wazzup.users import WazzupUser
from connectors.wazzup.words import CHAT_TYPE_OF

CONTACTS, DEALS, PIPELINES = "/v3/contacts", "/v3/deals", "/v3/pipelines"
MAX_NAME = 200
MAX_URL = 200
MAX_PIPELINE_TEXT = 100
_BY_NUMBER = (Messenger.WHATSAPP, Messenger.VIBER)
_CLOSED = Rejected(
    reason="FORBIDDEN",
    detail="wazzup: the API key may not use this route (a sidecar key?): set option window: off",
)
_NAMELESS = Rejected(
    reason="NO_CHAT", detail="wazzup: none of the client's chats has an id that it would take"
)
Refused = Mapping[CrmId, Rejected]


class WazzupWindow:
    def __init__(self, account: Account) -> None:
        self._http = http_for(account)
        self._users = Bulk(self._http, USERS)
        self._contacts = Bulk(self._http, CONTACTS)
        self._deals = Bulk(self._http, DEALS)

    def put_employees(self, employees: Sequence[CrmEmployee]) -> Refused:
        users = [WazzupUser.of(employee) for employee in employees]
        return _put(self._users, [{"id": user.id, "name": user.name} for user in users])

    def put_clients(self, clients: Sequence[WindowClient]) -> Refused:
        items = {client.crm_id: _contact(client) for client in clients}
        nameless = [crm_id for crm_id, item in items.items() if not item["contactData"]]
        known = [item for crm_id, item in items.items() if crm_id not in nameless]
        return {**_put(self._contacts, known), **dict.fromkeys(nameless, _NAMELESS)}

    def put_deals(self, deals: Sequence[WindowDeal]) -> Refused:
        return _put(self._deals, [_deal(deal) for deal in deals])

    def put_pipelines(self, pipelines: Sequence[Pipeline]) -> Rejected | None:
        of_deals = [_pipeline(one) for one in pipelines if one.kind is RecordKind.DEAL]
        try:
            answer = told(self._http, "POST", PIPELINES, of_deals)
        except ClosedToKey:
            return _CLOSED
        return None if answer.status < 300 else refusal(f"POST {PIPELINES}", answer)

    def drop_employees(self, ids: Sequence[CrmId]) -> Refused:
        """One call each: users have no route for many."""
        return _or_closed(ids, lambda: self._drop_each(ids))

    def drop_clients(self, ids: Sequence[CrmId]) -> Refused:
        return _or_closed(ids, lambda: _by_id(self._contacts.drop(ids)))

    def drop_deals(self, ids: Sequence[CrmId]) -> Refused:
        return _or_closed(ids, lambda: _by_id(self._deals.drop(ids)))

    def _drop_each(self, ids: Sequence[CrmId]) -> Refused:
        refused = {}
        for one in ids:
            answer = told(self._http, "DELETE", f"{USERS}/{quote(one, safe='')}")
            if answer.status >= 300 and answer.status != 404:
                refused[one] = refusal(f"DELETE {USERS}", answer)
        return refused


def _put(bulk: Bulk, items: Sequence[Item]) -> Refused:
    ids = [CrmId(str(item["id"])) for item in items]
    return _or_closed(ids, lambda: _by_id(bulk.put(items)))


def _or_closed(ids: Sequence[CrmId], work: Callable[[], Refused]) -> Refused:
    """The account works without the window: a key that is too narrow for it must not hold it."""
    try:
        return work()
    except ClosedToKey:
        return dict.fromkeys(ids, _CLOSED)


def _by_id(refused: Mapping[str, Rejected]) -> Refused:
    return {CrmId(one): why for one, why in refused.items()}


def _contact(client: WindowClient) -> dict[str, Any]:
    chats = [named for chat in client.chats if (named := _chat(chat)) is not None]
    return {
        "id": client.crm_id,
        "responsibleUserId": client.responsible,
        "name": client.name[:MAX_NAME],
        "contactData": chats,
        **_uri(client.url),
    }


def _chat(chat: WindowChat) -> dict[str, str] | None:
    """None where Wazzup has no word for it, or the client has no id there yet."""
    chat_type = CHAT_TYPE_OF.get((chat.messenger, ChatKind.DIRECT))
    if chat_type is None:
        return None
    found = {"chatType": chat_type}
    chat_id = digits_of(chat.chat_id) if chat.messenger in _BY_NUMBER else chat.chat_id
    if chat_id and not chat_id.startswith(("+", "@")):
        found["chatId"] = chat_id.removeprefix("@")
    if chat.messenger is Messenger.TELEGRAM:
        found |= _telegram(chat)
    return found if len(found) > 1 else None


def _telegram(chat: WindowChat) -> dict[str, str]:
    """Beside the id; without one they name him."""
    phone = chat.phone or (chat.chat_id if chat.chat_id.startswith("+") else "")
    username = chat.username or (chat.chat_id if chat.chat_id.startswith("@") else "")
    told = {"phone": digits_of(phone), "username": username.removeprefix("@")}
    return {key: value for key, value in told.items() if value}


def _deal(deal: WindowDeal) -> dict[str, Any]:
    return {
        "id": deal.crm_id,
        "responsibleUserId": deal.responsible,
        "name": deal.name[:MAX_NAME],
        "contacts": list(deal.clients),
        "closed": False,
        "uri": deal.url,
    }


def _uri(url: str) -> dict[str, str]:
    return {"uri": url} if len(url) <= MAX_URL else {}


def _pipeline(pipeline: Pipeline) -> dict[str, Any]:
    """`stages` may be left out, but not be empty."""
    stages = [_named(stage.id, stage.label) for stage in pipeline.stages]
    return {**_named(pipeline.id, pipeline.label), **({"stages": stages} if stages else {})}


def _named(of: str, label: str) -> dict[str, str]:
    return {"id": of[:MAX_PIPELINE_TEXT], "name": (label or of)[:MAX_PIPELINE_TEXT]}
