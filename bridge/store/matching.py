"""Looks into stored documents: a sieve that lets too much through, never too little."""

from sqlalchemy import ColumnElement, Connection, func, literal

from bridge.codec import encode


def holds(
    db: Connection, document: ColumnElement[bytes], name: str, value: str
) -> ColumnElement[bool]:
    """Documents that say `"name":"value"` somewhere."""
    needle = literal(encode(name) + b":" + encode(value))
    if db.dialect.name == "postgresql":
        return func.position(needle.op("IN")(document)) > 0
    return func.instr(document, needle) > 0
