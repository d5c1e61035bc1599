"""Asks the API, and holds every answer against its own description."""

import re
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from bridge.domain.names import EmployeeId
from bridge.store.keys import Scope
from bridge.web.api import PREFIX
from tests.web.world import World

Json = Any


@dataclass(frozen=True, slots=True)
class Asked:
    status: int
    json: Json
    headers: Any

    @property
    def reason(self) -> str:
        return str(self.json["reason"])

    @property
    def items(self) -> list[Json]:
        return list(self.json["items"])


class Api:
    """One key's view of the API."""

    def __init__(self, world: World, key: str | None) -> None:
        self.world = world
        self._client = world.app.test_client()
        self._key = key
        self._description = self._client.get(f"{PREFIX}/openapi.json").get_json()

    def get(self, path: str, **query: object) -> Asked:
        given = {name.rstrip("_"): value for name, value in query.items()}
        answer = self._client.get(PREFIX + path, query_string=given, headers=self._headers())
        return self._checked("get", path, answer)

    def post(self, path: str, body: Json = None, key: str | None = None) -> Asked:
        answer = self._client.post(PREFIX + path, json=body or {}, headers=self._headers(key))
        return self._checked("post", path, answer)

    def post_raw(self, path: str, body: bytes, content_type: str = "application/json") -> Asked:
        answer = self._client.post(
            PREFIX + path, data=body, content_type=content_type, headers=self._headers()
        )
        return self._checked("post", path, answer)

    def put(self, path: str, body: Json = None, key: str | None = None) -> Asked:
        answer = self._client.put(PREFIX + path, json=body or {}, headers=self._headers(key))
        return self._checked("put", path, answer)

    def patch(self, path: str, body: Json = None, key: str | None = None) -> Asked:
        answer = self._client.patch(PREFIX + path, json=body or {}, headers=self._headers(key))
        return self._checked("patch", path, answer)

    def delete(self, path: str) -> Asked:
        return self._checked(
            "delete", path, self._client.delete(PREFIX + path, headers=self._headers())
        )

    def all(self, path: str, **query: object) -> list[Json]:
        """Every item of a list, page by page."""
        found: list[Json] = []
        cursor = ""
        while True:
            page = self.get(path, cursor=cursor, **query)
            assert page.status == 200, page.json
            found.extend(page.items)
            cursor = page.json["next"]
            if cursor is None:
                return found

    def _headers(self, key: str | None = None) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return headers | ({"Idempotency-Key": key} if key else {})

    def _checked(self, method: str, path: str, answer: TestResponse) -> Asked:
        body = answer.get_json(force=True)
        operation = self._operation(method, path)
        described = operation["responses"]
        status = str(answer.status_code)
        which = described.get(status) or described[f"{status[0]}XX"]
        content = which["content"][answer.mimetype]
        schema = content["schema"] | {"components": self._description["components"]}
        Draft202012Validator(schema).validate(body)
        return Asked(answer.status_code, body, answer.headers)

    def _operation(self, method: str, path: str) -> Json:
        fitting = [
            operations[method]
            for template, operations in self._description["paths"].items()
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path) and method in operations
        ]
        return fitting[0]


def api(world: World, employee: EmployeeId, *scopes: Scope) -> Api:
    return Api(world, world.key(f"employee:{employee}", *scopes))


def service(world: World, *scopes: Scope) -> Api:
    return Api(world, world.key("service:crm-sync", *scopes))
