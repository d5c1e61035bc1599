"""The English sentences that the code makes outside the pages, with places for their values.

What `bridge/web/details.py` reads back: details of reasons, findings about the configuration, what
the doctor says, refusals. They are found where they are made, so that no second list of them can be
wrong; `tests/catalogues.py` puts them into the catalogues.
"""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_NOT_ON_PAGES = frozenset(
    {
        "domain/announcing.py",  # what mails say
        "domain/client_telling.py",
        "domain/digests.py",
        "domain/number_variants.py",
        "domain/renewing_letters.py",
        "domain/errors.py",
        "domain/mailing.py",
        "domain/partner_policy.py",
        "domain/renewing_policy.py",
        "pipeline/arriving.py",
        "pipeline/copying.py",  # beside the failed copy, with what its vendor said
        "pipeline/deliver.py",
        "pipeline/filling.py",
        "pipeline/following.py",
        "pipeline/kinship.py",
        "pipeline/lease.py",
        "pipeline/partnering/standing.py",  # the pages have words of their own
        "pipeline/parts.py",
        "pipeline/pushing.py",
        "pipeline/receive.py",
        "pipeline/signed_links.py",
        "pipeline/vendors.py",
        "policy/codes.py",  # the documentation of findings
        "policy/documents.py",
        "web/api/acting.py",  # what only programs can do
        "web/api/config.py",
        "web/api/embedding.py",
        "web/api/given.py",
        "web/api/keys.py",
        "web/api/serving.py",
    }
)
_NOT_FOLDERS = ("pipeline/reconcile/", "policy/options/", "policy/editing/")
_ALL = ("domain", "pipeline", "policy")
"""Whose sentences are all for readers; those of `web` are where they are a refusal's."""
_REFUSALS = frozenset(
    {"invalid", "conflict", "forbidden", "unauthenticated", "Reason", "Refused", "note_export"}
)
_NAMING = frozenset({"fine", "wrong", "skipped"})
"""Of the doctor's points also what their checks are called."""
_NO_TEXT = frozenset(
    "TypeError AssertionError LookupError RuntimeError KeyError ValueError Storage StorageTrouble"
    " _ _l _n compile fullmatch sub match search get_logger strptime strftime".split()
)
_LOGS = frozenset({"_log", "log", "structlog"})
_LETTERS = re.compile(r"[A-Za-z]{2,}")
_PLACE = re.compile(r"%\(\w+\)s")
_ADJACENT = re.compile(r"%\(\w+\)s%\(\w+\)s")
_FEWEST_LETTERS = 8
"""A text of less between its places would be found in others."""
_CODE = ("\n", " | ", "tuple[")
_NAME = re.compile(r"[A-Za-z_]+")
_DULL = frozenset({"self", "join", "len", "sorted", "value", "str", "id", "name", "total_seconds"})


def details() -> dict[str, str]:
    """Each text with the file that makes it; once, whatever others call its places."""
    found: dict[str, str] = {}
    shapes: set[str] = set()
    for folder in (*_ALL, "web"):
        for path in sorted((ROOT / "bridge" / folder).rglob("*.py")):
            name = path.relative_to(ROOT / "bridge").as_posix()
            if name not in _NOT_ON_PAGES and not name.startswith(_NOT_FOLDERS):
                for text in of_code(path.read_text(), is_web=folder == "web"):
                    if _PLACE.sub("%s", text) not in shapes:
                        shapes.add(_PLACE.sub("%s", text))
                        found[text] = f"bridge/{name}"
    return found


def of_code(code: str, *, is_web: bool = False) -> list[str]:
    reader = _Reader(is_web=is_web)
    reader.visit(ast.parse(code))
    return reader.texts


class _Reader(ast.NodeVisitor):
    def __init__(self, *, is_web: bool) -> None:
        self.texts: list[str] = []
        self._is_refusal = not is_web

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """`detail = "…"` stands before the refusal that it is for."""
        named = any(isinstance(t, ast.Name) and t.id == "detail" for t in node.targets)
        self._within(node, self._is_refusal or named)

    def visit_Call(self, node: ast.Call) -> None:
        name = _called(node.func)
        if name in _NO_TEXT or _owner(node.func) in _LOGS:
            return
        first = node.args[0] if node.args else None
        literal = first.value if isinstance(first, ast.Constant) else None
        if name == "not_found" and isinstance(literal, str):
            self.texts.append(f"no such {literal}")
            return
        if name in _NAMING and isinstance(literal, str):
            self.texts.append(literal)
        self._within(node, self._is_refusal or name in _REFUSALS)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._take(with_places(node))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._take(node.value.replace("%", "%%"))

    def _within(self, node: ast.AST, is_refusal: bool) -> None:
        before, self._is_refusal = self._is_refusal, is_refusal
        self.generic_visit(node)
        self._is_refusal = before

    def _take(self, text: str) -> None:
        if self._is_refusal and is_sentence(text):
            self.texts.append(text)


def is_sentence(text: str) -> bool:
    """Words enough to be known again by."""
    words = _LETTERS.findall(_PLACE.sub(" ", text))
    is_long = " " in text and len(words) > 1 and sum(map(len, words)) >= _FEWEST_LETTERS
    is_whole = text == text.strip() and not any(sign in text for sign in _CODE)
    return is_long and is_whole and not _ADJACENT.search(text)


def with_places(node: ast.JoinedStr) -> str:
    """`f"{a.kind} of {b}"` as `%(kind)s of %(b)s`."""
    names: dict[str, str] = {}
    pieces = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            pieces.append(f"%({_name_of(ast.unparse(part.value), names)})s")
        elif isinstance(part, ast.Constant):
            pieces.append(str(part.value).replace("%", "%%"))
    return "".join(pieces)


def _name_of(expression: str, names: dict[str, str]) -> str:
    """What the place is called; `names` are those of this text, by what they are put in by."""
    words = _NAME.findall(expression)
    telling = [word for word in words if word not in _DULL] or words
    base = telling[-1].strip("_").lower() if telling else "value"
    name, number = base, 2
    while names.get(name, expression) != expression:
        name, number = f"{base}{number}", number + 1
    names[name] = expression
    return name


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _owner(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.value.id
    return ""
