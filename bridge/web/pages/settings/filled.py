"""A form as it was shown and as it came back: what somebody changed in it, and nothing else.

What others have changed meanwhile in fields that he left alone stays theirs.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from bridge.payload import storable
from bridge.policy.editing import Edit, Path, Put, Remove, Value
from bridge.web.languages import Said
from bridge.web.problems import invalid

WAS = "was"
"""The hidden field that holds, as JSON, what all others held when the form was shown."""
MANY = "[]"
"""How the names of fields end that hold several values; joined by commas here."""
_TRUE = "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    was: Mapping[str, str]
    now: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.now.get(name, "")

    def changed(self, *names: str) -> bool:
        return any(self[name] != self.was.get(name, "") for name in names)

    def many(self, name: str) -> tuple[str, ...]:
        return many(self[name])

    def is_on(self, name: str) -> bool:
        return self[name] == _TRUE

    def about(self, start: str) -> Iterator[str]:
        """What the fields are about that begin so: `ana@…` of `role:ana@…`."""
        for name in self.was:
            if name.startswith(f"{start}:"):
                yield name.removeprefix(f"{start}:").removesuffix(MANY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What becomes of a form: edits, or what is wrong with it, by the field's name."""

    edits: tuple[Edit, ...] = ()
    errors: Mapping[str, Said] = field(default_factory=dict)


def filled(form: "MultiDict[str, str]") -> Filled:
    """What a browser sent. Problem 400 where it is no form of ours."""
    was = _was(form.get(WAS, ""))
    now = {name: _value(form, name) for name in form if name not in (WAS, "csrf")}
    return Filled(was=was, now=now)


def shown(fields: Mapping[str, str]) -> Filled:
    """A form that nobody has touched yet."""
    return Filled(was=fields, now=fields)


def told(was: Mapping[str, str]) -> str:
    """For the hidden field."""
    return json.dumps(was, ensure_ascii=False, separators=(",", ":"))


def many(value: str) -> tuple[str, ...]:
    return tuple(one for one in value.split(",") if one)


def flag(is_on: bool) -> str:
    return _TRUE if is_on else ""


def put_or_remove(path: Path, value: Value, *, stands: bool) -> Iterator[Edit]:
    """An empty value takes the key away, where there is one."""
    if value:
        yield Put(path, value)
    elif stands:
        yield Remove(path)


def one_or_many(values: Sequence[str]) -> Value:
    """As people write it: a single value without a list around it."""
    return values[0] if len(values) == 1 else tuple(values)


def _value(form: "MultiDict[str, str]", name: str) -> str:
    given = [storable(one).strip() for one in form.getlist(name)]
    return ",".join(given) if name.endswith(MANY) else given[-1]


def _was(text: str) -> dict[str, str]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise _not_ours() from error
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise _not_ours()
    return {storable(name): storable(value) for name, value in found.items()}


def _not_ours() -> Exception:
    return invalid("is not what this page sends; load it again", field=WAS, status=400)
