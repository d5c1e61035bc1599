"""Walks the pages of somebody and tells where a text from outside became markup."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

MARK = "zqprobe"
PROBE = (
    f"\"'>--></title></textarea></template><{MARK} x><img src=x onerror={MARK}()>"
    f"<a href=javascript:{MARK}()>{{{{7*7}}}}{{% if {MARK} %}}"
)
"""Breaks out of text, of either kind of attribute, of a comment and of raw text."""
SAME_PAGES = 2  # a route is walked with so many addresses
_ADDRESSES = ("href", "src", "action", "formaction", "hx-get", "hx-post", "hx-push-url")
_JSON = ("hx-vals", "hx-headers", "hx-request")
_RAW = ("script", "style")


@dataclass
class Sight(HTMLParser):
    """What a browser would make of a page. `shown` counts the texts that say the probe."""

    trouble: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    shown: int = 0
    _inside: str = ""

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        if MARK in tag:
            self.trouble.append(f"the element {tag}")
        for name, value in attrs:
            self._look(tag, name, value or "")
        given = {name: value or "" for name, value in attrs}
        if tag in ("input", "select") and "name" in given:
            self.questions.append(given["name"])

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_comment(self, data: str) -> None:
        self._raw("a comment", data)

    def handle_data(self, data: str) -> None:
        self.shown += MARK in data
        if self._inside in _RAW:
            self._raw(self._inside, data)
        if f"49{{% if {MARK}" in data:
            self.trouble.append("a template that was worked out")

    def _raw(self, where: str, data: str) -> None:
        if MARK in data:
            self.trouble.append(f"the inside of {where}")

    def _look(self, tag: str, name: str, value: str) -> None:
        self.shown += MARK in value
        if MARK in name or name.startswith("on") or name == "style":
            self.trouble.append(f"the attribute {name} of {tag}")
        if name in _ADDRESSES:
            self._address(tag, name, value)
        if name in _JSON or (name.startswith("data-") and value.startswith(('{"', '["', "[{"))):
            self._json(tag, name, value)

    def _address(self, tag: str, name: str, value: str) -> None:
        parts = urlsplit(value.strip())
        if parts.scheme not in ("", "http", "https", "mailto", "tel"):
            self.trouble.append(f"{name}={value} of {tag}")
        elif not parts.netloc and name in ("href", "hx-get"):
            self.links.append(value)

    def _json(self, tag: str, name: str, value: str) -> None:
        try:
            json.loads(value)
        except ValueError:
            self.trouble.append(f"{name} of {tag}, which is no JSON")


def sight(page: str) -> Sight:
    found = Sight()
    found.feed(page)
    found.close()
    return found


@dataclass
class Walk:
    """Follows the links of the pages, asks each page every question it has with the probe for an
    answer, and takes what htmx would, too."""

    browser: FlaskClient
    waiting: list[str]
    trouble: list[str] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    """Routes that showed the probe."""
    routes: dict[str, int] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def goes(self) -> "Walk":
        while self.waiting:
            address = self.waiting.pop(0)
            route = self._route(address)
            if address in self._seen or not route or self.routes.get(route, 0) >= SAME_PAGES:
                continue
            self._seen.add(address)
            self.routes[route] = self.routes.get(route, 0) + 1
            self._visits(address, route)
        return self

    def _visits(self, address: str, route: str) -> None:
        seen = self._looks(address, route)
        if seen is None:
            return
        self.waiting += [urljoin(address, link).partition("#")[0] for link in seen.links]
        for question in _asked(address, seen):
            self._looks(question, route)
        self._looks(address, route, {"HX-Request": "true", "HX-Target": MARK})

    def _looks(
        self, address: str, route: str, headers: dict[str, str] | None = None
    ) -> Sight | None:
        with self.browser.get(address, headers=headers or {}) as answer:
            if answer.status_code >= 500:
                self.trouble.append(f"{address}: {answer.status_code}")
            if answer.mimetype != "text/html":
                return None
            seen = sight(answer.get_data(as_text=True))
        self.trouble += [f"{address}: {each}" for each in seen.trouble]
        self.said |= {route} if seen.shown else set()
        return seen

    def _route(self, address: str) -> str:
        if address.startswith(("/static/", "/api/")):
            return ""
        try:
            urls = self.browser.application.url_map.bind("localhost")
            rule, _ = urls.match(urlsplit(address).path, method="GET", return_rule=True)
        except HTTPException:
            return ""
        return str(rule.rule)


def _asked(address: str, seen: Sight) -> Iterator[str]:
    """The page with the probe for each of its questions, and for all at once."""
    path, _, query = address.partition("?")
    given = dict(parse_qsl(query))
    names = sorted(set(seen.questions) | set(given) - {"csrf", "key"})
    for name in names:
        yield f"{path}?{urlencode({**given, name: PROBE})}"
    yield f"{path}?{urlencode(dict.fromkeys(names, PROBE))}"
