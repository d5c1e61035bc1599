"""Messages that a vendor has approved beforehand: which one is meant, and how it reads."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.messaging import Template
from bridge.domain.names import AccountName
from bridge.domain.reasons import Reason, ReasonCode

MARKETING = "marketing"
MAX_VALUE = 1024  # characters; no messenger takes a whole template that is longer
_PLACE = re.compile(r"\{\{\s*(\d{1,3})\s*\}\}")
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """A template as last read from the messenger. `channel_id` of `""`: for all its channels.

    `places` is how many values it wants, `category` the vendor's word in lower case, `detail` why
    it is not usable, or what else the vendor says of it.
    """

    account: AccountName
    template_id: str
    name: str
    language: str
    text: str
    usable: bool
    places: int = 0
    channel_id: str = ""
    category: str = ""
    detail: str = ""
    as_of: datetime | None = None

    @property
    def label(self) -> str:
        return f"{self.name} ({self.language})" if self.language else self.name

    def fits(self, account: AccountName, channel_id: str) -> bool:
        return self.account == account and self.channel_id in ("", channel_id)


def usable_on(
    known: Iterable[MessageTemplate], account: AccountName, channel_id: str
) -> tuple[MessageTemplate, ...]:
    """What may be sent on this channel, each once."""
    fitting = (t for t in known if t.usable and t.fits(account, channel_id))
    return tuple({t.template_id: t for t in fitting}.values())


def find(wanted: Template, known: Sequence[MessageTemplate]) -> MessageTemplate | Reason:
    """The template that is meant, by its id or by name and language, or why there is none."""
    named = [t for t in known if _is_meant(wanted, t)]
    usable = [t for t in named if t.usable]
    found = {t.template_id: t for t in usable or named}
    if len(found) == 1:
        return _sendable(wanted, next(iter(found.values())))
    if found:
        languages = ", ".join(sorted({t.language or t.template_id for t in found.values()}))
        detail = f"there are several templates of this name: name its language or id ({languages})"
    else:
        detail = "there is no such template: take one from the list, or run bridge sync"
    return Reason(ReasonCode.TEMPLATE_UNKNOWN, detail)


def rendered(template: MessageTemplate, values: Sequence[str]) -> str:
    """How it reads with its values in their places."""

    def value(place: re.Match[str]) -> str:
        number = int(place[1])
        return values[number - 1] if 0 < number <= len(values) else place[0]

    return _PLACE.sub(value, template.text) or template.name


def offered(templates: Sequence[MessageTemplate]) -> str:
    """The first few by name, for a sentence."""
    names = list(dict.fromkeys(t.label for t in templates))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _is_meant(wanted: Template, known: MessageTemplate) -> bool:
    if wanted.id:
        return known.template_id == wanted.id
    same = bool(wanted.name) and known.name == wanted.name
    return same and wanted.language in ("", known.language)


def _sendable(wanted: Template, found: MessageTemplate) -> MessageTemplate | Reason:
    if not found.usable:
        detail = f"the template {found.label} can't be sent: {found.detail or 'not approved'}"
        return Reason(ReasonCode.TEMPLATE_UNUSABLE, detail)
    values = wanted.values
    if len(values) != found.places:
        detail = f"the template {found.label} wants {found.places} values, {len(values)} were given"
        return Reason(ReasonCode.TEMPLATE_VALUES, detail)
    if not all(value.strip() for value in values):
        detail = f"a value of the template {found.label} is empty: each place wants one"
        return Reason(ReasonCode.TEMPLATE_VALUES, detail)
    if any(len(value) > MAX_VALUE or "\n" in value or "\t" in value for value in values):
        detail = f"a value is one line of at most {MAX_VALUE} characters, without tabs"
        return Reason(ReasonCode.TEMPLATE_VALUES, detail)
    return found
