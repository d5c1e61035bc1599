"""Forms of the settings as a browser sends them, without a browser."""

from collections.abc import Iterable, Mapping

from bridge.policy.editing import Edit, apply
from bridge.policy.editing.places import Document
from bridge.policy.editing.plain import plain
from bridge.web.pages.settings.filled import Filled
from bridge.web.pages.settings.raw import Raw, entries


def raw(text: str) -> Raw:
    return entries(plain(Document.of(text.encode()).top))


def typed(fields: Mapping[str, str], given: Mapping[str, str]) -> Filled:
    """The form as shown, with other values in these fields."""
    return Filled(was=fields, now={**fields, **given})


def after(text: str, edits: Iterable[Edit]) -> str:
    return apply(text.encode(), tuple(edits)).decode()
