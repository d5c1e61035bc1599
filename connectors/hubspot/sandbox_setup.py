"""Routes of the sandbox for owners, pipelines and properties; and what /_sandbox/seed loads."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, jsonify, request

from connectors.hubspot.sandbox_crm import Crm, must_find
from connectors.hubspot.sandbox_objects import VERSIONS, add_both, body, kind_of
from connectors.hubspot.sandbox_records import DEFAULT_LINKS, PRIMARY_CONTACT, Record, Source
from connectors.hubspot.sandbox_rules import invalid
from connectors.hubspot.sandbox_schema import KINDS, Refused, definition, pipeline

SEEDING = Source("", "")
_WHEN = "2024-01-01T00:00:00.000Z"


def add_setup_routes(app: Flask, crm: Crm) -> None:
    routes = _Setup(crm)

    def add(name: str, suffix: str, method: str, view: Callable[..., Any]) -> None:
        add_both(app, f"/crm/v3/{name}", f"/crm/{name}/{VERSIONS}", suffix, method, view)

    app.add_url_rule("/account-info/v3/details", "details", routes.details)
    app.add_url_rule(f"/account-info/{VERSIONS}/details", "details-dated", routes.details)
    app.add_url_rule("/crm/v3/owners/", view_func=routes.owners)
    app.add_url_rule(f"/crm/owners/{VERSIONS}", "owners-dated", routes.owners)
    add("owners", "/<owner_id>", "GET", routes.owner)
    add("pipelines", "/<kind>", "GET", routes.pipelines)
    add("properties", "/<kind>/<name>", "GET", routes.property)
    add("properties", "/<kind>", "GET", routes.properties)
    add("properties", "/<kind>", "POST", routes.create_property)


class _Setup:
    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def details(self) -> Response:
        """https://developers.hubspot.com/docs/api-reference/latest/account/account-information/
        guide"""
        return jsonify(
            portalId=1,
            accountType=self._crm.settings.account_type,
            timeZone="Europe/Berlin",
            companyCurrency="EUR",
            additionalCurrencies=[],
            utcOffset="+01:00",
            utcOffsetMilliseconds=3_600_000,
            uiDomain="app-eu1.hubspot.com",
            dataHostingLocation="eu1",
        )

    def owners(self) -> Response:
        archived = request.args.get("archived", "false") == "true"
        limit, after = int(request.args.get("limit", "100")), int(request.args.get("after", "0"))
        email = request.args.get("email")
        with self._crm.lock:
            found = [
                owner
                for owner in self._crm.owners.values()
                if owner["archived"] == archived and email in (None, owner.get("email"))
            ]
        answer: dict[str, Any] = {"results": found[after : after + limit]}
        if after + limit < len(found):
            answer["paging"] = {"next": {"after": str(after + limit)}}
        return jsonify(answer)

    def owner(self, owner_id: str) -> Response:
        found = self._crm.owners.get(owner_id)
        if found is None:
            raise Refused(404, "OBJECT_NOT_FOUND", "Owner is not found")
        return jsonify(found)

    def pipelines(self, kind: str) -> Response:
        return jsonify(results=self._crm.pipelines.get(kind_of(self._crm, kind), []))

    def property(self, kind: str, name: str) -> Response:
        found = self._crm.schema[kind_of(self._crm, kind)].get(name)
        if found is None:
            raise Refused(404, "OBJECT_NOT_FOUND", f'Property "{name}" does not exist')
        return jsonify(found)

    def properties(self, kind: str) -> Response:
        return jsonify(results=list(self._crm.schema[kind_of(self._crm, kind)].values()))

    def create_property(self, kind: str) -> tuple[Response, int]:
        given, known = body(), kind_of(self._crm, kind)
        lacking = [n for n in ("name", "label", "type", "fieldType", "groupName") if n not in given]
        if lacking:
            raise Refused(400, "VALIDATION_ERROR", f"Some required fields were not set: {lacking}")
        with self._crm.lock:
            if given["name"] in self._crm.schema[known]:
                raise Refused(409, "CONFLICT", f'A property named "{given["name"]}" exists already')
            if given.get("hasUniqueValue") and known not in ("contacts", "deals"):
                raise invalid(f"{known} can't have unique properties", "INVALID_UNIQUE_PROPERTY")
            made = {**definition(known, given["name"]), **given}
            self._crm.schema[known][given["name"]] = made
        return jsonify(made), 201


def seed(crm: Crm, given: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Loads owners, pipelines and records as if they had always been there: nobody is told.

    `{"owners": [{id, email, firstName, lastName, archived, type}], "pipelines": {"deals": [{id,
    label, stages: [{id, label, metadata}]}]}, "contacts": [{id, properties}], "deals": [{id,
    properties, contacts: [id, or {id, labels}], companies: [id]}], "leads", "companies",
    "partner_clients": [same]}`; ids may be left out. Gives kind → name → id.
    """
    listener, crm.listener = crm.listener, lambda changes: None
    try:
        for owner in given.get("owners", []):
            crm.owners[str(owner["id"])] = _owner(owner)
        for kind, pipelines in given.get("pipelines", {}).items():
            crm.pipelines[kind] = [
                pipeline(one["id"], one.get("label", one["id"]), one["stages"]) for one in pipelines
            ]
        first = {"companies": _seed_records(crm, "companies", given.get("companies", []))}
        rest = [kind for kind in KINDS if kind != "companies"]
        made = {kind: _seed_records(crm, kind, given.get(kind, [])) for kind in rest}
        _link_companies(crm, given.get("companies", []))
        return {**first, **made}
    finally:
        crm.listener = listener


def _seed_records(crm: Crm, kind: str, records: list[Mapping[str, Any]]) -> dict[str, str]:
    made = {}
    for number, one in enumerate(records):
        properties = {name: str(value) for name, value in one.get("properties", {}).items()}
        for name in properties.keys() - crm.schema[kind].keys():
            crm.schema[kind][name] = definition(kind, name)
        record = crm.insert(kind, properties, SEEDING, one.get("id"))
        made[str(one.get("id", number))] = record.id
        if kind != "companies":
            _seed_links(crm, record, one)
    return made


def _link_companies(crm: Crm, companies: list[Mapping[str, Any]]) -> None:
    """Once their contacts are there."""
    for one in companies:
        if "id" in one:
            _seed_links(crm, must_find(crm, "companies", str(one["id"])), one)


def _seed_links(crm: Crm, record: Record, given: Mapping[str, Any]) -> None:
    for kind in ("contacts", "companies"):
        for linked in given.get(kind, []):
            named = linked if isinstance(linked, Mapping) else {"id": linked}
            end = must_find(crm, kind, str(named["id"]))
            is_lead = (record.kind, kind) == ("leads", "contacts")
            type_id = PRIMARY_CONTACT if is_lead else DEFAULT_LINKS[record.kind, kind]
            crm.link(record, end, type_id, SEEDING)
            for word in named.get("labels", []):
                crm.label(record, end, word)


def _owner(given: Mapping[str, Any]) -> dict[str, Any]:
    owner_id = str(given["id"])
    standing = {"type": "PERSON", "archived": False, "createdAt": _WHEN, "updatedAt": _WHEN}
    user = {} if given.get("archived") else {"userId": int(given.get("userId", 0))}
    return {**standing, **user, "teams": [], **given, "id": owner_id}
