"""What a visitor's browser does: opens links, sends forms."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask.testing import FlaskClient

from bridge.domain.names import EmployeeId
from bridge.store.engine import writing
from bridge.store.sessions import create_login_link
from tests.web.world import ANA, World


def link(world: World, employee: EmployeeId = ANA) -> str:
    with writing(world.engine) as db:
        return create_login_link(db, f"employee:{employee}", world.now)


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def sign_in(world: World, browser: FlaskClient, token: str) -> int:
    form = {"csrf": csrf(browser.get(f"/login/{token}").text)}
    return browser.post(f"/login/{token}", data=form).status_code


Fields = dict[str, str | list[str]]


def fields_of(page: str, action: str) -> Fields:
    """What a browser would send of the form of this address if nobody touched it."""
    reader = _FormReader(action=action)
    reader.feed(page)
    assert reader.fields, f"no form of {action}"
    return {name: each if name.endswith("[]") else each[-1] for name, each in reader.fields.items()}


@dataclass
class _FormReader(HTMLParser):
    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    _inside: bool = False
    _select: str = ""
    _first: str | None = None

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = given.get("action", "").partition("#")[0].partition("?")[0]
            self._inside = given.get("method") == "post" and action == self.action
        elif self._inside and "disabled" not in given:
            self._field(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if tag == "select" and self._select:
            if self._first is not None:
                self.fields.setdefault(self._select, [self._first])
            self._select, self._first = "", None

    def _field(self, tag: str, given: Mapping[str, str]) -> None:
        if tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and self._select:
            self._first = given["value"] if self._first is None else self._first
            if "selected" in given:
                self.fields[self._select] = [given["value"]]
        elif tag == "input":
            ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if ticked and "name" in given:
                self.fields.setdefault(given["name"], []).append(given.get("value", ""))
