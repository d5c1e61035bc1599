"""simple-salesforce, imported by whoever first needs it: it brings 20 MB and a quarter of a second,
which installations without Salesforce do not pay."""

from typing import Any


def client(**given: Any) -> Any:
    """A `simple_salesforce.Salesforce` in direct mode."""
    from simple_salesforce.api import Salesforce

    return Salesforce(**given)


def external_id(field: str, value: str) -> str:
    """`field/value` as a part of an address, the value encoded."""
    from simple_salesforce.format import format_external_id

    path: str = format_external_id(field, value)
    return path


def quoted(template: str, **values: Any) -> str:
    """A query with the values in quotes and escaped."""
    from simple_salesforce.format import format_soql

    query: str = format_soql(template, **values)
    return query
