"""What is done to a reseller's client by a form: once, however often the button is pressed."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace

from flask import Response, make_response, redirect, request

from bridge.domain.names import CrmId, ResellerName, digest_id
from bridge.domain.records import CrmKind
from bridge.domain.reseller_clients import ClientDetails, CrmLink, ResellerClient
from bridge.domain.reselling_events import ClientDone
from bridge.domain.reselling_policy import Service
from bridge.payload import storable
from bridge.pipeline.reselling.asking import Asking, adding
from bridge.pipeline.reselling.desk import find_client
from bridge.store.engine import reading
from bridge.web import client_desk
from bridge.web.pages.reseller_clients import onlooker, show_new, show_one
from bridge.web.pages.visiting import Visit
from bridge.web.problems import Problem, invalid, not_found

_TOLD = (409, 422)
_SERVICE = "service."


def add(visit: Visit) -> Response:
    mine = onlooker(visit).shown_resellers
    reseller = ResellerName(_given("reseller") or next(iter(mine), ""))
    event = adding(
        visit.principal.person,
        reseller,
        _details(),
        _given("plan"),
        at=visit.now,
        reference=_given("reference"),
        request_key=_key(),
    )
    try:
        outcome = client_desk.done(visit.site.parts, event)
    except Problem as problem:
        if problem.status not in _TOLD:
            raise
        return show_new(visit, problem)
    return make_response(redirect(f"/clients/{outcome.client.id}?done=add", 303))


def act(visit: Visit, name: str, action: str) -> Response:
    """Back to the client's page; a refusal is told there, with what others did meanwhile."""
    with reading(visit.site.parts.engine) as db:
        client = find_client(db, onlooker(visit), name)
    if action not in _ACTIONS or client is None:
        raise not_found("page" if action not in _ACTIONS else "client")
    try:
        asking = Asking(
            by=visit.principal.person,
            client=client.id,
            at=visit.now,
            request_key=_key(),
            seen=_whole("seen") if _given("seen") else None,
        )
        client_desk.done(visit.site.parts, _ACTIONS[action](asking, client))
    except Problem as problem:
        if problem.status not in _TOLD:
            raise
        return show_one(visit, name, problem)
    return make_response(redirect(f"/clients/{client.id}?done={action}", 303))


def _edit(asking: Asking, client: ResellerClient) -> ClientDone:
    if asking.seen is None:
        asking = replace(asking, seen=client.version)
    units = _whole("units") if _given("units") else None
    return asking.edit(_details(), _services(client), _given("reference"), units)


def _link(asking: Asking, client: ResellerClient) -> ClientDone:
    kind, crm_id = _given("kind"), _given("crm_id")
    if not kind and not crm_id:
        return asking.link(None)
    if kind not in [one.value for one in CrmKind] or not crm_id or len(crm_id) > 200:
        raise invalid("say what kind of record, and its id in the CRM", field="crm_id")
    return asking.link(CrmLink(kind=CrmKind(kind), crm_id=CrmId(crm_id)))


_ACTIONS: Mapping[str, Callable[[Asking, ResellerClient], ClientDone]] = {
    "edit": _edit,
    "link": _link,
    "add-units": lambda asking, client: asking.add_units(_whole("units")),
    "renew": lambda asking, client: asking.renew(_given("plan")),
    "suspend": lambda asking, client: asking.suspend(_given("why")[:500]),
    "activate": lambda asking, client: asking.activate(),
    "archive": lambda asking, client: asking.archive(),
    "unarchive": lambda asking, client: asking.unarchive(),
}


def _details() -> ClientDetails:
    return ClientDetails(
        legal_name=_given("legal_name"),
        contact_name=_given("contact_name"),
        email=_given("email"),
        phone=_given("phone"),
    )


def _services(client: ResellerClient) -> Mapping[str, Service] | None:
    """None where the form has none of them. An empty field: he has not got that service."""
    fields = [name for name in request.form if name.startswith(_SERVICE)]
    if not fields and not _given("new_service"):
        return None
    texts = {name.removeprefix(_SERVICE): _given(name) for name in fields}
    if _given("new_service"):
        texts[_given("new_service").lower()] = _given("new_value") or "yes"
    return {name: _service(name, text) for name, text in texts.items() if text}


def _service(name: str, text: str) -> Service:
    if text in ("yes", "no"):
        return text == "yes"
    if text.isascii() and text.isdigit() and len(text) < 20:
        return int(text)
    raise invalid("a service is yes, no, or a whole number", field="services")


def _whole(field: str) -> int:
    text = _given(field)
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 30):
        raise invalid("is no whole number", field=field)
    return int(text)


def _given(field: str) -> str:
    return storable(request.form.get(field, "")).strip()


def _key() -> str:
    """Of this form as it was filled in: pressed twice it is one deed, changed it is another."""
    given = _given("key") or secrets.token_hex(16)
    filled = sorted((name, text) for name, text in request.form.items() if name != "csrf")
    return digest_id("pg", given, request.path, repr(filled))
