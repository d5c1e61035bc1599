"""Reads the part of SOQL that the sandbox understands; anything else is MALFORMED_QUERY."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.salesforce.sandbox_schema import Refused

MAX_CHARACTERS = 100_000
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<moment>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?)
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CAN_BE_ESCAPED = frozenset("nNrRtTbBfF\"'\\_%")


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    at: int

    def says(self, *words: str) -> bool:
        return self.kind in ("word", "sign") and self.text.upper() in words


@dataclass(frozen=True)
class Literal:
    """`kind` is text, moment, number, boolean or null."""

    kind: str
    value: str | float | bool | None


@dataclass(frozen=True)
class Comparison:
    """`values` holds the literals, one of them but for IN."""

    path: str
    sign: str
    values: tuple[Literal, ...] = ()
    inner: "Query | None" = None


@dataclass(frozen=True)
class Joined:
    """`word` is AND, OR, or NOT of a single part."""

    word: str
    parts: tuple["Condition", ...]


Condition = Comparison | Joined


@dataclass(frozen=True)
class Query:
    fields: tuple[str, ...]
    object: str
    where: Condition | None = None
    order: tuple[tuple[str, bool], ...] = ()  # with whether it descends
    limit: int | None = None
    offset: int = 0
    counts: bool = False
    group: str = ""
    children: tuple["Query", ...] = field(default=())  # subqueries, `object` their relation


def read(text: str) -> Query:
    if len(text) > MAX_CHARACTERS:
        raise Refused(400, "QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer")
    return _Reader(text).whole()


def malformed(message: str) -> Refused:
    return Refused(400, "MALFORMED_QUERY", message)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split()
        self._place = 0

    def whole(self) -> Query:
        found = self._query()
        if not self._next.says("END"):
            raise self._unexpected()
        return found

    def _split(self) -> list[Token]:
        tokens, place = [], 0
        end = len(self._text.rstrip())
        while place < end:
            found = _TOKEN.match(self._text, place)
            if found is None or found.lastgroup is None:
                raise malformed(f"unexpected token at position {place}")
            tokens.append(Token(found.lastgroup, found[found.lastgroup], found.start()))
            place = found.end()
        return [*tokens, Token("sign", "END", end)]

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._next
        self._place += 1
        return token

    def _takes(self, *words: str) -> bool:
        if self._next.says(*words):
            self._place += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise self._unexpected()

    def _unexpected(self) -> Refused:
        return malformed(f"unexpected token: '{self._next.text}' at position {self._next.at}")

    def _query(self) -> Query:
        self._expect("SELECT")
        fields, children, counts = self._selected()
        self._expect("FROM")
        return Query(
            fields=tuple(fields),
            object=self._word(),
            where=self._condition() if self._takes("WHERE") else None,
            group=self._group() if self._takes("GROUP") else "",
            order=tuple(self._order()) if self._takes("ORDER") else (),
            limit=self._whole_number() if self._takes("LIMIT") else None,
            offset=self._whole_number() if self._takes("OFFSET") else 0,
            counts=counts,
            children=tuple(children),
        )

    def _selected(self) -> tuple[list[str], list[Query], bool]:
        fields: list[str] = []
        children: list[Query] = []
        if self._next.says("COUNT") and self._tokens[self._place + 1].says("("):
            self._place += 2
            self._expect(")")
            return [], [], True
        while True:
            if self._takes("("):
                children.append(self._query())
                self._expect(")")
            else:
                fields.append(self._word())
            if not self._takes(","):
                return fields, children, False

    def _word(self) -> str:
        if self._next.kind != "word":
            raise self._unexpected()
        return self._take().text

    def _whole_number(self) -> int:
        token = self._take()
        if token.kind != "number" or not token.text.isdigit():
            raise malformed(f"unexpected token: '{token.text}'")
        return int(token.text)

    def _group(self) -> str:
        self._expect("BY")
        return self._word()

    def _order(self) -> list[tuple[str, bool]]:
        self._expect("BY")
        found = []
        while True:
            name = self._word()
            falls = self._takes("DESC")
            if not falls:
                self._takes("ASC")
            if self._takes("NULLS") and not self._takes("FIRST", "LAST"):
                raise self._unexpected()
            found.append((name, falls))
            if not self._takes(","):
                return found

    def _condition(self) -> Condition:
        """AND and OR do not mix without brackets."""
        parts = [self._part()]
        word = next((one for one in ("AND", "OR") if self._next.says(one)), "")
        while word and self._takes(word):
            parts.append(self._part())
        if self._next.says("AND", "OR"):
            raise self._unexpected()
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _part(self) -> Condition:
        if self._takes("NOT"):
            return Joined("NOT", (self._part(),))
        if self._takes("("):
            found = self._condition()
            self._expect(")")
            return found
        return self._comparison()

    def _comparison(self) -> Comparison:
        path = self._word()
        if self._takes("NOT"):
            self._expect("IN")
            return self._in(path, "NOT IN")
        if self._takes("IN"):
            return self._in(path, "IN")
        if self._takes("LIKE"):
            return Comparison(path, "LIKE", (self._literal(),))
        sign = self._take()
        if not sign.says("=", "!=", "<>", "<", "<=", ">", ">="):
            self._place -= 1
            raise self._unexpected()
        return Comparison(path, "!=" if sign.text == "<>" else sign.text, (self._literal(),))

    def _in(self, path: str, sign: str) -> Comparison:
        self._expect("(")
        if self._next.says("SELECT"):
            inner = self._query()
            self._expect(")")
            return Comparison(path, sign, inner=inner)
        values = [self._literal()]
        while self._takes(","):
            values.append(self._literal())
        self._expect(")")
        return Comparison(path, sign, tuple(values))

    def _literal(self) -> Literal:
        token = self._next
        make = _LITERALS.get(token.kind)
        if make is None or (token.kind == "word" and token.text.lower() not in _WORDS):
            raise self._unexpected()
        self._place += 1
        return make(token.text)


_WORDS: dict[str, Literal] = {
    "null": Literal("null", None),
    "true": Literal("boolean", True),
    "false": Literal("boolean", False),
}


def _text(written: str) -> Literal:
    if not _CAN_BE_ESCAPED.issuperset(_ESCAPED.findall(written)):
        raise malformed("Illegal string literal: an escape that does not exist")
    return Literal("text", written[1:-1])


_LITERALS: dict[str, Callable[[str], Literal]] = {
    "text": _text,
    "moment": lambda written: Literal("moment", written),
    "number": lambda written: Literal("number", float(written)),
    "word": lambda written: _WORDS[written.lower()],
}


def plain(written: str) -> str:
    """A text as it is, its escapes undone; the wildcards of LIKE lose theirs too."""
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1].lower(), found[1]), written)


def pattern(written: str) -> re.Pattern[str]:
    """What LIKE looks for: `%` is anything, `_` one character."""
    parts = re.findall(r"\\.|[^\\]", written, re.DOTALL)
    made = (_WILD.get(part) or re.escape(plain(part)) for part in parts)
    return re.compile("".join(made), re.IGNORECASE | re.DOTALL)


_WILD = {"%": ".*", "_": "."}
