"""The YAML as it is written: what the forms show and what their edits are made on."""

from collections.abc import Mapping

from bridge.policy.editing import Value

Raw = Mapping[str, Value]
"""By top-level key; every scalar is the text that was written."""


def inside(value: Value | None, *path: str) -> Value | None:
    """What stands at these keys; None where nothing does."""
    for step in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def text(value: Value | None, default: str = "") -> str:
    return value if isinstance(value, str) and value else default


def entries(value: Value | None) -> Mapping[str, Value]:
    return value if isinstance(value, Mapping) else {}


def items(value: Value | None) -> tuple[Value, ...]:
    """Of a list; a single value is one of one."""
    if value is None or value == "":
        return ()
    return value if isinstance(value, tuple) else (value,)


def texts(value: Value | None) -> tuple[str, ...]:
    return tuple(one for one in items(value) if isinstance(one, str) and one)


def names_by_mail(raw: Raw) -> Mapping[str, str]:
    """The keys of `employees` as written, by the address that counts: in lower case."""
    return {name.strip().lower(): name for name in entries(raw.get("employees"))}
