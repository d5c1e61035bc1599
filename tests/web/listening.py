"""Walks the pages of somebody, sends their forms with nonsense, and keeps the words that went
through no catalogue."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from tests.web.hearing import unsaid
from tests.web.probing import PROBE, Sight, Walk, sight

GERMAN = {"Accept-Language": "de"}
LONG = "x" * 600
NONSENSE = ("nothing", "wrong token", PROBE, LONG)
ENDING = ("/logout", "/look", "/plan/end", "/sign-in-as", "/sessions/")
"""Forms that end the walk, or that have nothing to say."""
Fields = dict[str, tuple[str, str]]


@dataclass
class Forms(HTMLParser):
    """The forms that change something: where they are sent and their fields, each with its kind."""

    found: list[tuple[str, Fields]] = field(default_factory=list)
    _fields: Fields | None = None
    _select: str = ""

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self._fields = {} if given.get("method") == "post" else None
            if self._fields is not None:
                self.found.append((given.get("action", ""), self._fields))
        elif self._fields is None:
            return
        elif tag in ("input", "textarea", "button") and name:
            self._fields[name] = (given.get("type", tag), given.get("value", ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self._fields[self._select] = ("select", given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        if tag == "select":
            self._select = ""


@dataclass
class Listening(Walk):
    """`outside` are names that did not come from us."""

    outside: tuple[str, ...] = ()
    left: dict[str, str] = field(default_factory=dict)
    """What was not said in the reader's language, by where it stood."""
    sent: set[tuple[str, str]] = field(default_factory=set)

    def _visits(self, address: str, route: str) -> None:
        """With each of its questions answered by nonsense."""
        seen = self._looks(address, route)
        if seen is None:
            return
        self.waiting += [urljoin(address, link).partition("#")[0] for link in seen.links]
        path = address.partition("?")[0]
        for question in sorted(set(seen.questions) - {"csrf", "key"}):
            self._looks(f"{path}?{urlencode({question: PROBE})}", route, {})

    def _looks(
        self, address: str, route: str, headers: dict[str, str] | None = None
    ) -> Sight | None:
        with self.browser.get(address, headers={**GERMAN, **(headers or {})}) as answer:
            page = self._hears(answer, route)
        if not page:
            return None
        if answer.status_code == 200 and headers is None:
            self._sends_forms(address, page)
        return sight(page)

    def _hears(self, answer: Response, where: str) -> str:
        """The page; empty for what is none."""
        if answer.status_code >= 500:
            self.trouble.append(f"{where}: {answer.status_code}")
        if answer.mimetype != "text/html" or 300 <= answer.status_code < 400:
            return ""
        page = answer.get_data(as_text=True)
        for words in unsaid(page, self.outside):
            self.left.setdefault(words, where)
        return page

    def _sends_forms(self, address: str, page: str) -> None:
        forms = Forms()
        forms.feed(page)
        for action, fields in forms.found:
            target = urljoin(address, action or address).partition("#")[0]
            route = self._form_of(target)
            for way in NONSENSE:
                if route and (route, way) not in self.sent:
                    self.sent.add((route, way))
                    self._sends(target, f"POST {route}", _filled(fields, way))

    def _sends(self, target: str, where: str, data: dict[str, str]) -> None:
        asked = {"data": data, "headers": GERMAN, "content_type": "multipart/form-data"}
        with self.browser.post(target, **asked) as answer:
            self._hears(answer, where)
        if answer.status_code in (302, 303):
            with self.browser.get(answer.headers["Location"], headers=GERMAN) as shown:
                self._hears(shown, where)

    def _form_of(self, address: str) -> str:
        if any(end in address for end in ENDING):
            return ""
        try:
            urls = self.browser.application.url_map.bind("localhost")
            rule, _ = urls.match(urlsplit(address).path, method="POST", return_rule=True)
        except HTTPException:
            return ""
        return str(rule.rule)


def _filled(fields: Fields, way: str) -> dict[str, str]:
    return {name: _given(name, kind, value, way) for name, (kind, value) in fields.items()}


def _given(name: str, kind: str, value: str, way: str) -> str:
    if name == "csrf":
        return "x" if way == "wrong token" else value
    if way in ("nothing", "wrong token"):
        return value if kind in ("hidden", "submit", "button", "select") else ""
    return value if kind in ("hidden", "submit", "button") else way
